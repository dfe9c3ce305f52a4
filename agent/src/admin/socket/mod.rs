//! The local socket of each platform: who may reach it, and who it is that does.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use unix as platform;
#[cfg(windows)]
use windows as platform;

pub use platform::{Listener, REMEDY, Stream, check_owner, connect, current_user};

use super::Caller;

/// Who is at the other end of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Peer {
    /// Somebody who may administer this agent.
    Allowed(Caller),
    /// Somebody else.
    Refused(String),
}
