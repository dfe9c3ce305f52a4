//! The most recent requests, and the longest ones.

use std::collections::BTreeMap;

use underpass_runtime::clock::rfc3339;
use underpass_shared::api::management::monitoring::{
    RequestPage, RequestShown, TopShown, TopTimeConsumer, TopTimeConsumerList, TopTimeConsumers,
};
use underpass_shared::api::management::operations::LIST_LEN_MAX;
use underpass_shared::api::management::{Refusal, Verb};
use underpass_shared::config::{Document, Protocol, SubaccountKey};
use underpass_shared::monitor::Request;

use crate::admin::call::Call;
use crate::admin::{Admin, Answer, answer};
use crate::measure::Remembered;

/// Requests that a page has where the caller names no number.
const PAGE_LEN: usize = 50;

impl Admin {
    pub(super) async fn recent_requests(&self, call: &Call, verb: Verb) -> Answer {
        let meter = self.measured()?;
        let number = self.store.current().revision().number;
        if verb == Verb::Delete {
            let reason = "forgot the most recent requests";
            self.acted(call, reason, || meter.delete_recent()).await?;
            return Ok(answer::done(number));
        }
        let limit = call.query.limit.unwrap_or(PAGE_LEN);
        if !(1..=LIST_LEN_MAX).contains(&limit) {
            let rule = format!("must be between 1 and {LIST_LEN_MAX}");
            return Err(Refusal::invalid("limit", rule));
        }
        let search = &call.query.requests;
        let found = meter.recent(limit, |request| search.finds(request));
        let page = RequestPage {
            requests: shown(&found),
            dropped: found.dropped,
        };
        answer::ok(&page, number)
    }

    pub(super) async fn top_requests(&self, call: &Call, verb: Verb) -> Answer {
        let meter = self.measured()?;
        let number = self.store.current().revision().number;
        if verb == Verb::Delete {
            let reason = "forgot the longest requests";
            self.acted(call, reason, || meter.delete_top()).await?;
            return Ok(answer::done(number));
        }
        let found = meter.top();
        let top = TopShown {
            since_ms: found.since_ms,
            requests: shown(&found),
        };
        answer::ok(&top, number)
    }
}

fn shown(found: &Remembered) -> Vec<RequestShown> {
    let all = found.requests.iter();
    all.map(|one| RequestShown::show(one)).collect()
}

/// The longest requests by subaccount.
pub(super) fn top(document: &Document, found: &Remembered) -> TopTimeConsumers {
    let mut lists: BTreeMap<&SubaccountKey, Vec<&Request>> = BTreeMap::new();
    for request in &found.requests {
        lists.entry(&request.subaccount).or_default().push(request);
    }
    let since_time = rfc3339(found.since_ms);
    TopTimeConsumers::of(document.subaccounts().iter().map(|subaccount| {
        let key = subaccount.key();
        let requests = lists.get(key).into_iter().flatten();
        let protocol = |request: &Request| {
            let mapping = subaccount.mapping(&request.virtual_host, request.virtual_port);
            mapping.map_or(Protocol::Http, |mapping| mapping.protocol)
        };
        let shown = (1_u64..).zip(requests).map(|(id, request)| {
            let start = rfc3339(request.begun_ms);
            TopTimeConsumer::show(request, id, start, protocol(request))
        });
        let list = TopTimeConsumerList {
            requests: shown.collect(),
            since_time: since_time.clone(),
        };
        (key.clone(), list)
    }))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use underpass_shared::monitor::{Outcome, Split};

    use super::super::mappings::tests::{document, key};
    use super::*;

    #[test]
    fn the_longest_requests_are_told_by_subaccount() {
        let request = |subaccount: u8, total: u64| {
            Arc::new(Request {
                begun_ms: 1_700_000_000_000,
                subaccount: Arc::new(key(subaccount)),
                virtual_host: "erp".into(),
                virtual_port: 443,
                internal: "10.0.0.1:443".into(),
                method: "GET".into(),
                path: "/sap/x".into(),
                resource: "/sap".into(),
                user: None,
                received: 3,
                sent: 4,
                outcome: Outcome::Answered(200),
                split: Split {
                    total,
                    gateway: Some(1_000),
                    tunnel: Some(2_400),
                    open: Some(5_000),
                    backend: Some(total - 9_000),
                    propagation: None,
                },
            })
        };
        let found = Remembered {
            requests: vec![request(1, 90_000), request(3, 80_000), request(1, 20_000)],
            dropped: 0,
            since_ms: 1_600_000_000_000,
        };
        let told = serde_json::to_value(top(&document(), &found)).unwrap();
        let [first, second] = told["subaccounts"].as_array().unwrap().as_slice() else {
            panic!("{told}");
        };
        assert_eq!(first["sinceTime"], "2020-09-13T12:26:40.000Z");
        assert_eq!(second["requests"], serde_json::json!([]));
        let times: Vec<_> = first["requests"].as_array().unwrap().iter().collect();
        assert_eq!((&times[0]["id"], &times[1]["id"]), (&1.into(), &2.into()));
        assert_eq!(
            *times[0],
            serde_json::json!({"startTime": "2023-11-14T22:13:20.000Z", "id": 1,
                "protocol": "HTTPS", "virtualBackend": "erp:443", "internalBackend": "10.0.0.1:443",
                "resource": "/sap/x", "sentBytes": 4, "receivedBytes": 3, "user": "",
                "totalTime": 90, "externalTime": 81, "genSsoTime": 0, "openRemoteTime": 5,
                "validationSsoTime": 0, "validateSsoTime": 0, "latencyTime": 3})
        );
    }
}
