//! The agent's connections to its gateways: dialled out, kept up, replaced before they are given up.

pub mod dial;
pub mod enrol;
mod proxy;
mod reconcile;
mod renew;
mod slot;

pub use proxy::{ProxyError, ProxyRoute, Route};
pub use reconcile::{Tunnels, Wanted, run};
