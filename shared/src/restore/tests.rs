//! What a choice makes of a backup, without any host.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::backup::{Absent, CONTENT_FORMAT, Content, IdentityKey, KeptSecret, Named, Values};
use crate::config::tests::{any_document, key, mapping, own};
use crate::config::{Document, Revision};
use crate::id::{AgentId, CredentialId, InstanceId};

fn kept(text: &str) -> KeptSecret {
    KeptSecret::new(text.to_owned())
}

/// A backup of a document; its enrolments cannot be compared, for they are no certificates.
fn content(document: &Document) -> Content {
    let named = Named::of(document);
    let genesis = Revision::genesis();
    Content {
        format: CONTENT_FORMAT,
        instance: AgentId::of_authority(&[7; 32]),
        created_at_ms: 1,
        product_version: "1.0.0".to_owned(),
        revision: genesis.next(
            1,
            "a".parse().unwrap(),
            "b".parse().unwrap(),
            document.hash(),
        ),
        document: Content::document_of(document).unwrap(),
        revisions: vec![],
        secrets: Values {
            passwords: named.passwords.iter().map(|id| (*id, kept("p"))).collect(),
            keys: named.keys.iter().map(|id| (*id, kept("k"))).collect(),
        },
        enrolments: BTreeMap::new(),
        absent: Absent {
            enrolments: named.enrolments,
            ..Absent::default()
        },
        identity: IdentityKey {
            key: kept("identity"),
            chain: String::new(),
        },
        operators: BTreeMap::new(),
        audit: None,
        machine: None,
    }
}

fn draft_with(present: &Document, backup: &Document, choice: &Value, held: &Held) -> Draft {
    let choice: Choice = serde_json::from_value(choice.clone()).unwrap();
    let mut last = 1_000_u128;
    let mut fresh = || {
        last += 1;
        Uuid::from_u128(last)
    };
    Draft::make(present, &content(backup), backup, &choice, held, &mut fresh).unwrap()
}

fn draft(present: &Document, backup: &Document, choice: &Value) -> Draft {
    draft_with(present, backup, choice, &Held::default())
}

fn kinds(
    draft: Draft,
    present: &Document,
    backup: &Document,
    facts: &Facts,
) -> Vec<AdaptationKind> {
    let plan = draft.plan(present, &content(backup), &Held::default(), facts);
    plan.adaptations.iter().map(|one| one.kind).collect()
}

fn with_settings(settings: &Value) -> Document {
    let json = json!({"schema": 1, "connector": settings});
    Document::from_json(&json.to_string()).unwrap()
}

fn addresses(document: &Document) -> Vec<String> {
    let all = document.subaccounts().iter();
    let all = all.flat_map(|one| one.mappings().iter());
    all.map(|one| format!("{} {}", one.virtual_address, one.internal_address))
        .collect()
}

#[test]
fn replacing_and_merging_differ_in_what_is_not_in_the_backup() {
    let base = Document::empty().with_subaccount(own(1)).unwrap();
    let here = base
        .with_mapping(key(1), mapping("a:80", &["/here"]))
        .unwrap();
    let here = here
        .with_mapping(key(1), mapping("b:80", &["/here"]))
        .unwrap();
    let here = here.with_subaccount(own(2)).unwrap();
    let backup = base
        .with_mapping(key(1), mapping("b:80", &["/there"]))
        .unwrap();
    let replaced = draft(&here, &backup, &json!({"parts": ["mappings"]})).document;
    // Mappings alone are replaced in the subaccounts that the backup has.
    assert_eq!(addresses(&replaced), ["b:80 10.0.0.1:8080"]);
    assert_eq!(replaced.subaccounts().len(), 2);
    let merged = draft(
        &here,
        &backup,
        &json!({"parts": ["mappings"], "mode": "merge"}),
    )
    .document;
    assert_eq!(addresses(&merged).len(), 2);
    let of = |document: &Document| {
        let mapping = document.subaccounts()[0].mapping("b", 80).unwrap();
        mapping.resources[0].path.to_string()
    };
    assert_eq!(
        (of(&replaced), of(&merged)),
        ("/there".to_owned(), "/there".to_owned())
    );
    let all = json!({"parts": ["subaccounts", "mappings"]});
    assert_eq!(draft(&here, &backup, &all).document.subaccounts().len(), 1);
    let only = json!({"parts": ["subaccounts", "mappings"], "only": [key(2)]});
    assert_eq!(draft(&here, &backup, &only).document, here);
}

#[test]
fn single_mappings_come_alone_and_all_others_stay() {
    let base = Document::empty().with_subaccount(own(1)).unwrap();
    let with = |document: &Document, address: &str, path: &str| {
        let mapping = mapping(address, &[path]);
        document.with_mapping(key(1), mapping).unwrap()
    };
    let here = with(&with(&base, "a:80", "/here"), "b:80", "/here");
    let backup = with(&with(&base, "b:80", "/there"), "c:80", "/there");
    let one = |address: &str| json!({"subaccount": key(1), "virtualAddress": address});
    let only = json!({"parts": ["mappings"], "onlyMappings": [one("b:80")]});
    let taken = draft(&here, &backup, &only).document;
    let paths = |document: &Document| -> Vec<String> {
        let all = document.subaccounts()[0].mappings().iter();
        let shown = all.map(|one| format!("{} {}", one.virtual_address, one.resources[0].path));
        shown.collect()
    };
    assert_eq!(paths(&taken), ["a:80 /here", "b:80 /there"]);
    // What the backup does not have is named, not left out.
    let wrong = json!({"parts": ["mappings"], "onlyMappings": [one("b:80"), one("d:80")]});
    let wrong: Choice = serde_json::from_value(wrong).unwrap();
    let mut fresh = || Uuid::from_u128(1_000);
    let (content, held) = (content(&backup), Held::default());
    let refused = Draft::make(&here, &content, &backup, &wrong, &held, &mut fresh);
    let refused = refused.unwrap_err();
    assert_eq!(refused.field, "onlyMappings");
    assert!(refused.rule.contains("d:80"), "{refused}");
}

#[test]
fn settings_come_by_their_parts_and_lists_come_together() {
    let id = |n| CredentialId::from_uuid(Uuid::from_u128(n)).to_string();
    let here = with_settings(&json!({
        "description": "here", "tunnelConnections": 3,
        "regions": [{"name": "A", "regionHost": "a.example"}],
        "monitoringUsers": [{"name": "old", "password": id(1)}],
    }));
    let backup = with_settings(&json!({
        "description": "there", "backendTrust": {"trustAllBackends": true},
        "regions": [{"name": "B", "regionHost": "b.example"}],
        "monitoringUsers": [{"name": "new", "password": id(2)}],
    }));
    let trust = draft(&here, &backup, &json!({"parts": ["trust"]})).document;
    let connector = trust.connector();
    assert!(connector.backend_trust.trust_all_backends());
    assert_eq!(connector.description.as_deref(), Some("here"));
    let merged = draft(&here, &backup, &json!({"mode": "merge"})).document;
    assert_eq!(merged.connector().regions.as_slice().len(), 2);
    assert_eq!(merged.connector().description.as_deref(), Some("there"));
    // Who may come in stays as it is, unless it is said.
    assert_eq!(
        merged.connector().monitoring_users,
        here.connector().monitoring_users
    );
    let said = draft(
        &here,
        &backup,
        &json!({"parts": ["operators"], "mode": "merge"}),
    );
    assert_eq!(
        said.document.connector().monitoring_users.as_slice().len(),
        2
    );
    assert_eq!(said.writes.passwords.len(), 1);
    let new = Held {
        is_new: true,
        ..Held::default()
    };
    let all = draft_with(&Document::empty(), &backup, &json!({}), &new);
    assert_eq!(all.document, backup);
    assert!(all.writes.identity && all.writes.operators);
}

#[test]
fn a_value_that_is_taken_gets_another_id_in_the_setting_that_names_it() {
    let id = CredentialId::from_uuid(Uuid::from_u128(5));
    let proxy = json!({"proxy": {"host": "p", "port": 1, "user": "u", "credential": id},
                       "description": id});
    let backup = with_settings(&proxy);
    let held = Held {
        values: [(id, HeldValue::Other)].into(),
        ..Held::default()
    };
    let draft = draft_with(&Document::empty(), &backup, &json!({}), &held);
    let (_, new) = draft.document.connector().proxy().unwrap().login().unwrap();
    assert_ne!(new, id);
    assert_eq!(draft.writes.passwords, BTreeMap::from([(new, id)]));
    // A text that looks like the id is none.
    let description = draft.document.connector().description.as_deref();
    assert_eq!(description, Some(id.to_string().as_str()));
}

#[test]
fn hosts_places_and_names_are_those_of_the_new_home() {
    let backup = Document::empty().with_subaccount(own(1)).unwrap();
    let backup = backup.with_mapping(key(1), mapping("a:80", &[])).unwrap();
    let choice = json!({
        "hosts": [{"find": "10.0.0.1", "replace": "erp.new.example"}],
        "locationIds": [{"find": "", "replace": "site-b"}],
        "regionHosts": [{"find": "localhost:8443", "replace": "gate.example"}],
        "names": [{"find": "Test", "replace": "Prod"}],
    });
    let draft = draft(&Document::empty(), &backup, &choice);
    assert_eq!(addresses(&draft.document), ["a:80 erp.new.example:8080"]);
    let own = draft.document.subaccounts()[0].own().clone();
    assert_eq!(own.key.location_id.as_str(), "site-b");
    assert_eq!(own.key.region_host.to_string(), "gate.example");
    assert_eq!(&*own.display_name, "Prod");
    // Another location ID is another place, for which the enrolment is not good.
    assert!(!own.connected);
    assert_ne!(own.instance, InstanceId::from_uuid(Uuid::from_u128(7)));
    let host: crate::host::InternalHost = "erp.new.example".parse().unwrap();
    let questions = draft.questions(&Document::empty());
    assert_eq!(questions.hosts, [host.clone()].into());
    let facts = Facts {
        unresolved: [(host, "no such host".to_owned())].into(),
        ..Facts::default()
    };
    let kinds = kinds(draft, &Document::empty(), &backup, &facts);
    let wanted = [AdaptationKind::HostUnresolved, AdaptationKind::NotEnrolled];
    assert_eq!(kinds, wanted);
    let below = HostRule {
        find: ".old.example".to_owned(),
        replace: ".new.example".to_owned(),
    };
    let apply = |host: &str| {
        below
            .apply(&host.parse().unwrap())
            .map(|new| new.unwrap().to_string())
    };
    assert_eq!(apply("a.b.OLD.example").as_deref(), Some("a.b.new.example"));
    assert_eq!((apply("old.example"), apply("aold.example")), (None, None));
}

#[test]
fn channels_that_come_beside_others_get_free_numbers() {
    let with = |n: u128, port: u16| {
        let channel = json!([{"id": 1, "service": {"K8S": {
            "cluster": "c.example:443", "service": "s", "port": port}}}]);
        let mut own = own(n);
        own.channels = serde_json::from_value(channel).unwrap();
        Document::empty().with_subaccount(own).unwrap()
    };
    let merged = draft(&with(1, 9_001), &with(2, 9_002), &json!({"mode": "merge"})).document;
    let channels = merged
        .subaccounts()
        .iter()
        .map(|one| one.own().channels.as_slice()[0].id.get());
    assert_eq!(channels.collect::<Vec<_>>(), [1, 2]);
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None, cases: 1_000, ..ProptestConfig::default()
    })]

    #[test]
    fn what_replaces_is_the_backup_and_what_merges_loses_nothing(
        here in any_document(), backup in any_document(),
    ) {
        let all = json!({"parts": ["subaccounts", "mappings", "trust", "settings"]});
        let replaced = draft(&here, &backup, &all).document;
        prop_assert_eq!(addresses(&replaced), addresses(&backup));
        let merged = draft(&here, &backup, &json!({"mode": "merge"})).document;
        for one in here.subaccounts().iter().chain(backup.subaccounts()) {
            let found = merged.subaccount(one.key());
            for mapping in one.mappings() {
                let address = &mapping.virtual_address;
                let same = found.and_then(|all| all.mapping(address.host.as_str(), address.port.get()));
                prop_assert!(same.is_some());
            }
        }
        for one in backup.subaccounts().iter().flat_map(|one| one.mappings().iter().map(|m| (one.key().clone(), m))) {
            let (key, mapping) = one;
            let address = &mapping.virtual_address;
            let found = merged.subaccount(&key).and_then(|all| all.mapping(address.host.as_str(), address.port.get()));
            prop_assert_eq!(found, Some(mapping));
        }
        // The same backup again changes nothing.
        let again = draft(&replaced, &backup, &all).document;
        prop_assert_eq!(addresses(&again), addresses(&replaced));
    }
}
