//! Where sessions put what they know: the newest of each agent, however fast it changes.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;
use underpass_shared::id::AgentId;

use crate::session::Seen;

/// What is new.
#[derive(Debug, Default)]
pub(crate) struct Board {
    newest: Mutex<BTreeMap<AgentId, Seen>>,
    changed: Notify,
}

impl Board {
    /// Puts what is known of an agent now.
    pub(crate) fn put(&self, agent: AgentId, seen: Seen) {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        newest.insert(agent, seen);
        self.changed.notify_one();
    }

    /// Takes all that is new.
    pub(crate) fn take(&self) -> BTreeMap<AgentId, Seen> {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *newest)
    }

    /// Resolves when something is new.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }
}
