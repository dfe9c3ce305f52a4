//! What the process itself needs of its host.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};

/// Looks at the process and at the disk below its data. Clones are the same.
#[derive(Clone, Debug)]
pub struct Host {
    data_dir: PathBuf,
    /// None where the system tells nothing.
    system: Arc<Mutex<Option<System>>>,
}

/// What a look at the process found; what the system does not tell is missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Process {
    /// Time of processors, of all threads.
    pub(super) cpu: Duration,
    /// Bytes of memory that are its own or shared with others.
    pub(super) resident: u64,
    /// Since when it runs, seconds UTC.
    pub(super) started_s: u64,
    /// Files and sockets that are open.
    pub(super) open_files: Option<usize>,
    /// How many may be.
    pub(super) open_files_max: Option<usize>,
}

impl Host {
    /// The host of the process whose data is in a directory.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            system: Arc::new(Mutex::new(System::new().ok())),
        }
    }

    /// Bytes that may still be written below the data directory.
    pub fn free_bytes(&self) -> Option<u64> {
        fs4::available_space(&self.data_dir).ok()
    }

    /// The process as of now.
    pub(super) fn process(&self) -> Option<Process> {
        let pid = Pid::from_u32(std::process::id());
        let mut system = self.system.lock().unwrap_or_else(PoisonError::into_inner);
        let what = ProcessRefreshKind::nothing().with_cpu().with_memory();
        let system = system.as_mut()?;
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), true, what);
        let process = system.process(pid)?;
        Some(Process {
            cpu: Duration::from_millis(process.accumulated_cpu_time()),
            resident: process.memory(),
            started_s: process.start_time(),
            open_files: process.open_files(),
            open_files_max: process.open_files_limit(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_sees_itself_and_its_disk() {
        let folder = tempfile::tempdir().unwrap();
        let host = Host::new(folder.path());
        let before = host.process().unwrap();
        assert!(before.resident > 1024 * 1024, "{before:?}");
        let many: Vec<_> = (0..50).map(|_| tempfile::tempfile().unwrap()).collect();
        let after = host.process().unwrap();
        if let (Some(before), Some(after)) = (before.open_files, after.open_files) {
            assert!(after >= before + 50, "{before} {after}");
        }
        assert!(after.cpu >= before.cpu && after.started_s == before.started_s);
        drop(many);
        assert!(host.free_bytes().is_some());
        assert_eq!(Host::new(folder.path().join("none")).free_bytes(), None);
    }
}
