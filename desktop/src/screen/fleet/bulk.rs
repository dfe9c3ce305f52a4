//! What can be done with the agents that are ticked.

use std::collections::BTreeSet;

use egui::{Align, Context, CornerRadius, Frame, Layout, Stroke, Ui};
use lucide_icons::Icon;
use underpass_fleet::command::Command;
use underpass_shared::id::AgentId;

use super::acts;
use super::backup::BackUpMany;
use super::export::Export;
use super::view::View;
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
/// Agents that a question names one by one; the others are counted.
const LISTED: usize = 12;

/// What is typed for all ticked agents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    Tag,
    NoTag,
    Group,
}

/// A question about some agents, which stay the same until it is answered.
struct Asked {
    agents: BTreeSet<AgentId>,
    confirm: ConfirmName,
}

impl Asked {
    fn about(agents: BTreeSet<AgentId>) -> Self {
        Self {
            agents,
            confirm: ConfirmName::default(),
        }
    }

    /// What is typed to confirm: the name of one agent, or how many they are.
    fn name(&self, cx: &Cx<'_>) -> String {
        let first = self.agents.first().filter(|_| self.agents.len() == 1);
        match first.and_then(|id| cx.fleet.agent(*id)) {
            Some(agent) => text::clean(&agent.label).trim().to_owned(),
            // As one types it, without the thin spaces of long numbers.
            None => format!("{} agents", self.agents.len()),
        }
    }

    /// Who they are, where that is not said by the name.
    fn list(&self, cx: &Cx<'_>, view: &View) -> String {
        if self.agents.len() == 1 {
            return String::new();
        }
        let labels = self.agents.iter().filter_map(|id| cx.fleet.agent(*id));
        let labels: Vec<String> = labels
            .take(LISTED)
            .map(|agent| text::clean(&agent.label))
            .collect();
        let mut list = format!(" They are {}", labels.join(", "));
        let more = self.agents.len().saturating_sub(labels.len());
        if more > 0 {
            list.push_str(&format!(" and {} more", text::count(more)));
        }
        let hidden = self.agents.iter().filter(|id| view.row(**id).is_none());
        match hidden.count() {
            0 => {}
            hidden => list.push_str(&format!(
                "; the filter hides {} of them",
                text::count(hidden)
            )),
        }
        list.push('.');
        list
    }
}

/// Dialogs of the bar.
#[derive(Default)]
pub(super) struct Bulk {
    word: Option<(Word, String)>,
    disconnect: Option<Asked>,
    remove: Option<Asked>,
    back_up: Option<BackUpMany>,
    /// The file for the list, beside the bar too.
    pub(super) export: Option<Export>,
}

impl Bulk {
    /// Asks whether these shall go.
    pub(super) fn remove(&mut self, agents: BTreeSet<AgentId>) {
        self.remove = Some(Asked::about(agents));
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
                self.disconnect = Some(Asked::about(selected.clone()));
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
                self.remove(selected.clone());
            }
        });
    }

    pub(super) fn dialogs(
        &mut self,
        ctx: &Context,
        cx: &mut Cx<'_>,
        selected: &mut BTreeSet<AgentId>,
        view: &View,
    ) {
        if let Some(export) = &mut self.export
            && export.show(ctx, cx, view.rows())
        {
            self.export = None;
        }
        if let Some(back_up) = &mut self.back_up
            && back_up.show(ctx, cx, selected)
        {
            self.back_up = None;
        }
        self.word_dialog(ctx, cx, selected);
        if let Some(asked) = &mut self.disconnect {
            let (name, list) = (asked.name(cx), asked.list(cx, view));
            let loss = format!(
                "All subaccounts of {name} go offline: no request of the cloud reaches the systems behind them until you connect them again.{list}"
            );
            let title = "Disconnect all subaccounts";
            let answer = asked.confirm.show(ctx, title, "Disconnect", &loss, &name);
            if answer == Answer::Confirmed {
                acts::connect(cx, &asked.agents, false);
            }
            if answer != Answer::Open {
                self.disconnect = None;
            }
        }
        if let Some(asked) = &mut self.remove {
            let (name, list) = (asked.name(cx), asked.list(cx, view));
            let (keys, go) = match asked.agents.len() {
                1 => ("the key to it", "The agent goes on working; to manage it"),
                _ => (
                    "the keys to them",
                    "The agents go on working; to manage them",
                ),
            };
            let loss =
                format!("This app forgets {name} and {keys}. {go} again you pair anew.{list}");
            let answer = asked
                .confirm
                .show(ctx, "Remove agents", "Remove", &loss, &name);
            if answer == Answer::Confirmed {
                let gone = asked.agents.iter();
                cx.commands.extend(gone.map(|id| Command::Remove(*id)));
                selected.retain(|id| !asked.agents.contains(id));
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
