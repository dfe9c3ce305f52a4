//! What can be done with the agents that are ticked.

use std::collections::BTreeSet;

use egui::{Align, Context, CornerRadius, Frame, Layout, Stroke, Ui};
use lucide_icons::Icon;
use underpass_fleet::command::Command;
use underpass_shared::id::AgentId;

use super::acts;
use super::backup::BackUpMany;
use super::export::Export;
use crate::command::UiCommand;
use crate::cx::{Cx, Effect};
use crate::screen::configuration::Wish;
use crate::text;
use crate::theme::{Text, Themed as _, inset, radius, size, space};
use crate::widget::{
    Answer, Button, ConfirmName, Dialog, Field, IconButton, Words as _, menu, menu_item, menu_rule,
};

/// The height of the bar.
pub(super) const HEIGHT: f32 = 50.0;
/// The longest tag or group.
const NAME_LEN: usize = 40;

/// What is typed for all ticked agents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    Tag,
    NoTag,
    Group,
}

/// Dialogs of the bar.
#[derive(Default)]
pub(super) struct Bulk {
    word: Option<(Word, String)>,
    disconnect: Option<ConfirmName>,
    remove: Option<ConfirmName>,
    back_up: Option<BackUpMany>,
    /// The file for the list, beside the bar too.
    pub(super) export: Option<Export>,
}

impl Bulk {
    /// Asks whether these shall go.
    pub(super) fn remove(&mut self) {
        self.remove = Some(ConfirmName::default());
    }

    pub(super) fn bar(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, selected: &BTreeSet<AgentId>) {
        let tokens = ui.tokens();
        Frame::new()
            .fill(tokens.selected)
            .stroke(Stroke::new(size::LINE, tokens.accent))
            .corner_radius(CornerRadius::same(radius::CARD))
            .inner_margin(inset::SELECTION)
            .show(ui, |ui| {
                ui.horizontal(|ui| {
                    ui.set_height(size::CONTROL);
                    let words = format!("{} selected", text::count(selected.len()));
                    ui.words(Text::Strong, tokens.text, words);
                    let clear = IconButton::new(Icon::X, "Clear the selection").small();
                    if ui.add(clear).clicked() {
                        cx.run(UiCommand::SelectNone);
                    }
                    let layout = Layout::right_to_left(Align::Center);
                    ui.with_layout(layout, |ui| self.actions(ui, cx, selected));
                });
            });
    }

    fn actions(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, selected: &BTreeSet<AgentId>) {
        ui.spacing_mut().item_spacing.x = space::S;
        if ui
            .add(Button::primary("Refresh").icon(Icon::RefreshCw))
            .clicked()
        {
            cx.commands
                .extend(selected.iter().map(|id| Command::Refresh(*id)));
        }
        let change = Button::secondary("Roll out…")
            .icon(Icon::Rocket)
            .tooltip("Make one change on all of them: planned first, on a few first");
        if ui.add(change).clicked() {
            let wish = Box::new(Wish::of(selected.iter().copied()));
            cx.effects.push(Effect::RollOut(wish));
        }
        let subaccounts = ui.add(Button::secondary("Subaccounts").icon(Icon::Cable));
        menu(&subaccounts, |ui| {
            if menu_item(ui, Some(Icon::PlugZap), "Connect all subaccounts", "").clicked() {
                acts::connect(cx, selected, true);
            }
            if menu_item(ui, Some(Icon::Unplug), "Disconnect all subaccounts…", "").clicked() {
                self.disconnect = Some(ConfirmName::default());
            }
        });
        // Beside the open panel there is room for an icon alone.
        let more = if ui.available_width() < 110.0 {
            ui.add(IconButton::new(Icon::Ellipsis, "Organise"))
        } else {
            ui.add(Button::secondary("Organise").icon(Icon::Tag))
        };
        menu(&more, |ui| {
            let words = [
                (Icon::Folder, "Set group…", Word::Group),
                (Icon::Tag, "Add tag…", Word::Tag),
                (Icon::TagX, "Remove tag…", Word::NoTag),
            ];
            for (icon, text, word) in words {
                if menu_item(ui, Some(icon), text, "").clicked() {
                    self.word = Some((word, String::new()));
                }
            }
            menu_rule(ui);
            if menu_item(ui, Some(Icon::Archive), "Back up into a folder…", "").clicked() {
                self.back_up = Some(BackUpMany::default());
            }
            let migrate = match selected.len() {
                1 => "Migrate it…",
                _ => "Migrate an agent to these…",
            };
            if menu_item(ui, Some(Icon::ArrowRightLeft), migrate, "").clicked() {
                cx.effects.push(migration(selected));
            }
            if menu_item(ui, Some(Icon::PhoneCall), "Call them now", "").clicked() {
                cx.commands
                    .extend(selected.iter().map(|id| Command::Retry(*id)));
            }
            if menu_item(ui, Some(Icon::Trash2), "Remove from this app…", "").clicked() {
                self.remove();
            }
        });
    }

    pub(super) fn dialogs(
        &mut self,
        ctx: &Context,
        cx: &mut Cx<'_>,
        selected: &mut BTreeSet<AgentId>,
        rows: &[usize],
    ) {
        if let Some(export) = &mut self.export
            && export.show(ctx, cx, rows)
        {
            self.export = None;
        }
        if let Some(back_up) = &mut self.back_up
            && back_up.show(ctx, cx, selected)
        {
            self.back_up = None;
        }
        self.word_dialog(ctx, cx, selected);
        let many = text::plural(selected.len(), "agent");
        if let Some(confirm) = &mut self.disconnect {
            let loss = format!(
                "All subaccounts of {many} go offline: no request of the cloud reaches the systems behind them until you connect them again."
            );
            let answer = confirm.show(
                ctx,
                "Disconnect all subaccounts",
                "Disconnect",
                &loss,
                &many,
            );
            if answer == Answer::Confirmed {
                acts::connect(cx, selected, false);
            }
            if answer != Answer::Open {
                self.disconnect = None;
            }
        }
        if let Some(confirm) = &mut self.remove {
            let loss = format!(
                "This app forgets {many} with their keys. The agents go on working; to manage them again you pair anew."
            );
            let answer = confirm.show(ctx, "Remove agents", "Remove", &loss, &many);
            if answer == Answer::Confirmed {
                cx.commands
                    .extend(selected.iter().map(|id| Command::Remove(*id)));
                selected.clear();
            }
            if answer != Answer::Open {
                self.remove = None;
            }
        }
    }

    fn word_dialog(&mut self, ctx: &Context, cx: &mut Cx<'_>, selected: &BTreeSet<AgentId>) {
        let Some((word, typed)) = &mut self.word else {
            return;
        };
        let many = text::plural(selected.len(), "agent");
        let (title, label, help) = match word {
            Word::Tag => (
                "Add a tag",
                "Tag",
                format!("{many} will have this tag; the filter finds them by it."),
            ),
            Word::NoTag => (
                "Remove a tag",
                "Tag",
                format!("{many} will not have this tag any more."),
            ),
            Word::Group => (
                "Set the group",
                "Group",
                format!("{many} will be in this group; empty for none."),
            ),
        };
        let ready = *word == Word::Group || !typed.trim().is_empty();
        let answer = Dialog::new("bulk-word", title, "Save")
            .enabled_if(ready, "Type a tag first")
            .show(ctx, |ui| {
                ui.paragraph(help);
                ui.add_space(space::S);
                let field = Field::new(label, typed)
                    .limit(NAME_LEN)
                    .width(f32::INFINITY);
                field.show(ui).request_focus();
            });
        let typed = typed.trim();
        match (answer, *word) {
            (Answer::Open, _) => return,
            (Answer::Dismissed, _) => {}
            (Answer::Confirmed, Word::Tag) => acts::describe(cx, selected, "Tagged", |described| {
                if !described.tags.iter().any(|own| own == typed) {
                    described.tags.push(typed.to_owned());
                }
            }),
            (Answer::Confirmed, Word::NoTag) => {
                acts::describe(cx, selected, "Untagged", |described| {
                    described.tags.retain(|own| own != typed)
                });
            }
            (Answer::Confirmed, Word::Group) => {
                acts::describe(cx, selected, "Grouped", |described| {
                    described.group = (!typed.is_empty()).then(|| typed.to_owned());
                })
            }
        }
        self.word = None;
    }
}

/// A migration of the one that is ticked, or to all that are.
fn migration(selected: &BTreeSet<AgentId>) -> Effect {
    let mut all = selected.iter().copied();
    match selected.len() {
        1 => Effect::Migrate {
            source: all.next(),
            targets: vec![],
        },
        _ => Effect::Migrate {
            source: None,
            targets: all.collect(),
        },
    }
}
