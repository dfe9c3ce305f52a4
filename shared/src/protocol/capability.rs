//! The capability number: what one end may expect of the other.
//!
//! | number | means |
//! |---|---|
//! | 1 | hello, drain, fence, retry_after; HTTP requests |
//! | 2 | WebSocket; `Expect: 100-continue` waits for the back end |
//! | 3 | a fence says why, and whom it holds back waits; handovers and presence on control |

/// What this build can do. Both ends tell theirs in `hello` and use the lower one.
pub const CAPABILITY: u32 = 3;

/// The lowest capability of the other end that this build still works with.
pub const CAPABILITY_MIN: u32 = 1;

/// The lowest capability of an agent that upgrades to WebSocket.
pub const WEBSOCKET: u32 = 2;

/// The lowest capability of an agent that waits beside another one and knows why.
pub const STANDBY: u32 = 3;

/// The lowest capability of an agent that says when a back end wants the body.
pub const CONTINUE: u32 = 2;
