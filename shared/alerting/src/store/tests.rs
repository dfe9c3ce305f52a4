//! What is kept, and what a full outbox drops.

use std::time::Duration;

use underpass_shared::alert::Code;

use super::*;
use crate::text::tests::notice;

const MAIL: &str = "mail";

fn notices(numbers: std::ops::Range<u64>) -> Vec<Notice> {
    numbers.map(|n| notice(n, Code::TunnelDown, "t")).collect()
}

async fn with_mail(dir: &Path) -> Store {
    let store = Store::open(dir).unwrap();
    store.set_channels(vec![MAIL.to_owned()]).await.unwrap();
    store
}

async fn head(store: &Store) -> Head {
    store.head(MAIL.to_owned()).await.unwrap()
}

/// Opens it again when the thread of the first has let go of it.
async fn again(dir: &Path, store: Store) -> Store {
    drop(store);
    let opening = async {
        loop {
            match Store::open(dir) {
                Ok(store) => return store,
                Err(_) => tokio::task::yield_now().await,
            }
        }
    };
    let opened = tokio::time::timeout(Duration::from_secs(20), opening).await;
    opened.expect("the first let go of it")
}

#[tokio::test]
async fn state_and_notices_outlast_the_end_and_are_taken_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let store = with_mail(dir.path()).await;
    assert_eq!(store.load().await.unwrap(), None);
    let mut changes = store.changes();
    store.commit("one".to_owned(), notices(0..3)).await.unwrap();
    assert!(changes.has_changed().unwrap());
    changes.mark_unchanged();
    store.commit("two".to_owned(), vec![]).await.unwrap();
    assert!(!changes.has_changed().unwrap());

    let store = again(dir.path(), store).await;
    assert_eq!(store.load().await.unwrap().as_deref(), Some("two"));
    let waiting = head(&store).await.waiting;
    let numbers: Vec<u64> = waiting.iter().map(|one| one.notice.number).collect();
    assert_eq!(numbers, [0, 1, 2]);
    let parcel = Parcel::new(vec![waiting[0].notice.clone()], 0, 7);
    let entries = vec![waiting[0].entry];
    store
        .pack(MAIL.to_owned(), parcel.clone(), entries)
        .await
        .unwrap();
    let left = Parcel {
        left: Some(vec!["a@x".to_owned()]),
        ..parcel
    };
    store.repack(MAIL.to_owned(), left.clone()).await.unwrap();

    let store = again(dir.path(), store).await;
    let present = head(&store).await;
    assert_eq!((present.parcel, present.waiting.len()), (Some(left), 2));
    store.delivered(MAIL.to_owned(), 9).await.unwrap();
    let present = head(&store).await;
    assert_eq!((present.parcel, present.last_success_ms), (None, Some(9)));
}

#[tokio::test]
async fn the_oldest_beyond_the_limit_are_dropped_and_counted() {
    let dir = tempfile::tempdir().unwrap();
    let store = with_mail(dir.path()).await;
    store.commit(String::new(), notices(0..10)).await.unwrap();
    store
        .commit(String::new(), notices(10..5_000))
        .await
        .unwrap();
    let full = head(&store).await;
    assert_eq!((full.waiting.len(), full.dropped), (OUTBOX_MAX, 4_000));
    assert_eq!(full.waiting[0].notice.number, 4_000);
    let all: Vec<i64> = full.waiting.iter().map(|one| one.entry).collect();
    let parcel = Parcel::new(notices(0..1), full.dropped, 0);
    store
        .commit(String::new(), notices(5_000..5_002))
        .await
        .unwrap();
    store.pack(MAIL.to_owned(), parcel, all).await.unwrap();
    let rest = head(&store).await;
    assert_eq!((rest.waiting.len(), rest.dropped), (2, 2));
}

#[tokio::test]
async fn a_channel_gets_only_what_comes_while_it_is_on() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.commit(String::new(), notices(0..1)).await.unwrap();
    let both = || vec![MAIL.to_owned(), "syslog:a".to_owned()];
    store.set_channels(both()).await.unwrap();
    store.commit(String::new(), notices(1..2)).await.unwrap();
    assert_eq!(head(&store).await.waiting[0].notice.number, 1);
    store.set_channels(both()).await.unwrap();
    assert_eq!(head(&store).await.waiting.len(), 1);
    store
        .set_channels(vec!["syslog:a".to_owned()])
        .await
        .unwrap();
    store.set_channels(both()).await.unwrap();
    assert_eq!(head(&store).await.waiting.len(), 0);
    let other = store.head("syslog:a".to_owned()).await.unwrap();
    assert_eq!(other.waiting.len(), 1);
}

#[tokio::test]
async fn a_damaged_file_is_put_aside_and_a_newer_one_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(FILE);
    underpass_runtime::file::replace(&path, &[7; 9_000]).unwrap();
    let store = with_mail(dir.path()).await;
    store.commit("new".to_owned(), notices(0..1)).await.unwrap();
    assert!(dir.path().join("alerts.db.damaged").exists());
    drop(store);

    let newer = tempfile::tempdir().unwrap();
    let path = newer.path().join(FILE);
    let connection = Connection::open(&path).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    drop(connection);
    let refused = Store::open(newer.path()).unwrap_err();
    assert!(matches!(refused, StoreError::Newer { .. }), "{refused}");
    assert!(path.exists());
}

#[cfg(unix)]
#[test]
fn the_file_is_private() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let _store = Store::open(dir.path()).unwrap();
    let mode = dir
        .path()
        .join(FILE)
        .metadata()
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o077, 0);
}
