//! The agent's connections to its gateways: dialled out, kept up, replaced before they are given up.

pub mod control;
pub mod dial;
pub mod enrol;
mod lineage;
mod proxy;
mod reconcile;
mod renew;
mod slot;

pub use dial::DialError;
pub(crate) use dial::{connect_any, open, resolve, shake_hands};
pub(crate) use lineage::{process, taken_conditions};
pub use proxy::{ProxyError, ProxyRoute, Route};
pub(crate) use reconcile::wanted;
pub use reconcile::{Tunnels, Wanted, run};
