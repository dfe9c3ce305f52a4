//! A host whose processors and memory are really used up.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::Value;

use super::CLOSED;
use crate::process::until_within;
use crate::world::World;

/// Two samples, since the load may begin in the middle of one.
const SAMPLED: Duration = Duration::from_secs(45);
const CODES: [&str; 2] = ["CPU", "Memory"];

/// A line of `/proc/meminfo`, bytes.
fn memory(name: &str) -> usize {
    let told = std::fs::read_to_string("/proc/meminfo").unwrap();
    let line = told.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.unwrap().trim().trim_end_matches(" kB");
    kib.parse::<usize>().unwrap() * 1024
}

/// All processors and some memory of this host, until it is dropped.
struct Load {
    ends: Arc<AtomicBool>,
    _memory: Vec<u8>,
}

impl Load {
    fn start(memory: usize) -> Self {
        let ends = Arc::new(AtomicBool::new(false));
        for _ in 0..std::thread::available_parallelism().unwrap().get() {
            let ends = Arc::clone(&ends);
            std::thread::spawn(move || while !ends.load(Ordering::Relaxed) {});
        }
        Self {
            ends,
            _memory: vec![1; memory],
        }
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
    }
}

#[test]
fn serial_a_host_that_is_used_up_is_told_until_it_is_not_any_more() {
    let world = World::start();
    let agent = world.agent("", CLOSED);
    let percent = memory("MemTotal:") / 100;
    let used = (memory("MemTotal:") - memory("MemAvailable:")) / percent;
    agent.rules(&[
        "thresholds.cpuLoad=90",
        "thresholds.cpuLoadViolationToleranceSec=1",
        &format!("thresholds.memoryPercent={}", used + 2),
        "delays.memory=0",
        "delays.resolution=1",
    ]);
    let active = |code: &str| agent.alerts_of("active", code).pop();
    let is_over = || CODES.iter().all(|code| active(code).is_none());
    until_within(SAMPLED, "a host that has enough", || {
        is_over().then_some(())
    });

    let load = Load::start(percent * 7 / 2);
    for code in CODES {
        let alert = until_within(SAMPLED, code, || active(code));
        assert_eq!(alert["entity"], Value::from(""));
        println!("{}", alert["text"]);
    }
    drop(load);
    until_within(SAMPLED, "the end of both", || is_over().then_some(()));
}
