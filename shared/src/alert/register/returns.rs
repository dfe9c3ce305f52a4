//! What came back soon after it was resolved, so that it is not resolved as soon again.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{CONDITIONS_MAX, millis};
use crate::alert::record::AlertId;

/// The longest time that something must be away, and how long it must stay away to be forgotten.
const CALM: Duration = Duration::from_secs(60 * 60);
/// After so many times the shortest time in use makes an hour.
const TIMES_MAX: u32 = 12;

/// Something that was resolved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Return {
    id: AlertId,
    /// How often, within an hour of the time before.
    times: u32,
    /// How long it is no alert, milliseconds.
    calm_ms: u64,
}

/// What was resolved within the last hour.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Returns(BTreeMap<AlertId, Return>);

impl From<Vec<Return>> for Returns {
    fn from(list: Vec<Return>) -> Self {
        Self(list.into_iter().map(|one| (one.id.clone(), one)).collect())
    }
}

impl From<Returns> for Vec<Return> {
    fn from(returns: Returns) -> Self {
        returns.0.into_values().collect()
    }
}

impl Returns {
    /// How long it must be away to be resolved.
    pub(super) fn quiet(&self, id: &AlertId, least: Duration) -> Duration {
        let times = self.0.get(id).map_or(0, |one| one.times);
        let doubled = least.saturating_mul(1 << times.min(TIMES_MAX));
        doubled.min(CALM.max(least))
    }

    pub(super) fn resolved(&mut self, id: &AlertId) {
        if self.0.len() >= CONDITIONS_MAX && !self.0.contains_key(id) {
            let calmest = self.0.values().max_by_key(|one| one.calm_ms);
            if let Some(calmest) = calmest.map(|one| one.id.clone()) {
                self.0.remove(&calmest);
            }
        }
        let one = self.0.entry(id.clone()).or_insert_with(|| Return {
            id: id.clone(),
            times: 0,
            calm_ms: 0,
        });
        one.times = one.times.saturating_add(1).min(TIMES_MAX);
        one.calm_ms = 0;
    }

    /// Time goes by; what is no alert calms down.
    pub(super) fn pass(&mut self, elapsed: Duration, is_raised: impl Fn(&AlertId) -> bool) {
        self.0.retain(|id, one| {
            if !is_raised(id) {
                one.calm_ms = one.calm_ms.saturating_add(millis(elapsed));
            }
            one.calm_ms < millis(CALM)
        });
    }
}
