//! What agent and gateway say to each other: connection roles, internal requests, upgrades, limits
//! and timers.

pub mod capability;
pub mod internal;
pub mod limits;
pub mod role;
pub mod timers;
pub mod upgrade;
