//! Keys that move: where they are afterwards, and what is found when a move broke off.

use std::sync::Arc;

use keyring_core::mock::{Cred, Store};
use keyring_core::{Entry, Error};

use super::super::{KeyChoice, open, system, usual, wants_passphrase};
use super::*;

const OLD: &str = "long enough";
const NEW: &str = "and another one";

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

fn credential() -> Credential {
    Credential {
        certificate: "certificate".to_owned(),
        key: secret("PRIVATE"),
    }
}

fn agent() -> AgentId {
    AgentId::of_authority(&[1; 32])
}

/// A profile's folder and a key store of the system.
struct Desk {
    dir: tempfile::TempDir,
    system: Arc<Store>,
}

impl Desk {
    fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            system: Store::new().unwrap(),
        }
    }

    fn folder(&self) -> &Path {
        self.dir.path()
    }

    fn entry(&self) -> Entry {
        let store: &keyring_core::CredentialStore = &*self.system;
        system::entry(store, self.folder()).unwrap()
    }

    fn by_passphrase(&self, text: &str) -> Place {
        Place::Passphrase(super::super::passphrase::KeyFile::new(
            self.folder(),
            secret(text),
        ))
    }

    fn by_system(&self) -> Place {
        Place::System(self.entry())
    }

    /// The vault of a place, with one credential.
    fn vault(&self, place: Place) -> Vault {
        let vault = Vault::open(self.folder(), place).unwrap();
        vault.put(agent(), &credential()).unwrap();
        vault
    }

    fn has(&self, place: Place) -> bool {
        let opened = Vault::open(self.folder(), place);
        opened.is_ok_and(|vault| vault.get(agent()) == Some(credential()))
    }

    /// The next operation of the key store fails: it is locked.
    fn lock(&self) {
        let credential = self.entry();
        let credential: &Cred = credential.as_any().downcast_ref().unwrap();
        credential.set_error(Error::NoStorageAccess("it is locked".into()));
    }
}

/// Moves with what an operator gives beside.
fn go(
    vault: &Vault,
    to: Option<Place>,
    present: Option<&str>,
) -> Result<Option<KeyError>, KeyError> {
    let present = present.map(secret);
    vault.change_to(
        to,
        &KeyChange {
            to: &KeyChoice::Memory,
            present: present.as_ref(),
            is_wanted: &|| true,
        },
    )
}

#[test]
fn keys_go_from_the_system_to_a_passphrase_and_back() {
    let desk = Desk::new();
    let vault = desk.vault(desk.by_system());
    assert!(
        go(&vault, Some(desk.by_passphrase(OLD)), None)
            .unwrap()
            .is_none()
    );
    assert_eq!(vault.kind(), KeyStoreKind::Passphrase);
    assert!(wants_passphrase(desk.folder()));
    assert!(matches!(desk.entry().get_password(), Err(Error::NoEntry)));
    // What is kept from now on goes to the new place.
    let other = AgentId::of_authority(&[2; 32]);
    vault.put(other, &credential()).unwrap();
    let again = Vault::open(desk.folder(), desk.by_passphrase(OLD)).unwrap();
    assert_eq!(
        (again.get(agent()), again.get(other)),
        (Some(credential()), Some(credential()))
    );
    // Back, by whoever knows the passphrase.
    for present in [None, Some("a wrong passphrase")] {
        let refused = go(&again, Some(desk.by_system()), present).unwrap_err();
        assert!(
            matches!(refused, KeyError::NoPassphrase | KeyError::Passphrase(_)),
            "{refused}"
        );
        assert_eq!(again.kind(), KeyStoreKind::Passphrase);
    }
    go(&again, Some(desk.by_system()), Some(OLD)).unwrap();
    assert!(!wants_passphrase(desk.folder()));
    assert!(desk.has(desk.by_system()));
    let refused = go(&again, Some(desk.by_system()), None).unwrap_err();
    assert!(matches!(refused, KeyError::Same), "{refused}");
}

#[test]
fn another_passphrase_opens_what_the_one_before_opens_no_more() {
    let desk = Desk::new();
    let vault = desk.vault(desk.by_passphrase(OLD));
    let copy = fs::read(desk.folder().join("vault.key")).unwrap();
    let refused = go(&vault, Some(desk.by_passphrase("short")), Some(OLD)).unwrap_err();
    assert!(matches!(refused, KeyError::Short), "{refused}");
    assert!(desk.has(desk.by_passphrase(OLD)));
    go(&vault, Some(desk.by_passphrase(NEW)), Some(OLD)).unwrap();
    assert!(desk.has(desk.by_passphrase(NEW)) && !desk.has(desk.by_passphrase(OLD)));
    // Not even with the file of before: the vault has another key.
    file::replace(&desk.folder().join("vault.key"), &copy).unwrap();
    assert!(!desk.has(desk.by_passphrase(OLD)));
}

#[test]
fn memory_keeps_nothing_until_keys_are_moved_out_of_it() {
    let desk = Desk::new();
    let vault = desk.vault(desk.by_passphrase(OLD));
    go(&vault, None, Some(OLD)).unwrap();
    assert_eq!(vault.get(agent()), Some(credential()));
    let left = fs::read_dir(desk.folder()).unwrap();
    let left: Vec<_> = left.map(|file| file.unwrap().file_name()).collect();
    assert_eq!(left, ["vault.none"]);
    // The next start keeps nothing either, and asks for nothing.
    assert!(matches!(usual(desk.folder()), KeyChoice::Memory));
    let again = open(desk.folder(), &usual(desk.folder())).unwrap();
    assert_eq!(
        (again.kind(), again.get(agent())),
        (KeyStoreKind::Memory, None)
    );
    go(&vault, Some(desk.by_system()), None).unwrap();
    assert!(matches!(usual(desk.folder()), KeyChoice::System));
    assert!(desk.has(desk.by_system()));
}

#[test]
fn a_vault_that_is_not_open_is_not_replaced() {
    let desk = Desk::new();
    drop(desk.vault(desk.by_passphrase(OLD)));
    // As somebody who does not remember the passphrase and goes on without it.
    let vault = Vault::in_memory(desk.folder());
    for place in [desk.by_system(), desk.by_passphrase(NEW)] {
        let refused = go(&vault, Some(place), None).unwrap_err();
        assert!(matches!(refused, KeyError::Occupied(_)), "{refused}");
    }
    assert!(desk.has(desk.by_passphrase(OLD)));
}

#[test]
fn a_locked_key_store_leaves_all_where_it_is() {
    let desk = Desk::new();
    let vault = desk.vault(desk.by_passphrase(OLD));
    desk.lock();
    let refused = go(&vault, Some(desk.by_system()), Some(OLD)).unwrap_err();
    assert!(matches!(refused, KeyError::System(_)), "{refused}");
    assert_eq!(vault.kind(), KeyStoreKind::Passphrase);
    assert!(desk.has(desk.by_passphrase(OLD)));
    assert!(!desk.folder().join("vault.next").exists());
    vault.put(agent(), &credential()).unwrap();
}

#[test]
fn an_answer_that_nobody_waits_for_any_more_changes_nothing() {
    let desk = Desk::new();
    let vault = desk.vault(desk.by_passphrase(OLD));
    let late = vault.change_to(
        Some(desk.by_system()),
        &KeyChange {
            to: &KeyChoice::System,
            present: Some(&secret(OLD)),
            is_wanted: &|| false,
        },
    );
    assert!(matches!(late, Err(KeyError::Late)), "{late:?}");
    assert!(matches!(desk.entry().get_password(), Err(Error::NoEntry)));
    assert!(desk.has(desk.by_passphrase(OLD)));
}

#[test]
fn an_entry_that_the_system_does_not_give_up_is_told_and_opens_nothing() {
    let desk = Desk::new();
    let vault = desk.vault(desk.by_system());
    let before = desk.entry().get_password().unwrap();
    desk.lock();
    let left = go(&vault, Some(desk.by_passphrase(OLD)), None).unwrap();
    assert!(matches!(left, Some(KeyError::System(_))), "{left:?}");
    assert_eq!(desk.entry().get_password().unwrap(), before);
    assert!(desk.has(desk.by_passphrase(OLD)));
    let key = DataKey::from_text(&secret(&before)).unwrap();
    assert!(matches!(
        read(&path(desk.folder()), &key),
        Err(KeyError::Sealed(_))
    ));
}

/// Each step of a move to a passphrase and of one away from it, broken off behind it.
#[test]
fn a_move_that_broke_off_is_finished_or_forgotten() {
    // Sealed anew, and no place has the new key.
    let desk = Desk::new();
    let vault = desk.vault(desk.by_system());
    let next = desk.folder().join("vault.next");
    let stranger = DataKey::from_text(&new_key()).unwrap();
    write(&next, &stranger, &Entries::new()).unwrap();
    assert!(desk.has(desk.by_system()));
    assert!(!next.exists());

    // The new place has the new key, and the file of before is still there.
    let present = fs::read(path(desk.folder())).unwrap();
    go(&vault, Some(desk.by_passphrase(OLD)), None).unwrap();
    fs::rename(path(desk.folder()), &next).unwrap();
    file::replace(&path(desk.folder()), &present).unwrap();
    assert!(desk.has(desk.by_passphrase(OLD)));
    assert!(!next.exists());
    assert!(desk.has(desk.by_passphrase(OLD)));
}

#[test]
fn nothing_is_written_while_keys_move() {
    let desk = Desk::new();
    let vault = desk.vault(desk.by_passphrase(OLD));
    let moving = vault.home().unwrap();
    assert!(matches!(
        vault.put(agent(), &credential()),
        Err(KeyError::Busy)
    ));
    assert_eq!(vault.get(agent()), Some(credential()));
    drop(moving);
    vault.put(agent(), &credential()).unwrap();
}
