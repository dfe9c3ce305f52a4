//! What is recorded in the audit log: of the agent as a whole, and of each subaccount.

use std::sync::Arc;

use egui::{Align, Layout, ScrollArea, Ui};
use underpass_shared::config::{AuditCleanup, AuditLevel, AuditSettings, Document, Subaccount};
use underpass_shared::rights::Access;

use crate::cx::Cx;
use crate::screen::agent::edit::{edit_connector, edit_subaccount, name_of, refused};
use crate::screen::agent::form::pair;
use crate::theme::{Text, Themed as _, size, space};
use crate::widget::{Words as _, card_titled, segmented, select};

/// The card of the audit log.
#[derive(Default)]
pub(super) struct AuditCard {}

const LEVELS: [(AuditLevel, &str); 3] = [
    (AuditLevel::Off, "Off"),
    (AuditLevel::Security, "Security"),
    (AuditLevel::All, "All"),
];

impl AuditCard {
    pub(super) fn card(&self, ui: &mut Ui, cx: &mut Cx<'_>, document: &Document) {
        const ROOM: f32 = 180.0;
        let before = document.connector().audit;
        let locked = refused(cx, Access::Administration);
        let mut now = before;
        let shown = card_titled(
            ui,
            "Audit",
            |_| {},
            |ui| {
                ui.paragraph("Security records denied requests, All every request. Changes of the configuration are always recorded.");
                ui.add_enabled_ui(locked.is_none(), |ui| {
                    let levels = LEVELS.map(|(level, word)| (level, word.to_owned()));
                    let cleanup = cleanup();
                    pair(ui, |ui, at, width| match at {
                        0 => drop(select(
                            ui,
                            "Level of the agent",
                            &mut now.level,
                            &levels,
                            width,
                        )),
                        _ => drop(select(
                            ui,
                            "Keep records",
                            &mut now.cleanup,
                            &cleanup,
                            width,
                        )),
                    });
                    if document.subaccounts().is_empty() {
                        return;
                    }
                    ui.add_space(space::S);
                    ui.words(
                        Text::Caption,
                        ui.tokens().text_2,
                        "Level of each subaccount",
                    );
                    ScrollArea::vertical()
                        .id_salt("audit levels")
                        .max_height(ROOM)
                        .show(ui, |ui| {
                            for one in document.subaccounts() {
                                of_subaccount(ui, cx, one);
                            }
                        });
                });
            },
        );
        if let Some(reason) = &locked {
            shown.response.on_hover_text(reason);
        }
        if now != before {
            let AuditSettings { level, cleanup } = now;
            edit_connector(cx, "Change what is audited", move |fields| {
                fields.audit = AuditSettings { level, cleanup };
                Ok(())
            });
        }
    }
}

fn cleanup() -> Vec<(AuditCleanup, String)> {
    let days = AuditCleanup::DAYS
        .iter()
        .filter_map(|days| AuditCleanup::try_from(*days).ok());
    let word = |cleanup: AuditCleanup| match cleanup.days() {
        Some(days) => (cleanup, format!("For {days} days")),
        None => (cleanup, "Always".to_owned()),
    };
    days.map(word).collect()
}

fn of_subaccount(ui: &mut Ui, cx: &mut Cx<'_>, one: &Arc<Subaccount>) {
    let name = name_of(one.own());
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let mut level = one.own().audit_level;
            if segmented(ui, &format!("Audit level of {name}"), &mut level, &LEVELS) {
                edit_subaccount(
                    cx,
                    one.key(),
                    format!("Change what is audited of {name}"),
                    move |own| {
                        own.audit_level = level;
                        Ok(())
                    },
                );
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.body(name.as_str())
            });
        });
    });
}
