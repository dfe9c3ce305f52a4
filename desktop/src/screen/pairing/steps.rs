//! What the steps of the wizard show.

use egui::Ui;
use lucide_icons::Icon;
use underpass_fleet::command::Command;

use super::{PairingState, failed, is_waiting};
use crate::command::UiCommand;
use crate::cx::Cx;
use crate::screen::welcome::COMMAND;
use crate::theme::{State, Text, Themed as _, size, space};
use crate::widget::{Banner, Button, Field, Words as _, card, code, key_text, keys, progress};
use crate::{naming, text};

/// Words in one line.
const WORDS_IN_LINE: usize = 3;

impl PairingState {
    pub(super) fn link(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        ui.spacing_mut().item_spacing.y = space::M;
        if cx.fleet.is_demo {
            let banner = Banner::new(State::Info, "You are looking at made-up agents")
                .detail("Real agents are added to your own fleet")
                .action("Leave the demo");
            if banner.show(ui) {
                cx.run(UiCommand::Demo);
            }
        }
        ui.paragraph("Run this on the host of the agent and paste the line that it prints. The line is good once, for ten minutes.");
        code(ui, "command", COMMAND);
        let wrong = match self.parsed() {
            Err(rule) if !self.link.trim().is_empty() => Some(text::sentence(&rule)),
            Err(_) | Ok(_) => None,
        };
        let link = Field::new("Pairing string", &mut self.link)
            .hint("underpass://agent.corp.example:8443#…")
            .mono()
            .width(f32::INFINITY)
            .error(wrong.as_deref())
            .show(ui);
        if ui.memory(|memory| memory.focused().is_none()) && !is_waiting(&self.asked) {
            link.request_focus();
        }
        if link.changed() {
            self.asked.clear();
        }
        Field::new("Your name", &mut self.name)
            .hint("anna")
            .optional()
            .help("How the agent calls you where the string names nobody")
            .show(ui);
        if let Some(reason) = failed(&self.asked) {
            Banner::new(State::Error, &reason).show(ui);
        } else if is_waiting(&self.asked) {
            let host = self.parsed().map(|link| link.address.to_string());
            let title = format!("Asking {}", host.unwrap_or_default());
            progress(ui, &title, "", None, false);
        }
    }

    pub(super) fn words(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        let Some(stranger) = self.stranger.clone() else {
            return;
        };
        let tokens = ui.tokens();
        ui.spacing_mut().item_spacing.y = space::M;
        if self.differ {
            let name = text::clean(&stranger.operator.name);
            let detail = format!(
                "Somebody may sit between you and the agent. On its host, remove the operator {name} and make a new pairing string."
            );
            Banner::new(State::Error, "Nothing was kept")
                .detail(&detail)
                .show(ui);
            return;
        }
        ui.paragraph("The agent shows six words where “underpass-agent pair --wait” runs, and in its log. They must be these, in this order.");
        card(ui, |ui| {
            for line in stranger.words.chunks(WORDS_IN_LINE) {
                ui.columns(WORDS_IN_LINE, |columns| {
                    for (column, word) in columns.iter_mut().zip(line) {
                        column.words(Text::Heading, tokens.text, text::clean(word));
                    }
                });
            }
        });
        keys(ui, |ui| {
            key_text(
                ui,
                "Host",
                &text::clean(&stranger.address.to_string()),
                true,
                true,
            );
            key_text(ui, "Identity", &stranger.agent.to_string(), true, true);
            key_text(
                ui,
                "You are",
                &text::clean(&stranger.operator.name),
                false,
                false,
            );
            key_text(
                ui,
                "Your role",
                &stranger.operator.role.to_string(),
                false,
                false,
            );
        });
        if ui
            .add(
                Button::secondary("The words differ")
                    .icon(Icon::ShieldAlert)
                    .small(),
            )
            .clicked()
        {
            cx.send(Command::Reject(stranger.agent));
            self.differ = true;
        }
    }

    pub(super) fn names(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        ui.spacing_mut().item_spacing.y = space::M;
        ui.paragraph("These names are yours alone; the agent does not know them.");
        let rule = |what: &'static str, name: &str| {
            let broken = naming::check_one(what, name.trim()).err();
            broken.map(|rule| text::sentence(&rule.to_string()))
        };
        let wrong = rule("the label", &self.label);
        let label = Field::new("Label", &mut self.label)
            .error(wrong.as_deref())
            .show(ui);
        if ui.memory(|memory| memory.focused().is_none()) {
            label.request_focus();
        }
        let wrong = rule("the group", &self.group);
        Field::new("Group", &mut self.group)
            .hint("north")
            .optional()
            .error(wrong.as_deref())
            .show(ui);
        let groups = cx.fleet.groups();
        if !groups.is_empty() {
            ui.horizontal_wrapped(|ui| {
                ui.set_max_width(size::FORM);
                for known in &groups {
                    let shown = text::clean(known);
                    if ui.add(Button::secondary(&shown).small()).clicked() {
                        self.group = known.to_string();
                    }
                }
            });
        }
        let wrong = naming::check(&self.described())
            .err()
            .map(|rule| text::sentence(&rule.to_string()));
        let wrong = wrong.filter(|_| naming::check_one("the label", self.label.trim()).is_ok());
        Field::new("Tags", &mut self.tags)
            .hint("productive, sap")
            .optional()
            .help("Apart by commas")
            .error(wrong.as_deref())
            .show(ui);
        if let Some(reason) = failed(&self.kept) {
            Banner::new(State::Error, &reason).show(ui);
        }
    }
}
