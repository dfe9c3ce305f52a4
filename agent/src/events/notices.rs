//! What Administrators are to know: who may come in, what the agent shows, what ends or fails.

use std::collections::BTreeMap;

use underpass_shared::config::Certificate;
use underpass_shared::id::OperatorId;
use underpass_shared::pki::chain::CertificateUse;
use underpass_shared::pki::expiry::Expiry;
use underpass_shared::rights::Role;

use crate::store::Snapshot;

/// What was told last.
pub(super) struct Noticed {
    operators: BTreeMap<OperatorId, (String, Role)>,
    /// The chain that the management API was given.
    shown: Option<Vec<Certificate>>,
    ends: Vec<Expiry>,
    /// Why the audit log is not written.
    failure: Option<String>,
}

impl Noticed {
    pub(super) fn of(current: &Snapshot, ends: Vec<Expiry>, failure: Option<String>) -> Self {
        let connector = current.document().connector();
        let operators = connector.operators().as_slice().iter();
        let shown = connector.certificates.get(CertificateUse::Ui).certificate();
        Self {
            operators: operators
                .map(|one| (one.id, (one.name.to_string(), one.role)))
                .collect(),
            shown: shown.map(|(chain, _key)| chain.to_vec()),
            ends,
            failure,
        }
    }

    /// What is new since, one sentence each.
    pub(super) fn catch_up(
        &mut self,
        current: &Snapshot,
        ends: Vec<Expiry>,
        failure: Option<String>,
    ) -> Vec<String> {
        // What cannot be read says nothing about operators.
        if current.problem().is_some() {
            return vec![];
        }
        let now = Self::of(current, ends, failure);
        let author = current.revision().author.to_string();
        let mut news = self.people(&now, &author);
        if self.shown != now.shown {
            news.push(match now.shown {
                Some(_) => format!("{author} exchanged the certificate of the management API"),
                None => format!("{author} removed the certificate of the management API"),
            });
        }
        let same =
            |a: &Expiry, b: &Expiry| (a.kind, a.level, &a.name) == (b.kind, b.level, &b.name);
        let ending = now.ends.iter();
        let ending = ending.filter(|one| !self.ends.iter().any(|old| same(one, old)));
        news.extend(ending.map(ToString::to_string));
        match (&self.failure, &now.failure) {
            (None, Some(error)) => {
                news.push(format!(
                    "the audit log cannot be written, so changes are refused: {error}"
                ));
            }
            (Some(_), None) => news.push("the audit log is written again".to_owned()),
            (None, None) | (Some(_), Some(_)) => {}
        }
        *self = now;
        news
    }

    /// Whatever way they came or went: by a call, a whole document, or a state of the past.
    fn people(&self, now: &Self, author: &str) -> Vec<String> {
        let mut news = vec![];
        for (id, (name, role)) in &now.operators {
            match self.operators.get(id) {
                None => news.push(format!("{author} added operator {name} as {role}")),
                Some((_, before)) if before != role => {
                    news.push(format!("{author} made operator {name} {role}"));
                }
                Some(_) => {}
            }
        }
        let gone = self
            .operators
            .iter()
            .filter(|(id, _)| !now.operators.contains_key(*id));
        news.extend(
            gone.map(|(_, (name, role))| {
                format!("{author} removed operator {name}, who was {role}")
            }),
        );
        news
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use underpass_shared::config::Document;
    use underpass_shared::pki::expiry::{CertificateKind, ExpiryLevel};

    use super::*;
    use crate::store::Store;

    const ANNA: &str = "0190a5a2-6d0e-7cc0-8000-000000000001";
    const BEN: &str = "0190a5a2-6d0e-7cc0-8000-000000000002";

    async fn put(store: &Store, operators: serde_json::Value) {
        let json = json!({"schema": 1, "connector": {"operators": operators}, "subaccounts": []});
        let document = Document::from_json(&json.to_string()).unwrap();
        let changed = store.change("os:test", "test", None, move |_old| Ok(document));
        changed.await.unwrap();
    }

    #[tokio::test]
    async fn each_thing_is_told_once() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), || 1_700_000_000_000).unwrap();
        let anna = json!({"id": ANNA, "name": "anna", "role": "Administrator"});
        let ben = |role: &str| json!({"id": BEN, "name": "ben", "role": role});
        put(&store, json!([anna])).await;
        let mut noticed = Noticed::of(&store.current(), vec![], None);
        put(&store, json!([anna, ben("Display")])).await;
        let told = noticed.catch_up(&store.current(), vec![], None);
        assert_eq!(told, ["os:test added operator ben as Display"]);
        put(&store, json!([anna, ben("Support")])).await;
        let told = noticed.catch_up(&store.current(), vec![], None);
        assert_eq!(told, ["os:test made operator ben Support"]);
        put(&store, json!([anna])).await;
        let told = noticed.catch_up(&store.current(), vec![], None);
        assert_eq!(told, ["os:test removed operator ben, who was Support"]);
        let end = |days_left| Expiry {
            kind: CertificateKind::System,
            name: "x".to_owned(),
            subject_dn: "CN=x".to_owned(),
            not_after_time_stamp: 0,
            days_left,
            level: ExpiryLevel::Expiring,
        };
        let failure = || Some("disk full".to_owned());
        let told = noticed.catch_up(&store.current(), vec![end(9)], failure());
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].ends_with("ends in 9 days"), "{told:?}");
        assert!(
            told[1].ends_with("changes are refused: disk full"),
            "{told:?}"
        );
        // The same is no news a day later.
        let told = noticed.catch_up(&store.current(), vec![end(8)], failure());
        assert!(told.is_empty(), "{told:?}");
        let told = noticed.catch_up(&store.current(), vec![end(8)], None);
        assert_eq!(told, ["the audit log is written again"]);
    }
}
