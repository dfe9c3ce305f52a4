//! What Linux tells about a process: its CPU time and its memory.

use std::fs;

use anyhow::Context;

/// `USER_HZ`, the same on every Linux that Rust runs on.
const TICKS_PER_SECOND: f64 = 100.0;

/// User and system time of all `pids` together, in seconds.
pub(super) fn cpu_seconds(pids: &[u32]) -> anyhow::Result<f64> {
    pids.iter().map(|pid| one_cpu_seconds(*pid)).sum()
}

fn one_cpu_seconds(pid: u32) -> anyhow::Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The program's name, in parentheses, may hold spaces.
    let (_, rest) = stat
        .rsplit_once(") ")
        .context("/proc/PID/stat has no name")?;
    let fields: Vec<&str> = rest.split(' ').collect();
    let ticks = |index: usize| -> anyhow::Result<f64> {
        Ok(fields
            .get(index)
            .context("/proc/PID/stat is short")?
            .parse()?)
    };
    // Fields 14 and 15 of proc(5); the first after the name is number 3.
    Ok((ticks(11)? + ticks(12)?) / TICKS_PER_SECOND)
}

/// Proportional set size in MiB.
pub(super) fn pss_mib(pid: u32) -> anyhow::Result<f64> {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
    let kib = line
        .and_then(|line| line.split_whitespace().next())
        .context("no Pss")?;
    Ok(kib.parse::<f64>()? / 1024.0)
}
