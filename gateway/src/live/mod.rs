//! What the running gateway tells its operators: agents with their tunnels, and traffic.

mod agents;
mod orders;
mod traffic;

use std::sync::Arc;

pub use agents::{Agent, Agents, Connection, State};
pub use traffic::{Share, Traffic};

use crate::directory::Directory;
use crate::metrics::Metrics;
use crate::presence::Presences;
use crate::tunnels::Registry;

/// What there is to look at.
#[derive(Clone, Debug)]
pub struct Live {
    /// Subaccounts and agents.
    pub directory: Directory,
    /// The tunnels that are up.
    pub registry: Registry,
    /// Since when agents are there or away.
    pub presences: Presences,
    /// The counters.
    pub metrics: Arc<Metrics>,
    /// When the gateway started, milliseconds UTC.
    pub started_ms: i64,
}
