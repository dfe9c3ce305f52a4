//! A content survives its JSON form, and each way of not holding together has its own fault.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::audit::{Anchor, PublicKey};
use crate::config::tests::{key, mapping, own};
use crate::config::{ConnectorFields, Document, ProxyFields, Revision, diff};
use crate::hash::Hash256;
use crate::id::{AgentId, CredentialId, InstanceId, OperatorId};

fn credential(n: u128) -> CredentialId {
    CredentialId::from_uuid(Uuid::from_u128(n))
}

/// A document in three steps: a subaccount, a mapping, a proxy with a password.
fn states() -> [Document; 4] {
    let empty = Document::empty();
    let first = empty.with_subaccount(own(1)).unwrap();
    let second = first
        .with_mapping(key(1), mapping("erp:443", &["/sap"]))
        .unwrap();
    let proxy = json!({ "host": "proxy", "port": 8080, "user": "me", "credential": credential(3) });
    let proxy: ProxyFields = serde_json::from_value(proxy).unwrap();
    let connector = ConnectorFields {
        proxy: Some(proxy.try_into().unwrap()),
        ..ConnectorFields::clone(second.connector())
    };
    let third = second
        .with_connector(connector.try_into().unwrap())
        .unwrap();
    [empty, first, second, third]
}

fn content() -> Content {
    let states = states();
    let mut revision = Revision::genesis();
    let mut revisions = vec![];
    for pair in states.windows(2) {
        let [before, after] = pair else { continue };
        revision = revision.next(
            5,
            "me".parse().unwrap(),
            "why".parse().unwrap(),
            after.hash(),
        );
        let inverse = diff(after, before);
        revisions.insert(
            0,
            Past {
                revision: revision.clone(),
                inverse,
            },
        );
    }
    let kept = |text: &str| KeptSecret::new(text.to_owned());
    let enrolment = Enrolment {
        key: kept("client key"),
        certificate: "certificate".to_owned(),
        ca_bundle: "authorities".to_owned(),
    };
    Content {
        format: CONTENT_FORMAT,
        instance: AgentId::of_authority(&[9; 32]),
        created_at_ms: 77,
        product_version: "1.2.3".to_owned(),
        revision,
        document: Content::document_of(&states[3]).unwrap(),
        revisions,
        secrets: Values {
            passwords: BTreeMap::from([(credential(3), kept("hunter2"))]),
            keys: BTreeMap::new(),
        },
        enrolments: BTreeMap::from([(InstanceId::from_uuid(Uuid::from_u128(7)), enrolment)]),
        absent: Absent::default(),
        identity: IdentityKey {
            key: kept("identity key"),
            chain: "identity".to_owned(),
        },
        operators: BTreeMap::from([(
            OperatorId::from_uuid(Uuid::from_u128(1)),
            SeenOperator {
                not_after_ms: Some(1),
                last_seen_ms: None,
            },
        )]),
        audit: Some(AuditHead {
            newest: Anchor {
                sequence: 17,
                hash: Hash256::of(b"line"),
            },
            public_key: PublicKey::new([3; 32]),
        }),
        machine: None,
    }
}

fn manifest(content: &Content) -> Manifest {
    Manifest {
        format: FORMAT,
        product: "underpass-agent".to_owned(),
        version: content.product_version.clone(),
        created_at_ms: content.created_at_ms,
        instance: content.instance.to_string(),
        revision: Some(Head {
            number: content.revision.number,
            hash: content.hash(),
        }),
        payload_sha256: Hash256::of(b"payload"),
    }
}

fn json_of(content: &Content) -> Value {
    serde_json::from_slice(&content.write().unwrap()).unwrap()
}

fn edited(edit: impl FnOnce(&mut Value)) -> Result<Content, ContentError> {
    let mut json = json_of(&content());
    edit(&mut json);
    Content::read(json.to_string().as_bytes(), "1.2.3")
}

fn fault(edit: impl FnOnce(&mut Content)) -> String {
    let mut content = content();
    edit(&mut content);
    content.check().unwrap_err().to_string()
}

#[test]
fn a_content_survives_and_gives_its_document() {
    let content = content();
    let written = content.write().unwrap();
    let read = Content::read(&written, "1.2.3").unwrap();
    assert_eq!(*read.write().unwrap(), *written);
    assert_eq!(read.check().unwrap(), states()[3]);
    assert_eq!(read.secrets, content.secrets);
    read.check_manifest(&manifest(&read)).unwrap();
    // Written for people it says nothing.
    let shown = format!("{read:?}");
    assert!(!shown.contains("hunter2") && !shown.contains("client key"));
}

#[test]
fn what_another_release_wrote_is_named() {
    let newer = edited(|json| {
        json["format"] = 2.into();
        json["productVersion"] = "9.0.0".into();
        json["unheardOf"] = true.into();
    });
    assert_eq!(
        newer.unwrap_err().to_string(),
        "the content has format 2, written by version 9.0.0; this agent of version 1.2.3 reads up to 1"
    );
    let unknown = edited(|json| json["secrets"]["more"] = json!({}));
    let unknown = unknown.unwrap_err().to_string();
    assert!(
        unknown.starts_with("the content is not valid at secrets"),
        "{unknown}"
    );
    let traversal = edited(|json| json["secrets"]["keys"]["../../etc/passwd"] = "x".into());
    assert!(traversal.is_err());
    let trailing = [content().write().unwrap().as_slice(), b"{}"].concat();
    assert!(Content::read(&trailing, "1.2.3").is_err());
}

#[test]
fn a_manifest_that_was_changed_is_noticed() {
    let content = content();
    let differs = |edit: fn(&mut Manifest)| {
        let mut manifest = manifest(&content);
        edit(&mut manifest);
        let fault = content.check_manifest(&manifest).unwrap_err();
        assert!(matches!(fault, Fault::Manifest(_)), "{fault}");
        fault.to_string()
    };
    assert!(differs(|one| one.instance.push('0')).contains("another instance"));
    assert!(differs(|one| one.version = "9".to_owned()).contains("another version"));
    assert!(differs(|one| one.created_at_ms += 1).contains("another time"));
    assert!(differs(|one| one.revision = None).contains("another revision"));
}

#[test]
fn values_and_document_belong_together() {
    let missing = fault(|one| one.secrets.passwords.clear());
    assert!(
        missing.starts_with("the document names the password 0000"),
        "{missing}"
    );
    let unnamed = fault(|one| {
        let key = KeptSecret::new("key".to_owned());
        one.secrets.keys.insert(credential(3), key);
    });
    assert!(
        unnamed.starts_with("the backup has the private key 0000"),
        "{unnamed}"
    );
    assert!(fault(|one| one.enrolments.clear()).contains("names the enrolment"));
    let mut content = content();
    content.secrets.passwords.clear();
    content.absent.values = BTreeSet::from([credential(3)]);
    content.check().unwrap();
    content.absent.values.insert(credential(4));
    let unnamed = content.check().unwrap_err().to_string();
    assert!(unnamed.contains("the missing value"), "{unnamed}");
}

#[test]
fn history_and_document_belong_together() {
    let other = fault(|one| one.document = Content::document_of(&states()[1]).unwrap());
    assert_eq!(
        other,
        "the document in the backup is not the one of its revision 3"
    );
    assert!(fault(|one| one.revisions[0].revision.time_ms += 1).ends_with("at revision 3"));
    assert!(fault(|one| drop(one.revisions.remove(1))).ends_with("at revision 1"));
    assert!(fault(|one| one.revisions[0].inverse.ops.clear()).ends_with("at revision 2"));
    assert!(fault(|one| one.revisions[2].inverse.ops.clear()).ends_with("at revision 1"));
    let one = content().revisions.remove(0);
    let long = fault(|content| content.revisions = vec![one; REVISIONS_MAX + 1]);
    assert!(long.contains("has 1001 revisions"), "{long}");
    let mut short = content();
    short.revisions.truncate(1);
    short.check().unwrap();
    short.document = serde_json::value::RawValue::from_string("{}".to_owned()).unwrap();
    assert!(matches!(short.check(), Err(Fault::Document(_))));
}
