//! The app as its user meets it: found by accessible names, driven by keyboard and pointer.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod fleet;
mod gallery;
mod shell;
mod stage;
