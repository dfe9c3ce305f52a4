//! Series of agents as they are asked for and kept: what was known stays until newer is here.

use std::collections::BTreeMap;
use std::sync::Arc;

use underpass_fleet::remote::Remote;
use underpass_fleet::slot::Slot;
use underpass_shared::api::management::{
    HistoryAnswer, HistoryPoint, MonitorAsk, MonitoringTarget, Query, Target,
};
use underpass_shared::id::AgentId;
use underpass_shared::monitor::Series;

use super::Window;
use crate::cx::Cx;
use crate::widget::Dot;

/// Series that are kept where fewer are shown.
const KEPT: usize = 400;

/// Which series of whom.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// Of which agent.
    pub agent: AgentId,
    /// Which series.
    pub series: Series,
}

/// What of its points is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Aspect {
    /// The value itself: the mean of gauges, the rate of what happens.
    Value,
    /// What half of the durations do not exceed.
    P50,
    /// What 90 % do not exceed.
    P90,
    /// What 99 % do not exceed.
    P99,
}

#[derive(Default)]
struct Read {
    /// By the frame that is made, or the last one.
    is_wanted: bool,
    slot: Slot<HistoryAnswer>,
    taken_ms: Option<i64>,
    answer: Option<Arc<HistoryAnswer>>,
    dots: BTreeMap<Aspect, Arc<[Dot]>>,
}

/// Series that a page shows.
#[derive(Default)]
pub struct Reads {
    all: BTreeMap<Key, Read>,
    generation: u64,
    wants_newer: bool,
}

impl Reads {
    /// Greater whenever something is known that was not before.
    pub const fn generation(&self) -> u64 {
        self.generation
    }

    /// Asks for everything anew.
    pub const fn refresh(&mut self) {
        self.wants_newer = true;
    }

    /// Begins a frame.
    pub fn begin(&mut self) {
        if std::mem::take(&mut self.wants_newer) {
            self.all.values().for_each(|one| one.slot.refresh());
        }
        if self.all.len() > KEPT {
            // Those that the last frame showed stay.
            let before = self.all.len();
            self.all.retain(|_, one| one.is_wanted);
            self.generation += u64::from(self.all.len() < before);
        }
        self.all.values_mut().for_each(|one| one.is_wanted = false);
    }

    /// Asks for a series over a window, unless it is known or on its way.
    pub fn want(&mut self, cx: &mut Cx<'_>, key: &Key, window: Window, buckets: bool) {
        let one = self.all.entry(key.clone()).or_default();
        one.is_wanted = true;
        let query = Query {
            monitor: MonitorAsk {
                metric: Some(key.series.metric),
                entity: Some(key.series.entity.clone()),
                from: Some(window.from),
                to: Some(window.to),
                step: u32::try_from(window.step).ok(),
                buckets,
            },
            ..Query::default()
        };
        let target = Target::Monitoring(MonitoringTarget::History);
        one.slot.request(cx.commands, key.agent, &target, &query);
        if let Remote::Ready(stamped) = &*one.slot.get()
            && one
                .answer
                .as_ref()
                .is_none_or(|known| !Arc::ptr_eq(known, &stamped.value))
        {
            one.taken_ms = Some(stamped.at_ms);
            one.answer = Some(Arc::clone(&stamped.value));
            one.dots.clear();
            self.generation += 1;
        }
    }

    /// What is known of a series.
    pub fn answer(&self, key: &Key) -> Option<&Arc<HistoryAnswer>> {
        self.all.get(key)?.answer.as_ref()
    }

    /// Why a series cannot be had.
    pub fn problem(&self) -> Option<String> {
        let mut all = self.all.values();
        all.find_map(|one| one.slot.get().reason().map(str::to_owned))
    }

    /// Whether anything is on its way, and nothing is known yet.
    pub fn is_empty(&self) -> bool {
        self.all.values().all(|one| one.answer.is_none())
    }

    /// The points of a series.
    pub fn dots(&mut self, key: &Key, aspect: Aspect) -> Arc<[Dot]> {
        let Some(one) = self.all.get_mut(key) else {
            return Arc::new([]);
        };
        let Some(answer) = &one.answer else {
            return Arc::new([]);
        };
        let made = || {
            answer
                .points
                .iter()
                .filter_map(|point| dot(point, aspect))
                .collect()
        };
        Arc::clone(one.dots.entry(aspect).or_insert_with(made))
    }
}

/// A point of an answer as a point of a line.
fn dot(point: &HistoryPoint, aspect: Aspect) -> Option<Dot> {
    Some(match *point {
        HistoryPoint::Gauge { t, min, mean, max } => Dot {
            at_ms: t,
            value: mean,
            low: min,
            high: max,
        },
        HistoryPoint::Tally { t, rate, peak, .. } => Dot {
            at_ms: t,
            value: rate,
            low: rate,
            high: peak.max(rate),
        },
        HistoryPoint::Durations {
            t, p50, p90, p99, ..
        } => {
            let value = match aspect {
                Aspect::Value | Aspect::P50 => p50?,
                Aspect::P90 => p90?,
                Aspect::P99 => p99?,
            };
            Dot::of(t, value)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peaks_and_reaches_become_the_reach_of_points() {
        let gauge = HistoryPoint::Gauge {
            t: 5,
            min: 1.0,
            mean: 2.0,
            max: 4.0,
        };
        let read = dot(&gauge, Aspect::Value).unwrap();
        assert_eq!((read.low, read.value, read.high), (1.0, 2.0, 4.0));
        let tally = HistoryPoint::Tally {
            t: 5,
            sum: 30,
            rate: 2.0,
            peak: 9.0,
        };
        let read = dot(&tally, Aspect::Value).unwrap();
        assert_eq!((read.low, read.value, read.high), (2.0, 2.0, 9.0));
    }

    #[test]
    fn no_durations_are_no_point() {
        let none = HistoryPoint::Durations {
            t: 5,
            count: 0,
            mean: None,
            min: None,
            p50: None,
            p90: None,
            p95: None,
            p99: None,
            max: None,
        };
        assert_eq!(dot(&none, Aspect::P99), None);
    }
}
