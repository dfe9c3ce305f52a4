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
        store.confirm(Ending::of(4)).await,
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
    let reverted = store.revert(Ending::of(4), "bob").await.unwrap();
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
    assert_eq!(store.confirm(Ending::of(9)).await.unwrap().last, 9);
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

/// A trial has one end: what was acknowledged as confirmed stays, whatever the clock and others do.
#[tokio::test]
async fn a_trial_ends_once_and_as_it_was_told() {
    const ROUNDS: u64 = 100;
    let dir = TempDir::new().unwrap();
    let store = opened(&dir);
    let (mut confirmed, mut reverted, mut late) = (0, 0, 0);
    for round in 0..ROUNDS {
        let before = Arc::clone(store.current().document());
        // About as long as the two take, so that the clock often comes in between.
        let within = Duration::from_micros(200 + 400 * round);
        let mapping = mapping(7, &format!("/{round}"));
        let edit = move |old: &Document| old.with_mapping(key(), mapping);
        let tried = store.try_out("ann", "try", None, Some(within), edit);
        let tried = tried.await.unwrap();
        let first = tried.revision.number;
        let confirm = store.confirm(Ending::of(first));
        let revert = store.revert(Ending::of(first), "bob");
        // Now one is first in the queue and now the other.
        let (confirming, ending) = if round % 2 == 0 {
            tokio::join!(biased; confirm, revert)
        } else {
            let (ending, confirming) = tokio::join!(biased; revert, confirm);
            (confirming, ending)
        };
        // The clock has come and gone.
        tokio::time::sleep(within).await;
        let mut watch = store.snapshot();
        watch.wait_for(|now| now.trial().is_none()).await.unwrap();
        let now = store.current();
        match (confirming, ending) {
            (Ok(trial), Err(ChangeError::NothingOnTrial)) => {
                confirmed += 1;
                assert_eq!((trial.first, now.revision()), (first, &tried.revision));
            }
            (Err(ChangeError::NothingOnTrial), Ok(committed)) => {
                reverted += 1;
                assert_eq!(
                    (now.document(), now.revision()),
                    (&before, &committed.revision)
                );
            }
            (Err(ChangeError::NothingOnTrial), Err(ChangeError::NothingOnTrial)) => {
                late += 1;
                assert_eq!((now.document(), &*now.revision().author), (&before, AGENT));
            }
            both => panic!("round {round}: {both:?}"),
        }
    }
    assert!(confirmed + reverted > 0, "each time the clock was first");
    println!("{confirmed} confirmed, {reverted} reverted, {late} too late");
    let head = store.current().revision().clone();
    drop(store);
    let again = Store::open(dir.path(), || NOW + 60_000).unwrap();
    assert_eq!(
        (again.current().revision(), again.current().trial()),
        (&head, None)
    );
}

/// Who asks for the end of what he has seen does not end what came later.
#[tokio::test]
async fn an_ending_is_held_against_the_state_of_its_turn() {
    let dir = TempDir::new().unwrap();
    let store = opened(&dir);
    let minute = Some(Duration::from_mins(1));
    assert_eq!(tried(&store, 1, minute).await.unwrap(), 4);
    let seen = || Ending::of(4).if_match(Some(4));
    assert_eq!(tried(&store, 3, None).await.unwrap(), 5);
    let confirmed = store.confirm(seen()).await;
    assert!(matches!(
        confirmed,
        Err(ChangeError::Conflict { current: 5 })
    ));
    let reverted = store.revert(seen(), "bob").await;
    assert!(matches!(
        reverted,
        Err(ChangeError::Conflict { current: 5 })
    ));
    // The check sees the documents of the turn, and nothing happens where it refuses or panics.
    let before = store.at(3).await.unwrap().unwrap();
    let (now, after) = (store.current().document().hash(), before.hash());
    let refusing = |expected| {
        Ending::of(4).checked(move |old, new| {
            assert_eq!((old.hash(), new.hash()), (now, expected));
            Err(Invalid::new("", "refused"))
        })
    };
    let confirmed = store.confirm(refusing(now)).await;
    assert!(
        matches!(confirmed, Err(ChangeError::Invalid(_))),
        "{confirmed:?}"
    );
    let reverted = store.revert(refusing(after), "bob").await;
    assert!(
        matches!(reverted, Err(ChangeError::Invalid(_))),
        "{reverted:?}"
    );
    let panicking = Ending::of(4).checked(|_, _| panic!("on purpose"));
    let panicked = store.confirm(panicking).await;
    assert!(matches!(panicked, Err(ChangeError::Panicked)));
    assert_eq!(store.current().trial().map(|trial| trial.last), Some(5));
    let reverted = store
        .revert(Ending::of(4).if_match(Some(5)), "bob")
        .await
        .unwrap();
    assert_eq!(
        &*reverted.revision.reason,
        "took back revisions 4 to 5 of ann"
    );
    assert_eq!(store.current().document().hash(), after);
}
