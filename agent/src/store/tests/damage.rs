//! What is damaged, newer, half written or open to others.

use std::fs;

use super::*;

/// The store denies all and takes no change; returns what it says.
fn denies_all(dir: &Path) -> String {
    let store = open(dir);
    let snapshot = store.current();
    assert!(!allowed(&snapshot, "/one"));
    assert!(snapshot.document().subaccounts().is_empty());
    let error = store
        .change_blocking("a", "", None, |old| old.with_subaccount(own()))
        .unwrap_err();
    assert!(matches!(error, ChangeError::Problem(_)));
    let told = store.problem().unwrap().to_string();
    // Clients are told too.
    assert!(!told.contains(&*dir.to_string_lossy()), "{told}");
    told
}

#[test]
fn a_damaged_copy_is_replaced_by_the_one_before() {
    let dir = TempDir::new().unwrap();
    let store = filled(dir.path());
    for n in 0..250 {
        put(&store, n % 7, &format!("/{n}"));
    }
    let before = store.current();
    drop(store);
    sql(
        dir.path(),
        "UPDATE chunk SET data = x'00' WHERE kind = 3 AND number = 200",
    );
    assert_eq!(open(dir.path()).current().document(), before.document());
    sql(
        dir.path(),
        "UPDATE full_copy SET chunks = 9 WHERE number = 100",
    );
    assert_eq!(open(dir.path()).current().document(), before.document());
    sql(dir.path(), "DELETE FROM revision WHERE number = 1");
    assert!(denies_all(dir.path()).contains("does not verify"));
}

#[test]
fn damage_denies_all_rather_than_bring_back_an_older_state() {
    for statement in [
        "UPDATE chunk SET data = x'7b7d0a' WHERE kind = 1 AND number = 3",
        "UPDATE chunk SET data = substr(data, 1, 200) WHERE kind = 1 AND number = 3",
        "UPDATE chunk SET data = x'ffffffff00' WHERE kind = 1 AND number = 3",
        "UPDATE chunk SET data = (SELECT data FROM chunk WHERE kind = 1 AND number = 2)
            WHERE kind = 1 AND number = 3",
        "DELETE FROM chunk WHERE kind = 1 AND number = 2",
        "DELETE FROM revision WHERE number = 2",
        "UPDATE revision SET record = replace(record, 'tester', 'nobody') WHERE number = 2",
        "UPDATE revision SET record = '' WHERE number = 3",
    ] {
        let dir = TempDir::new().unwrap();
        drop(filled(dir.path()));
        sql(dir.path(), statement);
        let said = denies_all(dir.path());
        assert!(said.contains("revision 3"), "{statement}: {said}");
    }
}

#[test]
fn a_file_that_is_no_database_denies_all_and_stays() {
    let dir = TempDir::new().unwrap();
    drop(filled(dir.path()));
    let path = dir.path().join(STATE_FILE);
    let garbage = vec![7; 8192];
    fs::remove_file(dir.path().join("state.db-wal")).ok();
    underpass_runtime::file::replace(&path, &garbage).unwrap();
    assert!(denies_all(dir.path()).contains("cannot be read"));
    assert_eq!(fs::read(&path).unwrap(), garbage);
}

#[test]
fn a_newer_state_denies_all_and_is_not_touched() {
    for statement in [
        "UPDATE revision SET record = replace(record, '\"schema\":1', '\"schema\":2,\"more\":{}') WHERE number = 3",
        "PRAGMA user_version = 3",
    ] {
        let dir = TempDir::new().unwrap();
        drop(filled(dir.path()));
        let path = dir.path().join(STATE_FILE);
        let connection = Connection::open(&path).unwrap();
        connection.execute_batch(statement).unwrap();
        drop(connection);
        let before = fs::read(&path).unwrap();
        let said = denies_all(dir.path());
        assert!(
            said.contains("has schema 2, this version knows 1")
                || said.contains("has schema 3, this version knows 2"),
            "{said}"
        );
        assert_eq!(fs::read(&path).unwrap(), before);
    }
}

#[test]
fn what_an_interrupted_change_left_is_dropped() {
    let dir = TempDir::new().unwrap();
    let before = filled(dir.path()).current();
    sql(dir.path(), "INSERT INTO chunk VALUES (1, 4, 0, x'00')");
    sql(dir.path(), "INSERT INTO chunk VALUES (3, 2, 0, x'00')");
    let store = open(dir.path());
    assert_eq!(store.current().revision(), before.revision());
    assert!(put(&store, 3, "/three").changed);
    drop(store);
    assert_eq!(open(dir.path()).current().revision().number, 4);
}

#[cfg(unix)]
#[test]
fn files_are_private_and_odd_ones_are_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let root = TempDir::new().unwrap();
    let dir = root.path().join("data");
    drop(open(&dir));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&dir), 0o700);
    for name in [STATE_FILE, "state.lock", "state.reserve"] {
        assert_eq!(mode(&dir.join(name)), 0o600, "{name}");
    }
    let path = dir.join(STATE_FILE);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(
        Store::open(&dir, || NOW),
        Err(OpenError::TooOpen { .. })
    ));
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(matches!(
        Store::open(&dir, || NOW),
        Err(OpenError::NotAFile { .. })
    ));
    fs::remove_dir(&path).unwrap();
    std::os::unix::fs::symlink("/dev/null", &path).unwrap();
    assert!(matches!(
        Store::open(&dir, || NOW),
        Err(OpenError::NotAFile { .. })
    ));
}
