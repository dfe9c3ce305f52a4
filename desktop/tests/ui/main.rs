//! The app as its user meets it: found by accessible names, driven by keyboard and pointer.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod access;
mod audit;
mod backup;
mod bench;
mod configuration;
mod delivery;
mod fleet;
mod fleet_acts;
mod fleet_audit;
mod forms;
mod gallery;
mod hands;
mod hostile;
mod keys;
mod logs;
mod meanwhile;
mod monitoring;
mod moves;
mod operators;
mod overview;
mod pictures;
mod plots;
mod propagation;
mod restart;
mod revisions;
mod security;
mod settings;
mod shell;
mod stage;
mod start;
mod subaccounts;
mod tidy;
mod times;
mod trouble;
mod trust;
