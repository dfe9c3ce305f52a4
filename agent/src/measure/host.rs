//! Figures of the host and of this process.
//!
//! A reading looks at this process alone, never at the list of all. What may wait for a disk is
//! read by [`Volumes::read`], which belongs on a thread that may wait.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sysinfo::{
    CpuRefreshKind, DiskRefreshKind, Disks, MemoryRefreshKind, Networks, Pid, ProcessRefreshKind,
    ProcessesToUpdate, RefreshKind, System,
};
use underpass_shared::monitor::{Entity, Metric};

use super::take::{Points, float};

/// Volumes that are measured; the one of the data directory is always among them.
const VOLUMES_MAX: usize = 16;
/// Network interfaces that are measured.
const INTERFACES_MAX: usize = 16;
/// Files of the data directory that are looked at; far more than there are.
const FILES_MAX: usize = 100_000;
/// Longer names of volumes and interfaces are left out, as [`Entity`] would not take them back.
const NAME_LEN_MAX: usize = 256;

/// The last reading.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Host {
    /// Share of all processors in use; none before the second reading.
    pub cpu: Option<f64>,
    /// Share of all processors that the agent uses; none before the second reading.
    pub process_cpu: Option<f64>,
    /// Load average of the last minute, where the system has one.
    pub load: Option<f64>,
    /// Memory of the host, bytes.
    pub memory_total: u64,
    /// Of it, in use.
    pub memory_used: u64,
    /// Swap space of the host, bytes.
    pub swap_total: u64,
    /// Of it, in use.
    pub swap_used: u64,
    /// Resident memory of the agent, bytes.
    pub process_memory: u64,
    /// Virtual memory of the agent, bytes.
    pub process_virtual: u64,
    /// Open files and sockets of the agent, where the system tells.
    pub open_files: Option<usize>,
    /// Threads of the agent, where the system tells.
    pub threads: Option<usize>,
    /// Volumes and the data directory; nothing before the first look.
    pub volumes: Volumes,
    /// Bytes that each interface received and sent since the reading before.
    pub interfaces: Vec<Interface>,
}

/// Volumes, and what the agent keeps on one of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Volumes {
    /// The one of the data directory first.
    pub volumes: Vec<Volume>,
    /// What the agent keeps on disk, bytes.
    pub data_dir_size: Option<u64>,
}

/// A volume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volume {
    /// Where it is mounted.
    pub name: String,
    /// Its size, bytes.
    pub total: u64,
    /// What is free for the agent, bytes.
    pub free: u64,
}

/// A network interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// Bytes it received since the reading before.
    pub received: u64,
    /// Bytes it sent since the reading before.
    pub sent: u64,
}

/// Reads the figures; keeps what is needed for the next reading.
#[derive(Debug)]
pub(super) struct Reader {
    system: Option<System>,
    networks: Option<Networks>,
    pid: Option<Pid>,
    /// When it was last read, and the processor time of the process then.
    before: Option<(Duration, Duration)>,
    /// What each interface had received and sent.
    passed: BTreeMap<String, (u64, u64)>,
}

impl Reader {
    /// Begins to look; on systems that tell nothing nothing is read.
    pub(super) fn new() -> Self {
        let kinds = RefreshKind::nothing()
            .with_cpu(CpuRefreshKind::nothing().with_usage())
            .with_memory(memory());
        Self {
            system: System::new_with_specifics(kinds).ok(),
            networks: Networks::new_with_refreshed_list().ok(),
            pid: sysinfo::get_current_pid().ok(),
            before: None,
            passed: BTreeMap::new(),
        }
    }

    /// Reads at a time by the clock that never jumps.
    pub(super) fn read(&mut self, now: Duration) -> Host {
        let mut host = Host {
            load: System::load_average().ok().map(|load| load.one),
            interfaces: self.interfaces(),
            ..Host::default()
        };
        let Some(system) = &mut self.system else {
            return host;
        };
        system.refresh_memory_specifics(memory());
        system.refresh_cpu_usage();
        host.memory_total = system.total_memory();
        let available = system.available_memory();
        host.memory_used = host.memory_total.saturating_sub(available);
        host.swap_total = system.total_swap();
        host.swap_used = system.used_swap();
        let usage = f64::from(system.global_cpu_usage()) / 100.0;
        host.cpu = self.before.map(|_| usage.clamp(0.0, 1.0));
        let cores = system.cpus().len().max(1);
        let Some(pid) = self.pid else {
            return host;
        };
        let kinds = ProcessRefreshKind::nothing().with_cpu().with_memory();
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), false, kinds);
        let Some(process) = system.process(pid) else {
            return host;
        };
        host.process_memory = process.memory();
        host.process_virtual = process.virtual_memory();
        host.open_files = process.open_files();
        host.threads = process.tasks().map(std::collections::HashSet::len);
        let used = Duration::from_millis(process.accumulated_cpu_time());
        let before = self.before.replace((now, used));
        host.process_cpu = before.map(|(then, used_then)| {
            let all = now.saturating_sub(then).as_secs_f64() * float(cores);
            let used = used.saturating_sub(used_then).as_secs_f64();
            (used / all.max(f64::EPSILON)).clamp(0.0, 1.0)
        });
        host
    }

    /// Interfaces that lead out of the host: those with an address that others could reach. Those
    /// of containers have none, and come and go.
    fn interfaces(&mut self) -> Vec<Interface> {
        let Some(networks) = &mut self.networks else {
            return vec![];
        };
        networks.refresh(true);
        let out = networks.iter().filter(|(name, network)| {
            let mut addresses = network.ip_networks().iter();
            name.len() <= NAME_LEN_MAX && addresses.any(|one| leads_out(one.addr))
        });
        let passed = out.map(|(name, network)| {
            let totals = (network.total_received(), network.total_transmitted());
            (name.to_string_lossy().into_owned(), totals)
        });
        let passed = passed.collect();
        let before = std::mem::replace(&mut self.passed, passed);
        let since = self.passed.iter().filter_map(|(name, (received, sent))| {
            // A first reading tells nothing of the time before, and counters may begin anew.
            let (received_then, sent_then) = before.get(name)?;
            Some(Interface {
                name: name.clone(),
                received: received.saturating_sub(*received_then),
                sent: sent.saturating_sub(*sent_then),
            })
        });
        since.take(INTERFACES_MAX).collect()
    }
}

fn memory() -> MemoryRefreshKind {
    MemoryRefreshKind::nothing().with_ram().with_swap()
}

fn leads_out(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => !v4.is_loopback() && !v4.is_link_local(),
        IpAddr::V6(v6) => !v6.is_loopback() && !v6.is_unicast_link_local(),
    }
}

impl Volumes {
    /// Looks at the volumes and the data directory; a disk may keep it waiting.
    pub(super) fn read(data_dir: &Path) -> Self {
        let kinds = DiskRefreshKind::nothing().with_storage();
        let disks = Disks::new_with_refreshed_list_specifics(kinds).ok();
        let mut volumes: Vec<Volume> = vec![];
        let data_dir = dunce::canonicalize(data_dir).unwrap_or_else(|_| data_dir.to_owned());
        let mut of_data: Option<String> = None;
        let mut listed: Vec<&sysinfo::Disk> = disks.iter().flat_map(|all| all.iter()).collect();
        listed.sort_by_key(|disk| disk.mount_point());
        for disk in listed {
            let name = disk.mount_point().to_string_lossy().into_owned();
            // A volume that is mounted over another hides it; files are no volumes of their own.
            let is_new = volumes.iter().all(|one| one.name != name);
            if !is_new || name.len() > NAME_LEN_MAX || !disk.mount_point().is_dir() {
                continue;
            }
            if data_dir.starts_with(disk.mount_point()) {
                of_data = Some(name.clone());
            }
            volumes.push(Volume {
                name,
                total: disk.total_space(),
                free: disk.available_space(),
            });
        }
        let own = Volume::of(&data_dir, of_data);
        if let Some(own) = own {
            volumes.retain(|one| one.name != own.name);
            volumes.insert(0, own);
        }
        volumes.truncate(VOLUMES_MAX);
        Self {
            volumes,
            data_dir_size: size(&data_dir),
        }
    }
}

impl Volume {
    /// The volume of a directory, which may be of a kind that is not listed.
    fn of(dir: &Path, name: Option<String>) -> Option<Self> {
        let name = name.unwrap_or_else(|| dir.to_string_lossy().into_owned());
        Some(Self {
            total: fs4::total_space(dir).ok()?,
            free: fs4::available_space(dir).ok()?,
            name,
        })
        .filter(|one| one.name.len() <= NAME_LEN_MAX)
    }
}

/// The size of all files below a directory; none when it cannot be read.
fn size(dir: &Path) -> Option<u64> {
    let (mut size, mut files) = (0_u64, 0);
    let mut dirs: Vec<PathBuf> = vec![dir.to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(dir).ok()?.flatten() {
            files += 1;
            if files > FILES_MAX {
                return Some(size);
            }
            // Files come and go while we look; links are not followed.
            let Ok(metadata) = entry.metadata() else {
                continue;
            };
            if metadata.is_dir() {
                dirs.push(entry.path());
            } else {
                size = size.saturating_add(metadata.len());
            }
        }
    }
    Some(size)
}

impl Host {
    /// Adds the points of this reading.
    pub(super) fn add_to(&self, points: &mut Points) {
        let agent = &Entity::Agent;
        let bytes = |bytes: u64| Some(float_of(bytes));
        let files = |count: Option<usize>| count.map(float);
        for (metric, value) in [
            (Metric::HostCpu, self.cpu),
            (Metric::ProcessCpu, self.process_cpu),
            (Metric::Load, self.load),
            (Metric::HostMemory, bytes(self.memory_used)),
            (Metric::HostMemoryTotal, bytes(self.memory_total)),
            (Metric::HostSwap, bytes(self.swap_used)),
            (Metric::HostSwapTotal, bytes(self.swap_total)),
            (Metric::ProcessMemory, bytes(self.process_memory)),
            (Metric::ProcessVirtual, bytes(self.process_virtual)),
            (Metric::OpenFiles, files(self.open_files)),
            (Metric::Threads, files(self.threads)),
            (
                Metric::DataDirSize,
                self.volumes.data_dir_size.and_then(bytes),
            ),
        ] {
            if let Some(value) = value {
                points.gauge(agent, metric, value);
            }
        }
        for volume in &self.volumes.volumes {
            let entity = Entity::Volume(volume.name.clone());
            points.gauge(&entity, Metric::DiskFree, float_of(volume.free));
            points.gauge(&entity, Metric::DiskTotal, float_of(volume.total));
        }
        for interface in &self.interfaces {
            let entity = Entity::Interface(interface.name.clone());
            points.tally(&entity, Metric::NetworkReceived, interface.received);
            points.tally(&entity, Metric::NetworkSent, interface.sent);
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "bytes for people")]
const fn float_of(bytes: u64) -> f64 {
    bytes as f64
}

#[cfg(test)]
mod tests {
    use underpass_runtime::file;

    use super::*;

    #[test]
    fn this_host_has_plausible_figures() {
        let mut reader = Reader::new();
        let first = reader.read(Duration::from_secs(1));
        assert_eq!((first.cpu, first.process_cpu), (None, None));
        assert!(first.interfaces.is_empty());
        let held = vec![1_u8; 64 << 20];
        let second = reader.read(Duration::from_secs(2));
        assert!(held.iter().all(|byte| *byte == 1));
        for share in [second.cpu, second.process_cpu] {
            assert!(share.is_some_and(|share| (0.0..=1.0).contains(&share)));
        }
        assert!(second.memory_used > 0 && second.memory_used <= second.memory_total);
        assert!(second.process_memory >= first.process_memory + (60 << 20));
        assert!(second.process_virtual >= second.process_memory);
        if cfg!(target_os = "linux") {
            assert!(second.open_files.is_some_and(|files| files >= 3));
            assert!(second.threads.is_some_and(|threads| threads >= 1));
            assert!(second.load.is_some());
        }
    }

    #[test]
    fn the_volume_of_the_data_directory_comes_first() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("below")).unwrap();
        file::show(&dir.path().join("below/file"), &[0; 1_000]).unwrap();
        file::show(&dir.path().join("file"), &[0; 234]).unwrap();
        let volumes = Volumes::read(dir.path());
        assert_eq!(volumes.data_dir_size, Some(1_234));
        let own = &volumes.volumes[0];
        assert_eq!(own.total, fs4::total_space(dir.path()).unwrap());
        assert!(own.free <= own.total && own.free > 0);
        let missing = Volumes::read(&dir.path().join("missing"));
        assert_eq!(missing.data_dir_size, None);
    }

    #[test]
    fn only_interfaces_that_lead_out_are_measured() {
        for (address, is) in [
            ("10.0.0.1", true),
            ("127.0.0.1", false),
            ("169.254.1.1", false),
            ("::1", false),
            ("fe80::1", false),
            ("2001:db8::1", true),
        ] {
            assert_eq!(leads_out(address.parse().unwrap()), is, "{address}");
        }
    }
}
