//! The HTTP proxy for cloud applications: authenticate, find the tunnel, send the request through it.

mod answer;
mod authorise;
mod forward;
mod headers;
mod listen;
mod request;

pub use listen::{Proxy, run};
