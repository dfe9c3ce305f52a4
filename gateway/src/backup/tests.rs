//! A gateway is restored whole or not at all.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use underpass_shared::id::{InstanceId, LocationId, SubaccountId};
use uuid::Uuid;

use super::*;
use crate::certificates::Certificates;
use crate::commands::STATE_FILE;
use crate::lock::Lock;
use crate::state::{State, StoreClock};
use crate::token::SigningKeys;

fn secret() -> Secret {
    Secret::new("correct horse".to_owned())
}

/// A gateway with a subaccount, an agent, and a token that nobody used.
async fn gateway(dir: &Path) -> Directory {
    underpass_runtime::file::private_dir(dir).unwrap();
    Certificates::open(dir).unwrap();
    SigningKeys::load_or_create(dir, 0).unwrap();
    let state = State::sqlite(&dir.join(STATE_FILE), StoreClock::system()).unwrap();
    let directory = Directory::open(state).await.unwrap();
    let id = SubaccountId::from_uuid(Uuid::from_u128(1));
    directory.add_subaccount(id, "acme", 1).await.unwrap();
    for secret in [[1; 32], [2; 32]] {
        let life = Duration::from_secs(60);
        let location = Some("site".parse::<LocationId>().unwrap());
        let added = directory.add_enrol_token(&secret, id, location, life).await;
        added.unwrap();
    }
    let instance = InstanceId::from_uuid(Uuid::from_u128(5));
    let redeemed = directory.redeem([1; 32], [9; 32], None, instance, 1).await;
    redeemed.unwrap();
    directory
}

/// The manifest of content that is not sealed.
fn manifest(about: About) -> Manifest {
    Manifest {
        format: 1,
        product: about.product.to_owned(),
        version: about.version.to_owned(),
        created_at_ms: about.created_at_ms,
        instance: about.instance,
        revision: None,
        payload_sha256: underpass_shared::hash::Hash256::ZERO,
    }
}

/// Every file of a directory with its content.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.display().to_string(), fs::read(&path).unwrap());
            }
        }
    }
    found
}

#[tokio::test]
async fn a_restored_gateway_is_the_same_one() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (folder.path().join("old"), folder.path().join("a/new"));
    let directory = gateway(&old).await;
    let (manifest, archive) = create(&old, &directory, &secret(), 7).await.unwrap();
    let restored = restore::restore(&new, &archive, &secret(), false).await;
    assert_eq!(restored.unwrap(), manifest);
    for path in ["tls/ca.pem", "tls/ca-key.pem", "keys/token-signing.json"] {
        let read = |dir: &Path| fs::read(dir.join(path)).unwrap();
        assert_eq!(read(&old), read(&new), "{path}");
    }
    let state = State::sqlite(&new.join(STATE_FILE), StoreClock::system()).unwrap();
    let again = Directory::open(state).await.unwrap();
    assert_eq!(
        again.export().await.unwrap(),
        directory.export().await.unwrap()
    );
    let instance = InstanceId::from_uuid(Uuid::from_u128(5));
    assert!(again.index().identity(&instance).is_some());
    // A token that is used after the backup must not be good again.
    let refused = again.redeem([2; 32], [8; 32], None, instance, 1).await;
    assert!(refused.unwrap_err().to_string().contains("unknown"));
    let names: Vec<String> = files(&new).into_keys().collect();
    assert!(
        names.iter().all(|name| !name.contains("restore")),
        "{names:?}"
    );
}

#[tokio::test]
async fn what_is_there_is_replaced_only_by_force_and_never_under_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (folder.path().join("old"), folder.path().join("new"));
    let directory = gateway(&old).await;
    let (about, bytes) = content(&old, &directory, 7).await.unwrap();
    let manifest = manifest(about);
    drop(gateway(&new).await);
    let before = files(&new);
    let refused = restore::put_back(&new, &manifest, &bytes, false).await;
    assert!(refused.unwrap_err().to_string().contains("is not empty"));
    assert_eq!(files(&new), before);
    let server = Lock::take(&new).unwrap();
    let refused = restore::put_back(&new, &manifest, &bytes, true).await;
    assert!(
        refused
            .unwrap_err()
            .to_string()
            .contains("a gateway runs in")
    );
    drop(server);
    restore::put_back(&new, &manifest, &bytes, true)
        .await
        .unwrap();
    let key = "keys/token-signing.json";
    assert_eq!(
        fs::read(new.join(key)).unwrap(),
        fs::read(old.join(key)).unwrap()
    );
}

#[tokio::test]
async fn an_interrupted_restore_is_brought_to_its_end_by_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (folder.path().join("old"), folder.path().join("new"));
    let directory = gateway(&old).await;
    let wanted = directory.export().await.unwrap();
    let (_, archive) = create(&old, &directory, &secret(), 7).await.unwrap();
    restore::restore(&new, &archive, &secret(), false)
        .await
        .unwrap();
    // As if it had been killed after the decision, with the folders moved and the database not.
    let other = gateway(&folder.path().join("other")).await;
    drop(other);
    let decided = new.join("restore-decided");
    fs::create_dir(&decided).unwrap();
    fs::rename(new.join(STATE_FILE), decided.join(STATE_FILE)).unwrap();
    let stale = folder.path().join("other").join(STATE_FILE);
    fs::copy(stale, new.join(STATE_FILE)).unwrap();
    assert!(restore::refuse_unfinished(&new).is_err());
    restore::finish(&new).unwrap();
    restore::refuse_unfinished(&new).unwrap();
    let state = State::sqlite(&new.join(STATE_FILE), StoreClock::system()).unwrap();
    let again = Directory::open(state).await.unwrap();
    assert_eq!(again.export().await.unwrap(), wanted);
    restore::finish(&new).unwrap();
}

#[tokio::test]
async fn content_that_no_gateway_wrote_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (folder.path().join("old"), folder.path().join("new"));
    let directory = gateway(&old).await;
    let (about, bytes) = content(&old, &directory, 7).await.unwrap();
    let manifest = manifest(about);
    let forge = |edit: &dyn Fn(&mut serde_json::Value)| {
        let mut content: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        edit(&mut content);
        content.to_string()
    };
    for (forged, says) in [
        (
            forge(&|content| content["createdAtMs"] = 8.into()),
            "does not belong",
        ),
        (
            forge(&|content| content["files"]["../x.pem"] = "x".into()),
            "does not belong to a gateway",
        ),
        (
            forge(&|content| content["files"]["tls/ca-key.pem"] = "x".into()),
            "no private key",
        ),
        (
            forge(&|content| {
                drop(
                    content["files"]
                        .as_object_mut()
                        .unwrap()
                        .remove("tls/ca.pem"),
                )
            }),
            "is missing",
        ),
        (
            forge(&|content| content["more"] = 1.into()),
            "does not parse",
        ),
    ] {
        let put_back = restore::put_back(&new, &manifest, forged.as_bytes(), false);
        let refused = put_back.await.unwrap_err();
        assert!(format!("{refused:#}").contains(says), "{refused:#}");
        assert!(!new.exists());
    }
}
