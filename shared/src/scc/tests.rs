//! Readings and plans of a small connector.

mod anything;
mod carried;
mod left_behind;
mod reading;
mod trust;

use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::api::management::ImportMode;
use crate::config::{Document, Mapping, Protocol, Subaccount};

const ID: &str = "0190a5a2-6d0e-7cc0-8000-000000000001";
const REGION: &str = "cf.eu10.hana.ondemand.com";
const CERTIFICATE: &str = include_str!("../config/tests/ca.pem");

/// Answers by the end of their addresses below the API's root.
type Answers = Vec<(String, Value)>;

fn sub(rest: &str) -> String {
    format!("configuration/subaccounts/{REGION}/{ID}{rest}")
}

fn mapping(host: &str, more: &Value) -> Value {
    let mut all = json!({
        "virtualHost": host, "virtualPort": "443", "localHost": "erp.corp", "localPort": "8443",
        "protocol": "HTTPS", "backendType": "abapSys", "hostInHeader": "INTERNAL",
        "authenticationMode": "NONE", "sid": "ERP", "description": "ERP",
        "creationDate": "1700000000000", "totalResourcesCount": 0, "enabledResourcesCount": 0,
        "allowedClients": [], "blacklistedUsers": [], "_links": {"self": {"href": "x"}},
    });
    for (name, value) in more.as_object().unwrap() {
        all[name] = value.clone();
    }
    all
}

fn resource(id: &str, exact: bool) -> Value {
    json!({"id": id, "enabled": true, "exactMatchOnly": exact, "websocketUpgradeAllowed": false,
           "description": "", "creationDate": "1700000000001", "_links": {}})
}

fn subaccount() -> Answers {
    let own = json!({"regionHost": REGION, "subaccount": ID, "locationID": "plant", "displayName": "Acme",
                     "description": "", "autoCertRenewal": false, "isManaged": true, "tunnel": {"state": "Connected"}});
    vec![
        (
            "configuration/subaccounts".to_owned(),
            json!([{"regionHost": REGION, "subaccount": ID, "locationID": "plant"}]),
        ),
        (sub(""), own),
        (
            sub("/systemMappings"),
            json!([mapping("erp", &json!({"totalResourcesCount": 3}))]),
        ),
        (
            sub("/systemMappings/erp:443/resources"),
            json!([
                resource("/a/b", false),
                resource("/c/", false),
                resource("/d", true)
            ]),
        ),
    ]
}

fn refused() -> Refused {
    Refused {
        status: 404,
        message: "no".to_owned(),
    }
}

/// Answers what is asked; what it does not know it refuses.
fn read(answers: &[(String, Value)]) -> Reading {
    let mut reading = Reading::of(Source {
        address: "https://scc".to_owned(),
        read_at_ms: 1,
    });
    loop {
        let calls = reading.open_calls();
        if calls.is_empty() {
            return reading;
        }
        for call in calls {
            let known = answers
                .iter()
                .find(|(path, _)| call.path == format!("/api/v1/{path}"));
            match known {
                Some((_, value)) if call.form == Form::Certificate => {
                    let pem = value.as_str().and_then(|pem| pem.parse().ok());
                    match pem {
                        Some(certificate) => reading.keep_certificate(&call.path, &certificate),
                        None => reading.keep_refusal(&call.path, refused()),
                    }
                }
                Some((_, value)) => reading.keep(&call.path, value.clone()),
                None => reading.keep_refusal(&call.path, refused()),
            }
        }
    }
}

fn choice() -> Choice {
    let mut choice = Choice::default();
    let gateway = "gateway.example.com".parse().unwrap();
    choice.regions.insert(REGION.to_uppercase(), gateway);
    choice
}

fn planned(answers: &[(String, Value)], present: &Document, choice: &Choice) -> Planned {
    let mut last = 0;
    let mut fresh = || {
        last += 1;
        Uuid::from_u128(last)
    };
    plan(&read(answers), present, choice, &mut fresh).unwrap()
}

fn alone(answers: &[(String, Value)]) -> Planned {
    planned(answers, &Document::empty(), &choice())
}

fn only(document: &Document) -> &Subaccount {
    assert_eq!(document.subaccounts().len(), 1);
    &document.subaccounts()[0]
}

fn mapped<'a>(planned: &'a Planned, host: &str) -> &'a Mapping {
    only(&planned.document).mapping(host, 443).unwrap()
}

/// The places of a finding whose reason contains some words.
fn places(report: &Report, kind: Kind, field: &str, words: &str) -> Vec<String> {
    let found = report
        .of(kind)
        .filter(|one| one.field == field && one.why.contains(words));
    found
        .flat_map(|one| one.places.iter().map(|at| at.place.clone()))
        .collect()
}

fn with(mut answers: Answers, path: String, value: Value) -> Answers {
    answers.retain(|(known, _)| *known != path);
    answers.push((path, value));
    answers
}
