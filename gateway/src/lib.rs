//! The cloud end of Underpass.
#![forbid(unsafe_code)]

pub mod alerts;
pub mod backup;
pub mod binding;
pub mod certificates;
pub mod cli;
pub mod commands;
pub mod directory;
pub mod live;
pub mod lock;
pub mod log_level;
pub mod metrics;
pub mod oauth;
pub mod operations;
pub mod presence;
pub mod proxy;
pub mod renewal;
pub mod serve;
pub mod state;
pub mod token;
pub mod token_port;
pub mod tunnels;
mod watch;
