//! Back ends: fast enough, without many errors. Whether they are there is found by their probes.

use std::collections::BTreeMap;
use std::time::Duration;

use underpass_shared::alert::{Code, Condition};
use underpass_shared::config::{AlertLimits, Document, SubaccountKey};
use underpass_shared::host::VirtualAddress;
use underpass_shared::monitor::{Entity, Histogram, Metric, Point, Sample};

use super::{condition, mapping_name, without_backend};

/// The share of requests whose time counts.
const SHARE: f64 = 0.95;

/// What happened to the requests of one mapping.
#[derive(Debug, Default)]
struct Figures {
    /// Requests that were let through.
    requests: u64,
    /// Those that ended in an error of the back end, or of the way to it.
    errors: u64,
    /// Time until the answer, µs.
    times: Histogram,
}

type ByMapping = BTreeMap<(SubaccountKey, VirtualAddress), Figures>;

/// What happened lately, in two halves of a window: the older one goes as a whole.
#[derive(Debug, Default)]
pub(super) struct Backends {
    /// The end of the newest sample that was taken in, milliseconds UTC.
    taken_ms: i64,
    /// When the newer half began, by the clock that never jumps.
    turned: Duration,
    newer: ByMapping,
    older: ByMapping,
}

impl Backends {
    /// Takes in a sample, once.
    pub(super) fn take(&mut self, sample: &Sample, window: Duration, now: Duration) {
        if now.saturating_sub(self.turned) >= window / 2 {
            self.older = std::mem::take(&mut self.newer);
            self.turned = now;
        }
        if sample.end_ms == self.taken_ms {
            return;
        }
        self.taken_ms = sample.end_ms;
        for (series, point) in &sample.points {
            let Entity::Mapping(key, address) = &series.entity else {
                continue;
            };
            let mapping = || (key.clone(), address.clone());
            match (series.metric, point) {
                (Metric::Requests, Point::Tally(tally)) => {
                    let one = self.newer.entry(mapping()).or_default();
                    one.requests = one.requests.saturating_add(tally.sum);
                }
                (Metric::RequestsDenied, Point::Tally(tally)) => {
                    let one = self.newer.entry(mapping()).or_default();
                    one.requests = one.requests.saturating_sub(tally.sum);
                }
                (Metric::RequestsFailed | Metric::AnswersServerError, Point::Tally(tally)) => {
                    let one = self.newer.entry(mapping()).or_default();
                    one.errors = one.errors.saturating_add(tally.sum);
                }
                (Metric::TimeBackend, Point::Durations(times)) => {
                    let one = self.newer.entry(mapping()).or_default();
                    one.times.merge(times);
                }
                (_, Point::Gauge(_) | Point::Tally(_) | Point::Durations(_)) => {}
            }
        }
    }

    pub(super) fn conditions(&self, document: &Document, limits: &AlertLimits) -> Vec<Condition> {
        let mapped = |key: &SubaccountKey, address: &VirtualAddress| {
            let found = document.subaccount(key);
            found.is_some_and(|one| {
                one.mapping(address.host.as_str(), address.port.get())
                    .is_some()
            })
        };
        let mut found = vec![];
        let older = self.older.keys();
        let older = older.filter(|mapping| !self.newer.contains_key(*mapping));
        for mapping in self.newer.keys().chain(older) {
            let (key, address) = mapping;
            if mapped(key, address) {
                let halves = [self.newer.get(mapping), self.older.get(mapping)];
                found.extend(judge(&mapping_name(key, address), halves, limits));
            }
        }
        found
    }
}

/// What is wrong with a mapping by its figures; little says nothing.
fn judge(name: &str, halves: [Option<&Figures>; 2], limits: &AlertLimits) -> Vec<Condition> {
    let (mut requests, mut errors, mut times) = (0_u64, 0_u64, Histogram::default());
    for half in halves.into_iter().flatten() {
        requests = requests.saturating_add(half.requests);
        errors = errors.saturating_add(half.errors);
        times.merge(&half.times);
    }
    let least = u64::from(limits.least_requests.get());
    let window = limits.backend_window_sec.get();
    let follows = |code, text: String| without_backend(name, condition(code, name, text));
    let mut found = vec![];
    let percent = errors.saturating_mul(100) / requests.max(1);
    let limit = limits.error_rate_percent.get();
    if requests >= least && percent >= u64::from(limit) {
        let text = format!(
            "{errors} of {requests} requests within {window} seconds ended in an error, \
             {percent} %; the limit is {limit} %"
        );
        found.push(follows(Code::BackendErrors, text));
    }
    let slowest = times.quantile(SHARE).filter(|_| times.count() >= least);
    let limit = u64::from(limits.latency_ms.get());
    if let Some(slow) = slowest.map(|us| us / 1_000).filter(|ms| *ms > limit) {
        let count = times.count();
        let text = format!(
            "95 of 100 of the {count} requests within {window} seconds took up to {slow} ms; \
             the limit is {limit} ms"
        );
        found.push(follows(Code::BackendLatency, text));
    }
    found
}
