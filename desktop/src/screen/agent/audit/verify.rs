//! Whether the log is as it was written.

use egui::Ui;
use underpass_fleet::remote::Remote;
use underpass_fleet::slot::Slot;
use underpass_shared::api::management::{
    AuditSearch, AuditTarget, AuditVerification, Query, Target,
};
use underpass_shared::audit::{Anchor, Report};

use crate::cx::Cx;
use crate::text;
use crate::theme::{State, space};
use crate::widget::{Answer, Banner, Dialog, Field, Words as _, code};

/// The verification: its dialog, and what it found.
#[derive(Default)]
pub(super) struct Verify {
    open: bool,
    anchor: String,
    /// Whether it was asked for, and the record that must be there.
    is_asked: bool,
    noted: Option<Anchor>,
    found: Slot<AuditVerification>,
}

impl Verify {
    /// Opens the dialog.
    pub(super) fn open(&mut self) {
        self.open = true;
    }

    /// Shows the dialog and what was found.
    pub(super) fn ui(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) {
        self.dialog(ui);
        let (true, Some(agent)) = (self.is_asked, cx.agent) else {
            return;
        };
        let audit = AuditSearch {
            anchor: self.noted,
            ..AuditSearch::default()
        };
        let query = Query {
            audit,
            ..Query::default()
        };
        self.found.request(
            cx.commands,
            agent.id,
            &Target::Audit(AuditTarget::Verification),
            &query,
        );
        ui.add_space(space::S);
        match &*self.found.get() {
            Remote::Ready(stamped) => self.result(ui, &stamped.value),
            Remote::Unavailable { reason, .. } => {
                let reason = text::clean(reason);
                let banner =
                    Banner::new(State::Warn, "The log could not be verified").detail(&reason);
                if banner.action("Retry").show(ui) {
                    self.found.refresh();
                }
            }
            Remote::NotRequested | Remote::Loading { .. } => {
                Banner::new(State::Pending, "The log is being verified…").show(ui);
            }
        }
    }

    fn dialog(&mut self, ui: &Ui) {
        if !self.open {
            return;
        }
        let typed = self.anchor.trim();
        let read = if typed.is_empty() {
            Ok(None)
        } else {
            typed.parse::<Anchor>().map(Some)
        };
        let error = read.as_ref().err().map(ToString::to_string);
        let answer = Dialog::new("verify-audit", "Verify the audit log", "Verify")
            .wide()
            .enabled_if(error.is_none(), "Correct the record first")
            .show(ui.ctx(), |ui| {
                ui.paragraph("The agent reads its whole log: each record carries the hash of the one before, and signatures cover them.");
                ui.add_space(space::S);
                Field::new("A record that was noted down before", &mut self.anchor)
                    .optional()
                    .mono()
                    .hint("17:4f1c…")
                    .help("Shows that nobody has written the log anew since then")
                    .error(error.as_deref())
                    .width(f32::INFINITY)
                    .show(ui);
            });
        match answer {
            Answer::Open => {}
            Answer::Dismissed => self.open = false,
            Answer::Confirmed => {
                self.open = false;
                self.noted = read.unwrap_or_default();
                self.is_asked = true;
                self.found.refresh();
            }
        }
    }

    fn result(&mut self, ui: &mut Ui, found: &AuditVerification) {
        let anchored = self.noted.is_some();
        let mut close = false;
        if let Some(bad) = &found.bad {
            let message = format!(
                "The log is not as it was written: {}",
                text::clean(&bad.message)
            );
            let detail = format!(
                "Segment {}, line {}, record {}. Copy the log's folder before anything else, and compare with the last copy",
                bad.segment, bad.line, bad.sequence
            );
            close |= Banner::new(State::Error, &message)
                .detail(&detail)
                .action("Dismiss")
                .show(ui);
        } else if !found.verified {
            let detail = "The agent names no record; look at its log";
            close |= Banner::new(State::Error, "The log could not be verified")
                .detail(detail)
                .action("Dismiss")
                .show(ui);
        } else if let Some(report) = &found.report {
            let state = if found.complete {
                State::Ok
            } else {
                State::Warn
            };
            close |= Banner::new(state, &sentence(found.complete, report))
                .detail(&detail(report, anchored))
                .action("Dismiss")
                .show(ui);
            if let Some(hash) = report.last_hash {
                ui.add_space(space::XS);
                code(ui, "What to note down", &format!("{}:{hash}", report.last));
            }
        } else {
            close |= Banner::new(State::Ok, "The log is as it was written")
                .action("Dismiss")
                .show(ui);
        }
        if close {
            self.is_asked = false;
        }
    }
}

fn sentence(complete: bool, report: &Report) -> String {
    let records = usize::try_from(report.records).unwrap_or(usize::MAX);
    let count = text::plural(records, "record");
    if complete {
        format!(
            "The log is as it was written: {count}, {} to {}",
            report.first, report.last
        )
    } else {
        format!("As far as the time allowed, the log is as it was written: {count}")
    }
}

fn detail(report: &Report, anchored: bool) -> String {
    let mut detail = String::new();
    if anchored {
        detail.push_str("The record that was noted down is in it. ");
    }
    if report.unsealed > 0 {
        detail.push_str(&format!(
            "No signature covers the last {} yet. ",
            report.unsealed
        ));
    }
    if report.open_intents > 0 {
        detail.push_str(&format!(
            "{} changes were begun whose outcome is missing. ",
            report.open_intents
        ));
    }
    detail.push_str("Note the line below down elsewhere: with it a later verification shows that nobody wrote the log anew");
    detail
}
