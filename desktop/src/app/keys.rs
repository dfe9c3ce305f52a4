//! The keys that belong to no widget.

use egui::{Context, Key, Modifiers};

use super::App;
use crate::command::UiCommand;
use crate::nav::Route;

impl App {
    /// The keys that belong to no widget.
    pub(super) fn keys(&mut self, ctx: &Context) {
        let typing = ctx.text_edit_focused();
        for command in UiCommand::ALL {
            let Some(shortcut) = command.shortcut() else {
                continue;
            };
            // While one types, letters are letters, and Ctrl+A chooses text.
            let plain = shortcut.modifiers.is_none() && shortcut.logical_key != Key::F5;
            if typing && (plain || command.is_of_text()) {
                continue;
            }
            let modal = ctx.memory(|memory| memory.top_modal_layer().is_some());
            if modal
                && !matches!(
                    command,
                    UiCommand::Shortcuts | UiCommand::Palette | UiCommand::Quit
                )
            {
                continue;
            }
            let pressed = match command.letter() {
                Some(letter) => typed(ctx, letter),
                None => ctx.input_mut(|input| input.consume_shortcut(&shortcut)),
            };
            if pressed {
                self.run(ctx, command);
            }
        }
    }

    /// Esc that nothing on the page took.
    pub(super) fn escape(&mut self, ctx: &Context) {
        let taken = self.held
            || ctx
                .memory(|memory| memory.top_modal_layer().is_some() || memory.focused().is_some())
            || egui::Popup::is_any_open(ctx);
        if taken || !ctx.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape)) {
            return;
        }
        if self.route() == Route::Fleet {
            self.screens.fleet.escape();
        } else if self.prefs.nav.can_go_back() {
            self.prefs.nav.back();
        } else {
            self.go(Route::Fleet);
        }
    }
}

fn typed(ctx: &Context, letter: &str) -> bool {
    let typed = |event: &egui::Event| matches!(event, egui::Event::Text(text) if text == letter);
    ctx.input_mut(|input| {
        let found = input.events.iter().any(typed);
        input.events.retain(|event| !typed(event));
        found
    })
}
