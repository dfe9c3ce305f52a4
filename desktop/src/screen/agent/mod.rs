//! The page of one agent: its head, its tabs, and what the chosen one shows.

pub mod access;
pub mod audit;
pub mod backup;
pub mod channels;
pub mod common;
pub mod cookies;
pub mod draft;
pub(crate) mod edit;
mod form;
mod head;
pub mod logs;
pub mod monitoring;
pub mod operators;
pub mod overview;
mod parts;
pub mod propagation;
pub mod revisions;
pub mod security;
pub mod settings;
pub mod subaccounts;
pub mod trouble;
pub mod trust;

use egui::{Frame, Ui};
use lucide_icons::Icon;
use underpass_shared::id::AgentId;

use crate::command::UiCommand;
use crate::cx::Cx;
use crate::nav::{AgentTab, Route};
use crate::theme::{inset, space};
use crate::widget::{Empty, Tab, tabs};

/// What the page remembers of its agent. Another agent begins anew.
#[derive(Default)]
pub struct AgentState {
    of: Option<AgentId>,
    head: head::Head,
    /// What is changed and not applied.
    pub draft: draft::DraftState,
    /// How it is.
    pub overview: overview::OverviewState,
    /// What it measured.
    pub monitoring: monitoring::MonitoringState,
    /// What goes wrong on it, and traces of what passes.
    pub trouble: trouble::TroubleState,
    /// Its subaccounts.
    pub subaccounts: subaccounts::SubaccountsState,
    /// Which systems and paths are open.
    pub access: access::AccessState,
    /// Channels from its network to the cloud.
    pub channels: channels::ChannelsState,
    /// Domains of cookies.
    pub cookies: cookies::CookiesState,
    /// Certificates and stores.
    pub trust: trust::TrustState,
    /// How users are known to the systems.
    pub propagation: propagation::PropagationState,
    /// Its configuration's history.
    pub revisions: revisions::RevisionsState,
    /// Its backups, and the way back from one.
    pub backup: backup::BackupState,
    /// Who did what.
    pub audit: audit::AuditState,
    /// What it writes.
    pub logs: logs::LogsState,
    /// Proxy, tuning, alerts.
    pub settings: settings::SettingsState,
    /// Who may manage it.
    pub operators: operators::OperatorsState,
    /// What weakens it.
    pub security: security::SecurityState,
}

impl AgentState {
    /// Remembers this agent from now on, and nothing of another one.
    pub fn turn_to(&mut self, id: AgentId) {
        if self.of != Some(id) {
            *self = Self {
                of: Some(id),
                ..Self::default()
            };
        }
    }

    /// Puts the keyboard into the filter of a tab; false where it has none.
    pub const fn focus_filter(&mut self, tab: AgentTab) -> bool {
        match tab {
            AgentTab::AccessControl => self.access.focus_filter(),
            AgentTab::Revisions => self.revisions.focus_filter(),
            AgentTab::Audit => self.audit.focus_filter(),
            AgentTab::Logs => self.logs.focus_filter(),
            AgentTab::Monitoring => return self.monitoring.focus_filter(),
            AgentTab::Trouble => return self.trouble.focus_filter(),
            AgentTab::Overview
            | AgentTab::Subaccounts
            | AgentTab::Channels
            | AgentTab::CookieDomains
            | AgentTab::Trust
            | AgentTab::Propagation
            | AgentTab::Backup
            | AgentTab::Settings
            | AgentTab::Operators
            | AgentTab::Security => return false,
        }
        true
    }
}

/// Shows the page.
pub fn ui(ui: &mut Ui, cx: &mut Cx<'_>, state: &mut AgentState, id: AgentId, tab: AgentTab) {
    state.turn_to(id);
    let Some(agent) = cx.agent else {
        let empty = Empty {
            icon: Icon::SearchX,
            title: "This agent is not known",
            text: "It was removed from this app, or was never paired with it",
            action: Some("Back to the fleet"),
        };
        if empty.show(ui) {
            cx.run(UiCommand::OpenFleet);
        }
        return;
    };
    Frame::new().inner_margin(inset::HEAD).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = space::XS;
        state.head.ui(ui, cx, agent);
        let entries = AgentTab::ALL.map(|target| Tab {
            target,
            word: target.title(),
            count: 0,
        });
        let mut chosen = tab;
        if tabs(ui, &mut chosen, &entries) {
            cx.go(Route::Agent { id, tab: chosen });
        }
    });
    draft::ui(ui, cx, &mut state.draft);
    ui.add_space(space::M);
    match tab {
        AgentTab::Overview => overview::ui(ui, cx, &mut state.overview),
        AgentTab::Monitoring => monitoring::ui(ui, cx, &mut state.monitoring),
        AgentTab::Trouble => trouble::ui(ui, cx, &mut state.trouble),
        AgentTab::Subaccounts => subaccounts::ui(ui, cx, &mut state.subaccounts),
        AgentTab::AccessControl => access::ui(ui, cx, &mut state.access),
        AgentTab::Channels => channels::ui(ui, cx, &mut state.channels),
        AgentTab::CookieDomains => cookies::ui(ui, cx, &mut state.cookies),
        AgentTab::Trust => trust::ui(ui, cx, &mut state.trust),
        AgentTab::Propagation => propagation::ui(ui, cx, &mut state.propagation),
        AgentTab::Revisions => revisions::ui(ui, cx, &mut state.revisions),
        AgentTab::Backup => backup::ui(ui, cx, &mut state.backup),
        AgentTab::Audit => audit::ui(ui, cx, &mut state.audit),
        AgentTab::Logs => logs::ui(ui, cx, &mut state.logs),
        AgentTab::Settings => settings::ui(ui, cx, &mut state.settings),
        AgentTab::Operators => operators::ui(ui, cx, &mut state.operators),
        AgentTab::Security => security::ui(ui, cx, &mut state.security),
    }
}
