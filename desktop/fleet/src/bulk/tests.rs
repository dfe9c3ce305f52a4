//! Rollouts over made-up agents that fail in made-up ways.

mod world;

use tokio_util::sync::CancellationToken;
use underpass_shared::api::management::{DocumentTarget, Target, Verb};

use self::world::{Trouble, World, kinds, quick};
use super::*;
use crate::api::Call;
use crate::papers::PaperError;

#[tokio::test]
async fn a_plan_changes_nothing_and_tells_who_takes_the_change() {
    let world = World::new(3).await;
    world.trouble(1, Some(Trouble::Away));
    let before = world.document(0).await;
    let planned = world.planned(quick()).await;
    let unreachable = ("refused", Some(FaultKind::Unreachable));
    assert_eq!(
        kinds(&planned),
        [("ready", None), unreachable, ("ready", None)]
    );
    let plan = planned.parts[0].plan.as_ref().unwrap();
    assert_eq!(plan.changes[0].part, "connector.description");
    assert_eq!(world.document(0).await, before);
    // It comes back, and is asked again alone.
    world.trouble(1, None);
    let again = world.act(planned, Act::Plan { again: true }).await.rollout;
    assert_eq!(again.counts().ready, 3);
    let done = world.act(again, Act::Apply).await;
    assert_eq!((done.rollout.counts().done, done.stopped), (3, None));
    assert!(world.is_changed(1).await);
    // Once more there is nothing to do.
    assert_eq!(world.planned(quick()).await.counts().unchanged, 3);
    assert_eq!(world.journal().numbers().unwrap().len(), 2);
}

#[tokio::test]
async fn one_of_the_first_that_fails_keeps_the_others_from_it() {
    let world = World::new(5).await;
    let planned = world.planned(quick()).await;
    world.meddle(0, 3).await;
    let ended = world.act(planned, Act::Apply).await;
    assert_eq!(ended.stopped, Some(Stopped::Canary));
    let raced = ("failed", Some(FaultKind::Raced));
    assert_eq!(kinds(&ended.rollout)[0], raced);
    assert_eq!(ended.rollout.counts().ready, 4);
    for agent in 0..5 {
        assert!(!world.is_changed(agent).await);
    }
    // Planned anew, it goes through, and what somebody else did stays.
    let again = world
        .act(ended.rollout, Act::Plan { again: true })
        .await
        .rollout;
    let ended = world.act(again, Act::Apply).await;
    assert_eq!(ended.rollout.counts().done, 5);
    assert_eq!(
        world
            .document(0)
            .await
            .connector()
            .tunnel_connections()
            .get(),
        3
    );
}

#[tokio::test]
async fn what_was_under_way_when_the_answer_was_lost_is_found_out() {
    let world = World::new(3).await;
    let options = Options {
        canary: 0,
        failures: 9,
        ..quick()
    };
    let planned = world.planned(options).await;
    world.trouble(0, Some(Trouble::LostAfter));
    world.trouble(1, Some(Trouble::LostBefore));
    let ended = world.act(planned, Act::Apply).await;
    let lost = ("unknown", Some(FaultKind::Lost));
    assert_eq!(kinds(&ended.rollout), [lost, lost, ("done", None)]);
    assert!(!ended.rollout.is_settled());
    for agent in 0..2 {
        world.trouble(agent, None);
    }
    assert_eq!(
        (world.is_changed(0).await, world.is_changed(1).await),
        (true, false)
    );
    // The one is not changed twice, the other once.
    let before = world.document(0).await;
    let ended = world.act(ended.rollout, Act::Apply).await;
    assert_eq!(kinds(&ended.rollout), [("done", None); 3]);
    assert_eq!(world.document(0).await, before);
    assert!(world.is_changed(1).await);
}

#[tokio::test]
async fn a_program_that_was_killed_goes_on_where_it_was() {
    let world = World::new(3).await;
    let mut planned = world.planned(quick()).await;
    // As it is written down before the first is changed; of the first it was.
    let number = planned.number.unwrap();
    planned.parts[0].state = State::Running;
    planned.parts[1].state = State::Running;
    world.journal().keep(&mut planned).unwrap();
    world.trouble(0, Some(Trouble::LostAfter));
    let wanted = &world.wanted[0];
    let template = world.rollout(quick()).template;
    let about = crate::template::About {
        id: wanted.agent,
        label: &wanted.label,
        group: None,
    };
    world.trouble(0, None);
    let document = template.render(&Values::default(), &about, &world.document(0).await);
    let mut call = Call::new(Verb::Put, Target::Document(DocumentTarget::Whole));
    call.body = document.unwrap().to_json().into_bytes().into();
    world.apis[&wanted.agent].call(&call).await.unwrap();
    let rollout = world.journal().read(number).unwrap();
    let ended = world.act(rollout, Act::Apply).await;
    assert_eq!(ended.rollout.counts().done, 3);
    let undone = world.act(ended.rollout, Act::Undo).await;
    assert_eq!(undone.rollout.counts().undone, 3);
}

#[tokio::test]
async fn undo_leaves_what_others_did_since_and_can_be_gone_on_with() {
    let world = World::new(4).await;
    let before = world.document(0).await;
    let ended = world.act(world.planned(quick()).await, Act::Apply).await;
    assert_eq!(ended.rollout.counts().done, 4);
    world.meddle(1, 3).await;
    world.trouble(2, Some(Trouble::NoUndo));
    world.trouble(3, Some(Trouble::Away));
    let ended = world.act(ended.rollout, Act::Undo).await;
    let away = ("not undone", Some(FaultKind::Unreachable));
    let expected = [("undone", None), ("undone", None), away, away];
    assert_eq!(kinds(&ended.rollout), expected);
    assert_eq!(world.document(0).await, before);
    assert_eq!(
        world
            .document(1)
            .await
            .connector()
            .tunnel_connections()
            .get(),
        3
    );
    assert!(!world.is_changed(1).await);
    world.trouble(2, None);
    world.trouble(3, None);
    let ended = world.act(ended.rollout, Act::Undo).await;
    assert_eq!(ended.rollout.counts().undone, 4);
    assert!(!world.is_changed(3).await);
}

#[tokio::test]
async fn an_agent_that_is_not_well_with_the_change_goes_back_by_its_trial() {
    for (confirm_within, word, is_changed) in [(None, "unwell", true), (Some(10), "failed", false)]
    {
        let world = World::new(2).await;
        let options = Options {
            watch_seconds: 1,
            confirm_within,
            ..Options::default()
        };
        let planned = world.planned(options).await;
        world.trouble(0, Some(Trouble::Down));
        let ended = world.act(planned, Act::Apply).await;
        assert_eq!(ended.stopped, Some(Stopped::Canary));
        let expected = (word, Some(FaultKind::Unwell));
        assert_eq!(kinds(&ended.rollout), [expected, ("ready", None)]);
        assert_eq!(world.is_changed(0).await, is_changed);
        // Where it is well, the change is confirmed.
        world.trouble(0, None);
        let ended = match is_changed {
            true => world.act(ended.rollout, Act::Undo).await,
            false => world.act(ended.rollout, Act::Plan { again: true }).await,
        };
        let again = world.act(ended.rollout, Act::Plan { again: true }).await;
        let ended = world.act(again.rollout, Act::Apply).await;
        assert_eq!(ended.rollout.counts().done, 2);
        for wanted in &world.wanted {
            let pending = Call::get(Target::Document(DocumentTarget::PendingConfirm));
            assert!(world.apis[&wanted.agent].call(&pending).await.is_err());
        }
    }
}

#[tokio::test]
async fn nothing_further_is_begun_when_somebody_stops_it() {
    let world = World::new(4).await;
    let planned = world.planned(quick()).await;
    let stop = CancellationToken::new();
    stop.cancel();
    let ended = world.act_until(planned, Act::Apply, stop).await;
    assert_eq!(ended.stopped, Some(Stopped::Wanted));
    assert_eq!(ended.rollout.counts().ready, 4);
    let ended = world.act(ended.rollout, Act::Apply).await;
    assert_eq!((ended.rollout.counts().done, ended.stopped), (4, None));
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let refused = |options: Options| options.check().unwrap_err().field;
    let sound = Options::default();
    assert_eq!(
        refused(Options {
            at_once: 0,
            ..sound
        }),
        "atOnce"
    );
    assert_eq!(
        refused(Options {
            watch_seconds: 4_000,
            ..sound
        }),
        "watchSeconds"
    );
    for confirm_within in [Some(5), Some(60), Some(9_999)] {
        assert_eq!(
            refused(Options {
                confirm_within,
                ..sound
            }),
            "confirmWithin"
        );
    }
    let template = Template::from_json(r#"{"format":1}"#).unwrap();
    let none = Rollout::new(template, Values::default(), sound, vec![], 1);
    assert_eq!(none.unwrap_err().field, "agents");
}

#[test]
fn journals_of_newer_programs_and_damaged_ones_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::of(dir.path());
    let one = NonZeroUsize::MIN;
    assert!(matches!(journal.read(one), Err(JournalError::Unknown(_))));
    let path = dir.path().join("bulk/1.json");
    underpass_runtime::file::private_dir(&dir.path().join("bulk")).unwrap();
    let write = |text: &str| underpass_runtime::file::replace(&path, text.as_bytes()).unwrap();
    write(r#"{"format":3,"other":1}"#);
    assert!(matches!(
        journal.read(one),
        Err(JournalError::Paper(PaperError::TooNew(_)))
    ));
    write(r#"{"format":1}"#);
    assert!(matches!(
        journal.read(one),
        Err(JournalError::Paper(PaperError::Damaged { .. }))
    ));
    assert_eq!(journal.numbers().unwrap(), [one]);
    journal.remove(one).unwrap();
    assert_eq!(journal.numbers().unwrap(), []);
}
