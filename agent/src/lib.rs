//! The on-premise end of Underpass: dials out, holds the tunnels, forwards what is permitted.
#![forbid(unsafe_code)]

pub mod admin;
mod alerts;
pub mod audit;
pub mod backup;
pub mod cli;
pub mod control;
pub mod credentials;
pub mod deliver;
pub mod diagnosis;
pub mod doctor;
pub mod events;
mod expiry;
pub mod forward;
mod handovers;
mod heartbeat;
mod history;
pub mod identity;
pub mod keys;
pub mod logs;
pub mod management;
pub mod measure;
pub mod operators;
mod patient;
pub mod probes;
pub mod restore;
pub mod run;
pub mod secrets;
pub mod security;
pub mod start;
pub mod status;
pub mod store;
pub mod trace;
pub mod tunnel;
pub mod utc;
pub mod vault;
pub mod warnings;
