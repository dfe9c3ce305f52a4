//! The page of a fleet without agents: what to do first.

use egui::{Align, Event, Layout, Ui};
use lucide_icons::Icon;

use super::page;
use crate::command::UiCommand;
use crate::cx::Cx;
use crate::theme::{Text, Themed as _, size, space};
use crate::widget::{Button, Field, Words as _, card, code, logo};

/// What is run on the host of an agent.
pub const COMMAND: &str = "underpass-agent pair --role Administrator";
/// What all pairing strings begin with.
const SCHEME: &str = "underpass://";

/// What the page remembers from frame to frame.
#[derive(Debug, Default)]
pub struct WelcomeState {
    /// What was pasted.
    pub link: String,
}

/// Shows the page.
pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut WelcomeState) {
    page(ui, "welcome", |ui| {
        let width = size::PARAGRAPH.min(ui.available_width());
        let side = (ui.available_width() - width) / 2.0;
        let above = ((ui.ctx().content_rect().height() - 600.0) / 3.0).clamp(space::M, 120.0);
        ui.add_space(above);
        ui.horizontal_top(|ui| {
            ui.add_space(side.max(0.0));
            ui.vertical(|ui| {
                ui.set_width(width);
                ui.spacing_mut().item_spacing.y = space::M;
                head(ui);
                card(ui, |ui| steps(ui, cx, state));
                foot(ui, cx);
            });
        });
    });
}

fn head(ui: &mut Ui) {
    const SIDE: f32 = 56.0;
    let tokens = ui.tokens();
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = space::L;
        logo(ui, SIDE);
        ui.vertical(|ui| {
            ui.add_space(space::S);
            ui.spacing_mut().item_spacing.y = space::XS;
            ui.words(Text::Heading, tokens.text, "Welcome to Underpass");
            ui.words(
                Text::Body,
                tokens.text_3,
                "Pair with your first agent; it takes a minute",
            );
        });
    });
}

fn steps(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut WelcomeState) {
    ui.spacing_mut().item_spacing.y = space::S;
    step(ui, 1, "Run this on the host of the agent", |ui| {
        code(ui, "command", COMMAND);
    });
    step(
        ui,
        2,
        "Paste the line that it prints, or drop a file with it on this window",
        |ui| {
            let before = state.link.len();
            let response = Field::new("Pairing string", &mut state.link)
                .hint("underpass://agent.corp.example:8443#…")
                .mono()
                .width(f32::INFINITY)
                .show(ui);
            let entered =
                response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
            let pasted = state.link.len() > before + 1 && state.link.trim().starts_with(SCHEME);
            if pasted || (entered && !state.link.trim().is_empty()) {
                cx.pair(std::mem::take(&mut state.link));
            }
        },
    );
    step(
        ui,
        3,
        "Compare six words with those that the agent shows",
        |ui| {
            let add = Button::primary("Pair with an agent…").icon(Icon::Plus);
            if ui.add(add).clicked() {
                cx.pair(std::mem::take(&mut state.link));
            }
        },
    );
}

fn step(ui: &mut Ui, number: u8, words: &str, contents: impl FnOnce(&mut Ui)) {
    const MARK: f32 = 24.0;
    let tokens = ui.tokens();
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = space::M;
        let (rect, _) = ui.allocate_exact_size(egui::Vec2::splat(MARK), egui::Sense::hover());
        let color = tokens.accent_text;
        ui.painter()
            .circle_filled(rect.center(), MARK / 2.0, tokens.tint(color));
        let digit = crate::widget::galley(ui, Text::Strong, color, &number.to_string(), MARK);
        ui.painter()
            .galley(rect.center() - digit.size() / 2.0, digit, color);
        ui.vertical(|ui| {
            ui.add_space(space::XXS);
            ui.words(Text::Strong, tokens.text, words);
            ui.add_space(space::XXS);
            contents(ui);
            ui.add_space(space::S);
        });
    });
}

fn foot(ui: &mut Ui, cx: &mut Cx<'_>) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = space::S;
        ui.quiet("No agent at hand?");
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let demo = Button::secondary("Try with demo data").icon(Icon::FlaskConical);
            if ui.add(demo).clicked() {
                cx.run(UiCommand::Demo);
            }
        });
    });
}

/// A pairing string that was pasted where no field has the keyboard.
pub fn pasted(ctx: &egui::Context) -> Option<String> {
    if ctx.text_edit_focused() {
        return None;
    }
    ctx.input(|input| {
        input.events.iter().find_map(|event| {
            let Event::Paste(text) = event else {
                return None;
            };
            text.trim().starts_with(SCHEME).then(|| text.clone())
        })
    })
}
