//! What the host and the process use.

use underpass_shared::exposition::{Exposition, Kind, Labels};

use crate::measure::{Host, Volume};

/// Bytes, files and threads: name, help, and where it is measured.
type Whole = (&'static str, &'static str, fn(&Host) -> Option<u64>);

const WHOLE: &[Whole] = &[
    ("host_memory_bytes", "Memory that the host has.", |host| {
        Some(host.memory_total)
    }),
    (
        "host_memory_used_bytes",
        "Memory of the host in use.",
        |host| Some(host.memory_used),
    ),
    ("host_swap_bytes", "Swap space that the host has.", |host| {
        Some(host.swap_total)
    }),
    (
        "host_swap_used_bytes",
        "Swap space of the host in use.",
        |host| Some(host.swap_used),
    ),
    (
        "process_resident_memory_bytes",
        "Resident memory of the agent.",
        |host| Some(host.process_memory),
    ),
    (
        "process_virtual_memory_bytes",
        "Virtual memory of the agent.",
        |host| Some(host.process_virtual),
    ),
    (
        "process_open_files",
        "Open files and sockets of the agent.",
        |host| host.open_files.map(wide),
    ),
    ("process_threads", "Threads of the agent.", |host| {
        host.threads.map(wide)
    }),
    (
        "data_directory_bytes",
        "What the agent keeps on disk.",
        |host| host.volumes.data_dir_size,
    ),
];

fn wide(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// Writes the last reading; what the system does not tell is left out.
pub(super) fn write(host: &Host, text: &mut Exposition) {
    let mut some = |name, help, value: Option<f64>| {
        if let Some(value) = value {
            text.gauge(name, help, value);
        }
    };
    some(
        "host_cpu_ratio",
        "Share of all processors of the host in use.",
        host.cpu,
    );
    some(
        "process_cpu_ratio",
        "Share of all processors of the host that the agent uses.",
        host.process_cpu,
    );
    some("host_load", "Load average of the last minute.", host.load);
    for (name, help, value) in WHOLE {
        if let Some(value) = value(host) {
            text.gauge(name, help, value);
        }
    }
    let mut volumes = |name, help, value: fn(&Volume) -> u64| {
        let mut family = text.family(Kind::Gauge, name, help);
        for volume in &host.volumes.volumes {
            let labels = Labels::default().with("volume", &volume.name);
            family.add(&labels, value(volume));
        }
    };
    volumes("volume_bytes", "Size of a volume.", |one| one.total);
    volumes("volume_free_bytes", "Free space of a volume.", |one| {
        one.free
    });
}
