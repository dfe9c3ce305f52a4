//! An agent's own certificates, whom it trusts, and when all of that ends.

mod add;
mod import;
mod make;
mod own;
mod pem;
mod request;
mod store;

use std::sync::Arc;

use egui::{Align, Layout, Ui};
use underpass_fleet::slot::Slot;
use underpass_fleet::snapshot::{AgentSnapshot, Configuration};
use underpass_shared::api::management::{Query, SubaccountShown, Target};
use underpass_shared::config::{Document, SubaccountKey};
use underpass_shared::pki::chain::CertificateUse;
use underpass_shared::pki::expiry::{CertificateKind, Enrolled, Expiry, expiries};

pub(super) use self::add::{Add, Store};
use self::own::OwnDialogs;
use self::store::StoreState;
use super::common::{Newer, shown};
use super::edit::document;
use crate::cx::Cx;
use crate::screen::page;
use crate::text;
use crate::theme::space;
use crate::widget::{Span, Words as _, card_titled, timeline};

/// Ends that the line of time shows; the others are in the lists below.
const SHOWN: usize = 12;
const DAY_MS: i64 = 86_400_000;
const MINUTE_MS: i64 = 60_000;

/// What the tab remembers from frame to frame.
#[derive(Default)]
pub struct TrustState {
    subaccounts: Slot<Vec<SubaccountShown>>,
    newer: Newer,
    ends: Ends,
    own: OwnDialogs,
    store: StoreState,
}

/// The ends of all certificates, and what they were read from: reading them costs more than a frame has.
#[derive(Default)]
struct Ends {
    key: Option<(u64, Option<i64>, i64)>,
    spans: Vec<Span>,
}

/// Shows the tab.
pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut TrustState) {
    let Some(agent) = cx.agent.map(Arc::clone) else {
        return;
    };
    if state.newer.came(&agent) {
        state.subaccounts.refresh();
    }
    state.subaccounts.request(
        cx.commands,
        agent.id,
        &Target::Subaccounts,
        &Query::default(),
    );
    page(ui, "trust", |ui| {
        ui.spacing_mut().item_spacing.y = space::M;
        let (known, retry) = shown(ui, cx.now_ms, &agent.configuration);
        if retry {
            cx.send(underpass_fleet::command::Command::Refresh(agent.id));
        }
        let Some(configuration) = known else { return };
        let present = &configuration.document;
        ends(ui, cx, &agent, &configuration, state);
        cards(ui, cx, present, &mut state.own);
        let wanted = Arc::clone(document(&agent).unwrap_or(present));
        store::ui(ui, cx, &wanted, &mut state.store);
    });
    state.own.show(ui, cx);
    store::dialogs(ui, cx, &mut state.store);
}

fn cards(ui: &mut Ui, cx: &mut Cx<'_>, present: &Document, dialogs: &mut OwnDialogs) {
    let columns = if ui.available_width() > 860.0 { 3 } else { 1 };
    ui.spacing_mut().item_spacing.x = space::M;
    ui.columns(columns, |columns| {
        let last = columns.len() - 1;
        for (at, one) in CertificateUse::ALL.into_iter().enumerate() {
            let own = present.connector().certificates.get(one);
            // Columns stretch their text; a card does not.
            columns[at.min(last)].with_layout(Layout::top_down(Align::Min), |ui| {
                own::card(ui, cx, one, own, dialogs);
            });
        }
    });
}

/// When everything ends, the next first.
fn ends(
    ui: &mut Ui,
    cx: &Cx<'_>,
    agent: &AgentSnapshot,
    present: &Configuration,
    state: &mut TrustState,
) {
    let enrolled = state.subaccounts.get();
    let told_ms = enrolled.stamped().map(|stamped| stamped.at_ms);
    let key = Some((present.revision, told_ms, cx.now_ms / MINUTE_MS));
    if state.ends.key != key {
        state.ends = Ends {
            key,
            spans: spans(cx.now_ms, agent, present, enrolled.value()),
        };
    }
    let all = &state.ends.spans;
    let seen = all.get(..all.len().min(SHOWN)).unwrap_or_default();
    card_titled(
        ui,
        "When certificates end",
        |_| {},
        |ui| {
            if all.is_empty() {
                ui.quiet("There are no certificates yet");
                return;
            }
            timeline(ui, cx.now_ms, seen);
            if all.len() > seen.len() {
                ui.add_space(space::S);
                let more = text::count(all.len() - seen.len());
                ui.quiet(format!("and {more} that end later"));
            }
        },
    );
}

fn spans(
    now_ms: i64,
    agent: &AgentSnapshot,
    present: &Configuration,
    enrolled: Option<&Vec<SubaccountShown>>,
) -> Vec<Span> {
    let enrolled = enrolled.map_or(&[][..], Vec::as_slice).iter();
    let enrolled: Vec<Enrolled> = enrolled.filter_map(enrolment).collect();
    let document = &present.document;
    let found = expiries(document, &enrolled, now_ms);
    let mut all: Vec<Span> = found.iter().map(|one| span(one, document)).collect();
    if let Some(days) = agent.certificate_days {
        all.push(Span {
            name: "This app's own certificate".to_owned(),
            note: "What this app shows the agent".to_owned(),
            until_ms: now_ms.saturating_add(days.saturating_mul(DAY_MS)),
            renews: true,
        });
    }
    all.sort_by_key(|one| one.until_ms);
    all
}

fn enrolment(one: &SubaccountShown) -> Option<Enrolled> {
    let certificate = one.tunnel.subaccount_certificate.as_ref()?;
    Some(Enrolled {
        key: SubaccountKey {
            region_host: one.region_host.clone(),
            subaccount: one.subaccount,
            location_id: one.location_id.clone(),
        },
        subject_dn: certificate.subject_dn.clone(),
        not_before_ms: certificate.not_before_time_stamp,
        not_after_ms: certificate.not_after_time_stamp,
    })
}

fn span(one: &Expiry, document: &Document) -> Span {
    let subaccount = |key: &str| {
        let mut all = document.subaccounts().iter();
        let found = all.find(|one| one.key().to_string() == key);
        let name = found
            .map(|one| one.own().display_name.to_string())
            .filter(|name| !name.is_empty());
        name.unwrap_or_else(|| key.to_owned())
    };
    let name = match one.kind {
        CertificateKind::Subaccount => format!("Subaccount {}", subaccount(&one.name)),
        CertificateKind::System => own::title(CertificateUse::System).to_owned(),
        CertificateKind::PpCa => own::title(CertificateUse::PpCa).to_owned(),
        CertificateKind::Ui => own::title(CertificateUse::Ui).to_owned(),
        CertificateKind::Trusted => format!("Trusted {}", one.name),
    };
    Span {
        name: text::clean(&name),
        note: text::clean(&one.subject_dn),
        until_ms: one.not_after_time_stamp,
        renews: one.kind == CertificateKind::Subaccount,
    }
}
