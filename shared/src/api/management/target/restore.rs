//! The addresses of restores.

use std::fmt;

use super::super::operations::restore;
use super::{Found, named};
use crate::id::PlanId;

/// What an address of this area means. `Display` writes the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestoreTarget {
    /// What is being restored, and what was.
    Last,
    /// Plans.
    Plans,
    /// One of them.
    Plan(PlanId),
    /// Doing it.
    Apply(PlanId),
    /// A key that a backup can be sealed to.
    Recipient,
    /// The way back.
    Rollback,
}

impl RestoreTarget {
    /// Reads what stands behind `/api/v1/`; nothing where it is of another area.
    pub(super) fn parse(segments: &[&str]) -> Found<Self> {
        match segments {
            ["restore"] => Some(Ok(Self::Last)),
            ["restore", "plan"] => Some(Ok(Self::Plans)),
            ["restore", "plan", plan] => Some(named("plan", plan).map(Self::Plan)),
            ["restore", "plan", plan, "apply"] => Some(named("plan", plan).map(Self::Apply)),
            ["restore", "recipient"] => Some(Ok(Self::Recipient)),
            ["restore", "rollback"] => Some(Ok(Self::Rollback)),
            _ => None,
        }
    }

    pub(super) const fn template(self) -> &'static str {
        match self {
            Self::Last => restore::RESTORE,
            Self::Plans => restore::PLANS,
            Self::Plan(_) => restore::PLAN,
            Self::Apply(_) => restore::APPLY,
            Self::Recipient => restore::RECIPIENT,
            Self::Rollback => restore::ROLLBACK,
        }
    }
}

impl fmt::Display for RestoreTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plans = restore::PLANS;
        match self {
            Self::Plan(id) => write!(f, "{plans}/{id}"),
            Self::Apply(id) => write!(f, "{plans}/{id}/apply"),
            Self::Last | Self::Plans | Self::Recipient | Self::Rollback => {
                f.write_str(self.template())
            }
        }
    }
}
