//! Whatever a connector answers, nothing breaks.

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

use super::left_behind::odd;
use super::{Answers, CERTIFICATE, alone, sub};
use crate::config::Document;

/// A connector with something of everything.
fn full() -> Answers {
    let connector = |what: &str| format!("configuration/connector{what}");
    let mut answers = odd();
    for (what, value) in [
        ("", json!({"ha": "master", "description": "d"})),
        ("/proxy", json!({"host": "p", "port": "1"})),
        ("/authentication", json!({"type": "basic"})),
        (
            "/logAndTrace",
            json!({"sccLogLevel": "WARN", "cleanup": 1, "rolloverThreshold": "75 MB"}),
        ),
        ("/auditLog", json!({"level": "ALL", "cleanup": 90})),
        (
            "/alerting",
            json!({"thresholds": {"cpuLoad": 80}, "notification": {"ha": false}}),
        ),
        (
            "/email",
            json!({"enabled": true, "trustOption": "trustAll", "sendTo": "a@b", "sendFrom": "a@b",
                          "smtpHost": "m", "additionalProperties": {"mail.debug": "true"}}),
        ),
        (
            "/email/truststore",
            json!({"trustedEmailCertificates": [{"alias": "m"}]}),
        ),
        (
            "/onPremises/truststore",
            json!({"trustAllBackends": true, "trustedBackends": [{"alias": "a"}]}),
        ),
        ("/onPremises/truststore/certificates/a", json!(CERTIFICATE)),
        (
            "/onPremises/ppSettings",
            json!({"expirationToleranceInHr": 1, "certificateValidityInMin": 1}),
        ),
        (
            "/onPremises/subjectPatternRules",
            json!([{"description": "", "condition": "a is b", "subjectPattern": {"CN": "x"}}]),
        ),
        (
            "/onPremises/systemCertificate",
            json!({"subjectDN": "CN=x"}),
        ),
    ] {
        answers.push((connector(what), value));
    }
    for (what, value) in [
        ("/trust", json!({"autoSyncTrustEnabled": true})),
        (
            "/trust/idps",
            json!([{"id": 1, "name": "n", "certificate": {}, "enabled": true}]),
        ),
        (
            "/trust/apps",
            json!([{"id": 1, "name": "n", "applicationType": "t", "enabled": true}]),
        ),
        (
            "/domainMappings",
            json!([{"virtualDomain": "v", "internalDomain": "i"}]),
        ),
        (
            "/channels/HANA",
            json!([{"id": 1, "hanaInstanceName": "h", "instanceNumber": 1, "enabled": true}]),
        ),
    ] {
        answers.push((sub(what), value));
    }
    answers
}

fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        let names = "virtualHost|virtualPort|id|alias|subaccount|condition|[a-z]{1,4}";
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(names, inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Puts something else somewhere into an answer.
fn put(into: &mut Value, at: &[Index], new: Value) {
    let Some((first, rest)) = at.split_first() else {
        *into = new;
        return;
    };
    let inner = match into {
        Value::Object(map) if !map.is_empty() => {
            let at = first.index(map.len());
            map.values_mut().nth(at)
        }
        Value::Array(list) if !list.is_empty() => {
            let at = first.index(list.len());
            list.get_mut(at)
        }
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Array(_)
        | Value::Object(_) => None,
    };
    match inner {
        Some(inner) => put(inner, rest, new),
        None => *into = new,
    }
}

proptest! {
    #[test]
    fn whatever_a_connector_answers_is_planned_or_reported(
        at in any::<Index>(),
        within in proptest::collection::vec(any::<Index>(), 0..4),
        new in anything(),
    ) {
        let mut answers = full();
        let place = at.index(answers.len());
        put(&mut answers[place].1, &within, new);
        let planned = alone(&answers);
        for (name, tally) in planned.report.counts.all() {
            prop_assert!(tally.found >= tally.carried, "{name}: {tally:?}");
        }
        let json = planned.document.to_json();
        prop_assert_eq!(Document::from_json(&json).unwrap(), planned.document);
        prop_assert!(!planned.report.to_markdown().is_empty());
    }
}
