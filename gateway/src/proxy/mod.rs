//! The HTTP proxy for cloud applications: authenticate, find the tunnel, send the request through it.

mod answer;
mod authorise;
mod forward;
mod headers;
mod listen;
mod networks;
mod request;
mod socket;
mod upgrade;
mod watched;

pub use listen::{Proxy, run};
pub use networks::{Networks, OpenProxy, RemoteConsumers};
pub(crate) use request::check;
