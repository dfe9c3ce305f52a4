//! Access control: no permit, no traffic.

pub mod path;
pub mod target;
