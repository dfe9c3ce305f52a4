//! How programs manage agents: pairing, calls of the management API over mutual TLS, and the engine
//! of the desktop app: sessions with all known agents, commands, drafts.
//!
//! An agent is known by its identity, never by the name or the certificate of its host, so that it
//! may move and exchange its certificate.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod api;
pub mod author;
pub mod backup;
pub mod bulk;
pub mod client;
pub mod command;
mod connection;
pub mod demo;
pub mod draft;
pub mod drift;
mod error;
mod fleet;
mod glob;
pub mod keys;
pub mod log;
pub mod migrate;
pub mod pairing;
mod papers;
pub mod profile;
pub mod remote;
pub mod restore;
pub mod scc;
pub mod search;
mod session;
pub mod slot;
pub mod snapshot;
mod sse;
pub mod template;

pub use connection::Reply;
pub use error::FleetError;
pub use fleet::{Fleet, Source, Wake};
pub use papers::PaperError;
