//! The agents' side of the gateway: accepting connections, enrolment, and the tunnels that are up.

mod accept;
mod enrol;
mod registry;
mod tunnel;

pub use accept::{PublicPort, run};
pub use registry::{Registry, Tunnel};
