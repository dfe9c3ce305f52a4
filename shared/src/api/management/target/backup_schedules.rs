//! The addresses of schedules of backups.

use std::fmt;

use super::super::operations::backup_schedules;
use super::{Found, named};
use crate::config::ScheduleName;

/// What an address of this area means. `Display` writes the address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScheduleTarget {
    /// All of them.
    All,
    /// One of them.
    One(ScheduleName),
    /// Making a backup by it now.
    Run(ScheduleName),
}

impl ScheduleTarget {
    /// Reads what stands behind `/api/v1/`; nothing where it is of another area.
    pub(super) fn parse(segments: &[&str]) -> Found<Self> {
        match segments {
            ["backupSchedules"] => Some(Ok(Self::All)),
            ["backupSchedules", name] => Some(named("name", name).map(Self::One)),
            ["backupSchedules", name, "run"] => Some(named("name", name).map(Self::Run)),
            _ => None,
        }
    }

    pub(super) const fn template(&self) -> &'static str {
        match self {
            Self::All => backup_schedules::SCHEDULES,
            Self::One(_) => backup_schedules::SCHEDULE,
            Self::Run(_) => backup_schedules::RUN,
        }
    }
}

impl fmt::Display for ScheduleTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = backup_schedules::SCHEDULES;
        match self {
            Self::All => f.write_str(all),
            Self::One(name) => write!(f, "{all}/{name}"),
            Self::Run(name) => write!(f, "{all}/{name}/run"),
        }
    }
}
