//! Whether a file could be restored, and what is in it.

use std::path::Path;

use egui::{ScrollArea, Ui};
use underpass_fleet::backup::verification;
use underpass_fleet::command::{Command, Trial};
use underpass_fleet::remote::Remote;
use underpass_fleet::slot::Slot;
use underpass_shared::api::management::BackupVerified;
use underpass_shared::id::AgentId;
use underpass_shared::rights::Access;

use super::super::edit::prevented;
use super::adapt::Adaptations;
use super::opening::Opening;
use crate::cx::Cx;
use crate::text;
use crate::theme::{State, size, space};
use crate::widget::{Answer, Banner, Dialog, Words as _, dot, key_moment, key_text, keys};

/// The dialog.
#[derive(Default)]
pub(super) struct Verify {
    opening: Opening,
    found: Slot<BackupVerified>,
    adaptations: Adaptations,
}

/// What came of the dialog in a frame.
pub(super) enum Verified {
    Open,
    Over,
    /// The file shall be restored.
    Restore(Box<Opening>),
}

impl Verify {
    /// Of a file that is known already.
    pub(super) fn of(path: &Path) -> Self {
        Self {
            opening: Opening::of(path),
            ..Self::default()
        }
    }

    /// Shows the dialog.
    pub(super) fn show(&mut self, ui: &Ui, cx: &mut Cx<'_>) -> Verified {
        let Some(agent) = cx.agent.map(|agent| agent.id) else {
            return Verified::Over;
        };
        let before = self.opening.path();
        self.opening.dropped(ui.ctx());
        if before != self.opening.path() {
            self.found.clear();
        }
        let found = self.found.get();
        let is_done = matches!(&*found, Remote::Ready(_));
        let prevented = prevented(cx, Access::Administration);
        let reason = match (&prevented, self.opening.ready()) {
            (Some(reason), _) => reason.clone(),
            (None, Err(reason)) => reason.to_owned(),
            (None, Ok(_)) if found.is_loading() => "The agent is at it".to_owned(),
            (None, Ok(_)) => String::new(),
        };
        let action = if is_done {
            "Restore from it…"
        } else {
            "Verify"
        };
        let answer = Dialog::new("verify-backup", "Verify a backup", action)
            .wide()
            .way_out("Close")
            .without_enter()
            .enabled_if(reason.is_empty(), &reason)
            .show(ui.ctx(), |ui| self.body(ui, agent));
        match answer {
            Answer::Open => Verified::Open,
            Answer::Dismissed => Verified::Over,
            Answer::Confirmed if is_done => {
                Verified::Restore(Box::new(std::mem::take(&mut self.opening)))
            }
            Answer::Confirmed => {
                if let Ok((archive, opener)) = self.opening.ready() {
                    let call = verification(archive.path.clone(), &opener);
                    cx.send(Command::Try(Trial::ask(agent, call, &self.found)));
                }
                Verified::Open
            }
        }
    }

    fn body(&mut self, ui: &mut Ui, agent: AgentId) {
        let room = (ui.ctx().content_rect().height() - 260.0).max(size::RESULTS);
        ScrollArea::vertical()
            .id_salt("verify-backup")
            .max_height(room)
            .auto_shrink([false, true])
            .show(ui, |ui| {
                // Beside the bar, not below it.
                ui.set_max_width(ui.available_width() - space::M);
                ui.paragraph("The agent does all that a restore does before it changes anything. Nothing is changed.");
                ui.add_space(space::S);
                self.opening.ui(ui);
                ui.add_space(space::M);
                match &*self.found.get() {
                    Remote::NotRequested => {}
                    Remote::Loading { .. } => {
                        Banner::new(State::Pending, "The agent opens and checks it…").show(ui);
                    }
                    Remote::Unavailable { reason, .. } => {
                        Banner::new(State::Error, "It could not be verified")
                            .detail(&text::sentence(reason))
                            .show(ui);
                    }
                    Remote::Ready(stamped) => {
                        contents(ui, &stamped.value, agent);
                        ui.add_space(space::S);
                        self.adaptations.ui(ui, &stamped.value.adaptations, 0);
                    }
                }
            });
    }
}

/// What was checked, and what is in it.
pub(super) fn contents(ui: &mut Ui, found: &BackupVerified, agent: AgentId) {
    let message = match &found.refused {
        None => "Whole, and can be restored here",
        Some(_) => "Whole, and cannot be restored here as a whole",
    };
    let state = if found.refused.is_some() || !found.warnings.is_empty() {
        State::Warn
    } else {
        State::Ok
    };
    let detail = found.refused.as_deref().map(text::sentence);
    let detail = detail.unwrap_or_else(|| match found.changes {
        0 => "A restore would change nothing: the agent is as in the backup".to_owned(),
        some => format!("A restore here would change {}", text::plural(some, "part")),
    });
    Banner::new(state, message).detail(&detail).show(ui);
    ui.add_space(space::S);
    let checks = [
        "Every byte is as the agent wrote it",
        "The sealed content is what the clear manifest says",
        "The document has the hash of its revision, and each revision follows the one before",
        "Exactly the secrets are there that the document names",
        "The agent's id follows from its identity",
    ];
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = space::XXS;
        ui.spacing_mut().interact_size.y = size::CONTROL_SMALL;
        let right = checks.map(|check| (State::Ok, "Right", check.to_owned()));
        let warned = found.warnings.iter();
        let warned = warned.map(|one| (State::Warn, "To look at", text::sentence(one)));
        for (state, name, words) in right.into_iter().chain(warned) {
            ui.horizontal(|ui| {
                dot(ui, state, name);
                ui.body(words.as_str()).on_hover_text(words);
            });
        }
    });
    ui.add_space(space::S);
    keys(ui, |ui| {
        let whose = if found.instance == agent {
            "This agent".to_owned()
        } else {
            found.instance.to_string()
        };
        key_text(ui, "Of agent", &whose, false, found.instance != agent);
        let number = found.revision.number.to_string();
        key_text(ui, "Revision", &number, false, false);
        key_moment(ui, "Made", found.created_time_stamp);
        key_text(ui, "Content", &content(found), false, false);
        key_text(ui, "Secrets", &secrets(found), false, false);
        let hash = found.revision.hash.to_string();
        key_text(ui, "Content hash", &hash, true, true);
    });
}

fn content(found: &BackupVerified) -> String {
    [
        text::plural(found.subaccounts, "subaccount"),
        text::plural(found.mappings, "mapping"),
        text::plural(found.resources, "resource"),
        text::plural(found.operators, "operator"),
        text::plural(found.revisions, "revision"),
    ]
    .join(", ")
}

fn secrets(found: &BackupVerified) -> String {
    let machine = if found.machine {
        ", and what belongs to the host"
    } else {
        ""
    };
    format!(
        "{} of passwords and keys, {}{machine}",
        text::count(found.secrets),
        text::plural(found.enrolments, "enrolment")
    )
}
