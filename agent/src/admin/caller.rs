//! Who asks. The author of every change is one of these.

use std::fmt;

use underpass_shared::config::limits::AUTHOR_LEN_MAX;
use underpass_shared::config::{Alias, Certificate, Document, Organisation};
use underpass_shared::id::OperatorId;
use underpass_shared::pki::subject::Subject;
use underpass_shared::rights::Role;

/// Somebody who is known to this agent, proved by whoever carries the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A user of this host's operating system: an Administrator.
    Local(OsUser),
    /// An operator by certificate.
    Operator(Operator),
    /// Somebody of an organisation whose CA is trusted.
    Member(Member),
    /// A user with a password.
    Monitoring(Alias),
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

/// Somebody of an organisation as the document knows him at the time of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    authority: Certificate,
    subject: Subject,
    name: String,
    role: Role,
}

impl Member {
    /// Whoever a CA vouches for by this subject; nobody where no rule is for him. One whose name
    /// is too long to be an author is nobody: cut short, two could look alike.
    pub fn of(
        organisation: &Organisation,
        authority: &Certificate,
        subject: &Subject,
    ) -> Option<Self> {
        let (alias, role) = organisation.admits(authority, subject)?;
        let name = format!("organisation:{alias}:{}", subject.as_str());
        let fits = name.chars().nth(AUTHOR_LEN_MAX).is_none();
        fits.then(|| Self {
            authority: authority.clone(),
            subject: subject.clone(),
            name,
            role,
        })
    }

    /// The same person now.
    #[must_use]
    pub fn now(&self, organisation: &Organisation) -> Option<Self> {
        Self::of(organisation, &self.authority, &self.subject)
    }

    /// What he may do.
    pub const fn role(&self) -> Role {
        self.role
    }
}

impl Caller {
    /// What the caller may do.
    pub const fn role(&self) -> Role {
        match self {
            Self::Local(_) => Role::Administrator,
            Self::Operator(operator) => operator.role,
            Self::Member(member) => member.role,
            Self::Monitoring(_) => Role::Monitoring,
        }
    }

    /// Whether two are one person, as far as the agent knows: an operator by his id, whatever he is
    /// called, others by their names.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Operator(one), Self::Operator(other)) => one.id == other.id,
            (one, other) => one.to_string() == other.to_string(),
        }
    }

    /// Whether the caller may do the same by this state as when the request began.
    pub(super) fn is_as_before(&self, document: &Document) -> bool {
        let connector = document.connector();
        match self {
            Self::Local(_) => true,
            Self::Operator(operator) => {
                let now = connector.operators().get(operator.id);
                now.is_some_and(|now| now.role == operator.role)
            }
            Self::Member(member) => {
                let now = member.now(&connector.organisation);
                now.is_some_and(|now| now.role == member.role)
            }
            Self::Monitoring(name) => {
                let mut users = connector.monitoring_users.as_slice().iter();
                users.any(|user| user.name == *name)
            }
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
            Self::Member(member) => write!(f, "{}", member.name),
            Self::Monitoring(name) => write!(f, "monitoring:{name}"),
        }
    }
}
