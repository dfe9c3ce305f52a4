//! What is collected is what the agent is, and an archive that differs in anything is refused.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::json;
use tempfile::TempDir;
use underpass_runtime::archive::{Identity, Key};
use underpass_shared::audit::{Category, Record};
use underpass_shared::config::{Document, Revision};
use underpass_shared::id::{CredentialId, InstanceId, OperatorId};
use underpass_shared::secret::Secret;
use uuid::Uuid;

use super::*;
use crate::audit::{Audit, Present};
use crate::credentials::{CredentialStore, Credentials};
use crate::operators::Operators;
use crate::secrets::SecretStore;
use crate::store::Store;
use crate::vault::Vault;

const CERTIFICATE: &str = include_str!("../admin/tests/old.pem");
const ALL: Wanted = Wanted {
    history: 20,
    machine: true,
};

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

fn credential(n: u128) -> CredentialId {
    CredentialId::from_uuid(id(n))
}

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

fn sources(dir: &Path) -> Sources {
    let store = Store::open(dir, || 7).unwrap();
    let audit = Audit::open(dir, || 7, Present::following(store.snapshot())).unwrap();
    Sources {
        store,
        secrets: SecretStore::new(dir),
        credentials: CredentialStore::new(dir),
        operators: Operators::new(dir),
        vault: Vault::new(dir),
        audit,
        listen: vec!["127.0.0.1:8443".parse().unwrap()],
    }
}

/// With one of each kind of value: revision 2.
async fn filled(dir: &Path) -> Sources {
    let sources = sources(dir);
    let document = json!({
        "schema": 1,
        "connector": {
            "proxy": {"host": "proxy", "port": 8080, "user": "u", "credential": credential(1)},
            "certificates": {
                "ui": {"chain": [CERTIFICATE], "key": credential(2)},
                "system": {"pendingKey": credential(3)},
            },
        },
        "subaccounts": [{
            "regionHost": "gate.example.com", "subaccount": id(4), "instance": id(5),
            "credential": id(6), "connected": true,
        }],
    });
    let document = Document::from_json(&document.to_string()).unwrap();
    for description in ["first", "second"] {
        let mut json: serde_json::Value = serde_json::from_str(&document.to_json()).unwrap();
        json["subaccounts"][0]["description"] = description.into();
        let next = Document::from_json(&json.to_string()).unwrap();
        let changed = sources
            .store
            .change("me", "why", None, move |_old| Ok(next));
        changed.await.unwrap();
    }
    let secrets = &sources.secrets;
    secrets
        .save(credential(1), &secret("proxy password"))
        .unwrap();
    secrets
        .save_key(credential(2), &secret("host key"))
        .unwrap();
    secrets
        .save_key(credential(3), &secret("waiting key"))
        .unwrap();
    let credentials = Credentials {
        key: "client key".to_owned(),
        certificate: "certificate".to_owned(),
        ca_bundle: "authorities".to_owned(),
    };
    let instance = InstanceId::from_uuid(id(5));
    sources.credentials.save(instance, &credentials).unwrap();
    let operator = OperatorId::from_uuid(id(9));
    sources.operators.records.issued(operator, 99);
    sources
}

fn sealed(content: &Content) -> (Vec<u8>, Key) {
    let identity = Identity::generate();
    let lock = Lock::Recipients(vec![identity.recipient()]);
    let (_, archive) = seal(content, &lock).unwrap();
    (archive, Key::Identity(identity))
}

#[tokio::test]
async fn a_backup_is_the_whole_agent() {
    let dir = TempDir::new().unwrap();
    let sources = filled(dir.path()).await;
    let record = Record::of_agent(7, Category::ServiceStart, "started");
    sources.audit.intent_soon(record).await.unwrap();
    let content = sources.collect(ALL).await.unwrap();
    let (archive, key) = sealed(&content);
    let opened = open(&archive, &key).unwrap();
    let Content {
        secrets,
        enrolments,
        machine,
        audit,
        operators,
        revisions,
        absent,
        ..
    } = opened.content;
    assert_eq!(opened.document, **sources.store.current().document());
    assert_eq!(opened.manifest.revision.unwrap().number, 2);
    let password = secrets.passwords.get(&credential(1)).unwrap();
    assert_eq!(password.expose(), "proxy password");
    // The key of the host is not among those of the agent.
    let keys: Vec<_> = secrets
        .keys
        .iter()
        .map(|(id, key)| (*id, key.expose()))
        .collect();
    assert_eq!(keys, [(credential(3), "waiting key")]);
    let machine = machine.unwrap();
    assert_eq!(
        machine.keys.get(&credential(2)).unwrap().expose(),
        "host key"
    );
    assert_eq!(machine.listen, sources.listen);
    let enrolment = enrolments.get(&InstanceId::from_uuid(id(5))).unwrap();
    assert_eq!(enrolment.key.expose(), "client key");
    assert_eq!(audit.unwrap().newest.sequence, 1);
    let operator = operators.get(&OperatorId::from_uuid(id(9))).unwrap();
    assert_eq!(operator.not_after_ms, Some(99));
    let numbers = |all: &[underpass_shared::backup::Past]| {
        all.iter()
            .map(|one| one.revision.number)
            .collect::<Vec<_>>()
    };
    assert_eq!(numbers(&revisions), [2, 1]);
    assert!(absent.is_empty());
    // What was not asked for is not there.
    let wanted = Wanted {
        history: 1,
        machine: false,
    };
    let less = sources.collect(wanted).await.unwrap();
    assert_eq!(numbers(&less.revisions), [2]);
    assert!(less.machine.is_none());
}

#[tokio::test]
async fn what_is_gone_is_named_and_the_rest_is_kept() {
    let dir = TempDir::new().unwrap();
    let sources = filled(dir.path()).await;
    sources.secrets.remove(credential(1)).unwrap();
    let instance = InstanceId::from_uuid(id(5));
    sources.credentials.delete(instance).unwrap();
    let content = sources.collect(ALL).await.unwrap();
    assert_eq!(content.absent.values, BTreeSet::from([credential(1)]));
    assert_eq!(content.absent.enrolments, BTreeSet::from([instance]));
    let (archive, key) = sealed(&content);
    let opened = open(&archive, &key).unwrap();
    let report = opened.report(content.instance);
    assert!(report.own);
    assert_eq!((report.secrets, report.enrolments), (1, 0));
    assert_eq!(report.warnings.len(), 2, "{:?}", report.warnings);
}

#[tokio::test]
async fn every_flip_and_every_cut_of_a_backup_is_refused() {
    let dir = TempDir::new().unwrap();
    let content = sources(dir.path()).collect(ALL).await.unwrap();
    let (archive, key) = sealed(&content);
    open(&archive, &key).unwrap();
    for at in 0..archive.len() {
        for mask in [0x01, 0x20, 0xff] {
            let mut flipped = archive.clone();
            flipped[at] ^= mask;
            assert!(open(&flipped, &key).is_err(), "{at} {mask}");
        }
        assert!(open(&archive[..at], &key).is_err(), "{at}");
    }
    let longer = [archive.as_slice(), b"x"].concat();
    assert!(open(&longer, &key).is_err());
}

/// What somebody who knows the public key of a recipient can make.
#[tokio::test]
async fn contents_of_others_are_refused() {
    let dir = TempDir::new().unwrap();
    let good = filled(dir.path()).await.collect(ALL).await.unwrap();
    let refused = |edit: &dyn Fn(&mut Content)| {
        let mut content = good.clone();
        edit(&mut content);
        let (archive, key) = sealed(&content);
        open(&archive, &key).unwrap_err().to_string()
    };
    let other = TempDir::new().unwrap();
    let other = sources(other.path()).collect(ALL).await.unwrap();
    let identity = "the identity in the backup is damaged or of another agent";
    assert_eq!(
        refused(&|one| one.identity = other.identity.clone()),
        identity
    );
    assert_eq!(
        refused(&|one| one.identity.key = other.identity.key.clone()),
        identity
    );
    assert_eq!(refused(&|one| one.instance = other.instance), identity);
    assert!(refused(&|one| one.format = 9).contains("has format 9"));
    let revision = refused(&|one| one.revision = Revision::genesis());
    assert!(
        revision.contains("is not the one of its revision"),
        "{revision}"
    );
    assert!(refused(&|one| one.secrets.keys.clear()).contains("names the private key"));
    // The clear part and the sealed part have to tell the same.
    let (archive, key) = sealed(&good);
    let (text, payload) = parts(&archive);
    let edited = text.replacen(VERSION, "9.9.9", 1);
    let lie = with_manifest(&edited, &payload);
    let error = open(&lie, &key).unwrap_err().to_string();
    assert!(
        error.contains("the manifest says another version"),
        "{error}"
    );
    open(&with_manifest(&text, &payload), &key).unwrap();
}

/// The clear text and the sealed part of an archive.
fn parts(archive: &[u8]) -> (String, Vec<u8>) {
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(archive)).unwrap();
    let mut read = |name: &str| {
        let mut bytes = vec![];
        std::io::copy(&mut zip.by_name(name).unwrap(), &mut bytes).unwrap();
        bytes
    };
    let text = String::from_utf8(read(archive::MANIFEST)).unwrap();
    (text, read(archive::PAYLOAD))
}

/// An archive of two parts, in the form in which they are written.
fn with_manifest(text: &str, payload: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(vec![]));
    let options = zip::write::SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Stored)
        .system(zip::System::Unix)
        .unix_permissions(0o600);
    for (name, bytes) in [
        (archive::MANIFEST, text.as_bytes()),
        (archive::PAYLOAD, payload),
    ] {
        zip.start_file(name, options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}
