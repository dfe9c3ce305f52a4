//! Bodies of the requests that agent and gateway exchange beside the tunnel.

pub mod enrol;
pub mod error;
