//! The store from outside: changes, conflicts, restarts, damage.

use std::fs;
use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use tempfile::TempDir;
use underpass_shared::config::{
    BackendType, Mapping, MappingFields, OnTrial, Protocol, Resource, SubaccountFields,
    SubaccountKey, diff,
};
use underpass_shared::policy::Access;
use uuid::Uuid;

use super::*;

const NOW: i64 = 1_700_000_000_000;

fn open(dir: &Path) -> Store {
    Store::open(dir, || NOW).unwrap()
}

fn key() -> SubaccountKey {
    SubaccountKey {
        region_host: "localhost:8443".parse().unwrap(),
        subaccount: Uuid::from_u128(1).to_string().parse().unwrap(),
        location_id: "".parse().unwrap(),
    }
}

fn own() -> SubaccountFields {
    let instance = Uuid::from_u128(2).to_string().parse().unwrap();
    let credential = Uuid::from_u128(3).to_string().parse().unwrap();
    SubaccountFields::enrolled(key(), instance, credential)
}

fn mapping(n: usize, path: &str) -> Mapping {
    let resource = Resource {
        enabled: true,
        description: "x".repeat(500).parse().unwrap(),
        ..Resource::closed(path.parse().unwrap())
    };
    Mapping::try_from(MappingFields {
        resources: vec![resource],
        ..MappingFields::closed(
            format!("host{n}:80").parse().unwrap(),
            "10.0.0.1:8080".parse().unwrap(),
            Protocol::Http,
            BackendType::NonSap,
        )
    })
    .unwrap()
}

fn put(store: &Store, n: usize, path: &str) -> Committed {
    let mapping = mapping(n, path);
    store
        .change_blocking("tester", "test", None, move |old| {
            old.with_mapping(key(), mapping)
        })
        .unwrap()
}

/// A store with one subaccount and two mappings: head 3.
fn filled(dir: &Path) -> Store {
    let store = open(dir);
    store
        .change_blocking("tester", "enrol", None, |old| old.with_subaccount(own()))
        .unwrap();
    put(&store, 1, "/one");
    put(&store, 2, "/two");
    store
}

fn allowed(snapshot: &Snapshot, path: &str) -> bool {
    let access = Access {
        protocol: Protocol::Http,
        host: "host1",
        port: 80,
        path: path.as_bytes(),
        websocket: false,
    };
    snapshot
        .policy(&key())
        .is_some_and(|policy| policy.decide(&access).is_ok())
}

fn sql(dir: &Path, statement: &str) {
    let connection = Connection::open(dir.join(STATE_FILE)).unwrap();
    assert_ne!(connection.execute(statement, []).unwrap(), 0, "{statement}");
}

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
fn a_change_is_published_and_survives_a_restart() {
    let dir = TempDir::new().unwrap();
    let store = filled(dir.path());
    assert!(allowed(&store.current(), "/one/x"));
    assert!(!allowed(&store.current(), "/two"));
    let before = store.current();
    drop(store);
    let after = open(dir.path()).current();
    assert_eq!(after.revision(), before.revision());
    assert_eq!(after.document(), before.document());
    assert_eq!(after.revision().number, 3);
    assert_eq!(after.revision().time_ms, NOW);
    assert!(allowed(&after, "/one"));
}

#[test]
fn equal_content_makes_no_revision() {
    let dir = TempDir::new().unwrap();
    let store = filled(dir.path());
    let again = put(&store, 2, "/two");
    assert!(!again.changed);
    assert_eq!(again.revision.number, 3);
}

#[test]
fn a_lost_race_names_the_current_revision() {
    let dir = TempDir::new().unwrap();
    let store = filled(dir.path());
    let change = |if_match| {
        store.change_blocking("a", "", Some(if_match), |old| {
            old.with_mapping(key(), mapping(3, "/"))
        })
    };
    assert!(matches!(
        change(2),
        Err(ChangeError::Conflict { current: 3 })
    ));
    assert!(change(3).unwrap().changed);
    assert!(matches!(
        change(3),
        Err(ChangeError::Conflict { current: 4 })
    ));
}

#[test]
fn a_refused_or_panicking_change_leaves_everything_as_it_was() {
    let dir = TempDir::new().unwrap();
    let store = filled(dir.path());
    let refused = store.change_blocking("a", "", None, |old| {
        old.without_mapping(key(), "none:1".parse().unwrap())
    });
    assert!(matches!(refused, Err(ChangeError::Invalid(_))));
    let panicked = store.change_blocking("a", "", None, |_| panic!("on purpose"));
    assert!(matches!(panicked, Err(ChangeError::Panicked)));
    let unnamed = store.change_blocking(&"a".repeat(300), "", None, |old| Ok(old.clone()));
    assert!(
        matches!(unnamed, Err(ChangeError::Invalid(Invalid { field, .. })) if field == "author")
    );
    assert_eq!(store.current().revision().number, 3);
    assert!(put(&store, 3, "/").changed);
}

#[tokio::test]
async fn history_and_undo() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().to_owned();
    let store = tokio::task::spawn_blocking(move || filled(&path))
        .await
        .unwrap();
    let before = store.current();
    let new = mapping(1, "/new");
    let changed = store
        .change("b", "why", None, move |old| old.with_mapping(key(), new))
        .await
        .unwrap();
    let history = store.history(None, 2).await.unwrap();
    assert_eq!(history, [changed.revision, before.revision().clone()]);
    let inverse = store.inverse(4).await.unwrap().unwrap();
    assert_eq!(inverse, diff(store.current().document(), before.document()));
    store
        .change("b", "undo", None, move |old| old.apply(&inverse))
        .await
        .unwrap();
    assert_eq!(store.current().document(), before.document());
    assert_eq!(store.current().revision().number, 5);
    assert_eq!(store.inverse(99).await.unwrap(), None);
    assert_eq!(store.history(None, 99).await.unwrap().len(), 5);
    let older = store.history(Some(4), 2).await.unwrap();
    assert_eq!(
        older.iter().map(|one| one.number).collect::<Vec<_>>(),
        [3, 2]
    );
}

#[test]
fn readers_keep_what_they_hold() {
    let dir = TempDir::new().unwrap();
    let store = filled(dir.path());
    let mut watch = store.snapshot();
    let held = Arc::clone(&watch.borrow_and_update());
    let unchanged = Arc::clone(held.policy(&key()).unwrap());
    store
        .change_blocking("a", "", None, |old| {
            old.without_mapping(key(), "host1:80".parse().unwrap())
        })
        .unwrap();
    assert!(watch.has_changed().unwrap());
    assert!(allowed(&held, "/one"));
    assert!(!allowed(&store.current(), "/one"));
    assert!(!Arc::ptr_eq(
        store.current().policy(&key()).unwrap(),
        &unchanged
    ));
}

/// What the files of the database take, when all of it is in them.
fn len(dir: &Path) -> u64 {
    fs::metadata(dir.join(STATE_FILE)).unwrap().len()
}

#[test]
fn a_small_change_takes_little_space() {
    let dir = TempDir::new().unwrap();
    let store = filled(dir.path());
    let resource = |at: usize, number: usize| Resource {
        enabled: at > 0 || number.is_multiple_of(2),
        exact_match_only: true,
        description: format!("change {}", if at == 0 { number } else { 0 })
            .parse()
            .unwrap(),
        ..Resource::closed(
            format!("/sap/opu/odata/sap/SERVICE_{at:04}")
                .parse()
                .unwrap(),
        )
    };
    let change = move |old: &Document, host: usize, number: usize| {
        let fields = MappingFields {
            resources: (0..20).map(|at| resource(at, number)).collect(),
            ..MappingFields::closed(
                format!("erp{host:04}.systems.example.com:443")
                    .parse()
                    .unwrap(),
                "127.0.0.1:44300".parse().unwrap(),
                Protocol::Http,
                BackendType::NonSap,
            )
        };
        old.with_mapping(key(), Mapping::try_from(fields)?)
    };
    let all = move |old: &Document| (0..50).try_fold(old.clone(), |doc, n| change(&doc, n, 0));
    store.change_blocking("tester", "all", None, all).unwrap();
    drop(store);
    let mut numbers = 1..;
    let mut make = |count: usize| {
        let store = open(dir.path());
        for number in numbers.by_ref().take(count) {
            let reason = "changed resource /sap/opu/odata/sap/SERVICE_0000 of system mapping";
            let edit = move |old: &Document| change(old, number % 50, number);
            store.change_blocking("tester", reason, None, edit).unwrap();
        }
        drop(store);
        len(dir.path())
    };
    let before = make(150);
    let grown = (make(400) - before) / 400;
    assert!(grown < 2_048, "{grown} bytes a change");
}

#[tokio::test]
async fn what_the_layout_before_holds_is_read_and_gone_on_with() {
    let dir = TempDir::new().unwrap();
    drop(opened(&dir));
    let connection = Connection::open(dir.path().join(STATE_FILE)).unwrap();
    for number in 2..=3 {
        let mut pieces = vec![];
        db::read_chunks(&connection, db::Kind::Inverse, number, |piece| {
            pieces.extend_from_slice(piece.unwrap());
            Ok::<_, rusqlite::Error>(())
        })
        .unwrap();
        let alone = chunks::pack(&pieces, &[]);
        let update = "UPDATE chunk SET data = ?1 WHERE kind = 2 AND number = ?2";
        assert_eq!(connection.execute(update, (alone, number)).unwrap(), 1);
    }
    connection.pragma_update(None, "user_version", 1).unwrap();
    drop(connection);

    let path = dir.path().to_owned();
    let store = tokio::task::spawn_blocking(move || open(&path))
        .await
        .unwrap();
    let edit = |old: &Document| old.with_mapping(key(), mapping(1, "/new"));
    store.change("b", "why", None, edit).await.unwrap();
    for number in 1..=3 {
        let before = store.at(number).await.unwrap().unwrap();
        let inverse = store.inverse(number + 1).await.unwrap().unwrap();
        let after = store.at(number + 1).await.unwrap().unwrap();
        assert_eq!(after.apply(&inverse).unwrap(), before);
    }
    drop(store);
    let connection = Connection::open(dir.path().join(STATE_FILE)).unwrap();
    assert_eq!(db::layout(&connection).unwrap(), db::LAYOUT);
}

#[test]
fn a_second_process_is_refused_by_name() {
    let dir = TempDir::new().unwrap();
    let store = open(dir.path());
    let error = Store::open(dir.path(), || NOW).unwrap_err();
    assert!(matches!(error, OpenError::Locked { .. }));
    assert!(
        error
            .to_string()
            .contains(&format!("pid {}", std::process::id()))
    );
    drop(store);
    open(dir.path());
}

#[test]
fn a_change_larger_than_one_piece_is_whole_after_a_restart() {
    let dir = TempDir::new().unwrap();
    let store = filled(dir.path());
    let many = |old: &Document| {
        (0..1_500).try_fold(old.clone(), |document, n| {
            document.with_mapping(key(), mapping(n, "/many"))
        })
    };
    store.change_blocking("a", "", None, many).unwrap();
    let before = store.current();
    drop(store);
    let pieces: i64 = Connection::open(dir.path().join(STATE_FILE))
        .unwrap()
        .query_row(
            "SELECT count(*) FROM chunk WHERE number = 4 AND kind = 1",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert!(pieces > 3, "{pieces}");
    assert_eq!(open(dir.path()).current().document(), before.document());
}

#[test]
fn full_copies_are_made_and_suffice_without_the_steps_before() {
    let dir = TempDir::new().unwrap();
    let store = filled(dir.path());
    for n in 0..250 {
        put(&store, n % 7, &format!("/{n}"));
    }
    let before = store.current();
    drop(store);
    let connection = Connection::open(dir.path().join(STATE_FILE)).unwrap();
    let copies: Vec<i64> = connection
        .prepare("SELECT number FROM full_copy ORDER BY number")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(copies, [100, 200]);
    connection
        .execute("DELETE FROM revision WHERE number < 150", [])
        .unwrap();
    drop(connection);
    assert_eq!(open(dir.path()).current().document(), before.document());
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

async fn tried(store: &Store, n: usize, within: Option<Duration>) -> Result<u64, ChangeError> {
    let mapping = mapping(n, "/tried");
    let edit = move |old: &Document| old.with_mapping(key(), mapping);
    let committed = store.try_out("ann", "try", None, within, edit).await?;
    Ok(committed.revision.number)
}

fn opened(dir: &TempDir) -> Store {
    let dir = dir.path().to_owned();
    let filled = std::thread::spawn(move || filled(&dir));
    filled.join().unwrap()
}

#[tokio::test]
async fn what_is_on_trial_is_taken_back_unless_confirmed() {
    let dir = TempDir::new().unwrap();
    let store = opened(&dir);
    let before = Arc::clone(store.current().document());
    assert!(matches!(
        store.confirm(4).await,
        Err(ChangeError::NothingOnTrial)
    ));
    assert_eq!(
        tried(&store, 1, Some(Duration::from_mins(1)))
            .await
            .unwrap(),
        4
    );
    assert_eq!(tried(&store, 3, None).await.unwrap(), 5);
    let other = store.change("bob", "", None, |old| old.without_subaccount(key()));
    assert!(
        matches!(other.await, Err(ChangeError::OnTrial(OnTrial::Other(trial)))
            if *trial.author == *"ann" && (trial.first, trial.last) == (4, 5))
    );
    let reverted = store.revert(4, "bob", "why").await.unwrap();
    assert_eq!((reverted.revision.number, reverted.changed), (6, true));
    assert_eq!(store.current().document(), &before);
    assert_eq!(store.current().trial(), None);
    // By the clock, without a word of anybody.
    let mut watch = store.snapshot();
    tried(&store, 1, Some(Duration::from_millis(50)))
        .await
        .unwrap();
    watch
        .wait_for(|now| now.revision().number == 8)
        .await
        .unwrap();
    let now = store.current();
    assert_eq!((now.document(), now.trial()), (&before, None));
    assert_eq!(&*now.revision().author, "agent");
    // A confirmed change stays, and everybody may write again.
    tried(&store, 1, Some(Duration::from_millis(50)))
        .await
        .unwrap();
    assert_eq!(store.confirm(9).await.unwrap().last, 9);
    let again = store.change("bob", "", None, |old| old.without_subaccount(key()));
    assert_eq!(again.await.unwrap().revision.number, 10);
    assert_eq!(store.at(9).await.unwrap().unwrap().hash(), {
        store.history(None, 2).await.unwrap()[1].content_hash
    });
    assert_eq!(store.at(0).await.unwrap(), Some(Document::empty()));
    assert_eq!(store.at(11).await.unwrap(), None);
}

#[tokio::test]
async fn a_trial_runs_on_over_a_restart_and_ends_while_nobody_looks() {
    let dir = TempDir::new().unwrap();
    let store = opened(&dir);
    let before = Arc::clone(store.current().document());
    tried(&store, 1, Some(Duration::from_mins(1)))
        .await
        .unwrap();
    tried(&store, 3, None).await.unwrap();
    let trial = store.current().trial().cloned().unwrap();
    assert_eq!(trial.until_ms, NOW + 60_000);
    drop(store);
    let store = open(dir.path());
    assert_eq!(store.current().trial(), Some(&trial));
    assert_eq!(store.current().revision().number, 5);
    drop(store);
    let late = Store::open(dir.path(), || NOW + 60_000).unwrap();
    assert_eq!(late.current().trial(), None);
    assert_eq!(late.current().document(), &before);
    assert_eq!(late.current().revision().number, 6);
    drop(late);
    assert_eq!(open(dir.path()).current().trial(), None);
}
