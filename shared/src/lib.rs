//! The pure domain model of Underpass: what agent, gateway and desktop all speak.
//!
//! Nothing here opens a socket or a file, reads a clock or makes randomness. Bytes, the time and
//! random values come in as arguments; decisions go out as values.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod alert;
pub mod api;
pub mod audit;
pub mod backup;
pub mod config;
pub mod csv;
pub mod diagnosis;
pub mod exposition;
pub mod forged;
pub mod hash;
pub mod head;
pub mod hop;
pub mod host;
pub mod id;
pub mod instant;
pub mod monitor;
pub mod pairing;
pub mod pki;
pub mod policy;
pub mod protocol;
pub mod raw;
pub mod restore;
pub mod rewrite;
pub mod rights;
pub mod scc;
mod schema;
pub mod secret;
pub mod strict;
pub mod trace;
pub mod trailers;
pub mod tunnel;
