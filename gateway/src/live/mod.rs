//! What the running gateway tells its operators: agents with their tunnels, and traffic.

mod agents;
mod orders;
mod traffic;

use std::sync::Arc;

use underpass_alerting::Courier;

pub use agents::{Agent, Agents, Connection, State};
pub use traffic::{Share, Traffic};

use crate::alerts::Alerts;
use crate::directory::Directory;
use crate::metrics::Metrics;
use crate::presence::Presences;
use crate::tunnels::{Places, Registry};

/// What there is to look at.
#[derive(Clone)]
pub struct Live {
    /// Subaccounts and agents.
    pub directory: Directory,
    /// The tunnels that are up.
    pub registry: Registry,
    /// Who of several carries.
    pub places: Places,
    /// Since when agents are there or away.
    pub presences: Presences,
    /// The counters.
    pub metrics: Arc<Metrics>,
    /// What is wrong.
    pub alerts: Alerts,
    /// Who delivers alerts.
    pub courier: Courier,
    /// When the gateway started, milliseconds UTC.
    pub started_ms: i64,
}
