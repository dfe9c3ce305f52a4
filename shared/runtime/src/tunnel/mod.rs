//! The tunnel: many request and response streams on one connection that the agent dialled.
//!
//! One end *calls* (opens streams), the other *serves* (answers them). On a tunnel connection the
//! gateway calls and the agent serves although the agent dialled; on control and enrolment
//! connections the agent calls. Inside it is HTTP/2 by the `h2` crate (RFC 9113); nothing outside
//! this module knows. Bodies are [`Inbound`] and [`Outbound`]; an aborted stream ends in an error
//! at the other end, never in a clean end.

mod batch;
mod caller;
mod error;
mod gather;
mod gauge;
mod inbound;
mod internal;
pub mod io;
mod outbound;
mod raw;
mod responder;
mod served;
mod settings;
mod upkeep;

pub use caller::{Caller, Stream};
pub use error::{ConnectionError, StreamError};
pub use inbound::{AbortOnDrop, Inbound};
pub use outbound::Outbound;
pub use raw::carry;
pub use responder::Responder;
pub use served::{Handler, Place, Served, serve};
