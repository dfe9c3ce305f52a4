//! The local socket of each platform: who may reach it, and who it is that does.

#[cfg(not(unix))]
mod other;
#[cfg(unix)]
mod unix;

#[cfg(not(unix))]
use other as platform;
#[cfg(unix)]
use unix as platform;

pub use platform::{Listener, Stream, check_owner, connect, current_user};

use super::Caller;

/// The group whose members may administer an agent, where it exists.
pub const OPERATORS_GROUP: &str = "underpass-operators";

/// Who is at the other end of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Peer {
    /// Somebody who may administer this agent.
    Allowed(Caller),
    /// Somebody else.
    Refused(String),
}
