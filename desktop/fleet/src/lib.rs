//! How programs manage agents: pairing, and calls of the management API over mutual TLS.
//!
//! An agent is known by its identity, never by the name or the certificate of its host, so that it
//! may move and exchange its certificate.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod client;
mod connection;
mod error;
pub mod pairing;

pub use connection::Reply;
pub use error::FleetError;
