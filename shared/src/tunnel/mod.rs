//! Decisions of the tunnel that need no IO: when to redial, when to ping, how large windows are.

pub mod backoff;
pub mod heartbeat;
pub mod window;
