//! Free space of the volumes that the agent writes to.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use underpass_shared::alert::{Code, Condition};
use underpass_shared::config::Thresholds;

use super::condition;

/// Bytes of a megabyte, as the limits count them.
const MEGABYTE: u64 = 1024 * 1024;

/// A folder and the free space of its volume.
#[derive(Clone, Debug)]
pub(super) struct Volume {
    code: Code,
    path: PathBuf,
    /// None where it cannot be read.
    free: Option<u64>,
}

impl Volume {
    /// Looks; a folder that is not there yet will be on the volume of the one around it. May wait
    /// for a disk.
    pub(super) fn look(code: Code, path: &Path) -> Self {
        let there = path.ancestors().find(|one| one.exists());
        Self {
            code,
            path: path.to_owned(),
            free: there.and_then(|there| fs4::available_space(there).ok()),
        }
    }
}

/// What is short; and of what it is not known, where it has a limit.
pub(super) fn conditions(
    volumes: &[Volume],
    thresholds: &Thresholds,
) -> (Vec<Condition>, BTreeSet<Code>) {
    let (mut found, mut unknown) = (vec![], BTreeSet::new());
    let limits = [
        (Code::DiskSpace, Some(thresholds.free_disk_space_mb)),
        (Code::AuditDiskSpace, thresholds.free_disc_for_audit_log_mb),
        (Code::TraceDiskSpace, thresholds.free_disc_for_trace_mb),
    ];
    for Volume { code, path, free } in volumes {
        let limit = limits.iter().find(|(one, _)| one == code);
        let Some(limit) = limit.and_then(|(_, limit)| *limit) else {
            continue;
        };
        let limit = u64::from(limit.get());
        match free {
            Some(free) if free / MEGABYTE < limit => {
                let (free, path) = (free / MEGABYTE, path.display());
                let text = format!("{free} MB are free for {path}; the limit is {limit} MB");
                found.push(condition(*code, path.to_string(), text));
            }
            Some(_) => {}
            None => drop(unknown.insert(*code)),
        }
    }
    (found, unknown)
}
