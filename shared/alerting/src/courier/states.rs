//! How the channels are doing, for whoever asks.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use underpass_shared::alert::{DeliveryState, DeliveryTrouble};

use crate::channel::Channel;

/// The states of the channels that are on. Clones are the same.
#[derive(Clone, Debug, Default)]
pub(super) struct States(Arc<Mutex<BTreeMap<Channel, DeliveryState>>>);

impl States {
    pub(super) fn all(&self) -> Vec<DeliveryState> {
        self.lock().values().cloned().collect()
    }

    pub(super) fn forget(&self, channel: &Channel) {
        self.lock().remove(channel);
    }

    /// Tells how much waits.
    pub(super) fn waiting(
        &self,
        channel: &Channel,
        waiting: usize,
        dropped: u64,
        last_success_ms: Option<i64>,
    ) {
        self.change(channel, |state| {
            state.waiting = waiting;
            state.dropped = dropped;
            state.last_success_ms = last_success_ms;
        });
    }

    pub(super) fn succeeded(&self, channel: &Channel, now_ms: i64, remark: Option<String>) {
        self.change(channel, |state| {
            state.last_success_ms = Some(now_ms);
            state.remark = remark;
            state.failing = None;
        });
    }

    pub(super) fn failed(&self, channel: &Channel, error: String, now_ms: i64, next_ms: i64) {
        self.change(channel, |state| {
            let before = state.failing.take();
            let (since_ms, attempts) = match before {
                Some(before) => (before.since_ms, before.attempts.saturating_add(1)),
                None => (now_ms, 1),
            };
            state.failing = Some(DeliveryTrouble {
                since_ms,
                attempts,
                error,
                next_ms,
            });
        });
    }

    fn change(&self, channel: &Channel, change: impl FnOnce(&mut DeliveryState)) {
        let mut all = self.lock();
        let state = all.entry(channel.clone()).or_insert_with(|| DeliveryState {
            channel: channel.to_string(),
            waiting: 0,
            dropped: 0,
            last_success_ms: None,
            remark: None,
            failing: None,
        });
        change(state);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Channel, DeliveryState>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
