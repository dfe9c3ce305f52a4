//! What agent and gateway say to each other: connection roles, internal requests, upgrades, limits,
//! timers and times.

pub mod capability;
pub mod internal;
pub mod limits;
pub mod role;
pub mod timers;
pub mod timing;
pub mod upgrade;
