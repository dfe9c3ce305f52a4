//! Who asks. The author of every change is one of these.

use std::fmt;

/// Somebody who may administer this agent, proved by whoever carries the request.
///
/// All are Administrators so far. Operators with a certificate, and with a role that the agent
/// gives them, become a second kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A user of this host's operating system.
    Local(OsUser),
}

/// A user of the operating system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OsUser {
    name: String,
}

impl OsUser {
    /// A user by name.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into() }
    }

    /// The user of this process.
    pub fn current() -> Self {
        super::socket::current_user()
    }
}

impl fmt::Display for OsUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(user) => write!(f, "os:{user}"),
        }
    }
}
