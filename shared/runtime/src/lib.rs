//! The little IO that agent and gateway both need: tasks, clock, files, certificates, TLS, tunnel.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod archive;
pub mod clock;
pub mod descriptors;
pub mod file;
pub mod form;
pub mod net;
pub mod passphrase;
pub mod password;
pub mod pieces;
pub mod pki;
pub mod print;
pub mod random;
pub mod seal;
pub mod service;
pub mod stop;
pub mod tasks;
pub mod telemetry;
pub mod threads;
pub mod tls;
pub mod tree;
pub mod tunnel;
