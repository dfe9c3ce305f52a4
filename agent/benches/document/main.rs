//! A large document under change: 5,000 mappings of 20 resources, then 200 single changes.
//!
//! Measures how long a change takes until it is acknowledged, whether a thread that carries
//! requests ever notices one, and how much memory all of it needs. Ends with exit code 1 where a
//! bar is missed.
#![forbid(unsafe_code)]

mod data_thread;
mod sample;

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use serde::Serialize;
use underpass_agent::store::Store;
use underpass_runtime::clock;

use crate::data_thread::{DataThread, Stalls};

#[cfg(not(windows))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Changes that are timed.
const CHANGES: usize = 200;
/// Median of the time until a change is acknowledged.
const ACKNOWLEDGED_MS_MAX: f64 = 20.0;
/// The longest that a change may keep a data thread from working.
const STALL_MS_MAX: f64 = 5.0;
/// Highest resident memory of the process.
const MEMORY_MIB_MAX: f64 = 150.0;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    mappings: usize,
    resources: usize,
    document_json_mib: f64,
    import_ms: f64,
    acknowledged_ms: Quantiles,
    idle: Stalls,
    import: Stalls,
    changes: Stalls,
    restart_ms: f64,
    peak_memory_mib: f64,
    peak_memory_after_restart_mib: f64,
    bars_held: bool,
}

#[derive(Serialize)]
struct Quantiles {
    median: f64,
    p99: f64,
    max: f64,
}

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            let told = writeln!(io::stderr(), "the bench failed: {error}");
            drop(told);
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<bool, Box<dyn std::error::Error>> {
    let dir = tempfile::tempdir()?;
    let store = Store::open(dir.path(), clock::wall_ms)?;
    let data = DataThread::start(store.snapshot())?;

    std::thread::sleep(Duration::from_secs(2));
    let idle = data.take();
    let (import_ms, imported) =
        timed(|| store.change_blocking("bench", "import", None, sample::import));
    imported?;
    let import = data.take();
    let mut times = Vec::with_capacity(CHANGES);
    for n in 0..CHANGES {
        let (ms, changed) = timed(|| {
            store.change_blocking("bench", "change", None, move |old| {
                sample::change_one(old, n)
            })
        });
        changed?;
        times.push(ms);
    }
    // The full copies that the changes made due belong to their price.
    std::thread::sleep(Duration::from_secs(2));
    let changes = data.stop();
    let head = store.current().revision().clone();
    let peak_memory_mib = read_peak_memory()?;
    drop(store);

    let (restart_ms, store) = timed(|| Store::open(dir.path(), clock::wall_ms));
    let store = store?;
    if store.current().revision() != &head {
        return Err("the restarted store has another head".into());
    }
    let peak_memory_after_restart_mib = read_peak_memory()?;
    let acknowledged_ms = quantiles(times);
    let report = Report {
        mappings: sample::MAPPINGS,
        resources: sample::RESOURCES,
        bars_held: acknowledged_ms.median < ACKNOWLEDGED_MS_MAX
            && import.stall_ms_max.max(changes.stall_ms_max) < STALL_MS_MAX
            && peak_memory_after_restart_mib < MEMORY_MIB_MAX,
        document_json_mib: mib(store.current().document().to_json().len()),
        import_ms,
        acknowledged_ms,
        idle,
        import,
        changes,
        restart_ms,
        peak_memory_mib,
        peak_memory_after_restart_mib,
    };
    tell(&report)?;
    Ok(report.bars_held)
}

fn tell(report: &Report) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", serde_json::to_string(report)?)?;
    let Report {
        mappings,
        resources,
        document_json_mib,
        import_ms,
        restart_ms,
        ..
    } = report;
    writeln!(
        out,
        "document      {mappings} mappings of {resources} resources, {document_json_mib:.1} MiB as indented JSON"
    )?;
    writeln!(
        out,
        "import        {import_ms:.0} ms in one change; restart {restart_ms:.0} ms"
    )?;
    let Quantiles { median, p99, max } = report.acknowledged_ms;
    writeln!(
        out,
        "acknowledged  median {median:.2} ms, p99 {p99:.2} ms, max {max:.2} ms (bar: median < {ACKNOWLEDGED_MS_MAX} ms)"
    )?;
    for (name, stalls) in [
        ("idle", &report.idle),
        ("import", &report.import),
        ("changes", &report.changes),
    ] {
        let Stalls {
            loops,
            stall_ms_max,
            stall_ms_p999,
            wall_ms_max,
        } = stalls;
        writeln!(
            out,
            "data thread   {name:8} {loops} rounds, stall max {stall_ms_max:.3} ms, p99.9 {stall_ms_p999:.3} ms; \
             with waiting for a CPU max {wall_ms_max:.3} ms (bar: stall < {STALL_MS_MAX} ms)"
        )?;
    }
    writeln!(
        out,
        "memory        peak {:.0} MiB, with restart {:.0} MiB (bar: < {MEMORY_MIB_MAX} MiB)",
        report.peak_memory_mib, report.peak_memory_after_restart_mib
    )?;
    writeln!(
        out,
        "{}",
        if report.bars_held {
            "all bars held"
        } else {
            "A BAR WAS MISSED"
        }
    )
}

fn timed<T>(act: impl FnOnce() -> T) -> (f64, T) {
    let start = clock::monotonic();
    let done = act();
    ((clock::monotonic() - start).as_secs_f64() * 1e3, done)
}

fn quantiles(mut times: Vec<f64>) -> Quantiles {
    times.sort_by(f64::total_cmp);
    let at = |percent: usize| {
        times
            .get((times.len() * percent / 100).min(times.len() - 1))
            .copied()
    };
    Quantiles {
        median: at(50).unwrap_or_default(),
        p99: at(99).unwrap_or_default(),
        max: at(100).unwrap_or_default(),
    }
}

fn mib(bytes: usize) -> f64 {
    u32::try_from(bytes / 1024).map_or(f64::INFINITY, f64::from) / 1024.0
}

/// The highest resident size of this process so far.
fn read_peak_memory() -> Result<f64, Box<dyn std::error::Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib: f64 = line
        .and_then(|line| line.trim().strip_suffix(" kB"))
        .ok_or("no VmHWM")?
        .parse()?;
    Ok(kib / 1024.0)
}
