//! Where the operator is, and where he was before.

use serde::{Deserialize, Serialize};
use underpass_shared::id::AgentId;

use crate::command::UiCommand;

/// A page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Route {
    /// All agents.
    #[default]
    Fleet,
    /// One agent.
    Agent {
        /// Which.
        id: AgentId,
        /// Which of its tabs.
        tab: AgentTab,
    },
    /// The configurations of all agents.
    Configuration {
        /// Which of the tabs.
        tab: ConfigurationTab,
    },
    /// What wants attention.
    Alerts,
    /// Who did what.
    Audit,
    /// Agents that move to other hosts, and imports.
    Moves,
    /// Settings of this app.
    Settings,
}

impl Route {
    /// The pages of the rail.
    pub const RAIL: [(Self, UiCommand); 6] = [
        (Self::Fleet, UiCommand::OpenFleet),
        (
            Self::Configuration {
                tab: ConfigurationTab::Drift,
            },
            UiCommand::OpenConfiguration,
        ),
        (Self::Alerts, UiCommand::OpenAlerts),
        (Self::Audit, UiCommand::OpenAudit),
        (Self::Moves, UiCommand::OpenMoves),
        (Self::Settings, UiCommand::OpenSettings),
    ];

    /// The entry of the rail that this page belongs to.
    pub const fn rail(self) -> Self {
        match self {
            Self::Agent { .. } => Self::Fleet,
            Self::Configuration { .. } => Self::Configuration {
                tab: ConfigurationTab::Drift,
            },
            Self::Fleet | Self::Alerts | Self::Audit | Self::Moves | Self::Settings => self,
        }
    }

    /// The agent of the page, if it has one.
    pub const fn agent(self) -> Option<AgentId> {
        match self {
            Self::Agent { id, .. } => Some(id),
            Self::Fleet
            | Self::Configuration { .. }
            | Self::Alerts
            | Self::Audit
            | Self::Moves
            | Self::Settings => None,
        }
    }

    /// The page's title.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Fleet | Self::Agent { .. } => "Fleet",
            Self::Configuration { .. } => "Configuration",
            Self::Alerts => "Alerts",
            Self::Audit => "Audit log",
            Self::Moves => "Move & import",
            Self::Settings => "Settings",
        }
    }
}

/// A part of the page of all configurations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ConfigurationTab {
    /// Where agents are otherwise than they shall be.
    #[default]
    Drift,
    /// What configurations shall have in common.
    Templates,
    /// Which agents have something.
    Search,
    /// Changes on many agents.
    Rollouts,
}

impl ConfigurationTab {
    /// All tabs, in their order.
    pub const ALL: [Self; 4] = [Self::Drift, Self::Templates, Self::Search, Self::Rollouts];

    /// The tab's word.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Drift => "Drift",
            Self::Templates => "Templates",
            Self::Search => "Search",
            Self::Rollouts => "Rollouts",
        }
    }
}

/// A part of an agent's page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AgentTab {
    /// How it is.
    #[default]
    Overview,
    /// Its subaccounts.
    Subaccounts,
    /// Which systems and paths are open.
    AccessControl,
    /// Channels from its network to the cloud.
    Channels,
    /// Domains of cookies.
    CookieDomains,
    /// What it measured.
    Monitoring,
    /// What goes wrong on it, and traces of what passes.
    Trouble,
    /// Certificates and stores.
    Trust,
    /// How users are known to the systems.
    Propagation,
    /// Its configuration's history.
    Revisions,
    /// Its backups, and the way back from one.
    Backup,
    /// Who did what.
    Audit,
    /// What it writes.
    Logs,
    /// Proxy, tuning, alerts.
    Settings,
    /// Who may manage it.
    Operators,
    /// What weakens it.
    Security,
}

impl AgentTab {
    /// All tabs, in their order.
    pub const ALL: [Self; 16] = [
        Self::Overview,
        Self::Monitoring,
        Self::Trouble,
        Self::Subaccounts,
        Self::AccessControl,
        Self::Channels,
        Self::CookieDomains,
        Self::Trust,
        Self::Propagation,
        Self::Revisions,
        Self::Backup,
        Self::Audit,
        Self::Logs,
        Self::Settings,
        Self::Operators,
        Self::Security,
    ];

    /// The tab's words.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Subaccounts => "Subaccounts",
            Self::AccessControl => "Access control",
            Self::Channels => "Channels",
            Self::CookieDomains => "Cookie domains",
            Self::Monitoring => "Monitoring",
            Self::Trouble => "Troubleshooting",
            Self::Trust => "Trust & certificates",
            Self::Propagation => "Principal propagation",
            Self::Revisions => "Revisions",
            Self::Backup => "Backup & restore",
            Self::Audit => "Audit",
            Self::Logs => "Logs",
            Self::Settings => "Settings",
            Self::Operators => "Operators",
            Self::Security => "Security",
        }
    }
}

/// Pages one can go back to; nobody remembers more.
const REMEMBERED: usize = 50;

/// The page that is shown, and the ways back and forward.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Nav {
    current: Route,
    #[serde(skip)]
    back: Vec<Route>,
    #[serde(skip)]
    forward: Vec<Route>,
}

impl Nav {
    /// The page that is shown.
    pub const fn current(&self) -> Route {
        self.current
    }

    /// Goes to a page. Another tab of the same page is no step of its own.
    pub fn go(&mut self, route: Route) {
        if route == self.current {
            return;
        }
        let same = match (route, self.current) {
            (Route::Configuration { .. }, Route::Configuration { .. }) => true,
            _ => route.agent().is_some() && route.agent() == self.current.agent(),
        };
        if !same {
            self.back.push(self.current);
            if self.back.len() > REMEMBERED {
                self.back.remove(0);
            }
            self.forward.clear();
        }
        self.current = route;
    }

    /// Goes to where one was before.
    pub fn back(&mut self) {
        if let Some(route) = self.back.pop() {
            self.forward.push(self.current);
            self.current = route;
        }
    }

    /// The other way.
    pub fn forward(&mut self) {
        if let Some(route) = self.forward.pop() {
            self.back.push(self.current);
            self.current = route;
        }
    }

    /// Whether there is a way back.
    pub const fn can_go_back(&self) -> bool {
        !self.back.is_empty()
    }

    /// Whether there is a way forward.
    pub const fn can_go_forward(&self) -> bool {
        !self.forward.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn back_and_forward_are_each_other_undone() {
        let mut nav = Nav::default();
        nav.go(Route::Alerts);
        nav.go(Route::Settings);
        nav.back();
        assert_eq!(nav.current(), Route::Alerts);
        nav.back();
        nav.back();
        assert_eq!(nav.current(), Route::Fleet);
        nav.forward();
        nav.forward();
        assert_eq!(nav.current(), Route::Settings);
        nav.back();
        nav.go(Route::Audit);
        assert!(!nav.can_go_forward());
    }

    #[test]
    fn tabs_of_one_agent_are_one_step() {
        let id = AgentId::of_authority(&[1; 32]);
        let mut nav = Nav::default();
        for tab in AgentTab::ALL {
            nav.go(Route::Agent { id, tab });
        }
        nav.back();
        assert_eq!(nav.current(), Route::Fleet);
    }
}
