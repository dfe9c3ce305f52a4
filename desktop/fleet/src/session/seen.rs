//! What a session knows of its agent.

use underpass_shared::api::management::{AlertList, Own, PendingConfirm, Status, Version};

use crate::remote::Remote;
use crate::snapshot::{Configuration, Link, Series};

/// What a session knows of its agent. Clones are cheap.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) link: Link,
    pub(crate) own: Remote<Own>,
    pub(crate) version: Remote<Version>,
    pub(crate) status: Remote<Status>,
    pub(crate) configuration: Remote<Configuration>,
    pub(crate) alerts: Remote<AlertList>,
    pub(crate) pending: Option<PendingConfirm>,
    pub(crate) series: Series,
    pub(crate) last_seen_ms: Option<i64>,
}

impl Seen {
    /// Nothing, at first.
    pub(crate) fn nothing(now_ms: i64) -> Self {
        Self {
            link: Link::Connecting {
                since_ms: now_ms,
                attempt: 0,
            },
            own: Remote::NotRequested,
            version: Remote::NotRequested,
            status: Remote::NotRequested,
            configuration: Remote::NotRequested,
            alerts: Remote::NotRequested,
            pending: None,
            series: Series::default(),
            last_seen_ms: None,
        }
    }

    /// The same while nobody answers: nothing of it is sure any more.
    pub(crate) fn make_stale(&mut self, reason: &str) {
        fn stale<T>(one: &mut Remote<T>, reason: &str) {
            if one.stamped().is_some() || one.is_loading() {
                *one = one.failed(reason);
            }
        }
        stale(&mut self.own, reason);
        stale(&mut self.version, reason);
        stale(&mut self.status, reason);
        stale(&mut self.configuration, reason);
        stale(&mut self.alerts, reason);
    }
}
