//! Settings of an agent as a whole, each on a card of its own.

mod alert_rules;
mod alerts;
mod audit;
mod ciphers;
mod general;
mod logging;
mod mail;
mod proxy;
mod regions;
mod running;

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
use crate::widget::{Banner, skeleton};

/// What the tab remembers from frame to frame.
#[derive(Default)]
pub struct SettingsState {
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
        if ui.available_width() < WIDE {
            first(ui, cx, document, state);
            second(ui, cx, document, state);
            return;
        }
        ui.columns(2, |columns| {
            // Columns stretch what is in them, and running text with it.
            let layout = Layout::top_down(Align::Min);
            columns[0].with_layout(layout, |ui| first(ui, cx, document, state));
            columns[1].with_layout(layout, |ui| second(ui, cx, document, state));
        });
    });
    state.running.dialogs(ui.ctx(), cx);
}

fn first(ui: &mut Ui, cx: &mut Cx<'_>, document: &Document, state: &mut SettingsState) {
    state.general.card(ui, cx, document);
    state.proxy.card(ui, cx, document);
    state.mail.card(ui, cx, document);
    state.ciphers.card(ui, cx, document);
}

fn second(ui: &mut Ui, cx: &mut Cx<'_>, document: &Document, state: &mut SettingsState) {
    state.running.card(ui, cx);
    state.logging.card(ui, cx, document);
    state.audit.card(ui, cx, document);
    state.alerts.card(ui, cx, document);
    state.more_alerts.card(ui, cx, document);
    state.regions.card(ui, cx, document);
}
