//! Which mappings have series of their own: so many that a scrape stays small. The others are told
//! together, as the mapping `other`.
//!
//! A series must not change between scrapes what it is of, so a mapping keeps its place for as long
//! as it is measured, and one that found none waits for no other to leave.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use underpass_shared::config::SubaccountKey;
use underpass_shared::exposition::Labels;
use underpass_shared::host::VirtualAddress;

use super::of_key;
use crate::measure::{BOUNDS_MS, MappingFigures, Totals};

/// Mappings with series of their own: some 25 each, so that a scrape has at most some 2 MB.
pub(super) const MAPPINGS_MAX: usize = 500;

/// How requests end, as labels: outcome and class of the status.
pub(super) const OUTCOMES: [(&str, &str); 8] = [
    ("answered", "1xx"),
    ("answered", "2xx"),
    ("answered", "3xx"),
    ("answered", "4xx"),
    ("answered", "5xx"),
    ("denied", "none"),
    ("failed", "none"),
    ("aborted", "none"),
];

type Key = (Arc<SubaccountKey>, VirtualAddress);

/// What only grows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// By the places of [`OUTCOMES`].
    pub(super) outcomes: [u64; OUTCOMES.len()],
    pub(super) received: u64,
    pub(super) sent: u64,
    /// By the places of [`BOUNDS_MS`], and the longer ones.
    pub(super) durations: [u64; BOUNDS_MS.len() + 1],
    pub(super) sum_us: u64,
}

impl Counts {
    /// How requests ended, by the places of [`OUTCOMES`].
    pub(super) const fn outcomes(totals: &Totals) -> [u64; OUTCOMES.len()] {
        let [informed, succeeded, redirected, wrong, broken] = totals.answers;
        [
            informed,
            succeeded,
            redirected,
            wrong,
            broken,
            totals.denied,
            totals.failed,
            totals.aborted,
        ]
    }

    const fn of(figures: &MappingFigures) -> Self {
        Self {
            outcomes: Self::outcomes(&figures.totals),
            received: figures.totals.received,
            sent: figures.totals.sent,
            durations: figures.durations.counts,
            sum_us: figures.durations.sum_us,
        }
    }

    fn numbers(&mut self) -> impl Iterator<Item = &mut u64> {
        let Self {
            outcomes,
            received,
            sent,
            durations,
            sum_us,
        } = self;
        let counts = outcomes.iter_mut().chain(durations);
        counts.chain([received, sent, sum_us])
    }

    /// Adds what came since `before`; all of it where it began anew.
    fn grow(&mut self, mut now: Self, mut before: Self) {
        let began_anew = now
            .numbers()
            .zip(before.numbers())
            .any(|(now, before)| now < before);
        if began_anew {
            before = Self::default();
        }
        let grown = now.numbers().zip(before.numbers());
        for (sum, (now, before)) in self.numbers().zip(grown) {
            *sum = sum.saturating_add(now.saturating_sub(*before));
        }
    }
}

/// What is told of a mapping, or of all others.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) labels: Labels,
    pub(super) counts: Counts,
    /// Requests in flight.
    pub(super) open: usize,
    /// Connections in use.
    pub(super) active: usize,
    /// Connections that are kept.
    pub(super) idle: usize,
    /// Whether the back end was reached, where it is probed.
    pub(super) up: Option<bool>,
}

impl Row {
    fn of(labels: Labels) -> Self {
        Self {
            labels,
            counts: Counts::default(),
            open: 0,
            active: 0,
            idle: 0,
            up: None,
        }
    }

    fn add(&mut self, figures: &MappingFigures) {
        self.open = self.open.saturating_add(figures.open);
        self.active = self.active.saturating_add(figures.connections.active);
        self.idle = self.idle.saturating_add(figures.connections.idle);
    }
}

/// Which mappings have series of their own. Clones are the same.
#[derive(Clone, Debug, Default)]
pub(in crate::admin) struct Places(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    own: BTreeSet<Key>,
    /// What was counted of the others when it was last looked.
    others: BTreeMap<Key, Counts>,
    /// All that was ever counted of them.
    sum: Counts,
}

impl Places {
    /// What is told of each mapping that has a place, and last of all others, where there are any.
    pub(super) fn rows(&self, all: &[MappingFigures]) -> Vec<Row> {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = |one: &MappingFigures| (Arc::clone(&one.subaccount), one.address.clone());
        let present: BTreeSet<Key> = all.iter().map(key).collect();
        inner.own.retain(|one| present.contains(one));
        inner.others.retain(|one, _| present.contains(one));
        let none = Labels::default();
        let labels = none.with("region", "").with("subaccount", "");
        let mut rest = Row::of(labels.with("location", "").with("mapping", "other"));
        let mut rows = vec![];
        for figures in all {
            let key = key(figures);
            let counts = Counts::of(figures);
            if inner.has_place(&key) {
                let labels = of_key(&key.0).with("mapping", &key.1);
                let mut row = Row {
                    counts,
                    up: figures.up,
                    ..Row::of(labels)
                };
                row.add(figures);
                rows.push(row);
            } else {
                let before = inner.others.insert(key, counts).unwrap_or_default();
                inner.sum.grow(counts, before);
                rest.add(figures);
            }
        }
        rest.counts = inner.sum;
        // Once told, a counter does not go away.
        if inner.sum != Counts::default() || !inner.others.is_empty() {
            rows.push(rest);
        }
        rows
    }
}

impl Inner {
    fn has_place(&mut self, key: &Key) -> bool {
        if self.own.contains(key) {
            return true;
        }
        if self.others.contains_key(key) || self.own.len() >= MAPPINGS_MAX {
            return false;
        }
        self.own.insert(key.clone())
    }
}
