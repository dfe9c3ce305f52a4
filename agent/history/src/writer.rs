//! The thread that writes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Connection, TransactionBehavior};
use underpass_shared::monitor::{Entity, Metric, Sample};

use crate::codec::SliceBuilder;
use crate::error::{KeepError, OpenError};
use crate::place::{Place, sound};
use crate::queue::{Job, Queue};
use crate::rollup::{is_nothing, join};
use crate::rows::{self, Open};
use crate::series::SeriesIds;
use crate::tier::{Retention, in_hour, in_week};
use crate::usage::{self, Waiting};
use crate::{Limits, db, pack, trim};

/// The file while it can be written.
struct File {
    connection: Connection,
    ids: SeriesIds,
    /// The hours of which samples are not put away.
    hours: BTreeSet<i64>,
    /// The weeks of which hours are not put away.
    weeks: BTreeSet<i64>,
}

/// Writes what comes in.
pub(crate) struct Writer {
    path: PathBuf,
    queue: Arc<Queue>,
    retention: Retention,
    limits: Limits,
    place: Place,
    usage: Waiting,
    file: Option<File>,
}

impl File {
    /// With whether a broken one was put aside.
    fn open(path: &Path) -> Result<(Self, bool), OpenError> {
        let (connection, put_aside) = db::open(path)?;
        let loaded = Self::load(connection);
        let loaded = loaded.map_err(|source| OpenError::Database {
            path: path.to_owned(),
            source,
        })?;
        Ok((loaded, put_aside))
    }

    fn load(connection: Connection) -> rusqlite::Result<Self> {
        let ticks = rows::keys(&connection, Open::Ticks)?;
        let hours = rows::keys(&connection, Open::Hours)?;
        Ok(Self {
            ids: SeriesIds::load(&connection)?,
            hours: ticks.into_iter().map(|slot| in_hour(slot).0).collect(),
            weeks: hours.into_iter().map(|hour| in_week(hour).0).collect(),
            connection,
        })
    }

    /// Makes a sample durable, with what was used meanwhile.
    fn keep(&mut self, sample: &Sample, slot: i64, usage: &Waiting) -> rusqlite::Result<()> {
        let (hour, _) = in_hour(slot);
        let behavior = TransactionBehavior::Immediate;
        let transaction = self.connection.transaction_with_behavior(behavior)?;
        let mut points = std::collections::BTreeMap::new();
        for (series, point) in &sample.points {
            if !sound(series.metric, point) || is_nothing(series.metric, point) {
                continue;
            }
            if let Some(id) = self.ids.id(&transaction, series, hour)? {
                join(points.entry(id).or_default(), point);
            }
        }
        let begin_ms = crate::place::begin_ms(sample);
        let mut measured_ms = sample.span_ms;
        let present = rows::slice(&transaction, Open::Ticks, slot)?;
        // What ended before this began belongs to the same time; else the clock went back, and
        // this takes its place.
        if let Some(present) =
            present.filter(|present| crate::place::is_after(begin_ms, present.end_ms))
        {
            measured_ms = measured_ms.saturating_add(present.measured_ms);
            let kind = |id| self.ids.metric(id).map(Metric::kind);
            for (id, point) in present.points(kind).unwrap_or_default() {
                join(points.entry(id).or_default(), &point);
            }
        }
        let mut builder = SliceBuilder::default();
        for (id, point) in points {
            if let Some(point) = point {
                builder.add(id, &point);
            }
        }
        let data = builder.finish(measured_ms, sample.end_ms);
        rows::put_slice(&transaction, Open::Ticks, slot, &data)?;
        usage.write(&transaction, sample.end_ms)?;
        transaction.commit()?;
        self.hours.insert(hour);
        Ok(())
    }

    /// Puts away what is complete now that it is another hour.
    fn put_away(&mut self, present: i64) -> rusqlite::Result<bool> {
        let mut any = false;
        let hours: Vec<i64> = self.hours.iter().copied().collect();
        for hour in hours.into_iter().filter(|hour| *hour != present) {
            let transaction = self.connection.transaction()?;
            pack::hour(&transaction, &self.ids, hour)?;
            transaction.commit()?;
            self.hours.remove(&hour);
            self.weeks.insert(in_week(hour).0);
            any = true;
        }
        let (present, _) = in_week(present);
        let weeks: Vec<i64> = self.weeks.iter().copied().collect();
        for week in weeks.into_iter().filter(|week| *week != present) {
            let transaction = self.connection.transaction()?;
            pack::week(&transaction, &self.ids, week)?;
            transaction.commit()?;
            self.weeks.remove(&week);
            any = true;
        }
        Ok(any)
    }
}

impl Writer {
    /// A writer of a file that is opened when the first sample comes, unless it is open.
    pub(crate) fn new(
        path: PathBuf,
        queue: Arc<Queue>,
        retention: Retention,
        limits: Limits,
    ) -> Self {
        Self {
            path,
            queue,
            retention,
            limits,
            place: Place::default(),
            usage: Waiting::default(),
            file: None,
        }
    }

    /// Opens the file.
    pub(crate) fn open(&mut self) -> Result<(), OpenError> {
        let (file, put_aside) = File::open(&self.path)?;
        let bytes = db::used(&file.connection).unwrap_or_default();
        if let Err(error) = usage::trim(&file.connection) {
            tracing::warn!(%error, "cannot look at how much of the usage is kept");
        }
        self.file = Some(file);
        self.queue.tell(|state| {
            state.bytes = bytes;
            state.put_aside += u64::from(put_aside);
        });
        Ok(())
    }

    /// Works until the queue is closed.
    pub(crate) fn run(mut self) {
        while let Some(job) = self.queue.next() {
            match job {
                Job::Keep(sample, used) => {
                    self.usage.add(used);
                    self.keep(&sample);
                }
                Job::Forget(entity, now_ms, reply) => {
                    if self.forget(entity.as_ref(), now_ms) {
                        reply.send(()).unwrap_or_default();
                    }
                }
                Job::Retain(retention) => self.retention = retention,
                Job::Flush(reply) => reply.send(()).unwrap_or_default(),
            }
        }
    }

    fn keep(&mut self, sample: &Sample) {
        let kept = match self.try_keep(sample) {
            Err(KeepError::Broken(error)) => {
                tracing::warn!(%error, "the history is damaged");
                self.begin_anew().and_then(|()| self.try_keep(sample))
            }
            kept => kept,
        };
        let put_away = match kept {
            Ok(hour) => self.put_away(hour),
            Err(error) => {
                self.queue.tell(|state| state.dropped += 1);
                Err(error)
            }
        };
        match put_away {
            Ok(()) => self.works(),
            Err(KeepError::Broken(error)) => {
                tracing::warn!(%error, "the history is damaged");
                match self.begin_anew() {
                    Ok(()) => {}
                    Err(error) => self.fails(&error),
                }
            }
            Err(error) => self.fails(&error),
        }
    }

    /// Keeps a sample and returns its hour.
    fn try_keep(&mut self, sample: &Sample) -> Result<i64, KeepError> {
        let slot = self.place.of(sample).ok_or(KeepError::NoTime)?;
        let free = self.path.parent().map(fs4::available_space);
        if matches!(free, Some(Ok(free)) if free < self.limits.disk_free_min) {
            return Err(KeepError::DiskNearlyFull);
        }
        if !self.path.exists() {
            // Somebody removed it, which is allowed.
            self.file = None;
        }
        if self.file.is_none() {
            self.open()?;
        }
        if let Some(file) = &mut self.file {
            file.keep(sample, slot, &self.usage)?;
            self.usage.clear();
            self.place.kept(slot);
        }
        Ok(in_hour(slot).0)
    }

    /// Puts away what is complete, and removes what is old.
    fn put_away(&mut self, hour: i64) -> Result<(), KeepError> {
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        if !file.put_away(hour)? {
            return Ok(());
        }
        let max = self.limits.bytes_max;
        let trimmed = trim::trim(&mut file.connection, self.retention, max)?;
        if trimmed.forgot_series {
            file.ids = SeriesIds::load(&file.connection)?;
        }
        usage::trim(&file.connection)?;
        self.queue.tell(|state| state.bytes = trimmed.bytes);
        Ok(())
    }

    fn begin_anew(&mut self) -> Result<(), KeepError> {
        self.file = None;
        db::set_aside(&self.path)?;
        self.queue.tell(|state| state.put_aside += 1);
        Ok(self.open()?)
    }

    fn forget(&mut self, entity: Option<&Entity>, now_ms: i64) -> bool {
        self.usage.forget(entity);
        let Some(file) = &mut self.file else {
            return false;
        };
        match usage::forget(&mut file.connection, entity, now_ms) {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(%error, "the usage was not forgotten");
                false
            }
        }
    }

    fn works(&mut self) {
        let mut again = false;
        self.queue
            .tell(|state| again = state.failure.take().is_some());
        if again {
            tracing::info!(
                dropped = self.queue.state().dropped,
                "the history is written again"
            );
        }
    }

    fn fails(&mut self, error: &KeepError) {
        // What a failure left in memory is not what is in the file. A full disk is no reason to
        // close it: it could not be opened again.
        let keeps = matches!(error, KeepError::DiskNearlyFull | KeepError::NoTime)
            || self.file.as_mut().is_some_and(|file| {
                let ids = SeriesIds::load(&file.connection);
                let is_full = error.is_full() && ids.is_ok();
                file.ids = ids.unwrap_or_default();
                is_full
            });
        if !keeps {
            self.file = None;
        }
        let mut text = error.to_string();
        let mut source = std::error::Error::source(error);
        while let Some(next) = source {
            text = format!("{text}: {next}");
            source = next.source();
        }
        let mut is_new = false;
        self.queue.tell(|state| {
            is_new = state.failure.is_none();
            state.failure = Some(text.clone());
        });
        if is_new {
            tracing::warn!(error = text, "the history is not written");
        }
    }
}
