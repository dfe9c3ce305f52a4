//! Changes on trial.

use std::time::Duration;

use underpass_shared::config::OnTrial;

use super::*;

async fn tried(store: &Store, n: usize, within: Option<Duration>) -> Result<u64, ChangeError> {
    let mapping = mapping(n, "/tried");
    let edit = move |old: &Document| old.with_mapping(key(), mapping);
    let committed = store.try_out("ann", "try", None, within, edit).await?;
    Ok(committed.revision.number)
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
