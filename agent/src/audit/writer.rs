//! The thread that writes the audit log.

use std::collections::{BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use underpass_runtime::clock;
use underpass_shared::audit::{Actor, Category, Outcome, Record};

use super::error::AuditError;
use super::log::{Log, Until};
use super::open::Opened;
use super::queue::{EVENTS_MAX, Event, Job, Queue, RECORDS_MAX, Taken};
use super::{Position, Present, files, open, overflow, retention};
use crate::store::reserve::{Reserve, Size};

/// Bytes after which a segment is ended: what a start reads in much less than a second.
const SEGMENT_LEN_MAX: u64 = 32 * 1024 * 1024;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// Records after which what is there is signed.
const UNSEALED_MAX: u64 = 1_000;
/// How long a record may be without a signature that covers it.
const UNSEALED_TIME: Duration = Duration::from_secs(60);
/// How long what became of a change may be in the file only: a crash of the host then costs that
/// record, and the next start tells from the revisions what became of it. The next intent takes it
/// to the disk as well, so busy hours cost one sync a change and not two.
const BEHIND_TIME: Duration = Duration::from_secs(1);
/// Records that may wait for that in memory, for the case that the disk does not take them.
const BEHIND_MAX: usize = 256;
/// Pause before something that could not be written is tried again.
const RETRY: Duration = Duration::from_secs(1);
/// How often it is looked for what is old, and for the reserve.
const LOOK: Duration = Duration::from_secs(60 * 60);
/// How often a reserve that is not full is looked at.
const RESERVE_CHECK: Duration = Duration::from_secs(30);
/// The file of the space that is kept for changes on a full disk.
const RESERVE_FILE: &str = "reserve";
/// Enough for the records of many small changes.
const RESERVE: Size = Size {
    len: 1024 * 1024,
    slice: 64 * 1024,
};

/// All that the thread owns.
pub(super) struct Writer {
    data_dir: PathBuf,
    dir: PathBuf,
    queue: Arc<Queue>,
    clock: fn() -> i64,
    present: Box<dyn Fn() -> Present + Send>,
    /// None until something is recorded, and after a failure.
    log: Option<Log>,
    reserve: Reserve,
    /// Records that the disk did not take yet.
    pending: VecDeque<Record>,
    events: VecDeque<Event>,
    overflow: u64,
    /// Intents whose outcome is still to come; a segment does not end between the two.
    open_intents: BTreeSet<u64>,
    unsealed_since: Option<Duration>,
    /// Since when there are records in the file that may not be on the disk.
    behind_since: Option<Duration>,
    /// When it was looked for what is old, and for how many days.
    cleaned: Option<(Duration, Option<u16>)>,
    failed: bool,
}

/// An intent that waits for its answer.
struct Asked {
    /// Where in the batch it is.
    at: usize,
    reply: SyncSender<Result<u64, AuditError>>,
}

impl Writer {
    pub(super) fn new(
        data_dir: &Path,
        queue: Arc<Queue>,
        clock: fn() -> i64,
        present: Box<dyn Fn() -> Present + Send>,
    ) -> Self {
        let dir = files::dir(data_dir);
        Self {
            data_dir: data_dir.to_owned(),
            queue,
            clock,
            present,
            log: None,
            reserve: Reserve::at(dir.join(RESERVE_FILE), RESERVE),
            dir,
            pending: VecDeque::new(),
            events: VecDeque::new(),
            overflow: 0,
            open_intents: BTreeSet::new(),
            unsealed_since: None,
            behind_since: None,
            cleaned: None,
            failed: false,
        }
    }

    /// Runs until the queue is closed.
    pub(super) fn run(mut self) {
        loop {
            let taken = self.queue.take(self.patience());
            let closed = taken.closed;
            self.work(taken);
            self.keep_up(closed);
            if closed {
                break;
            }
        }
        let lost = self.pending.len() + self.events.len();
        if lost > 0 {
            tracing::error!(
                lost,
                "the disk did not take the last records of the audit log"
            );
        }
    }

    /// How long there is nothing to do but what comes.
    fn patience(&self) -> Option<Duration> {
        if self.has_waiting() {
            return Some(RETRY);
        }
        self.log.as_ref()?;
        let now = clock::monotonic();
        let seal = self
            .unsealed_since
            .map(|since| (since + UNSEALED_TIME).saturating_sub(now));
        let behind = self
            .behind_since
            .map(|since| (since + BEHIND_TIME).saturating_sub(now));
        let reserve = self.reserve.is_low().then_some(RESERVE_CHECK);
        let look = self.cleaned.filter(|(_, days)| days.is_some());
        let look = look.map(|(at, _)| (at + LOOK).saturating_sub(now));
        [seal, behind, reserve, look].into_iter().flatten().min()
    }

    fn has_waiting(&self) -> bool {
        !self.pending.is_empty() || !self.events.is_empty() || self.overflow > 0
    }

    fn work(&mut self, taken: Taken) {
        self.overflow += taken.overflow;
        let (mut asked, mut flushes) = (vec![], vec![]);
        let mut batch: Vec<Record> = std::mem::take(&mut self.pending).into();
        for job in taken.jobs {
            match job {
                Job::Intent { record, reply } => {
                    let at = batch.len();
                    asked.push(Asked { at, reply });
                    batch.push(*record);
                }
                Job::Record(record) => batch.push(*record),
                Job::Flush(reply) => flushes.push(reply),
            }
        }
        let written = self.write_jobs(batch, asked);
        self.events.extend(taken.events);
        let excess = self.events.len().saturating_sub(EVENTS_MAX);
        self.overflow += u64::try_from(excess).unwrap_or(u64::MAX);
        self.events.truncate(EVENTS_MAX);
        let written = written.and_then(|()| self.write_events());
        self.tell(&written);
        let position = self.log.as_ref().map(Log::position).unwrap_or_default();
        for reply in flushes {
            let answer = match &written {
                Ok(()) => Ok(self.flushed(position)),
                Err(error) => Err(error.again()),
            };
            // A reader that no longer waits does not mind.
            drop(reply.send(answer));
        }
    }

    /// Where the files end although nothing was written by this process.
    fn flushed(&self, position: Position) -> Position {
        if self.log.is_some() {
            return position;
        }
        let last = files::list(&self.dir).unwrap_or_default().pop();
        last.map_or(position, |segment| {
            let path = files::path(&self.dir, segment);
            let len = path.metadata().map_or(0, |found| found.len());
            Position { segment, len }
        })
    }

    /// Tells once of a failure and once of its end.
    fn tell(&mut self, written: &Result<(), AuditError>) {
        match written {
            Err(error) if !self.failed => {
                self.failed = true;
                self.queue.failure.send_replace(Some(error.to_string()));
                // A full disk is expected, and told to whoever wants to change something.
                tracing::warn!(%error, "the audit log cannot be written; changes are refused");
            }
            Ok(()) if self.failed => {
                self.failed = false;
                self.queue.failure.send_replace(None);
                tracing::info!("the audit log is written again");
            }
            Err(_) | Ok(()) => {}
        }
    }

    fn write_jobs(&mut self, batch: Vec<Record>, asked: Vec<Asked>) -> Result<(), AuditError> {
        if batch.is_empty() {
            return Ok(());
        }
        // Nobody waits for the rest.
        let until = if asked.is_empty() {
            Until::InFile
        } else {
            Until::OnDisk
        };
        match self.write(&batch, true, until) {
            Ok(first) => {
                let sequences = first..;
                for (sequence, record) in sequences.zip(&batch) {
                    if record.outcome == Outcome::Intent {
                        self.open_intents.insert(sequence);
                    }
                    if let Some(intent) = record.intent {
                        self.open_intents.remove(&intent);
                    }
                }
                for Asked { at, reply } in asked {
                    let sequence = first + u64::try_from(at).unwrap_or(0);
                    if reply.send(Ok(sequence)).is_err() {
                        self.too_late(sequence);
                    }
                }
                Ok(())
            }
            Err(error) => {
                let intents: BTreeSet<usize> = asked.iter().map(|one| one.at).collect();
                let kept = batch.into_iter().enumerate();
                let kept = kept.filter(|(at, _)| !intents.contains(at));
                self.pending.extend(kept.map(|(_, record)| record));
                let excess = self.pending.len().saturating_sub(RECORDS_MAX);
                self.overflow += u64::try_from(excess).unwrap_or(u64::MAX);
                self.pending.truncate(RECORDS_MAX);
                for Asked { reply, .. } in asked {
                    drop(reply.send(Err(error.again())));
                }
                Err(error)
            }
        }
    }

    /// Whoever asked gave up, so it is not done.
    fn too_late(&mut self, intent: u64) {
        let message = "not done: the audit log was too slow";
        self.pending.push_back(Record {
            intent: Some(intent),
            outcome: Outcome::Refused,
            ..Record::of_agent((self.clock)(), Category::Configuration, message)
        });
    }

    fn write_events(&mut self) -> Result<(), AuditError> {
        if self.events.is_empty() && self.overflow == 0 {
            return Ok(());
        }
        let mut batch: Vec<Record> = self
            .events
            .iter()
            .cloned()
            .map(Event::into_record)
            .collect();
        if self.overflow > 0 {
            batch.push(overflow((self.clock)(), self.overflow));
        }
        self.write(&batch, false, Until::OnDisk)?;
        self.events.clear();
        self.overflow = 0;
        Ok(())
    }

    /// Writes records, with space from the reserve if they may use it; answers the sequence of the
    /// first.
    fn write(&mut self, batch: &[Record], reserved: bool, until: Until) -> Result<u64, AuditError> {
        loop {
            let written = self.try_write(batch, until);
            let full = written.as_ref().is_err_and(AuditError::is_full) || {
                written.is_err() && self.reserve.disk_is_full()
            };
            match written {
                Err(_) if full && reserved && self.reserve.release() => {}
                Err(_) if full => return Err(AuditError::DiskFull),
                other => return other,
            }
        }
    }

    fn try_write(&mut self, batch: &[Record], until: Until) -> Result<u64, AuditError> {
        let now_ms = (self.clock)();
        let mut log = match self.log.take() {
            Some(log) => log,
            None => self.open(now_ms)?,
        };
        let is_over = log.position().len >= SEGMENT_LEN_MAX
            || log.chain().begun_ms().div_euclid(DAY_MS) < now_ms.div_euclid(DAY_MS);
        let mut written = Ok(0);
        if is_over && self.open_intents.is_empty() && log.chain().records() > 0 {
            written = log.seal(true, now_ms).map(|()| 0);
        }
        let written = written.and_then(|_| log.append(batch, now_ms, until));
        if log.chain().unsealed() > 0 {
            self.unsealed_since.get_or_insert_with(clock::monotonic);
        }
        self.look_behind(&mut log);
        // What a failed write left is found out when it is opened anew.
        self.log = (!log.is_broken()).then_some(log);
        written
    }

    /// Notes what is not on the disk yet, and takes over what will not get there.
    fn look_behind(&mut self, log: &mut Log) {
        if log.behind() == 0 {
            self.behind_since = None;
        } else {
            self.behind_since.get_or_insert_with(clock::monotonic);
        }
        for record in log.take_lost().into_iter().rev() {
            self.open_intents.extend(record.intent);
            self.pending.push_front(record);
        }
    }

    /// Opens the log, and records first how it was found.
    fn open(&mut self, now_ms: i64) -> Result<Log, AuditError> {
        let Opened {
            mut log,
            mut repairs,
            open_intents,
        } = open::open(&self.data_dir, now_ms)?;
        self.open_intents.clear();
        let revision = (self.present)().revision;
        repairs.extend(open_intents.into_iter().map(|(intent, wanted)| {
            let (outcome, message) = match wanted.zip(revision) {
                Some((wanted, revision)) if revision >= wanted => (Outcome::Done, "it was done"),
                Some(_) => (Outcome::Refused, "it was not done"),
                None => (Outcome::Unknown, "whether it was done is not known"),
            };
            let message = format!("the agent ended before it told what became of it: {message}");
            let actor = Actor::agent();
            Record {
                intent: Some(intent),
                revision: wanted.filter(|_| outcome == Outcome::Done),
                ..Record::new(now_ms, Category::AuditRepair, outcome, actor, &message)
            }
        }));
        if !repairs.is_empty() {
            log.append(&repairs, now_ms, Until::OnDisk)?;
        }
        Ok(log)
    }

    /// Signs, ends the day, removes what is old, keeps the reserve.
    fn keep_up(&mut self, closing: bool) {
        let (now, now_ms) = (clock::monotonic(), (self.clock)());
        let Some(mut log) = self.log.take() else {
            return;
        };
        self.sync_and_sign(&mut log, closing, now, now_ms);
        self.look_behind(&mut log);
        if log.is_broken() {
            return;
        }
        self.log = Some(log);
        if self.reserve.is_low() && !closing {
            self.reserve.fill();
        }
        self.clean(now, now_ms);
    }

    fn sync_and_sign(&mut self, log: &mut Log, closing: bool, now: Duration, now_ms: i64) {
        let waited = |since: Option<Duration>, time: Duration| {
            since.is_some_and(|since| now.saturating_sub(since) >= time)
        };
        let unsealed = log.chain().unsealed();
        let is_due = unsealed >= UNSEALED_MAX || waited(self.unsealed_since, UNSEALED_TIME);
        if unsealed > 0 && (closing || is_due) {
            match log.seal(false, now_ms) {
                Ok(()) => self.unsealed_since = None,
                Err(error) => {
                    self.unsealed_since = Some(now);
                    tracing::debug!(%error, "the audit log was not signed; it is tried again");
                }
            }
        }
        let is_due = log.behind() >= BEHIND_MAX || waited(self.behind_since, BEHIND_TIME);
        if (closing || is_due)
            && let Err(error) = log.sync()
        {
            tracing::debug!(%error, "the newest records did not get to the disk; they are written again");
        }
    }

    fn clean(&mut self, now: Duration, now_ms: i64) {
        let days = (self.present)().settings.cleanup.days();
        let due = self
            .cleaned
            .is_none_or(|(at, before)| before != days || now.saturating_sub(at) >= LOOK);
        let Some(log) = self.log.as_ref().filter(|_| due) else {
            return;
        };
        self.cleaned = Some((now, days));
        let Some(days) = days else {
            return;
        };
        match retention::clean(&self.dir, log, days, now_ms) {
            Ok(Some(told)) => self.pending.push_back(told),
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "old records of the audit log were not removed"),
        }
    }
}
