//! Settings of an agent as a whole, each on a card of its own.

mod alert_rules;
mod alerts;
mod audit;
mod basis;
mod ciphers;
mod delivery;
mod general;
mod heartbeat;
mod logging;
mod mail;
mod mail_store;
mod proxy;
mod receiver;
mod regions;
mod running;
mod syslog;
mod syslog_form;
mod targets;
mod webhook_form;
mod webhooks;

use std::sync::Arc;

use egui::{Align, Layout, Ui, Vec2};
use underpass_fleet::command::Command;
use underpass_shared::config::Document;

pub(crate) use self::alert_rules::MoreAlerts;
pub(crate) use self::alerts::Alerts;
use super::edit::document;
use crate::cx::Cx;
use crate::screen::page;
use crate::theme::{State, space};
use crate::widget::{Banner, segmented, skeleton};

/// A part of the tab.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Section {
    /// The agent as a whole.
    #[default]
    Agent,
    /// When alerts are raised.
    Alerts,
    /// How they reach somebody.
    Delivery,
}

impl Section {
    /// All of them, with their words.
    const ALL: [(Self, &str); 3] = [
        (Self::Agent, "Agent"),
        (Self::Alerts, "Alert rules"),
        (Self::Delivery, "Alert delivery"),
    ];
}

/// What the tab remembers from frame to frame.
#[derive(Default)]
pub struct SettingsState {
    section: Section,
    delivery: delivery::DeliveryCard,
    webhooks: webhooks::WebhooksCard,
    syslog: syslog::SyslogCard,
    heartbeat: heartbeat::HeartbeatCard,
    mail_store: mail_store::MailStore,
    general: general::General,
    running: running::RunningCard,
    proxy: proxy::ProxyCard,
    logging: logging::Logging,
    audit: audit::AuditCard,
    mail: mail::MailCard,
    alerts: Alerts,
    more_alerts: MoreAlerts,
    ciphers: ciphers::Ciphers,
    regions: regions::RegionsCard,
    targets: targets::TargetsCard,
}

impl SettingsState {
    /// Shows how alerts are delivered.
    pub const fn show_delivery(&mut self) {
        self.section = Section::Delivery;
    }
}

/// Below this width the cards stand in one column.
const WIDE: f32 = 760.0;

/// Shows the tab.
pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut SettingsState) {
    let Some(agent) = cx.agent.map(Arc::clone) else {
        return;
    };
    page(ui, "settings", |ui| {
        ui.spacing_mut().item_spacing = Vec2::splat(space::M);
        let Some(document) = document(&agent) else {
            match agent.configuration.reason() {
                Some(reason) => {
                    let banner = Banner::new(State::Error, "The configuration cannot be read")
                        .detail(reason);
                    if banner.action("Retry").show(ui) {
                        cx.send(Command::Refresh(agent.id));
                    }
                }
                None => skeleton(ui, 12),
            }
            return;
        };
        segmented(ui, "Section", &mut state.section, &Section::ALL);
        // What is saved at once is shown as the agent has it, whatever the draft says.
        let known = agent.configuration.value();
        let both = Documents {
            document,
            present: known.map_or(document, |one| &one.document),
            revision: known.map(|one| one.revision),
        };
        if ui.available_width() < WIDE {
            first(ui, cx, both, state);
            second(ui, cx, both, state);
            return;
        }
        ui.columns(2, |columns| {
            // Columns stretch what is in them, and running text with it.
            let layout = Layout::top_down(Align::Min);
            columns[0].with_layout(layout, |ui| first(ui, cx, both, state));
            columns[1].with_layout(layout, |ui| second(ui, cx, both, state));
        });
    });
    state.running.dialogs(ui.ctx(), cx);
    state.webhooks.dialogs(ui.ctx(), cx);
    state.syslog.dialogs(ui.ctx(), cx);
    state.mail_store.dialogs(ui, cx);
}

/// The configuration as the operator wants it, and as the agent has it.
#[derive(Clone, Copy)]
struct Documents<'a> {
    document: &'a Document,
    present: &'a Document,
    /// The revision of what the agent has.
    revision: Option<u64>,
}

fn first(ui: &mut Ui, cx: &mut Cx<'_>, of: Documents<'_>, state: &mut SettingsState) {
    match state.section {
        Section::Agent => {
            state.general.card(ui, cx, of.document);
            state.proxy.card(ui, cx, of.present, of.revision);
            state.ciphers.card(ui, cx, of.document);
            state.targets.card(ui, cx, of.document);
        }
        Section::Alerts => state.alerts.card(ui, cx, of.document),
        Section::Delivery => {
            state.delivery.card(ui, cx, of.present);
            state.mail.card(ui, cx, of.present, of.revision);
        }
    }
}

fn second(ui: &mut Ui, cx: &mut Cx<'_>, of: Documents<'_>, state: &mut SettingsState) {
    match state.section {
        Section::Agent => {
            state.running.card(ui, cx);
            state.logging.card(ui, cx, of.document);
            state.audit.card(ui, cx, of.document);
            state.regions.card(ui, cx, of.document);
        }
        Section::Alerts => state.more_alerts.card(ui, cx, of.document),
        Section::Delivery => {
            state.webhooks.card(ui, cx, of.present, of.revision);
            state.syslog.card(ui, cx, of.document);
            state.heartbeat.card(ui, cx, of.document);
            state.mail_store.card(ui, cx, of.document);
        }
    }
}
