//! Keys that stay, and keys that do not open for everybody.

use keyring_core::{CredentialStore, mock};

use super::*;

/// The vault of a folder whose key is in a key store.
fn in_system(store: &CredentialStore, folder: &Path) -> Result<Vault, KeyError> {
    Vault::open(folder, Place::System(system::entry(store, folder)?))
}

fn agent(n: u8) -> AgentId {
    AgentId::of_authority(&[n; 32])
}

fn credential(text: &str) -> Credential {
    Credential {
        certificate: format!("certificate {text}"),
        key: Secret::new(format!("PRIVATE {text}")),
    }
}

fn passphrase(text: &str) -> KeyChoice {
    KeyChoice::Passphrase(Secret::new(text.to_owned()))
}

#[test]
fn a_passphrase_opens_what_it_sealed_and_no_other_does() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(
        open(dir.path(), &passphrase("short")),
        Err(KeyError::Short)
    ));
    assert!(!wants_passphrase(dir.path()));
    let store = open(dir.path(), &passphrase("long enough")).unwrap();
    assert_eq!(store.kind(), KeyStoreKind::Passphrase);
    store.put(agent(1), &credential("one")).unwrap();
    store.put(agent(2), &credential("two")).unwrap();
    store.remove(agent(2)).unwrap();
    assert!(wants_passphrase(dir.path()));
    let again = open(dir.path(), &passphrase("long enough")).unwrap();
    assert_eq!(again.get(agent(1)), Some(credential("one")));
    assert_eq!(again.get(agent(2)), None);
    let wrong = open(dir.path(), &passphrase("another one"));
    assert!(matches!(wrong, Err(KeyError::Passphrase(_))));
    // It does not become another kind by itself.
    assert!(matches!(
        open(dir.path(), &KeyChoice::System),
        Err(KeyError::OtherKind(_))
    ));
    for file in std::fs::read_dir(dir.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(7).any(|part| part == b"PRIVATE"));
    }
}

#[test]
fn the_systems_store_has_the_key_and_a_vault_without_it_is_not_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let system = mock::Store::new().unwrap();
    let store = in_system(&*system, dir.path()).unwrap();
    store.put(agent(1), &credential("one")).unwrap();
    let again = in_system(&*system, dir.path()).unwrap();
    assert_eq!(again.get(agent(1)), Some(credential("one")));
    assert_eq!(again.kind(), KeyStoreKind::System);
    // Another store, as after a move to another computer.
    let other = mock::Store::new().unwrap();
    let lost = in_system(&*other, dir.path());
    assert!(matches!(lost, Err(KeyError::Lost(_))), "{lost:?}");
    // A vault of the system's store is not opened by a passphrase.
    let other = open(dir.path(), &passphrase("long enough"));
    assert!(matches!(other, Err(KeyError::OtherKind(_))));
}

#[test]
fn an_entry_that_is_no_key_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let system = mock::Store::new().unwrap();
    let entry = system::entry(&*system, dir.path()).unwrap();
    entry.set_password("not a key").unwrap();
    let refused = in_system(&*system, dir.path());
    assert!(matches!(refused, Err(KeyError::Key(_))), "{refused:?}");
}

#[test]
fn memory_leaves_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), &KeyChoice::Memory).unwrap();
    store.put(agent(1), &credential("one")).unwrap();
    assert_eq!(store.get(agent(1)), Some(credential("one")));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}
