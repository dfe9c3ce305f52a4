//! The file of a trace, written by a thread of its own, so that no request waits for a disk.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, UNIX_EPOCH};

use http::Uri;
use underpass_runtime::{clock, file};
use underpass_shared::api::management::TraceShown;
use underpass_shared::config::SubaccountKey;
use underpass_shared::host::port_of;
use underpass_shared::id::{LocationId, RegionHost, SubaccountId};

/// Lines on their way to the disk; each has at most one body, of which 64 KiB are kept.
const QUEUE_LEN: usize = 256;
/// Requests that are traced at once; each may keep two bodies.
const OPEN_MAX: usize = 128;
/// Bytes of a megabyte.
const MEGABYTE: u64 = 1_000_000;

/// The file has all that it may have.
const FULL: u8 = 1;
/// The file cannot be written.
const BROKEN: u8 = 2;

/// What a trace has come to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) bytes: u64,
    pub(super) requests: u64,
    pub(super) dropped: u64,
}

/// A trace that is written.
#[derive(Debug)]
pub(super) struct Writing {
    id: u64,
    region_host: RegionHost,
    subaccount: SubaccountId,
    location: Option<LocationId>,
    /// A virtual host and its port.
    system: Option<(String, u16)>,
    pub(super) body_max: usize,
    until: Duration,
    queue: Mutex<Option<SyncSender<Vec<u8>>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    bytes: AtomicU64,
    requests: AtomicU64,
    dropped: AtomicU64,
    open: AtomicUsize,
    over: AtomicU8,
}

impl Writing {
    /// Makes the file, and begins.
    pub(super) fn start(dir: &Path, trace: &TraceShown) -> io::Result<Arc<Self>> {
        file::private_dir(dir)?;
        let target = file::open_private(&content(dir, trace.id))?;
        let state = Arc::<State>::default();
        let (queue, lines) = sync_channel(QUEUE_LEN);
        let limit = u64::from(trace.megabytes) * MEGABYTE;
        let thread = {
            let state = Arc::clone(&state);
            let write = move || write(target, &lines, limit, &state);
            std::thread::Builder::new()
                .name("trace".to_owned())
                .spawn(write)?
        };
        let address = trace.virtual_address.as_ref();
        Ok(Arc::new(Self {
            id: trace.id,
            region_host: trace.region_host.clone(),
            subaccount: trace.subaccount,
            location: trace.location_id.clone(),
            system: address.map(|one| (one.host.to_string(), one.port.get())),
            body_max: usize::try_from(trace.body_bytes).unwrap_or(0),
            until: clock::monotonic() + Duration::from_secs(trace.seconds.into()),
            queue: Mutex::new(Some(queue)),
            thread: Mutex::new(Some(thread)),
            state,
        }))
    }

    pub(super) const fn id(&self) -> u64 {
        self.id
    }

    /// Whether a request is one of those that are traced.
    pub(super) fn is_of(&self, key: &SubaccountKey, uri: &Uri) -> bool {
        let of_system = |(host, port): &(String, u16)| {
            let asked = uri.host().unwrap_or_default();
            asked.eq_ignore_ascii_case(host) && port_of(uri).is_ok_and(|other| other == *port)
        };
        self.subaccount == key.subaccount
            && self.region_host == key.region_host
            && (self.location.as_ref()).is_none_or(|location| *location == key.location_id)
            && self.system.as_ref().is_none_or(of_system)
    }

    /// Why nothing more is written.
    pub(super) fn over(&self) -> Option<&'static str> {
        match self.state.over.load(Ordering::Relaxed) {
            FULL => Some("it has the size that it may have"),
            BROKEN => Some("its file could not be written; is the disk full?"),
            _ if clock::monotonic() >= self.until => Some("its time is over"),
            _ => None,
        }
    }

    /// The number of one more request; none where there are too many or all is over.
    pub(super) fn enter(&self) -> Option<u64> {
        if self.over().is_some() {
            return None;
        }
        if self.state.open.fetch_add(1, Ordering::Relaxed) >= OPEN_MAX {
            self.leave();
            self.state.dropped.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        Some(1 + self.state.requests.fetch_add(1, Ordering::Relaxed))
    }

    /// That request is through.
    pub(super) fn leave(&self) {
        self.state.open.fetch_sub(1, Ordering::Relaxed);
    }

    /// Has a line written, unless too many wait for it.
    pub(super) fn line(&self, json: &serde_json::Value) {
        let mut line = json.to_string().into_bytes();
        line.push(b'\n');
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(queue) = queue.as_ref() else { return };
        if queue.try_send(line).is_err() {
            self.state.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn counts(&self) -> Counts {
        Counts {
            bytes: self.state.bytes.load(Ordering::Relaxed),
            requests: self.state.requests.load(Ordering::Relaxed),
            dropped: self.state.dropped.load(Ordering::Relaxed),
        }
    }

    /// Ends it when what waits is written.
    pub(super) fn close(&self) -> Counts {
        drop(
            self.queue
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!(trace = self.id, "the thread of a trace panicked");
        }
        self.counts()
    }
}

fn write(mut target: File, lines: &Receiver<Vec<u8>>, limit: u64, state: &State) {
    while let Ok(line) = lines.recv() {
        if state.over.load(Ordering::Relaxed) != 0 {
            continue;
        }
        let len = u64::try_from(line.len()).unwrap_or(u64::MAX);
        let bytes = state.bytes.load(Ordering::Relaxed).saturating_add(len);
        if bytes > limit {
            state.over.store(FULL, Ordering::Relaxed);
        } else if let Err(error) = target.write_all(&line) {
            tracing::warn!(%error, "a payload trace cannot be written");
            state.over.store(BROKEN, Ordering::Relaxed);
        } else {
            state.bytes.store(bytes, Ordering::Relaxed);
        }
    }
}

/// The file of a trace.
pub(super) fn content(dir: &Path, id: u64) -> PathBuf {
    dir.join(format!("trace-{id}.jsonl"))
}

/// The file with what is known of it.
fn known(dir: &Path, id: u64) -> PathBuf {
    dir.join(format!("trace-{id}.json"))
}

pub(super) fn keep(dir: &Path, trace: &TraceShown) -> io::Result<()> {
    file::private_dir(dir)?;
    file::replace(&known(dir, trace.id), &serde_json::to_vec_pretty(trace)?)
}

pub(super) fn len(dir: &Path, id: u64) -> u64 {
    fs::metadata(content(dir, id)).map_or(0, |file| file.len())
}

/// When something was written of it last, milliseconds UTC.
pub(super) fn written_ms(dir: &Path, id: u64) -> Option<i64> {
    let written = fs::metadata(content(dir, id)).ok()?.modified().ok()?;
    let since = written.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since.as_millis()).ok()
}

/// What is known of those that are there.
pub(super) fn kept(dir: &Path) -> Vec<TraceShown> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) => {
            if error.kind() != ErrorKind::NotFound {
                tracing::warn!(%error, "the folder of traces cannot be read");
            }
            return vec![];
        }
    };
    let mut found = vec![];
    for entry in entries.flatten() {
        let path = entry.path();
        if path.extension().is_none_or(|end| end != "json") {
            continue;
        }
        let read = fs::read(&path).and_then(|json| Ok(serde_json::from_slice(&json)?));
        match read {
            Ok(trace) => found.push(trace),
            Err(error) => {
                let path = path.display();
                tracing::warn!(%error, %path, "what is known of a trace cannot be read");
            }
        }
    }
    found
}

/// Removes both files, as far as they are there.
pub(super) fn remove(dir: &Path, id: u64) -> io::Result<()> {
    for path in [content(dir, id), known(dir, id)] {
        match fs::remove_file(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}
