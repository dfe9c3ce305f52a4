//! Traces of payload: asked for by one operator, approved by another, ended by themselves.
//!
//! While none runs, a request costs one relaxed load. What is written has lost its credentials, is
//! cut at a limit for each body, and lies in private files.

mod book;
mod capture;
mod file;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockWriteGuard};
use std::time::Duration;

use http::Request;
use thiserror::Error;
use tokio::sync::{Notify, watch};
use underpass_runtime::clock;
use underpass_runtime::tasks::Tasks;
use underpass_shared::api::management::{SubaccountPath, TraceShown, TraceState};
use underpass_shared::audit::{Category, Record};
use underpass_shared::config::SubaccountKey;

use self::book::Book;
pub(crate) use self::capture::{Capture, Tap};
use self::file::{Counts, Writing};
use crate::admin::Caller;
use crate::audit::Audit;
use crate::store::Snapshot;

/// Where traces are, in the data directory.
pub(crate) const DIR: &str = "trace";
/// Traces at a time, with those that have ended: each may have a hundred megabytes.
const TRACES_MAX: usize = 20;
/// Traces that run at a time; each has a thread.
const RUNNING_MAX: usize = 4;
/// How long a trace waits for its approval.
const APPROVAL_TIME: Duration = Duration::from_secs(60 * 60);
/// How often it is looked whether one is over.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// The same while none waits or runs: old ones are deleted by the day.
const LOOK_SELDOM: Duration = Duration::from_secs(60 * 60);
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// Why something cannot be done with a trace.
#[derive(Debug, Error)]
pub enum TraceError {
    /// Nothing has this number.
    #[error("there is no trace {0}")]
    Missing(u64),
    /// It is in another state.
    #[error("trace {0} is {1}")]
    State(u64, TraceState),
    /// Who asks must not approve.
    #[error("{0} asked for this trace; another operator has to approve it")]
    SameOperator(String),
    /// Too many.
    #[error("there are {TRACES_MAX} traces already; delete some")]
    TooMany,
    /// Too many that run.
    #[error("{RUNNING_MAX} traces run already; wait for the end of one")]
    TooManyRun,
    /// The same is asked for already.
    #[error("trace {0} is of the same, and waits or runs")]
    Same(u64),
    /// Its file.
    #[error("the file of the trace: {0}")]
    File(#[from] io::Error),
}

/// The traces of an agent. Clones are the same.
#[derive(Clone, Debug)]
pub struct Traces(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    dir: PathBuf,
    /// Whether any runs: the only thing that requests look at while none does.
    runs: AtomicBool,
    running: RwLock<Vec<Arc<Writing>>>,
    book: Mutex<Book>,
    changed: Notify,
}

impl Traces {
    /// The traces of a data directory; those that ran when the agent ended have ended.
    pub fn open(data_dir: &Path) -> Self {
        let dir = data_dir.join(DIR);
        let book = Book::load(&dir, clock::wall_ms());
        Self(Arc::new(Inner {
            dir,
            runs: AtomicBool::new(false),
            running: RwLock::default(),
            book: Mutex::new(book),
            changed: Notify::new(),
        }))
    }

    /// All of them, the newest first.
    pub fn list(&self) -> Vec<TraceShown> {
        self.count();
        self.book().list()
    }

    /// One of them.
    ///
    /// # Errors
    /// When there is none.
    pub fn get(&self, id: u64) -> Result<TraceShown, TraceError> {
        self.count();
        self.book().shown(id)
    }

    /// The one that waits or runs for the setting of a subaccount.
    pub(crate) fn of_setting(&self, path: &SubaccountPath) -> Option<TraceShown> {
        let all = self.list().into_iter();
        let mut of = all.filter(|one| {
            one.region_host == path.region_host
                && one.subaccount == path.subaccount
                && one.virtual_address.is_none()
                && one.location_id.is_none()
        });
        of.next()
    }

    /// Asks for one; `wanted` tells what of.
    ///
    /// # Errors
    /// When there are too many, or one is of the same.
    pub(crate) fn request(
        &self,
        wanted: TraceShown,
        by: &Caller,
    ) -> Result<TraceShown, TraceError> {
        self.book().request(wanted, by, clock::wall_ms())
    }

    /// Whether one more could be asked for.
    ///
    /// # Errors
    /// When there are too many.
    pub(crate) fn check_room(&self) -> Result<(), TraceError> {
        self.book().room().map(drop)
    }

    /// Who asked for a trace that waits.
    pub(crate) fn requester(&self, id: u64) -> Result<Caller, TraceError> {
        self.book().requester(id)
    }

    /// Whether somebody may approve a trace.
    ///
    /// # Errors
    /// When he asked for it himself, or it does not wait.
    pub(crate) fn may_approve(&self, id: u64, by: &Caller) -> Result<(), TraceError> {
        self.book().may_approve(id, by)
    }

    /// Lets one begin.
    ///
    /// # Errors
    /// When he asked for it himself, it does not wait, or its file cannot be made.
    pub(crate) fn approve(&self, id: u64, by: &Caller) -> Result<TraceShown, TraceError> {
        let mut book = self.book();
        book.may_approve(id, by)?;
        if book.running() >= RUNNING_MAX {
            return Err(TraceError::TooManyRun);
        }
        let started = book.started(id, by, clock::wall_ms())?;
        let writing = match Writing::start(&self.0.dir, &started) {
            Ok(writing) => writing,
            Err(error) => {
                book.ended(id, "its file could not be made", None, clock::wall_ms());
                return Err(error.into());
            }
        };
        book.keep(&self.0.dir, id);
        drop(book);
        self.running_mut().push(writing);
        self.0.runs.store(true, Ordering::Relaxed);
        self.0.changed.notify_one();
        Ok(started)
    }

    /// Refuses one that waits.
    ///
    /// # Errors
    /// When it does not wait.
    pub(crate) fn refuse(&self, id: u64, by: &str, why: &str) -> Result<TraceShown, TraceError> {
        self.book().refused(id, by, why, clock::wall_ms())
    }

    /// Ends one that runs.
    ///
    /// # Errors
    /// When it does not run.
    pub(crate) fn stop(&self, id: u64, why: &str) -> Result<TraceShown, TraceError> {
        {
            let shown = self.book().shown(id)?;
            if shown.state != TraceState::Running {
                return Err(TraceError::State(id, shown.state));
            }
        }
        self.end(id, why);
        self.get(id)
    }

    /// Deletes one that does not run, with its file.
    ///
    /// # Errors
    /// When it runs or is not there, or its file stays.
    pub(crate) fn delete(&self, id: u64) -> Result<(), TraceError> {
        self.book().delete(&self.0.dir, id)
    }

    /// Its file.
    ///
    /// # Errors
    /// When it has none.
    pub(crate) fn file(&self, id: u64) -> Result<PathBuf, TraceError> {
        let shown = self.get(id)?;
        match shown.state {
            TraceState::Running | TraceState::Ended => Ok(file::content(&self.0.dir, id)),
            TraceState::Requested | TraceState::Refused => Err(TraceError::State(id, shown.state)),
        }
    }

    /// What is written of a request; most often nothing.
    pub(crate) fn tap<B>(&self, key: &SubaccountKey, request: &Request<B>) -> Option<Tap> {
        if !self.0.runs.load(Ordering::Relaxed) {
            return None;
        }
        let running = self
            .0
            .running
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let of = running.iter().filter(|one| one.is_of(key, request.uri()));
        Tap::begin(of, request)
    }

    /// Takes over what running ones have come to.
    fn count(&self) {
        let running = self
            .0
            .running
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let counts: Vec<(u64, Counts)> =
            running.iter().map(|one| (one.id(), one.counts())).collect();
        drop(running);
        let mut book = self.book();
        for (id, counts) in counts {
            book.counted(id, counts);
        }
    }

    /// Ends those whose time or room is over, until told to stop; then ends all.
    pub(crate) async fn run(
        self,
        audit: Audit,
        snapshot: watch::Receiver<Arc<Snapshot>>,
        tasks: Tasks,
    ) {
        loop {
            let pause = if self.book().is_idle() {
                LOOK_SELDOM
            } else {
                LOOK_EVERY
            };
            tokio::select! {
                () = self.0.changed.notified() => {}
                () = tokio::time::sleep(pause) => {}
                () = tasks.stopped() => break,
            }
            self.look(&audit);
            let days = snapshot
                .borrow()
                .known()
                .map(|document| document.connector().log_and_trace.cleanup);
            self.age(days.map_or(0, |days| days.get()));
        }
        let running = self.book().ids(TraceState::Running);
        for id in running {
            self.end(id, "the agent stops");
            self.record(&audit, id);
        }
    }

    /// Deletes those that ended longer ago than so many days; 0 keeps them for ever.
    fn age(&self, days: u32) {
        if days == 0 {
            return;
        }
        let before = clock::wall_ms() - i64::from(days) * DAY_MS;
        let mut book = self.book();
        for id in book.ended_before(before) {
            if let Err(error) = book.delete(&self.0.dir, id) {
                tracing::warn!(trace = id, %error, "an old trace was not deleted");
            }
        }
    }

    fn look(&self, audit: &Audit) {
        let now_ms = clock::wall_ms();
        let forgotten = self.book().forgotten(now_ms, APPROVAL_TIME);
        for id in forgotten {
            tracing::info!(trace = id, "a trace was not approved in time");
        }
        let over: Vec<(u64, &'static str)> = {
            let running = self
                .0
                .running
                .read()
                .unwrap_or_else(PoisonError::into_inner);
            let over = running
                .iter()
                .filter_map(|one| Some((one.id(), one.over()?)));
            over.collect()
        };
        for (id, why) in over {
            self.end(id, why);
            self.record(audit, id);
        }
    }

    fn record(&self, audit: &Audit, id: u64) {
        let Ok(shown) = self.get(id) else { return };
        let why = shown.ended_because.as_deref().unwrap_or_default();
        let text = format!("the trace {id} of {} ended: {why}", shown.scope());
        tracing::warn!(trace = id, why, "a payload trace ended");
        audit.record(Record::of_agent(
            audit.now_ms(),
            Category::PayloadTrace,
            &text,
        ));
    }

    fn end(&self, id: u64, why: &str) {
        let writing = {
            let mut running = self.running_mut();
            let at = running.iter().position(|one| one.id() == id);
            let writing = at.map(|at| running.swap_remove(at));
            self.0.runs.store(!running.is_empty(), Ordering::Relaxed);
            writing
        };
        let counts = writing.map(|writing| writing.close());
        let mut book = self.book();
        book.ended(id, why, counts, clock::wall_ms());
        book.keep(&self.0.dir, id);
    }

    fn running_mut(&self) -> RwLockWriteGuard<'_, Vec<Arc<Writing>>> {
        let running = self.0.running.write();
        running.unwrap_or_else(PoisonError::into_inner)
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
