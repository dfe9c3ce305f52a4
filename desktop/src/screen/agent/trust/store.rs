//! The trust store: which certificates of back ends are taken.

use std::sync::Arc;

use egui::{Align, Layout, Ui};
use lucide_icons::Icon;
use underpass_shared::config::{BackendTrust, Document, TrustedCertificate};
use underpass_shared::rights::Access;

use super::super::edit::{edit_connector, prevented};
use super::add::Add;
use crate::cx::Cx;
use crate::text;
use crate::theme::{State, Text, Themed as _, size, space};
use crate::times::Timed as _;
use crate::widget::{
    Answer, Banner, Button, Column, ConfirmName, Empty, IconButton, Table, TableState, Width,
    Words as _, card_titled, days_word, ending, pill, search, toggle,
};

/// Rows that are shown before the list scrolls by itself.
const ROWS_SHOWN: usize = 8;

/// What the trust store remembers from frame to frame.
#[derive(Default)]
pub(super) struct StoreState {
    table: TableState,
    filter: String,
    add: Option<Add>,
    trust_all: Option<ConfirmName>,
    remove: Option<String>,
}

const COLUMNS: [Column; 6] = [
    Column::text("ALIAS", Width::AtLeast(120.0)).fixed(),
    Column::text("SUBJECT", Width::AtLeast(190.0)).fixed(),
    Column::text("ISSUER", Width::AtLeast(150.0))
        .fixed()
        .spare(2),
    Column::text("KEY", Width::Exact(92.0)).fixed().spare(1),
    Column::text("ENDS", Width::Exact(130.0)).fixed(),
    Column::text("", Width::Exact(28.0)).fixed(),
];

/// Shows the trust store of the draft.
pub(super) fn ui(ui: &mut Ui, cx: &mut Cx<'_>, wanted: &Arc<Document>, state: &mut StoreState) {
    let role = prevented(cx, Access::Connector);
    let why = role.as_deref().unwrap_or_default();
    let trust = wanted.connector().backend_trust();
    if trust.trust_all_backends() {
        alarm(ui, cx, role.is_none());
    }
    let all = trust.certificates();
    let mut open_add = false;
    let mut filter = std::mem::take(&mut state.filter);
    let words = filter.trim().to_lowercase();
    card_titled(
        ui,
        "Trusted certificates of back ends",
        |ui| {
            open_add = ui
                .add(
                    Button::primary("Add certificate…")
                        .icon(Icon::Plus)
                        .small()
                        .enabled_if(role.is_none(), why),
                )
                .clicked();
            if all.len() > ROWS_SHOWN {
                search(
                    ui,
                    egui::Id::unique("filter-trust"),
                    &mut filter,
                    "Filter certificates",
                    200.0,
                );
            }
        },
        |ui| {
            ui.spacing_mut().item_spacing.y = space::S;
            let mut on = trust.trust_all_backends();
            let label = "Take every certificate without any check (dangerous)";
            if toggle(ui, &mut on, label, role.as_deref()).changed() {
                if on {
                    state.trust_all = Some(ConfirmName::default());
                } else {
                    set_all(cx, false);
                }
            }
            list(ui, cx, state, (all, &words), role.as_deref());
        },
    );
    state.filter = filter;
    if open_add {
        state.add = Some(Add::default());
    }
    if let Some(alias) = state.remove.take() {
        remove(cx, alias);
    }
}

/// Says loudly that nothing is checked.
fn alarm(ui: &mut Ui, cx: &mut Cx<'_>, allowed: bool) {
    let text = "The certificates of back ends are not checked at all";
    let detail = "Whoever stands between this agent and a back end can read and change everything. Add the CAs of your back ends, then check certificates again";
    let mut banner = Banner::new(State::Error, text).detail(detail);
    if allowed {
        banner = banner.action("Check them again");
    }
    if banner.show(ui) {
        set_all(cx, false);
    }
}

/// Trusts a certificate no more, in the draft.
fn remove(cx: &mut Cx<'_>, alias: String) {
    let what = format!("Trust {} no more", text::clean(&alias));
    edit_connector(cx, what, move |fields| {
        let old = &fields.backend_trust;
        let mut rest = old.certificates().to_vec();
        rest.retain(|one| one.alias.as_str() != alias);
        fields.backend_trust = BackendTrust::new(old.trust_all_backends(), rest)?;
        Ok(())
    });
}

/// The dialogs of the trust store.
pub(super) fn dialogs(ui: &Ui, cx: &mut Cx<'_>, state: &mut StoreState) {
    if let Some(add) = &mut state.add
        && add.show(ui, cx)
    {
        state.add = None;
    }
    if let Some(confirm) = &mut state.trust_all {
        let loss = "Every certificate of a back end is taken without any check. Whoever stands between can read and change everything. It goes into the draft, and holds when that is applied.";
        let answer = confirm.show(
            ui.ctx(),
            "Take every certificate",
            "Take every certificate",
            loss,
            "trust all",
        );
        if answer == Answer::Confirmed {
            set_all(cx, true);
        }
        if answer != Answer::Open {
            state.trust_all = None;
        }
    }
}

fn set_all(cx: &mut Cx<'_>, on: bool) {
    let what = if on {
        "Take every certificate of back ends"
    } else {
        "Check certificates of back ends again"
    };
    edit_connector(cx, what, move |fields| {
        let certificates = fields.backend_trust.certificates().to_vec();
        fields.backend_trust = BackendTrust::new(on, certificates)?;
        Ok(())
    });
}

fn list(
    ui: &mut Ui,
    cx: &Cx<'_>,
    state: &mut StoreState,
    (all, words): (&[TrustedCertificate], &str),
    role: Option<&str>,
) {
    if all.is_empty() {
        Empty {
            icon: Icon::ShieldOff,
            title: "No certificate is trusted",
            text: "Back ends that are called by HTTPS need their CA here",
            action: None,
        }
        .show(ui);
        return;
    }
    let shows = |one: &&TrustedCertificate| {
        words.is_empty()
            || one.alias.as_str().to_lowercase().contains(words)
            || one
                .certificate
                .summary()
                .subject
                .to_lowercase()
                .contains(words)
    };
    // At most some hundred, and only those that are seen are looked into.
    let rows: Vec<&TrustedCertificate> = all.iter().filter(shows).collect();
    let name = |row: usize| format!("Trusted {}", rows[row].alias);
    let height = size::HEAD + size::ROW * rows.len().clamp(1, ROWS_SHOWN) as f32 + 2.0;
    let mut remove = None;
    let size = egui::vec2(ui.available_width(), height);
    ui.allocate_ui_with_layout(size, Layout::top_down(Align::Min), |ui| {
        ui.set_max_height(height);
        Table::new("trust-store", &COLUMNS, rows.len(), &name).show(
            ui,
            &mut state.table,
            |ui, row, column| {
                if cell(ui, cx.now_ms, rows[row], column, role) {
                    remove = Some(rows[row].alias.to_string());
                }
            },
        );
    });
    if remove.is_some() {
        state.remove = remove;
    }
}

/// One cell; true when the certificate shall go.
fn cell(
    ui: &mut Ui,
    now_ms: i64,
    one: &TrustedCertificate,
    column: usize,
    role: Option<&str>,
) -> bool {
    let tokens = ui.tokens();
    let summary = one.certificate.summary();
    let subject = text::clean(&summary.subject);
    match column {
        0 => drop(ui.bold(one.alias.to_string())),
        1 => drop(ui.body(subject.as_str()).on_hover_text(subject)),
        2 => {
            let issuer = if summary.issuer == summary.subject {
                "Itself".to_owned()
            } else {
                text::clean(&summary.issuer)
            };
            ui.words(Text::Small, tokens.text_2, issuer.as_str())
                .on_hover_text(issuer);
        }
        3 => drop(ui.words(Text::Small, tokens.text_2, summary.key)),
        4 => {
            let word = days_word(now_ms, summary.not_after_ms);
            pill(ui, ending(now_ms, summary.not_after_ms), &word)
                .on_hover_text(ui.times().both(summary.not_after_ms));
        }
        _ => {
            let name = format!("Remove {}", one.alias);
            let button = IconButton::new(Icon::Trash2, &name)
                .small()
                .enabled_if(role.is_none(), role.unwrap_or_default());
            return ui.add(button).clicked();
        }
    }
    false
}
