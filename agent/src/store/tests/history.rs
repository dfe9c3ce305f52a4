//! The history: what it tells, and how it is kept.

use std::fs;

use underpass_shared::config::diff;

use super::*;

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
