//! The native window in which operators run a fleet of agents.
//!
//! Data flows one way: the fleet's tasks publish a snapshot, a frame is drawn from it, and what the
//! operator does is sent back as commands. Nothing here waits, reads files or does cryptography.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod app;
pub mod changes;
pub mod cli;
pub mod command;
pub mod cx;
pub mod digest;
pub mod file;
pub mod measured;
pub mod naming;
pub mod nav;
pub mod prefs;
pub mod screen;
pub mod shell;
pub mod source;
pub mod start;
pub mod text;
pub mod theme;
pub mod times;
pub mod widget;
