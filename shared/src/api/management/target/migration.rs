//! The addresses of handovers between agents.

use std::fmt;

use super::super::operations::migration;
use super::Found;

/// What an address of this area means. `Display` writes the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MigrationTarget {
    /// The handovers of this agent.
    Handovers,
    /// Signing requests of a target.
    Csr,
    /// The word of a source.
    Vouch,
    /// What was issued on it.
    Accept,
    /// The target carries.
    Ready,
    /// The source lets go.
    Release,
    /// All is as it was.
    Abort,
    /// A look at the ways before.
    Preflight,
}

impl MigrationTarget {
    /// Reads what stands behind `/api/v1/`; nothing where it is of another area.
    pub(super) fn parse(segments: &[&str]) -> Found<Self> {
        match segments {
            ["migration"] => Some(Ok(Self::Handovers)),
            ["migration", "csr"] => Some(Ok(Self::Csr)),
            ["migration", "vouch"] => Some(Ok(Self::Vouch)),
            ["migration", "accept"] => Some(Ok(Self::Accept)),
            ["migration", "ready"] => Some(Ok(Self::Ready)),
            ["migration", "release"] => Some(Ok(Self::Release)),
            ["migration", "abort"] => Some(Ok(Self::Abort)),
            ["migration", "preflight"] => Some(Ok(Self::Preflight)),
            _ => None,
        }
    }

    pub(super) const fn template(self) -> &'static str {
        match self {
            Self::Handovers => migration::HANDOVERS,
            Self::Csr => migration::CSR,
            Self::Vouch => migration::VOUCH,
            Self::Accept => migration::ACCEPT,
            Self::Ready => migration::READY,
            Self::Release => migration::RELEASE,
            Self::Abort => migration::ABORT,
            Self::Preflight => migration::PREFLIGHT,
        }
    }
}

impl fmt::Display for MigrationTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.template())
    }
}
