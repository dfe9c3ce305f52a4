//! Scheduled backups: what is known of each schedule, where its backups go, and what is wrong.
//!
//! When a backup is due is decided in `shared`; making one is the work of the handlers, which have
//! all that goes into it.

mod files;
mod folder;
#[cfg(test)]
mod tests;
mod upload;
mod zone;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use underpass_runtime::file;
use underpass_shared::alert::{AlertId, Code, Condition};
use underpass_shared::api::management::{ScheduleState, ScheduleStatus};
use underpass_shared::backup::{ScheduleRecord, ScheduledBackup};
use underpass_shared::config::{BackupSchedule, BackupSchedules, ScheduleName};

pub(crate) use self::files::FileName;
pub(crate) use self::folder::{store, tidy};
pub(crate) use self::upload::{Tempo, Way, put};
use self::zone::Zone;
use crate::utc::utc;

/// The file in the data directory.
const FILE: &str = "backup-schedules.json";

/// Backups at a time that are written to folders: threads that wait for a share that is away stay.
const THREADS_MAX: usize = 4;

/// What is known of all schedules. Clones are the same.
#[derive(Clone, Debug)]
pub(crate) struct Schedules(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    book: Mutex<Book>,
    /// Somebody asked for a backup.
    asked: Notify,
    threads: Arc<Semaphore>,
}

#[derive(Debug, Default)]
struct Book {
    records: BTreeMap<ScheduleName, ScheduleRecord>,
    /// Schedules by which somebody wants a backup now, and who.
    asked: BTreeMap<ScheduleName, String>,
    /// The one that is followed now, and what it does.
    running: Option<(ScheduleName, ScheduleState)>,
}

/// A backup that is to be made now.
#[derive(Clone, Debug)]
pub(crate) struct Due {
    /// By which schedule.
    pub(crate) schedule: BackupSchedule,
    /// Who asked for it; nobody where its time has come.
    pub(crate) asked_by: Option<String>,
}

impl Schedules {
    /// Of a data directory. What is known cannot be read: it is begun anew.
    pub(crate) fn open(data_dir: &Path) -> Self {
        let path = data_dir.join(FILE);
        let records = match std::fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text).unwrap_or_else(|error| {
                tracing::warn!(%error, "when backups were made is not known: {FILE} is damaged");
                BTreeMap::new()
            }),
            Err(_none) => BTreeMap::new(),
        };
        let book = Mutex::new(Book {
            records,
            ..Book::default()
        });
        Self(Arc::new(Inner {
            path,
            book,
            asked: Notify::new(),
            threads: Arc::new(Semaphore::new(THREADS_MAX)),
        }))
    }

    /// A thread for a folder, if one is free.
    pub(crate) fn thread(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0.threads).try_acquire_owned().ok()
    }

    /// A process begins to follow them.
    pub(crate) fn resume(&self, now_ms: i64) {
        let mut book = self.book();
        let mut interrupted = false;
        for record in book.records.values_mut() {
            interrupted |= record.resume(now_ms);
        }
        if interrupted {
            self.save(&book);
        }
    }

    /// Follows the configuration.
    pub(crate) fn follow(&self, list: &BackupSchedules, now_ms: i64) {
        let mut book = self.book();
        let before = book.records.len();
        let is_there = |name: &ScheduleName| list.get(name).is_some();
        book.records.retain(|name, _| is_there(name));
        book.asked.retain(|name, _| is_there(name));
        let mut changed = book.records.len() != before;
        for schedule in list.as_slice() {
            let known = book.records.get_mut(&schedule.name);
            changed |= match known {
                Some(record) => record.follow(schedule, now_ms),
                None => {
                    let record = ScheduleRecord::new(schedule, now_ms);
                    book.records.insert(schedule.name.clone(), record);
                    true
                }
            };
        }
        if changed {
            self.save(&book);
        }
    }

    /// Wants a backup now. False where one is being made, or is asked for already.
    pub(crate) fn ask(&self, name: &ScheduleName, by: String) -> bool {
        let mut book = self.book();
        let runs = book.running.as_ref().is_some_and(|(one, _)| one == name);
        if runs || book.asked.contains_key(name) {
            return false;
        }
        book.asked.insert(name.clone(), by);
        self.0.asked.notify_one();
        true
    }

    /// Resolves when somebody asked for a backup.
    pub(crate) async fn asked(&self) {
        self.0.asked.notified().await;
    }

    /// The backup that is to be made now: what somebody asked for comes first, then what is due
    /// longest.
    pub(crate) fn due(&self, list: &BackupSchedules, now_ms: i64) -> Option<Due> {
        let mut book = self.book();
        while let Some((name, by)) = book.asked.pop_first() {
            if let Some(schedule) = list.get(&name) {
                // Until it begins, it must not look as if nobody had asked.
                book.running = Some((name, ScheduleState::Asked));
                return Some(Due {
                    schedule: schedule.clone(),
                    asked_by: Some(by),
                });
            }
        }
        let zone = Zone::of_host();
        let next = |name: &ScheduleName| book.records.get(name)?.next(&|utc| zone.ahead(utc));
        let due = list.as_slice().iter();
        let due = due.filter_map(|one| Some((next(&one.name)?, one)));
        let due = due.filter(|(next, _)| *next <= now_ms);
        let (_, schedule) = due.min_by_key(|(next, _)| *next)?;
        Some(Due {
            schedule: schedule.clone(),
            asked_by: None,
        })
    }

    /// How long nothing is due.
    pub(crate) fn wait(&self, now_ms: i64) -> Option<Duration> {
        let (book, zone) = (self.book(), Zone::of_host());
        let next = book.records.values();
        let next = next
            .filter_map(|one| one.next(&|utc| zone.ahead(utc)))
            .min()?;
        Some(Duration::from_millis(
            u64::try_from(next - now_ms).unwrap_or_default(),
        ))
    }

    /// A backup is being made.
    pub(crate) fn begin(&self, due: &Due, now_ms: i64) {
        let mut book = self.book();
        let name = &due.schedule.name;
        book.running = Some((name.clone(), ScheduleState::Making));
        if let Some(record) = book.records.get_mut(name) {
            record.begin(due.asked_by.clone(), now_ms);
        }
        self.save(&book);
    }

    /// What is done for it now.
    pub(crate) fn step(&self, state: ScheduleState) {
        if let Some((_, now)) = &mut self.book().running {
            *now = state;
        }
    }

    /// How it ended.
    pub(crate) fn end(
        &self,
        name: &ScheduleName,
        outcome: Result<ScheduledBackup, String>,
        now_ms: i64,
    ) {
        let mut book = self.book();
        book.running = None;
        // The schedule may have been removed meanwhile.
        if let Some(record) = book.records.get_mut(name) {
            record.end(outcome, now_ms);
        }
        self.save(&book);
    }

    /// How a schedule is doing.
    pub(crate) fn status(&self, schedule: &BackupSchedule, now_ms: i64) -> ScheduleStatus {
        let (book, zone) = (self.book(), Zone::of_host());
        let known = book.records.get(&schedule.name).cloned();
        let mut record = known.unwrap_or_else(|| ScheduleRecord::new(schedule, now_ms));
        record.follow(schedule, now_ms);
        let running = book.running.as_ref();
        let running = running.filter(|(name, _)| *name == schedule.name);
        let state = match running {
            Some((_, state)) => *state,
            None if book.asked.contains_key(&schedule.name) => ScheduleState::Asked,
            None if schedule.enabled => ScheduleState::Waiting,
            None => ScheduleState::Off,
        };
        ScheduleStatus {
            state,
            next_ms: record.next(&|utc| zone.ahead(utc)),
            overdue: record.overdue(schedule, now_ms).is_some(),
            failures: record.failures,
            last: record.last,
            last_good: record.last_good,
        }
    }

    /// What is wrong: backups that are too old, and runs that failed.
    pub(crate) fn conditions(&self, list: &BackupSchedules, now_ms: i64) -> Vec<Condition> {
        let book = self.book();
        let known = list.as_slice().iter();
        let known = known.filter_map(|one| Some((one, book.records.get(&one.name)?)));
        let wrong = known.flat_map(|(one, record)| {
            let overdue = record.overdue(one, now_ms).map(|overdue| {
                let hours = one.wanted_within_hours.map_or(0, |hours| hours.get());
                let newest = match overdue.good_ms {
                    Some(ms) => format!("the newest good backup is of {} UTC", utc(ms)),
                    None => "there is no good backup yet".to_owned(),
                };
                let text = format!("{newest}; one is wanted every {hours} hours");
                condition(Code::BackupOverdue, &one.name, text)
            });
            let last = record.last.as_ref().filter(|_| one.enabled);
            let problem = last.and_then(|last| Some((last, last.problem.as_ref()?)));
            let failed = problem.map(|(last, why)| {
                let at = utc(last.started_ms);
                let text = format!("no backup was made at {at} UTC: {why}");
                condition(Code::BackupFailed, &one.name, text)
            });
            overdue.into_iter().chain(failed)
        });
        wrong.collect()
    }

    fn save(&self, book: &Book) {
        let json = serde_json::to_vec_pretty(&book.records).map_err(std::io::Error::from);
        let written = json.and_then(|json| file::replace(&self.0.path, &json));
        if let Err(error) = written {
            tracing::warn!(%error, "cannot note when backups were made");
        }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn condition(code: Code, name: &ScheduleName, text: String) -> Condition {
    let entity = name.to_string();
    Condition {
        id: AlertId { code, entity },
        text,
        because_of: None,
        days_left: None,
    }
}
