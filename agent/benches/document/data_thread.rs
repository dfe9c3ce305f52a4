//! A thread that does what a data thread does with snapshots, and times its own rounds.

use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::watch;
use underpass_agent::store::Snapshot;
use underpass_runtime::clock;
use underpass_shared::config::Protocol;
use underpass_shared::policy::Access;

use crate::sample;

/// How long the rounds of a data thread took.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stalls {
    pub(crate) loops: u64,
    /// Without waiting for a CPU, which other processes cause.
    pub(crate) stall_ms_max: f64,
    pub(crate) stall_ms_p999: f64,
    /// With it.
    pub(crate) wall_ms_max: f64,
}

pub(crate) struct DataThread {
    measured: Arc<Mutex<Measured>>,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl DataThread {
    pub(crate) fn start(snapshots: watch::Receiver<Arc<Snapshot>>) -> io::Result<Self> {
        let measured = Arc::new(Mutex::new(Measured::default()));
        let stop = Arc::new(AtomicBool::new(false));
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        let (to, until) = (Arc::clone(&measured), Arc::clone(&stop));
        let thread = std::thread::Builder::new()
            .name("data".to_owned())
            .spawn(move || {
                let mut waits = CpuWaits::open();
                runtime.block_on(work(snapshots, &to, &until, &mut waits));
            })?;
        Ok(Self {
            measured,
            stop,
            thread,
        })
    }

    /// What was measured since the last time.
    pub(crate) fn take(&self) -> Stalls {
        let mut measured = self.measured.lock().expect("nobody panics with it");
        std::mem::take(&mut *measured).summary()
    }

    pub(crate) fn stop(self) -> Stalls {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("the data thread ends well");
        let measured = Arc::try_unwrap(self.measured).expect("the thread is gone");
        measured
            .into_inner()
            .expect("nobody panics with it")
            .summary()
    }
}

/// Takes the newest snapshot, decides on one request, lets others work; again and again.
async fn work(
    mut snapshots: watch::Receiver<Arc<Snapshot>>,
    measured: &Mutex<Measured>,
    stop: &AtomicBool,
    waits: &mut CpuWaits,
) {
    let key = sample::key();
    let requests: Vec<(String, String)> = (0..sample::MAPPINGS)
        .step_by(7)
        .map(|n| {
            (
                sample::host(n),
                format!("{}/Entity('{n}')", sample::path(n % sample::RESOURCES)),
            )
        })
        .collect();
    let mut snapshot = Arc::clone(&snapshots.borrow_and_update());
    let mut batch = Measured::default();
    let mut last = clock::monotonic();
    let mut flushed = last;
    for (host, path) in requests.iter().cycle() {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        if snapshots.has_changed().unwrap_or(false) {
            snapshot = Arc::clone(&snapshots.borrow_and_update());
        }
        let access = Access {
            protocol: Protocol::Http,
            host,
            port: 44300,
            path: path.as_bytes(),
            websocket: false,
        };
        if let Some(policy) = snapshot.policy(&key) {
            let decided = policy.decide(&access);
            assert!(decided.is_ok(), "every request of the bench is allowed");
        }
        tokio::task::yield_now().await;
        let now = clock::monotonic();
        let gap = now - last;
        let waited =
            if gap >= Duration::from_micros(500) || now - flushed >= Duration::from_millis(1) {
                waits.since_last()
            } else {
                Duration::ZERO
            };
        batch.add(gap, waited);
        last = now;
        if now - flushed >= Duration::from_millis(1) {
            measured
                .lock()
                .expect("nobody panics with it")
                .merge(&batch);
            batch = Measured::default();
            // Measuring is not part of a round.
            last = clock::monotonic();
            flushed = last;
        }
    }
}

/// Rounds by their length.
#[derive(Debug)]
struct Measured {
    /// By microseconds, the last for all that are longer.
    counts: Vec<u32>,
    rounds: u64,
    stall_max: Duration,
    wall_max: Duration,
}

const BUCKETS: usize = 2_000;

impl Default for Measured {
    fn default() -> Self {
        Self {
            counts: vec![0; BUCKETS],
            rounds: 0,
            stall_max: Duration::ZERO,
            wall_max: Duration::ZERO,
        }
    }
}

impl Measured {
    fn add(&mut self, gap: Duration, waited: Duration) {
        let stall = gap.saturating_sub(waited);
        let bucket = usize::try_from(stall.as_micros())
            .unwrap_or(BUCKETS)
            .min(BUCKETS - 1);
        if let Some(count) = self.counts.get_mut(bucket) {
            *count += 1;
        }
        self.rounds += 1;
        self.stall_max = self.stall_max.max(stall);
        self.wall_max = self.wall_max.max(gap);
    }

    fn merge(&mut self, other: &Self) {
        self.counts
            .iter_mut()
            .zip(&other.counts)
            .for_each(|(to, from)| *to += from);
        self.rounds += other.rounds;
        self.stall_max = self.stall_max.max(other.stall_max);
        self.wall_max = self.wall_max.max(other.wall_max);
    }

    fn summary(&self) -> Stalls {
        let mut left = self.rounds - self.rounds / 1000;
        let p999 = self.counts.iter().position(|&count| {
            left = left.saturating_sub(count.into());
            left == 0
        });
        Stalls {
            loops: self.rounds,
            stall_ms_max: self.stall_max.as_secs_f64() * 1e3,
            stall_ms_p999: p999
                .and_then(|micros| u32::try_from(micros + 1).ok())
                .map_or(0.0, f64::from)
                / 1e3,
            wall_ms_max: self.wall_max.as_secs_f64() * 1e3,
        }
    }
}

/// How long this thread was ready to run but had no CPU, as the kernel counts it.
struct CpuWaits {
    file: Option<File>,
    last: Duration,
}

impl CpuWaits {
    fn open() -> Self {
        let mut waits = Self {
            file: File::open("/proc/thread-self/schedstat").ok(),
            last: Duration::ZERO,
        };
        waits.since_last();
        waits
    }

    fn since_last(&mut self) -> Duration {
        let now = self.read().unwrap_or(self.last);
        let waited = now.saturating_sub(self.last);
        self.last = now;
        waited
    }

    fn read(&mut self) -> Option<Duration> {
        let file = self.file.as_mut()?;
        let mut text = [0; 96];
        file.rewind().ok()?;
        let len = file.read(&mut text).ok()?;
        let text = std::str::from_utf8(text.get(..len)?).ok()?;
        Some(Duration::from_nanos(
            text.split_ascii_whitespace().nth(1)?.parse().ok()?,
        ))
    }
}
