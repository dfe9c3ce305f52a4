//! The thread that makes changes, one after another.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::{mpsc, watch};
use underpass_shared::config::{Delta, Document, Revision, Trial, diff};

use super::Committed;
use super::chunks::Chunks;
use super::db::{self, ChunkRow, Kind, Note};
use super::error::ChangeError;
use super::full::Upkeep;
use super::job::{Edit, Job};
use super::reserve::{RESERVED_CHANGE_MAX, Reserve};
use super::snapshot::Snapshot;

/// How often snapshots that were replaced are looked at, until their last reader is gone.
const RETIRE_CHECK: Duration = Duration::from_millis(200);

/// How often a reserve that is not full is looked at.
const RESERVE_CHECK: Duration = Duration::from_secs(30);

/// Jobs after which one step of upkeep is done although more wait, so that it cannot starve.
const UNKEPT_MAX: usize = 8;

/// All that the thread owns.
pub(super) struct Writer {
    path: PathBuf,
    /// Held for its lock.
    _lock: File,
    /// None after a failure, until it is opened anew.
    connection: Option<Connection>,
    pub(super) publish: watch::Sender<Arc<Snapshot>>,
    pub(super) clock: Box<dyn Fn() -> i64 + Send>,
    upkeep: Upkeep,
    pub(super) reserve: Reserve,
    /// When the trial is over, by the clock that never jumps.
    pub(super) due: Option<Duration>,
    /// Replaced snapshots that somebody may still hold. They are kept here so that this thread
    /// frees them, not one that carries requests.
    retired: Vec<Arc<Snapshot>>,
    /// Jobs done since the last step of upkeep.
    unkept: usize,
}

/// What the thread does next.
enum Next {
    Job(Job),
    /// Nobody waits, and upkeep is due.
    Idle,
    /// Nobody waits; look whether replaced snapshots can go and the reserve can be filled.
    Look,
    /// The time of what is on trial is over.
    Expire,
    Stop,
}

impl Writer {
    pub(super) fn new(
        path: PathBuf,
        lock: File,
        opened: Option<(Connection, u64)>,
        publish: watch::Sender<Arc<Snapshot>>,
        clock: Box<dyn Fn() -> i64 + Send>,
    ) -> Self {
        let upkeep = opened
            .as_ref()
            .map(|(connection, steps)| Upkeep::after_start(connection, *steps));
        let upkeep = upkeep.unwrap_or_default();
        let connection = opened.map(|(connection, _)| connection);
        Self {
            reserve: Reserve::beside(&path),
            path,
            _lock: lock,
            connection,
            publish,
            clock,
            upkeep,
            due: None,
            retired: vec![],
            unkept: 0,
        }
    }

    /// Runs until the last handle is gone.
    pub(super) fn run(mut self, mut queue: mpsc::Receiver<Job>) {
        let Ok(timer) = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
        else {
            tracing::error!("the store's writer could not start its timer");
            return;
        };
        self.reserve.fill();
        loop {
            self.retired
                .retain(|snapshot| Arc::strong_count(snapshot) > 1);
            if self.connection.is_some() && self.upkeep.is_due() && self.unkept >= UNKEPT_MAX {
                self.keep_up();
            }
            match self.next_job(&mut queue, &timer) {
                Next::Job(job) => self.handle(job),
                Next::Idle => self.keep_up(),
                Next::Look => self.reserve.fill(),
                Next::Expire => self.expire(),
                Next::Stop => break,
            }
        }
        while self.connection.is_some() && self.upkeep.is_copying() {
            self.keep_up();
        }
    }

    fn next_job(&self, queue: &mut mpsc::Receiver<Job>, timer: &tokio::runtime::Runtime) -> Next {
        let left = self.trial_left().unwrap_or(Duration::MAX);
        if left.is_zero() {
            return Next::Expire;
        }
        if self.connection.is_some() && self.upkeep.is_due() {
            return match queue.try_recv() {
                Ok(job) => Next::Job(job),
                Err(mpsc::error::TryRecvError::Empty) => Next::Idle,
                Err(mpsc::error::TryRecvError::Disconnected) => Next::Stop,
            };
        }
        let wait = match (self.retired.is_empty(), self.reserve.is_low()) {
            (false, _) => RETIRE_CHECK,
            (true, true) => RESERVE_CHECK,
            (true, false) => Duration::MAX,
        };
        let wait = wait.min(left);
        match timer.block_on(async { tokio::time::timeout(wait, queue.recv()).await }) {
            Ok(Some(job)) => Next::Job(job),
            Ok(None) => Next::Stop,
            Err(_) => Next::Look,
        }
    }

    /// A caller that went away does not mind that its answer is lost.
    fn handle(&mut self, job: Job) {
        self.unkept += 1;
        match job {
            Job::Change { edit, reply } => drop(reply.send(self.change(edit))),
            Job::History {
                before,
                limit,
                reply,
            } => drop(reply.send(self.history(before, limit))),
            Job::Inverse { number, reply } => drop(reply.send(self.inverse(number))),
            Job::Steps { number, reply } => drop(reply.send(self.steps(number))),
            Job::At { number, reply } => drop(reply.send(self.at(number))),
            Job::Confirm { ending, reply } => drop(reply.send(self.confirm(ending))),
            Job::Revert {
                ending,
                author,
                reply,
            } => drop(reply.send(self.revert(ending, &author, ""))),
        }
    }

    fn keep_up(&mut self) {
        self.unkept = 0;
        let Some(connection) = &mut self.connection else {
            return;
        };
        if let Err(error) = self.upkeep.step(connection) {
            tracing::warn!(%error, "upkeep of the state failed; it is tried again after the next change");
            self.give_up_connection();
        }
    }

    /// After a failed write only a fresh look at the file tells what it holds.
    pub(super) fn give_up_connection(&mut self) {
        self.upkeep.put_off();
        self.connection = None;
    }

    fn change(&mut self, change: Edit) -> Result<Committed, ChangeError> {
        let old = Arc::clone(&self.publish.borrow());
        if let Some(problem) = old.problem() {
            return Err(ChangeError::Problem(Arc::clone(problem)));
        }
        let Edit {
            author,
            reason,
            if_match,
            within,
            edit,
        } = change;
        Trial::admit(old.trial(), &author)?;
        let current = old.revision().number;
        if if_match.is_some_and(|wanted| wanted != current) {
            return Err(ChangeError::Conflict { current });
        }
        let edited = catch_unwind(AssertUnwindSafe(|| edit(old.document())));
        let document = Arc::new(edited.or(Err(ChangeError::Panicked))??);
        if document.hash() == old.document().hash() {
            return Ok(Committed {
                revision: old.revision().clone(),
                changed: false,
            });
        }
        let now = (self.clock)();
        let trial = Trial::after(old.trial(), &author, current + 1, within, now);
        if trial.is_some() {
            Trial::check(old.document(), &document)?;
        }
        let revision = old.revision().next(now, author, reason, document.hash());
        self.commit(&old, revision, document, trial)
    }

    /// Makes a revision durable and publishes it.
    pub(super) fn commit(
        &mut self,
        old: &Snapshot,
        revision: Revision,
        document: Arc<Document>,
        trial: Option<Trial>,
    ) -> Result<Committed, ChangeError> {
        let bytes = self.write(old, &revision, &document, trial.as_ref())?;
        self.upkeep.changed(revision.number, &document, bytes);
        let renewed =
            trial.as_ref().map(|trial| trial.until_ms) != old.trial().map(|trial| trial.until_ms);
        self.publish(Snapshot::new(revision.clone(), document, Some(old)).on_trial(trial));
        if renewed {
            self.set_trial_clock();
        }
        Ok(Committed {
            revision,
            changed: true,
        })
    }

    pub(super) fn publish(&mut self, snapshot: Snapshot) {
        let replaced = self.publish.send_replace(Arc::new(snapshot));
        self.retired.push(replaced);
    }

    /// Makes a revision durable; a small one with space from the reserve if it must be.
    fn write(
        &mut self,
        old: &Snapshot,
        revision: &Revision,
        new: &Document,
        trial: Option<&Trial>,
    ) -> Result<usize, ChangeError> {
        let note = match (old.trial(), trial) {
            (None, None) => Note::AsItIs,
            (Some(_), _) | (None, Some(_)) => Note::Trial(trial),
        };
        loop {
            match self.append(old, revision, new, note) {
                Err(ChangeError::DiskFull) if is_small(old, new) && self.reserve.release() => {}
                written => return written,
            }
        }
    }

    fn append(
        &mut self,
        old: &Snapshot,
        revision: &Revision,
        new: &Document,
        note: Note<'_>,
    ) -> Result<usize, ChangeError> {
        let written = self
            .connection(old.revision().number)
            .and_then(|connection| {
                Ok(db::append(
                    connection,
                    revision,
                    changes(old.document(), new),
                    note,
                )?)
            });
        match written {
            Ok(bytes) => Ok(bytes),
            Err(error) => {
                self.give_up_connection();
                let full = self.reserve.disk_is_full();
                Err(if full { ChangeError::DiskFull } else { error })
            }
        }
    }

    /// The connection, opened anew after a failure and then freed of what the failure left.
    pub(super) fn connection(&mut self, head: u64) -> Result<&mut Connection, ChangeError> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => {
                let mut connection = db::reopen(&self.path)?;
                db::prepare(&mut connection, head.cast_signed())?;
                db::keep_trial(&connection, self.publish.borrow().trial())?;
                connection
            }
        };
        Ok(self.connection.insert(connection))
    }

    pub(super) fn readable(&mut self) -> Result<&Connection, ChangeError> {
        let current = Arc::clone(&self.publish.borrow());
        match current.problem() {
            Some(problem) => Err(ChangeError::Problem(Arc::clone(problem))),
            None => self
                .connection(current.revision().number)
                .map(|connection| &*connection),
        }
    }
}

/// A revision's pieces: the way to it and back.
fn changes(old: &Document, new: &Document) -> impl Iterator<Item = ChunkRow> {
    pieces(Kind::Delta, diff(old, new)).chain(pieces(Kind::Inverse, diff(new, old)))
}

/// Whether a change may use the reserve.
fn is_small(old: &Snapshot, new: &Document) -> bool {
    let mut left = RESERVED_CHANGE_MAX;
    changes(old.document(), new).all(|piece| match left.checked_sub(piece.data.len()) {
        Some(rest) => {
            left = rest;
            true
        }
        None => false,
    })
}

fn pieces(kind: Kind, delta: Delta) -> impl Iterator<Item = ChunkRow> {
    let chunks = Chunks::new(delta.ops.into_iter());
    (0..).zip(chunks).map(move |(position, data)| ChunkRow {
        kind,
        position,
        data,
    })
}
