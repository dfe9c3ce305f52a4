//! What of a backup is restored, and how.

use std::collections::BTreeSet;

use egui::Ui;
use underpass_shared::id::AgentId;
use underpass_shared::restore::{Choice, RestoreMode, RestorePart};

use super::contents::Contents;
use super::opening::Opening;
use super::rules::Rules;
use crate::cx::Cx;
use crate::theme::{size, space};
use crate::widget::{Words as _, card, option_card, toggle};

/// All parts, in the order of their weight, each with what it is.
const PARTS: [(RestorePart, &str, &str); 7] = [
    (
        RestorePart::Subaccounts,
        "Subaccounts",
        "with their channels and trust in identities",
    ),
    (
        RestorePart::Mappings,
        "System mappings",
        "with their resources",
    ),
    (
        RestorePart::Trust,
        "Trust",
        "certificates of back ends and of the mail server",
    ),
    (
        RestorePart::Settings,
        "Settings",
        "all others, with the system and the CA certificate",
    ),
    (
        RestorePart::Identity,
        "Identity",
        "who the agent is for those who manage it",
    ),
    (
        RestorePart::Operators,
        "Operators",
        "with the CAs of the organisation and users with a password",
    ),
    (
        RestorePart::Machine,
        "What belongs to the host",
        "the certificate of the management API",
    ),
];

/// The form.
pub(super) struct Choosing {
    parts: BTreeSet<RestorePart>,
    contents: Contents,
    mode: RestoreMode,
    enrolments: bool,
    rules: Rules,
}

impl Default for Choosing {
    fn default() -> Self {
        Self {
            parts: RestorePart::USUAL.into(),
            contents: Contents::default(),
            mode: RestoreMode::default(),
            enrolments: true,
            rules: Rules::default(),
        }
    }
}

/// What a part is called.
pub(super) fn part_word(part: RestorePart) -> &'static str {
    let found = PARTS.iter().find(|(one, ..)| *one == part);
    found.map_or("", |(_, word, _)| *word)
}

impl Choosing {
    /// What is chosen, or what is missing.
    pub(super) fn choice(&self) -> Result<Choice, &'static str> {
        if self.parts.is_empty() {
            return Err("Choose at least one part");
        }
        let mut choice = Choice {
            parts: Some(self.parts.clone()),
            mode: self.mode,
            enrolments: self.enrolments,
            ..Choice::default()
        };
        if self.has_subaccounts() {
            self.contents.put(&mut choice)?;
        }
        if !self.rules.put(&mut choice) {
            return Err("Correct the rules first");
        }
        Ok(choice)
    }

    /// Whether anything of subaccounts is restored.
    fn has_subaccounts(&self) -> bool {
        let parts = [RestorePart::Subaccounts, RestorePart::Mappings];
        parts.iter().any(|part| self.parts.contains(part))
    }

    /// Shows the form. A part that the file cannot have is refused with its reason.
    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>, agent: AgentId, opening: &Opening) {
        self.what(ui);
        if self.has_subaccounts() {
            self.contents.ui(ui, cx, agent, opening);
        }
        self.how(ui);
    }

    fn what(&mut self, ui: &mut Ui) {
        card(ui, |ui| {
            ui.title("What is restored");
            for (part, word, about) in PARTS {
                let mut on = self.parts.contains(&part);
                ui.vertical(|ui| {
                    ui.spacing_mut().item_spacing.y = 0.0;
                    if toggle(ui, &mut on, word, None).changed() {
                        if on {
                            self.parts.insert(part);
                        } else {
                            self.parts.remove(&part);
                        }
                    }
                    ui.horizontal(|ui| {
                        // Below the word, not below the switch.
                        ui.spacing_mut().interact_size.y = 0.0;
                        ui.add_space(size::CONTROL + space::S + space::XXS);
                        ui.quiet(about);
                    });
                });
            }
            if self.parts.contains(&RestorePart::Subaccounts) {
                ui.add_space(space::XS);
                toggle(
                    ui,
                    &mut self.enrolments,
                    "With the keys by which gateways know the agent",
                    None,
                );
            }
        });
    }

    fn how(&mut self, ui: &mut Ui) {
        card(ui, |ui| {
            ui.title("What is here and not in the backup");
            let width = ui.available_width();
            let modes = [
                (
                    RestoreMode::Replace,
                    "Goes",
                    "In the chosen parts, all becomes as in the backup",
                ),
                (
                    RestoreMode::Merge,
                    "Stays",
                    "What both have becomes as in the backup",
                ),
            ];
            for (mode, word, about) in modes {
                if option_card(ui, self.mode == mode, word, about, width) {
                    self.mode = mode;
                }
            }
        });
        card(ui, |ui| {
            ui.title("Names that differ here");
            ui.paragraph("For a backup of another place: names of hosts, gateways, locations and subaccounts are replaced on the way in.");
            self.rules.ui(ui);
        });
    }
}
