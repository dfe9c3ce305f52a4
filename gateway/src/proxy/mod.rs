//! The HTTP proxy for cloud applications: authenticate, find the tunnel, send the request through it.

mod answer;
mod authorise;
mod forward;
mod headers;
mod listen;
mod request;
mod upgrade;
mod watched;

pub use listen::{Proxy, run};
