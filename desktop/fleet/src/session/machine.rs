//! When a session does what: no IO, no clock.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use underpass_shared::alert::{self, Happening};
use underpass_shared::api::management::{
    AlertTarget, DocumentTarget, Event, PendingConfirm, Query, Target,
};
use underpass_shared::instant::Now;

use super::fault::Fault;
use super::seen::Seen;
use crate::api::{Call, Heard};
use crate::remote::Remote;
use crate::slot::FromReply as _;
use crate::snapshot::{Link, Sample, Severity};
use crate::{FleetError, Reply};

/// How often the status is asked for, for the figures that no event tells.
const STATUS_EVERY: Duration = Duration::from_secs(15);
/// An agent that tells its figures tells them every 15 seconds.
const FIGURES_LATE: Duration = Duration::from_secs(40);
/// The shortest wait before an agent is called again, and the longest: a restart takes seconds, and
/// one that is off for the night is not to be called all night.
const WAIT_MIN: Duration = Duration::from_secs(1);
const WAIT_MAX: Duration = Duration::from_secs(60);
/// A link that was up for so long is taken for stable: the next loss begins with the shortest wait.
const STABLE: Duration = Duration::from_secs(30);

/// Something that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    Own,
    Status,
    Configuration,
    Pending,
    Version,
    Alerts,
    Samples,
}

impl Part {
    const ALL: [Self; 7] = [
        Self::Own,
        Self::Status,
        Self::Configuration,
        Self::Pending,
        Self::Version,
        Self::Alerts,
        Self::Samples,
    ];

    /// How it is asked for; figures are asked for in another way.
    pub(crate) fn call(self) -> Call {
        use underpass_shared::api::management::OperatorTarget;
        Call {
            query: Query::default(),
            ..Call::get(match self {
                Self::Own => Target::Operators(OperatorTarget::Own),
                Self::Status | Self::Samples => Target::Status,
                Self::Configuration => Target::Document(DocumentTarget::Whole),
                Self::Pending => Target::Document(DocumentTarget::PendingConfirm),
                Self::Version => Target::Version,
                Self::Alerts => Target::Alerts(AlertTarget::All),
            })
        }
    }
}

/// What a session is to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Ask for something.
    Load(Part),
    /// Open the stream of events, behind the event with this number where one was heard.
    Listen { after: Option<u64> },
    /// Wait for events, for the user, and no longer than until a time (monotonic).
    Wait { until: Option<Duration> },
}

#[derive(Debug)]
enum Phase {
    /// It is being called, or answers.
    Up { listens: bool },
    /// It is called again at a time (monotonic).
    Away { until: Duration },
    /// It is called when the user wants it.
    Stopped,
}

/// The state of a session.
#[derive(Debug)]
pub(crate) struct Machine {
    pub(crate) seen: Seen,
    phase: Phase,
    wanted: BTreeSet<Part>,
    failures: u32,
    online_since: Option<Duration>,
    last_event: Option<u64>,
    status_due: Duration,
    /// Until when the agent is trusted to tell by itself that there are newer figures.
    figures_due: Duration,
}

impl Machine {
    pub(crate) fn new(now: Now) -> Self {
        Self {
            seen: Seen::nothing(now.wall_ms),
            phase: Phase::Up { listens: false },
            wanted: Part::ALL.into(),
            failures: 0,
            online_since: None,
            last_event: None,
            status_due: Duration::ZERO,
            figures_due: Duration::ZERO,
        }
    }

    /// What to do now.
    pub(crate) fn next(&mut self, now: Now) -> Step {
        match self.phase {
            Phase::Stopped => Step::Wait { until: None },
            Phase::Away { until } if now.monotonic < until => Step::Wait { until: Some(until) },
            Phase::Away { .. } => {
                self.call_again(now);
                self.next(now)
            }
            Phase::Up { listens } => {
                if !listens && !self.wanted.contains(&Part::Own) {
                    let after = self.last_event;
                    return Step::Listen { after };
                }
                if let Some(part) = self.wanted.first() {
                    return Step::Load(*part);
                }
                if now.monotonic >= self.status_due {
                    self.status_due = now.monotonic + STATUS_EVERY;
                    self.wanted.extend([Part::Status, Part::Alerts]);
                    if now.monotonic >= self.figures_due {
                        self.wanted.insert(Part::Samples);
                    }
                    return self.next(now);
                }
                let until = Some(self.status_due);
                Step::Wait { until }
            }
        }
    }

    fn call_again(&mut self, now: Now) {
        self.seen.link = Link::Connecting {
            since_ms: now.wall_ms,
            attempt: self.failures,
        };
        self.phase = Phase::Up { listens: false };
        self.wanted = Part::ALL.into();
    }

    /// The user wants it called now.
    pub(crate) fn retry(&mut self, now: Now) {
        match self.phase {
            Phase::Up { .. } => {}
            Phase::Away { .. } | Phase::Stopped => self.call_again(now),
        }
    }

    /// The user wants all of it anew.
    pub(crate) fn refresh(&mut self, now: Now) {
        match self.phase {
            Phase::Up { .. } => self.wanted.extend(Part::ALL),
            Phase::Away { .. } | Phase::Stopped => self.call_again(now),
        }
    }

    /// A configuration was applied; do not wait for the event.
    pub(crate) fn changed(&mut self) {
        self.wanted.extend([
            Part::Configuration,
            Part::Status,
            Part::Pending,
            Part::Alerts,
        ]);
    }

    /// Marks what is about to be asked for.
    pub(crate) fn loading(&mut self, part: Part) {
        match part {
            Part::Own => self.seen.own = self.seen.own.loading(),
            Part::Version => self.seen.version = self.seen.version.loading(),
            Part::Configuration => self.seen.configuration = self.seen.configuration.loading(),
            // Asked for all the time: a flicker would tell nothing.
            Part::Status | Part::Pending | Part::Samples | Part::Alerts => {}
        }
    }

    /// Takes an answer, or why there is none. `random` is uniform over its whole range.
    pub(crate) fn loaded(
        &mut self,
        part: Part,
        answer: Result<&Reply, &FleetError>,
        now: Now,
        random: u32,
    ) {
        let fault = match answer {
            Ok(_) => None,
            Err(error) => match Fault::of(error) {
                // Who may not ask who he is may nothing.
                Fault::Answer { forbidden: true } if part == Part::Own => Some(Fault::Refused),
                Fault::Answer { .. } => None,
                fault @ (Fault::Lost | Fault::Refused | Fault::KeyChanged) => Some(fault),
            },
        };
        if let (Some(fault), Err(error)) = (fault, answer) {
            self.failed(fault, error, now, random);
            return;
        }
        self.wanted.remove(&part);
        self.seen.last_seen_ms = Some(now.wall_ms);
        self.take(part, answer, now);
        if part == Part::Own && !self.seen.link.is_online() {
            self.seen.link = Link::Online {
                since_ms: now.wall_ms,
            };
            self.online_since = Some(now.monotonic);
            self.status_due = now.monotonic + STATUS_EVERY;
        }
    }

    fn take(&mut self, part: Part, answer: Result<&Reply, &FleetError>, now: Now) {
        fn read<T: crate::slot::FromReply>(
            into: &mut Remote<T>,
            answer: Result<&Reply, &FleetError>,
            at_ms: i64,
        ) {
            let read = match answer {
                Ok(reply) => T::from_reply(reply).map_err(|error| error.reason()),
                Err(error) => Err(error.reason()),
            };
            *into = match read {
                Ok(value) => Remote::ready(value, at_ms),
                Err(reason) => into.failed(reason),
            };
        }
        let at_ms = now.wall_ms;
        match part {
            Part::Own => read(&mut self.seen.own, answer, at_ms),
            Part::Version => read(&mut self.seen.version, answer, at_ms),
            Part::Alerts => read(&mut self.seen.alerts, answer, at_ms),
            Part::Status => read(&mut self.seen.status, answer, at_ms),
            Part::Configuration => read(&mut self.seen.configuration, answer, at_ms),
            Part::Pending => {
                let read = answer.ok().map(PendingConfirm::from_reply);
                self.seen.pending = read.and_then(Result::ok);
            }
            Part::Samples => {}
        }
    }

    /// Takes figures.
    pub(crate) fn sampled(&mut self, samples: Vec<Sample>) {
        self.wanted.remove(&Part::Samples);
        if !samples.is_empty() {
            self.seen.series = self.seen.series.with(samples);
        }
    }

    /// The stream of events is open.
    pub(crate) fn listens(&mut self) {
        if let Phase::Up { listens } = &mut self.phase {
            *listens = true;
        }
    }

    /// Why the stream of events cannot be opened, or that it broke.
    pub(crate) fn deaf(&mut self, error: &FleetError, now: Now, random: u32) {
        let fault = match Fault::of(error) {
            Fault::Answer { forbidden: true } => Fault::Refused,
            Fault::Answer { forbidden: false } => Fault::Lost,
            other @ (Fault::Lost | Fault::Refused | Fault::KeyChanged) => other,
        };
        self.failed(fault, error, now, random);
    }

    /// The agent ended the stream in order; it is opened again.
    pub(crate) fn ended(&mut self) {
        if let Phase::Up { listens } = &mut self.phase {
            *listens = false;
            self.wanted.insert(Part::Own);
        }
    }

    fn failed(&mut self, fault: Fault, error: &FleetError, now: Now, random: u32) {
        let reason: Arc<str> = error.reason().into();
        self.seen.make_stale(&reason);
        let was_stable = self
            .online_since
            .take()
            .is_some_and(|since| now.monotonic.saturating_sub(since) >= STABLE);
        if was_stable {
            self.failures = 0;
        }
        match fault {
            Fault::Lost | Fault::Answer { .. } => {
                let wait = wait(self.failures, random);
                self.failures = self.failures.saturating_add(1);
                let since_ms = match self.seen.link {
                    Link::Away { since_ms, .. } => since_ms,
                    Link::Connecting { .. } if self.failures > 1 => {
                        self.seen.last_seen_ms.unwrap_or(now.wall_ms)
                    }
                    Link::Connecting { .. }
                    | Link::Online { .. }
                    | Link::Refused { .. }
                    | Link::KeyChanged { .. } => now.wall_ms,
                };
                let wait_ms = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
                self.seen.link = Link::Away {
                    since_ms,
                    reason,
                    next_try_ms: now.wall_ms.saturating_add(wait_ms),
                };
                self.phase = Phase::Away {
                    until: now.monotonic + wait,
                };
            }
            Fault::Refused => {
                self.seen.link = Link::Refused { reason };
                self.phase = Phase::Stopped;
            }
            Fault::KeyChanged => {
                self.seen.link = Link::KeyChanged { reason };
                self.phase = Phase::Stopped;
            }
        }
    }

    /// Takes an event; what is to be told to the user comes back.
    pub(crate) fn heard(&mut self, heard: Heard, now: Now) -> Option<(Severity, String)> {
        self.seen.last_seen_ms = Some(now.wall_ms);
        self.last_event = heard.id.or(self.last_event);
        match heard.message?.event {
            Event::Start { revision } => {
                let known = self.seen.configuration.value().map(|known| known.revision);
                if known != Some(revision) {
                    self.changed();
                }
                None
            }
            Event::Reset { .. } => {
                self.wanted.extend(Part::ALL);
                None
            }
            Event::Tunnel { .. } => {
                self.wanted.insert(Part::Status);
                None
            }
            Event::Revision { number, .. } => {
                let known = self.seen.configuration.value().map(|known| known.revision);
                if known.is_none_or(|known| known < number) {
                    self.changed();
                }
                None
            }
            Event::PendingConfirm { pending } => {
                self.seen.pending = pending;
                None
            }
            Event::Warnings { .. } => {
                self.wanted.insert(Part::Status);
                None
            }
            Event::Metrics { .. } => {
                // The history has them now, and asking it fills what was missed too.
                self.wanted.insert(Part::Samples);
                self.figures_due = now.monotonic + FIGURES_LATE;
                None
            }
            Event::Notice { text } => Some((Severity::Info, crate::error::clean(&text))),
            Event::Alert { notice } => {
                self.wanted.insert(Part::Alerts);
                let text = format!("{}: {}", notice.alert.title, notice.alert.text);
                let severity = match (notice.happening, notice.alert.severity) {
                    (Happening::Resolved | Happening::Test, _) => Severity::Info,
                    (Happening::Raised | Happening::Reminded, alert::Severity::Error) => {
                        Severity::Error
                    }
                    (Happening::Raised | Happening::Reminded, _) => Severity::Warning,
                };
                Some((severity, crate::error::clean(&text)))
            }
            Event::End { reason } => {
                self.ended();
                Some((Severity::Warning, crate::error::clean(&reason)))
            }
        }
    }
}

/// How long to wait before an agent is called again: doubled each time, with jitter, so that a fleet
/// behind one broken router does not come back as one.
fn wait(failures: u32, random: u32) -> Duration {
    let doubled = WAIT_MIN.saturating_mul(1_u32.checked_shl(failures).unwrap_or(u32::MAX));
    let most = doubled.min(WAIT_MAX);
    let share = f64::from(random) / f64::from(u32::MAX);
    most.mul_f64(0.5 + share / 2.0).max(WAIT_MIN)
}

#[cfg(test)]
mod tests;
