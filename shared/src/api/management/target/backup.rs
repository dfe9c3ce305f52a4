//! The addresses of backups.

use super::super::operations::backup;

/// What an address of this area means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackupTarget {
    /// The whole agent as one archive.
    Archive,
    /// Whether an archive could be restored.
    Verification,
    /// The configuration in an archive.
    Configuration,
}

impl BackupTarget {
    /// Reads what stands behind `/api/v1/`; nothing where it is of another area.
    pub(super) fn parse(segments: &[&str]) -> Option<Self> {
        match segments {
            ["configuration", "backup"] => Some(Self::Archive),
            ["backup", "verification"] => Some(Self::Verification),
            ["backup", "configuration"] => Some(Self::Configuration),
            _ => None,
        }
    }

    pub(super) const fn template(self) -> &'static str {
        match self {
            Self::Archive => backup::BACKUP,
            Self::Verification => backup::VERIFICATION,
            Self::Configuration => backup::CONFIGURATION,
        }
    }
}
