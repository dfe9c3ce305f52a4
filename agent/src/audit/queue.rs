//! What waits for the thread of the audit log. Whoever records something holds the lock for a
//! moment and never waits for the disk.

use std::collections::VecDeque;
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use underpass_runtime::clock;
use underpass_shared::audit::{Actor, Category, Forwarded, Outcome, Record};
use underpass_shared::config::SubaccountKey;

use super::Position;
use super::error::AuditError;

/// Requests that may wait: what comes in a tenth of a second under heavy load.
pub(super) const EVENTS_MAX: usize = 8_192;
/// Requests that wake the thread before its pause is over.
const EVENTS_WAKE: usize = EVENTS_MAX / 2;
/// How long requests are gathered, so that many share one write.
const GATHER: Duration = Duration::from_millis(100);
/// Other records that may wait for a disk that takes none; each has at most some ten KiB.
pub(super) const RECORDS_MAX: usize = 1_024;

/// Something to do.
pub(super) enum Job {
    /// To be on the disk before the answer.
    Intent {
        record: Box<Record>,
        reply: SyncSender<Result<u64, AuditError>>,
    },
    /// To be written soon.
    Record(Box<Record>),
    /// Answered when all before is in the files.
    Flush(SyncSender<Result<Position, AuditError>>),
}

/// Something of which there may be very much. Made into a record by the thread.
#[derive(Clone)]
pub(super) enum Event {
    Request {
        time_ms: i64,
        key: Arc<SubaccountKey>,
        request: Box<Forwarded>,
        /// Why not, where it was denied.
        denied: Option<String>,
    },
    Other(Box<Record>),
}

impl Event {
    pub(super) fn into_record(self) -> Record {
        let (time_ms, key, request, denied) = match self {
            Self::Other(record) => return *record,
            Self::Request {
                time_ms,
                key,
                request,
                denied,
            } => (time_ms, key, request, denied),
        };
        let actor = Actor {
            name: "cloud application".to_owned(),
            role: None,
            from: Some(key.region_host.to_string()),
        };
        let (category, outcome, message) = match denied {
            Some(reason) => (Category::AccessDenied, Outcome::Refused, reason),
            None => (Category::AccessAllowed, Outcome::Done, "allowed".to_owned()),
        };
        let mut record = Record::new(time_ms, category, outcome, actor, &message);
        record.request = Some(*request);
        record.of(SubaccountKey::clone(&key))
    }
}

/// What the thread took.
#[derive(Default)]
pub(super) struct Taken {
    pub(super) jobs: VecDeque<Job>,
    pub(super) events: VecDeque<Event>,
    /// Events and records that did not fit.
    pub(super) overflow: u64,
    /// Nothing more comes.
    pub(super) closed: bool,
}

/// The queue.
#[derive(Default)]
pub(super) struct Queue {
    waiting: Mutex<Taken>,
    more: Condvar,
    /// Why the log is not written, while it is not.
    pub(super) failure: watch::Sender<Option<String>>,
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Queue")
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many records wait.
    pub(super) fn len(&self) -> usize {
        let waiting = self.lock();
        waiting.jobs.len() + waiting.events.len()
    }

    pub(super) fn job(&self, job: Job) {
        let mut waiting = self.lock();
        if waiting.closed {
            // Its asker sees that nobody answers.
            return;
        }
        let is_record = matches!(job, Job::Record(_));
        if is_record && waiting.jobs.len() >= RECORDS_MAX {
            waiting.overflow += 1;
            return;
        }
        waiting.jobs.push_back(job);
        drop(waiting);
        self.more.notify_one();
    }

    pub(super) fn event(&self, event: Event) {
        let mut waiting = self.lock();
        if waiting.closed {
            return;
        }
        if waiting.events.len() >= EVENTS_MAX {
            waiting.overflow += 1;
            return;
        }
        waiting.events.push_back(event);
        // Between these two the thread gathers.
        let wake = matches!(waiting.events.len(), 1 | EVENTS_WAKE);
        drop(waiting);
        if wake {
            self.more.notify_one();
        }
    }

    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.more.notify_one();
    }

    /// Waits for something to do, at most so long; none is for ever.
    pub(super) fn take(&self, most: Option<Duration>) -> Taken {
        let mut waiting = self.lock();
        let start = clock::monotonic();
        let mut gathered_since = None;
        loop {
            let now = clock::monotonic();
            let (mut until, mut due) = (most.map(|most| start + most), false);
            if !waiting.events.is_empty() || waiting.overflow > 0 {
                let since = *gathered_since.get_or_insert(now);
                until = Some(until.map_or(since + GATHER, |until| until.min(since + GATHER)));
                due = waiting.events.len() >= EVENTS_WAKE;
            }
            let over = until.is_some_and(|until| now >= until);
            if over || due || waiting.closed || !waiting.jobs.is_empty() {
                break;
            }
            waiting = match until {
                Some(until) => {
                    let waited = self.more.wait_timeout(waiting, until.saturating_sub(now));
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                None => {
                    let waited = self.more.wait(waiting);
                    waited.unwrap_or_else(PoisonError::into_inner)
                }
            };
        }
        let closed = waiting.closed;
        let mut taken = std::mem::take(&mut *waiting);
        waiting.closed = closed;
        taken.closed = closed;
        taken
    }
}
