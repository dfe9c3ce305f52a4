//! What the meter tells, as plain data.

use std::sync::Arc;

use underpass_shared::config::SubaccountKey;
use underpass_shared::host::VirtualAddress;
use underpass_shared::monitor::{Outcome, Request};

/// Upper bounds of the counts by duration, milliseconds; what took longer is counted too.
pub const BOUNDS_MS: [u64; 22] = [
    10, 20, 30, 40, 50, 75, 100, 125, 150, 200, 300, 400, 500, 750, 1_000, 1_250, 1_500, 2_000,
    2_500, 3_000, 4_000, 5_000,
];

/// Counts that only grow, since the start of the agent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Requests that ended, whatever their answer.
    pub requests: u64,
    /// Of these, denied by access control.
    pub denied: u64,
    /// Of these, answered with an error because of the back end.
    pub failed: u64,
    /// Of these, broken off on either side.
    pub aborted: u64,
    /// Answers of back ends by the first digit of their status, from 1 to 5 and beyond.
    pub answers: [u64; 5],
    /// Bytes of bodies from the cloud, also of requests that have not ended.
    pub received: u64,
    /// Bytes of bodies to the cloud, also of requests that have not ended.
    pub sent: u64,
}

impl Totals {
    pub(super) fn count(&mut self, outcome: Outcome) {
        self.requests += 1;
        match outcome {
            Outcome::Denied => self.denied += 1,
            Outcome::Failed(_) => self.failed += 1,
            Outcome::Aborted => self.aborted += 1,
            Outcome::Answered(status) => {
                let class = usize::from(status / 100).clamp(1, self.answers.len());
                if let Some(count) = self.answers.get_mut(class - 1) {
                    *count += 1;
                }
            }
        }
    }

    /// Answers of back ends with a status of 500 and more.
    pub const fn server_errors(&self) -> u64 {
        let [.., errors] = self.answers;
        errors
    }

    /// Both together.
    pub(super) fn add(&mut self, other: &Self) {
        self.combine(other, u64::saturating_add);
    }

    /// What came since `earlier`.
    pub(super) fn since(mut self, earlier: &Self) -> Self {
        self.combine(earlier, u64::saturating_sub);
        self
    }

    fn combine(&mut self, other: &Self, with: impl Fn(u64, u64) -> u64) {
        let Self {
            requests,
            denied,
            failed,
            aborted,
            answers,
            received,
            sent,
        } = self;
        for (mine, theirs) in [
            (requests, other.requests),
            (denied, other.denied),
            (failed, other.failed),
            (aborted, other.aborted),
            (received, other.received),
            (sent, other.sent),
        ] {
            *mine = with(*mine, theirs);
        }
        for (mine, theirs) in answers.iter_mut().zip(other.answers) {
            *mine = with(*mine, theirs);
        }
    }
}

/// How long requests took, from their head to the last byte of the back end's answer (or of the
/// agent's, where the back end failed).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Durations {
    /// How many took at most as long as the bound at the same place of [`BOUNDS_MS`] and longer
    /// than the one before; the last ones took longer than all bounds.
    pub counts: [u64; BOUNDS_MS.len() + 1],
    /// All durations together, µs.
    pub sum_us: u64,
}

impl Durations {
    pub(super) fn record(&mut self, duration_us: u64) {
        let at = BOUNDS_MS.partition_point(|bound| bound * 1_000 < duration_us);
        if let Some(count) = self.counts.get_mut(at) {
            *count += 1;
        }
        self.sum_us = self.sum_us.saturating_add(duration_us);
    }

    /// How many there were.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// What came since `earlier`.
    pub(super) fn since(mut self, earlier: &Self) -> Self {
        for (count, before) in self.counts.iter_mut().zip(earlier.counts) {
            *count = count.saturating_sub(before);
        }
        self.sum_us = self.sum_us.saturating_sub(earlier.sum_us);
        self
    }
}

/// Connections to back ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Connections {
    /// In use.
    pub active: usize,
    /// Kept for the next request.
    pub idle: usize,
}

/// Of a mapping: what is called of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappingFigures {
    /// Whose mapping it is.
    pub subaccount: Arc<SubaccountKey>,
    /// The mapping.
    pub address: VirtualAddress,
    /// Counts since the start of the agent.
    pub totals: Totals,
    /// Durations since the start of the agent.
    pub durations: Durations,
    /// Durations since they were last deleted.
    pub performance: Durations,
    /// Requests in flight.
    pub open: usize,
    /// Its connections.
    pub connections: Connections,
    /// Whether the last probe reached the back end; none where it is not probed.
    pub up: Option<bool>,
}

/// Of a tunnel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TunnelFigures {
    /// Whose tunnel it is.
    pub subaccount: Arc<SubaccountKey>,
    /// Counts since the start of the agent; the mappings' and what led to no mapping.
    pub totals: Totals,
    /// Requests in flight.
    pub open: usize,
    /// Connections that are up.
    pub connections: usize,
    /// The last round trip to the gateway, µs.
    pub round_trip_us: Option<u64>,
    /// Connections that were opened again, since the start of the agent.
    pub reconnects: u64,
}

/// What was called of a mapping through one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceUse {
    /// Whose mapping it is.
    pub subaccount: Arc<SubaccountKey>,
    /// The mapping.
    pub address: VirtualAddress,
    /// The resource's path.
    pub resource: Arc<str>,
    /// How much.
    pub usage: Usage,
}

/// How much something was called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Requests that ended.
    pub calls: u64,
    /// Bytes of their bodies from the cloud.
    pub received: u64,
    /// Bytes of their answers' bodies to the cloud.
    pub sent: u64,
    /// When the last one ended, milliseconds UTC.
    pub last_ms: i64,
}

impl Usage {
    pub(super) const fn add(&mut self, other: &Self) {
        self.calls = self.calls.saturating_add(other.calls);
        self.received = self.received.saturating_add(other.received);
        self.sent = self.sent.saturating_add(other.sent);
        self.last_ms = other.last_ms;
    }
}

/// Requests that are remembered.
#[derive(Clone, Debug, Default)]
pub struct Remembered {
    /// In the order that was asked for.
    pub requests: Vec<Arc<Request>>,
    /// How many ended since `since_ms` and are remembered no more.
    pub dropped: u64,
    /// When remembering began, milliseconds UTC: at the start of the agent or the last delete.
    pub since_ms: i64,
}

/// How long requests took, by mapping.
#[derive(Clone, Debug)]
pub struct Performance {
    /// Mappings that were called at least once since the start of the agent.
    pub mappings: Vec<MappingFigures>,
    /// When counting began, milliseconds UTC: at the start of the agent or the last delete.
    pub since_ms: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_counted_at_the_first_bound_that_it_does_not_exceed() {
        let mut durations = Durations::default();
        for (us, at) in [
            (0, 0),
            (10_000, 0),
            (10_001, 1),
            (5_000_000, 21),
            (5_000_001, 22),
        ] {
            let before = durations;
            durations.record(us);
            let new = durations.since(&before);
            assert_eq!((new.counts[at], new.count(), new.sum_us), (1, 1, us));
        }
    }

    #[test]
    fn outcomes_are_counted_apart_and_all_together() {
        let mut totals = Totals::default();
        for outcome in [
            Outcome::Answered(101),
            Outcome::Answered(204),
            Outcome::Answered(503),
            Outcome::Answered(999),
            Outcome::Denied,
            Outcome::Failed(502),
            Outcome::Aborted,
        ] {
            totals.count(outcome);
        }
        assert_eq!((totals.requests, totals.denied), (7, 1));
        assert_eq!((totals.failed, totals.aborted), (1, 1));
        assert_eq!(
            (totals.answers, totals.server_errors()),
            ([1, 1, 0, 0, 2], 2)
        );
        assert_eq!(totals.since(&totals), Totals::default());
    }
}
