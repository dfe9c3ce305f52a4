//! When a scheduled backup is due, by what was done before: pure, with time as an argument.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::{Ahead, BackupSchedule, Cron, CronClock};

/// How soon a run is tried again after the first failure; twice as late after each further one.
const RETRY_FIRST: Duration = Duration::from_secs(60);
/// How late at most: what was repaired in the morning has a backup before noon.
const RETRY_MOST: Duration = Duration::from_secs(60 * 60);
const HOUR_MS: i64 = 60 * 60 * 1_000;
/// Why a run ended that nobody saw the end of.
const INTERRUPTED: &str = "the agent ended before the backup was done";

/// A run of a schedule that ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScheduledRun {
    /// When it began, milliseconds UTC.
    pub started_ms: i64,
    /// When it ended, milliseconds UTC.
    pub ended_ms: i64,
    /// Who asked for it; nobody where its time had come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_by: Option<String>,
    /// Why it left no good backup; nothing where it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// What it left, where that is good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made: Option<ScheduledBackup>,
}

/// A good backup that a schedule made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScheduledBackup {
    /// The name of its file.
    pub file: String,
    /// Where that went.
    pub target: String,
    /// Its bytes.
    pub bytes: u64,
    /// The revision that it holds.
    pub revision: u64,
    /// What somebody should look at all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
}

/// What is known of a schedule beside the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScheduleRecord {
    /// The times that it is of: others begin anew.
    cron: Cron,
    #[serde(default)]
    clock: CronClock,
    /// Whether it was on.
    enabled: bool,
    /// Since when it is waited for these times, milliseconds UTC. What came before is not missed.
    since_ms: i64,
    /// Since when there is a schedule of this name, milliseconds UTC.
    known_since_ms: i64,
    /// A run that began and did not end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    begun: Option<Begun>,
    /// Runs that failed since the last good one.
    #[serde(default)]
    pub failures: u32,
    /// The newest run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<ScheduledRun>,
    /// The newest run that left a good backup.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_good: Option<ScheduledRun>,
}

/// A run that began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Begun {
    at_ms: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    asked_by: Option<String>,
}

impl ScheduleRecord {
    /// Of a schedule that is new.
    pub fn new(schedule: &BackupSchedule, now_ms: i64) -> Self {
        Self {
            cron: schedule.cron.clone(),
            clock: schedule.clock,
            enabled: schedule.enabled,
            since_ms: now_ms,
            known_since_ms: now_ms,
            begun: None,
            failures: 0,
            last: None,
            last_good: None,
        }
    }

    /// Follows the configuration, and a clock that was set back. Whether anything is different now.
    pub fn follow(&mut self, schedule: &BackupSchedule, now_ms: i64) -> bool {
        let before = (self.since_ms, self.known_since_ms, self.enabled);
        let present = (&schedule.cron, schedule.clock, schedule.enabled);
        let same = (&self.cron, self.clock, self.enabled) == present;
        if !same {
            self.cron = schedule.cron.clone();
            self.clock = schedule.clock;
            self.enabled = schedule.enabled;
            self.since_ms = now_ms;
        }
        self.since_ms = self.since_ms.min(now_ms);
        self.known_since_ms = self.known_since_ms.min(now_ms);
        !same || before != (self.since_ms, self.known_since_ms, self.enabled)
    }

    /// When the next backup is to be made; a time that is past where it is due, also where the agent
    /// was not there at its time, however often that came. None while the schedule is off.
    pub fn next(&self, ahead: Ahead<'_>) -> Option<i64> {
        if !self.enabled {
            return None;
        }
        let next = match self.clock {
            CronClock::Utc => self.cron.next_after(self.since_ms, &|_utc| 0),
            CronClock::Local => self.cron.next_after(self.since_ms, ahead),
        };
        match (next, self.retry()) {
            (Some(next), Some(retry)) => Some(next.min(retry)),
            (next, retry) => next.or(retry),
        }
    }

    /// When a run that failed is tried again.
    fn retry(&self) -> Option<i64> {
        let doublings = self.failures.checked_sub(1)?;
        let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
        let wait = RETRY_FIRST.saturating_mul(factor).min(RETRY_MOST);
        let wait = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
        Some(self.since_ms.saturating_add(wait))
    }

    /// A run begins.
    pub fn begin(&mut self, asked_by: Option<String>, now_ms: i64) {
        self.since_ms = now_ms;
        self.begun = Some(Begun {
            at_ms: now_ms,
            asked_by,
        });
    }

    /// The run that began has ended: with a backup, or because of a problem.
    pub fn end(&mut self, outcome: Result<ScheduledBackup, String>, now_ms: i64) {
        let begun = self.begun.take().unwrap_or(Begun {
            at_ms: now_ms,
            asked_by: None,
        });
        let (made, problem) = match outcome {
            Ok(made) => (Some(made), None),
            Err(problem) => (None, Some(problem)),
        };
        let run = ScheduledRun {
            started_ms: begun.at_ms,
            ended_ms: now_ms,
            asked_by: begun.asked_by,
            problem,
            made,
        };
        if run.problem.is_none() {
            self.failures = 0;
            self.last_good = Some(run.clone());
        } else {
            self.failures = self.failures.saturating_add(1);
            // Waits are counted from the end, and times that came meanwhile are tried with it.
            self.since_ms = now_ms;
        }
        self.last = Some(run);
    }

    /// A process begins: what another one left running has failed. Whether there was such a run.
    pub fn resume(&mut self, now_ms: i64) -> bool {
        let interrupted = self.begun.is_some();
        if interrupted {
            self.end(Err(INTERRUPTED.to_owned()), now_ms);
        }
        interrupted
    }

    /// Why the newest good backup is too old, if it is.
    pub fn overdue(&self, schedule: &BackupSchedule, now_ms: i64) -> Option<Overdue> {
        let hours = schedule.wanted_within_hours.filter(|_| schedule.enabled)?;
        let good_ms = self.last_good.as_ref().map(|run| run.ended_ms);
        let since = good_ms.unwrap_or(self.known_since_ms);
        let late = now_ms.saturating_sub(since) > i64::from(hours.get()) * HOUR_MS;
        late.then_some(Overdue { good_ms })
    }
}

/// The newest good backup is too old.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overdue {
    /// When it was made, milliseconds UTC; there may be none.
    pub good_ms: Option<i64>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const MINUTE_MS: i64 = 60_000;
    const DAY_MS: i64 = 24 * HOUR_MS;

    fn schedule(cron: &str, enabled: bool) -> BackupSchedule {
        serde_json::from_value(json!({
            "name": "n", "cron": cron, "enabled": enabled, "wantedWithinHours": 26,
            "recipients": ["age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"],
            "target": {"directory": {"path": "/x"}},
        }))
        .unwrap()
    }

    fn made() -> ScheduledBackup {
        ScheduledBackup {
            file: "f".to_owned(),
            target: "/x".to_owned(),
            bytes: 1,
            revision: 1,
            remark: None,
        }
    }

    fn next(record: &ScheduleRecord) -> Option<i64> {
        record.next(&|_utc| 0)
    }

    #[test]
    fn runs_come_in_their_time_and_missed_ones_once() {
        let daily = schedule("0 2 * * *", true);
        let mut record = ScheduleRecord::new(&daily, HOUR_MS);
        assert_eq!(next(&record), Some(2 * HOUR_MS));
        record.begin(None, 2 * HOUR_MS + 5);
        record.end(Ok(made()), 2 * HOUR_MS + 900);
        assert_eq!(next(&record), Some(DAY_MS + 2 * HOUR_MS));
        assert_eq!(record.last, record.last_good);
        // Five days later the missed ones are one, which is due at once.
        let late = 6 * DAY_MS + 12 * HOUR_MS;
        assert!(!record.follow(&daily, late));
        assert!(next(&record).unwrap() < late);
        record.begin(None, late);
        record.end(Ok(made()), late + 1);
        assert_eq!(next(&record), Some(7 * DAY_MS + 2 * HOUR_MS));
        // One in between puts nothing off.
        record.begin(Some("me".to_owned()), late + HOUR_MS);
        record.end(Ok(made()), late + HOUR_MS + 1);
        assert_eq!(
            record.last.as_ref().unwrap().asked_by.as_deref(),
            Some("me")
        );
        assert_eq!(next(&record), Some(7 * DAY_MS + 2 * HOUR_MS));
    }

    #[test]
    fn other_times_begin_anew_and_a_clock_may_be_set_back() {
        let daily = schedule("0 2 * * *", true);
        let mut record = ScheduleRecord::new(&daily, DAY_MS);
        // What was off, or had other times, missed nothing.
        assert!(record.follow(&schedule("0 2 * * *", false), 2 * DAY_MS));
        assert_eq!(next(&record), None);
        assert!(record.follow(&daily, 9 * DAY_MS));
        assert_eq!(next(&record), Some(9 * DAY_MS + 2 * HOUR_MS));
        assert!(record.follow(&schedule("0 1 * * *", true), 20 * DAY_MS));
        assert_eq!(next(&record), Some(20 * DAY_MS + HOUR_MS));
        // The clock was wrong by weeks: it is not waited for all that time.
        assert!(record.follow(&schedule("0 1 * * *", true), 3 * DAY_MS));
        assert_eq!(next(&record), Some(3 * DAY_MS + HOUR_MS));
        assert!(!record.follow(&schedule("0 1 * * *", true), 3 * DAY_MS));
    }

    #[test]
    fn what_failed_is_tried_again_ever_later_until_it_is_good() {
        let weekly = schedule("0 0 * * 0", true);
        let mut record = ScheduleRecord::new(&weekly, 0);
        let mut now = 3 * DAY_MS;
        let mut waits = vec![];
        for _ in 0..9 {
            record.begin(None, now);
            record.end(Err("full".to_owned()), now + 10);
            let again = next(&record).unwrap();
            waits.push((again - now - 10) / MINUTE_MS);
            now = again;
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(record.failures, 9);
        record.begin(None, now);
        record.end(Ok(made()), now);
        assert_eq!((record.failures, next(&record)), (0, Some(10 * DAY_MS)));
        // The next time is not put off by a wait.
        let mut often = ScheduleRecord::new(&schedule("* * * * *", true), 0);
        often.failures = 6;
        assert_eq!(next(&often), Some(MINUTE_MS));
    }

    #[test]
    fn a_run_that_nobody_ended_has_failed() {
        let mut record = ScheduleRecord::new(&schedule("0 2 * * *", true), 0);
        assert!(!record.resume(1));
        record.begin(None, 2 * HOUR_MS);
        let text = serde_json::to_string(&record).unwrap();
        let mut record: ScheduleRecord = serde_json::from_str(&text).unwrap();
        assert!(record.resume(3 * HOUR_MS));
        let last = record.last.as_ref().unwrap();
        assert_eq!(last.problem.as_deref(), Some(INTERRUPTED));
        assert_eq!((last.started_ms, record.failures), (2 * HOUR_MS, 1));
        assert_eq!(next(&record), Some(3 * HOUR_MS + MINUTE_MS));
    }

    #[test]
    fn a_backup_that_is_wanted_and_not_there_is_told() {
        let daily = schedule("0 2 * * *", true);
        let mut record = ScheduleRecord::new(&daily, 0);
        assert_eq!(record.overdue(&daily, 26 * HOUR_MS), None);
        let none = Some(Overdue { good_ms: None });
        assert_eq!(record.overdue(&daily, 26 * HOUR_MS + 1), none);
        assert_eq!(
            record.overdue(&schedule("0 2 * * *", false), 99 * HOUR_MS),
            None
        );
        record.begin(None, 30 * HOUR_MS);
        record.end(Ok(made()), 30 * HOUR_MS);
        assert_eq!(record.overdue(&daily, 56 * HOUR_MS), None);
        // A run that failed is no backup.
        record.begin(None, 56 * HOUR_MS);
        record.end(Err("away".to_owned()), 56 * HOUR_MS);
        let good_ms = Some(30 * HOUR_MS);
        let old = Some(Overdue { good_ms });
        assert_eq!(record.overdue(&daily, 56 * HOUR_MS + 1), old);
    }
}
