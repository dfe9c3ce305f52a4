//! Slows down whoever tries secrets.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

/// Wrong secrets within one window before the door closes until its end.
pub const FAILURES_MAX: u32 = 10;
/// The window, which starts with the first failure.
pub const WINDOW: Duration = Duration::from_secs(60);
/// Callers remembered at once, about half a megabyte; beyond it the oldest is forgotten.
pub const TRACKED_MAX: usize = 4096;

/// An address, and the binding it named if there is one.
type Caller = (IpAddr, Option<String>);

/// Failures per caller. Successes are not counted.
#[derive(Debug, Default)]
pub struct FailureLimit {
    callers: BTreeMap<Caller, Failures>,
}

#[derive(Debug)]
struct Failures {
    since_ms: i64,
    count: u32,
}

impl FailureLimit {
    /// How long this caller has to wait, if it does.
    pub fn wait(&self, caller: &Caller, now_ms: i64) -> Option<Duration> {
        let failures = self.callers.get(caller)?;
        let left = failures.left(now_ms)?;
        (failures.count >= FAILURES_MAX).then_some(left)
    }

    /// Counts a failure.
    pub fn note(&mut self, caller: Caller, now_ms: i64) {
        if !self.callers.contains_key(&caller) && self.callers.len() >= TRACKED_MAX {
            self.make_room(now_ms);
        }
        let failures = self.callers.entry(caller).or_insert(Failures {
            since_ms: now_ms,
            count: 0,
        });
        if failures.left(now_ms).is_none() {
            *failures = Failures {
                since_ms: now_ms,
                count: 0,
            };
        }
        failures.count = failures.count.saturating_add(1);
    }

    #[cfg(test)]
    pub(super) fn tracked(&self) -> usize {
        self.callers.len()
    }

    fn make_room(&mut self, now_ms: i64) {
        self.callers
            .retain(|_, failures| failures.left(now_ms).is_some());
        if self.callers.len() < TRACKED_MAX {
            return;
        }
        let oldest = self
            .callers
            .iter()
            .min_by_key(|(_, failures)| failures.since_ms);
        if let Some(oldest) = oldest.map(|(caller, _)| caller.clone()) {
            self.callers.remove(&oldest);
        }
    }
}

impl Failures {
    /// What is left of the window; a clock that went back starts a new one.
    fn left(&self, now_ms: i64) -> Option<Duration> {
        let passed = Duration::from_millis(u64::try_from(now_ms - self.since_ms).ok()?);
        WINDOW.checked_sub(passed).filter(|left| !left.is_zero())
    }
}
