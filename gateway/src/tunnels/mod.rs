//! The agents' side of the gateway: accepting connections, enrolment, and the tunnels that are up.

mod accept;
mod enrol;
mod handover;
mod lineage;
mod places;
mod registry;
mod requesters;
mod tunnel;

pub use accept::{PublicPort, run};
pub use places::Places;
pub use registry::{Registry, Tunnel, Waiting};
