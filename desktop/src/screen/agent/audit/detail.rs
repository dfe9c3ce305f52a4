//! One record with what was before and after.

use egui::{Align, Layout, ScrollArea, Ui};
use lucide_icons::Icon;
use underpass_shared::audit::{Edit, Record};

use super::{state_of, word_of};
use crate::changes::{title, value, words};
use crate::cx::Cx;
use crate::nav::{AgentTab, Route};
use crate::text;
use crate::theme::{Text, Themed as _, space};
use crate::widget::{
    Button, DiffKind, DiffRow, IconButton, Words as _, card, copy_button, diff, key_moment,
    key_row, key_text, keys, pill,
};

/// Shows a record; true when it shall go.
pub(in crate::screen) fn ui(ui: &mut Ui, cx: &mut Cx<'_>, record: &Record) -> bool {
    let mut close = false;
    ScrollArea::vertical()
        .id_salt("audit-record")
        .auto_shrink([false, false])
        .show(ui, |ui| {
            card(ui, |ui| {
                ui.horizontal(|ui| {
                    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                        close = ui
                            .add(IconButton::new(Icon::X, "Close the record").small())
                            .clicked();
                        if let Ok(json) = serde_json::to_string_pretty(record) {
                            copy_button(ui, &json, "Record as JSON");
                        }
                        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                            ui.title(format!("Record {}", record.sequence));
                            pill(ui, state_of(record.outcome), word_of(record.outcome));
                        });
                    });
                });
                ui.add_space(space::XS);
                ui.paragraph(text::sentence(&record.message));
                ui.add_space(space::XS);
                facts(ui, cx, record);
                if !record.edits.is_empty() {
                    ui.add_space(space::M);
                    edits(ui, record);
                }
            });
        });
    close
}

fn facts(ui: &mut Ui, cx: &mut Cx<'_>, record: &Record) {
    keys(ui, |ui| {
        key_moment(ui, "When", record.time_ms);
        key_text(
            ui,
            "Type",
            &words(&format!("{:?}", record.category)),
            false,
            false,
        );
        key_text(ui, "Who", &text::clean(&record.actor.name), false, true);
        if let Some(role) = &record.actor.role {
            key_text(ui, "Role", &text::clean(role), false, false);
        }
        if let Some(from) = &record.actor.from {
            key_text(ui, "From", &text::clean(from), true, true);
        }
        if let Some(key) = &record.subaccount {
            key_text(ui, "Subaccount", &text::clean(&key.to_string()), true, true);
        }
        if let Some(request) = &record.request {
            let line = format!(
                "{} {}:{}{}",
                request.method, request.host, request.port, request.path
            );
            key_text(ui, "Request", &text::clean(&line), true, true);
        }
        if let Some(number) = record.revision {
            key_row(ui, "Revision", |ui| {
                ui.body(number.to_string());
                if let Some(agent) = cx.agent
                    && ui
                        .add(Button::ghost("Open revisions").icon(Icon::History).small())
                        .clicked()
                {
                    let id = agent.id;
                    cx.go(Route::Agent {
                        id,
                        tab: AgentTab::Revisions,
                    });
                }
            });
        }
        if let Some(intent) = record.intent {
            key_text(ui, "Begun by", &format!("record {intent}"), false, false);
        }
    });
}

/// What changed, part by part.
fn edits(ui: &mut Ui, record: &Record) {
    let tokens = ui.tokens();
    let mut at = 0;
    while let Some(first) = record.edits.get(at) {
        let same = record
            .edits
            .iter()
            .skip(at)
            .take_while(|one| one.part == first.part);
        let mut rows: Vec<DiffRow> = same.map(row).collect();
        at += rows.len();
        let (title, of) = title(&first.part);
        ui.horizontal(|ui| {
            ui.bold(title);
            ui.quiet(of);
        });
        diff(ui, &mut rows);
        ui.add_space(space::S);
    }
    if record.more_edits > 0 {
        let more = format!("and {} more; the revision has them all", record.more_edits);
        ui.words(Text::Small, tokens.text_3, more);
    }
}

fn row(edit: &Edit) -> DiffRow {
    let kind = match (&edit.old, &edit.new) {
        (None, _) => DiffKind::Added,
        (Some(_), None) => DiffKind::Removed,
        (Some(_), Some(_)) => DiffKind::Changed,
    };
    DiffRow {
        kind,
        path: text::clean(&edit.field),
        before: edit.old.as_ref().map(value).unwrap_or_default(),
        after: edit.new.as_ref().map(value).unwrap_or_default(),
        note: String::new(),
        chosen: None,
    }
}
