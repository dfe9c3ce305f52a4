//! What agents, gateways and operators' tools say to each other, as types.

pub mod enrol;
pub mod error;
pub mod handover;
pub mod management;
