//! What each subaccount used since the gateway started.

use serde::{Deserialize, Serialize};
use underpass_shared::id::SubaccountId;

use super::Live;
use crate::metrics::{RequestOutcome, Used};

/// The traffic of all subaccounts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Traffic {
    /// When the gateway started, milliseconds UTC.
    pub started_ms: i64,
    /// By subaccount; those that are not told apart come last, if they used anything.
    pub subaccounts: Vec<Share>,
}

/// What one subaccount used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Share {
    /// The tenant; none for those that are not told apart.
    pub subaccount: Option<SubaccountId>,
    /// The tenant's display name.
    pub name: String,
    /// Requests with a good token.
    pub requests: u64,
    /// Those that were answered with a status below 400.
    pub succeeded: u64,
    /// Those that were answered with 400 to 499, by the agent or by the gateway.
    pub client_errors: u64,
    /// Those that were answered with 500 or more, or for which there was no tunnel.
    pub server_errors: u64,
    /// Those whose consumer left before the answer.
    pub abandoned: u64,
    /// Bytes from its consumers.
    pub received_bytes: u64,
    /// Bytes to its consumers.
    pub sent_bytes: u64,
}

impl Share {
    fn new(subaccount: Option<SubaccountId>, name: String, used: &Used) -> Self {
        use RequestOutcome as O;
        let sum = |of: &[O]| of.iter().map(|one| used.requests(*one)).sum();
        Self {
            subaccount,
            name,
            requests: used.all_requests(),
            succeeded: sum(&[O::Switched, O::Succeeded, O::Redirected]),
            client_errors: sum(&[O::ClientError, O::Malformed]),
            server_errors: sum(&[O::ServerError, O::Upgrade, O::NoTunnel, O::Crowded, O::Lost]),
            abandoned: sum(&[O::Abandoned]),
            received_bytes: used.received,
            sent_bytes: used.sent,
        }
    }
}

impl Live {
    /// The traffic until now.
    pub fn traffic(&self) -> Traffic {
        let index = self.directory.index();
        let used = self.metrics.subaccounts.used().into_iter();
        let shares = used.map(|(id, used)| {
            let known = id.and_then(|id| index.subaccount(&id));
            let name = known.map(|one| one.name.clone()).unwrap_or_default();
            (Share::new(id, name, &used), used)
        });
        let told =
            shares.filter(|(share, used)| share.subaccount.is_some() || *used != Used::default());
        Traffic {
            started_ms: self.started_ms,
            subaccounts: told.map(|(share, _)| share).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Label as _;
    use crate::metrics::Metrics;

    #[test]
    fn each_request_is_in_one_class() {
        let metrics = Metrics::new(1);
        let id = "0190a5a2-6d0e-7cc0-8000-000000000001".parse().unwrap();
        let usage = metrics.subaccounts.usage(id, 0);
        for outcome in RequestOutcome::ALL
            .iter()
            .filter(|one| one.has_subaccount())
        {
            usage.request(*outcome);
        }
        let used = metrics.subaccounts.used();
        let share = Share::new(Some(id), String::new(), &used[0].1);
        let classes = share.succeeded + share.client_errors + share.server_errors + share.abandoned;
        assert_eq!((share.requests, classes), (11, 11));
        assert_eq!(
            (share.succeeded, share.client_errors, share.abandoned),
            (3, 2, 1)
        );
    }
}
