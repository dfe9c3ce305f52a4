//! Who asks. The author of every change is one of these.

use std::fmt;

use underpass_shared::id::OperatorId;
use underpass_shared::rights::Role;

/// Somebody who is known to this agent, proved by whoever carries the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A user of this host's operating system: an Administrator.
    Local(OsUser),
    /// An operator by certificate.
    Operator(Operator),
}

/// An operator as the document knows him at the time of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// Whom his certificate names.
    pub id: OperatorId,
    /// His name for people.
    pub name: String,
    /// What he may do.
    pub role: Role,
}

impl Caller {
    /// What the caller may do.
    pub const fn role(&self) -> Role {
        match self {
            Self::Local(_) => Role::Administrator,
            Self::Operator(operator) => operator.role,
        }
    }
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
            Self::Operator(operator) => write!(f, "operator:{}", operator.name),
        }
    }
}
