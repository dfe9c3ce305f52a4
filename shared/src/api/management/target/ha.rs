//! Addresses of high availability.

use std::fmt;

use super::super::operations::ha;

/// What an address of this area means. `Display` writes the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HaTarget {
    /// Which of two agents it is.
    Role,
    /// Whether a shadow may connect.
    MasterConfig,
    /// Whether there is one.
    MasterState,
    /// How a shadow finds its master.
    ShadowConfig,
    /// How it is to it.
    ShadowState,
}

impl HaTarget {
    /// Reads what stands behind `/api/v1/`; nothing where it is of another area.
    pub(super) fn parse(segments: &[&str]) -> Option<Self> {
        let ["configuration", "connector", rest @ ..] = segments else {
            return None;
        };
        match rest {
            ["haRole"] => Some(Self::Role),
            ["ha", "master", "config"] => Some(Self::MasterConfig),
            ["ha", "master", "state"] => Some(Self::MasterState),
            ["ha", "shadow", "config"] => Some(Self::ShadowConfig),
            ["ha", "shadow", "state"] => Some(Self::ShadowState),
            _ => None,
        }
    }

    pub(super) const fn template(self) -> &'static str {
        match self {
            Self::Role => ha::ROLE,
            Self::MasterConfig => ha::MASTER_CONFIG,
            Self::MasterState => ha::MASTER_STATE,
            Self::ShadowConfig => ha::SHADOW_CONFIG,
            Self::ShadowState => ha::SHADOW_STATE,
        }
    }
}

impl fmt::Display for HaTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.template())
    }
}
