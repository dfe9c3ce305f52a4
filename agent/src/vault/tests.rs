//! Sealed values: their key, their names, and the way from plain ones.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::*;

const VALUES: [(&str, &[u8]); 4] = [
    ("a.json", b"{\"key\": 1}"),
    ("b.key", b"-----BEGIN PRIVATE KEY-----"),
    ("c.password", b"p\xc3\xa4ss"),
    ("d.password", b"x"),
];

/// What an older version left: plain values, and one that a crash cut off.
fn plain() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("secrets");
    file::private_dir(&folder).unwrap();
    for (name, value) in VALUES {
        file::replace(&folder.join(name), value).unwrap();
    }
    file::replace(&folder.join("c.password.17.tmp"), b"p").unwrap();
    dir
}

fn credential(key: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    file::replace(&dir.path().join(CREDENTIAL), key.as_bytes()).unwrap();
    dir
}

fn with(dir: &Path, credentials: &TempDir) -> Vault {
    Vault::with_credentials(dir, Some(credentials.path().to_owned()))
}

fn without(dir: &Path) -> Vault {
    Vault::with_credentials(dir, None)
}

fn all_readable(vault: &Vault) {
    for (name, value) in VALUES {
        assert_eq!(**vault.read(name).unwrap(), *value, "{name}");
    }
}

fn all_sealed(dir: &Path) {
    for (name, _) in VALUES {
        let bytes = fs::read(dir.join("secrets").join(name)).unwrap();
        assert!(seal::is_sealed(&bytes), "{name}");
    }
    let files = fs::read_dir(dir.join("secrets")).unwrap().count();
    assert_eq!(files, VALUES.len());
}

#[test]
fn plain_values_are_sealed_and_a_crash_at_any_step_loses_none() {
    for steps in 0..=VALUES.len() {
        let dir = plain();
        all_readable(&without(dir.path()));
        // As far as a start comes before it is killed.
        let killed = without(dir.path());
        let ring = killed.ring_or_new().unwrap();
        for path in killed.values().unwrap().iter().take(steps) {
            seal_file(&ring, path).unwrap();
        }
        all_readable(&without(dir.path()));
        let next = without(dir.path());
        let origin = next.prepare().unwrap();
        assert_eq!(origin, Origin::File(dir.path().join("data.key")));
        all_readable(&next);
        all_readable(&without(dir.path()));
        all_sealed(dir.path());
    }
}

#[test]
fn a_credential_takes_over_from_the_file_and_a_crash_at_any_step_loses_none() {
    let given = credential(seal::new_key().expose());
    for steps in 0..=VALUES.len() {
        let dir = plain();
        without(dir.path()).prepare().unwrap();
        let killed = with(dir.path(), &given);
        let ring = killed.ring_or_new().unwrap();
        for path in killed.values().unwrap().iter().take(steps) {
            seal_file(&ring, path).unwrap();
        }
        all_readable(&with(dir.path(), &given));
        let next = with(dir.path(), &given);
        assert!(matches!(next.prepare(), Ok(Origin::Credential(_))));
        assert!(!dir.path().join("data.key").exists());
        all_readable(&with(dir.path(), &given));
        all_sealed(dir.path());
    }
}

#[test]
fn a_missing_key_is_named_and_never_replaced() {
    let given = credential(seal::new_key().expose());
    let dir = plain();
    with(dir.path(), &given).prepare().unwrap();
    let alone = without(dir.path());
    for error in [
        alone.prepare().unwrap_err(),
        alone.read("b.key").unwrap_err(),
        alone.write("e.key", b"new").unwrap_err(),
        alone.origin().unwrap_err(),
    ] {
        let told = error.to_string();
        assert!(told.contains("underpass-data-key"), "{told}");
        assert!(told.contains("data.key"), "{told}");
    }
    assert!(!dir.path().join("data.key").exists());
    all_readable(&with(dir.path(), &given));
}

#[test]
fn a_wrong_key_and_changed_values_are_told_apart() {
    let dir = plain();
    without(dir.path()).prepare().unwrap();
    let other = credential(seal::new_key().expose());
    fs::rename(dir.path().join("data.key"), dir.path().join("kept")).unwrap();
    let wrong = with(dir.path(), &other);
    let Err(VaultError::Open { source, .. }) = wrong.read("b.key") else {
        panic!("opened");
    };
    assert!(matches!(source, OpenError::OtherKey { .. }), "{source}");
    assert!(wrong.prepare().is_err());
    fs::rename(dir.path().join("kept"), dir.path().join("data.key")).unwrap();

    // One value in the place of another.
    let secrets = dir.path().join("secrets");
    fs::copy(secrets.join("c.password"), secrets.join("d.password")).unwrap();
    let vault = without(dir.path());
    let Err(VaultError::Open { source, path }) = vault.read("d.password") else {
        panic!("opened");
    };
    assert_eq!(source, OpenError::Tampered);
    assert!(path.ends_with("d.password"));
    assert!(vault.prepare().is_err(), "it is told at every start");
    vault.read("c.password").unwrap();

    let no_key = credential("secret");
    let error = with(dir.path(), &no_key).prepare().unwrap_err();
    assert!(matches!(error, VaultError::Key { .. }), "{error}");
    assert!(!format!("{error:?}").contains("secret\""), "{error:?}");
}

#[test]
fn values_are_kept_and_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    let vault = without(dir.path());
    assert!(matches!(vault.read("a.key"), Err(VaultError::Missing(_))));
    assert_eq!(vault.origin().unwrap(), None);
    vault.write("a.key", b"one").unwrap();
    vault.write("a.key", b"two").unwrap();
    assert_eq!(**without(dir.path()).read("a.key").unwrap(), *b"two");
    let bytes = fs::read(dir.path().join("secrets/a.key")).unwrap();
    assert!(!bytes.windows(3).any(|window| window == b"two"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &str| {
            let found = fs::metadata(dir.path().join(path)).unwrap();
            found.permissions().mode() & 0o777
        };
        assert_eq!(mode("secrets"), 0o700);
        assert_eq!(mode("secrets/a.key"), 0o600);
        assert_eq!(mode("data.key"), 0o600);
    }
    vault.remove("a.key").unwrap();
    vault.remove("a.key").unwrap();
    assert!(matches!(vault.read("a.key"), Err(VaultError::Missing(_))));
}
