//! The review of a draft: what others changed meanwhile, and changes on trial.

use underpass_fleet::api::Call;
use underpass_fleet::command::Change;
use underpass_shared::api::management::{DocumentTarget, Target, Verb};

use super::*;
use crate::stage::WINDOW;

#[test]
fn what_others_changed_meanwhile_is_decided_place_by_place() {
    for theme in [Theme::Dark, Theme::Light] {
        let mut play = Play::new(theme, WINDOW);
        let first = play.first();
        let address = first.virtual_address.to_string();
        let moved = |to: &str| {
            let fields = MappingFields {
                internal_address: to.parse().unwrap(),
                ..first.clone()
            };
            Mapping::try_from(fields).unwrap()
        };
        let mine = moved("mine:1");
        play.edit("Move it", move |document| put(document, mine));
        play.edit("Add another", |document| {
            put(document, mapping("only-mine:80", "x:80", &["/"]))
        });
        let theirs = put(
            &put(&play.document(), moved("theirs:1")),
            mapping("only-theirs:80", "y:80", &["/"]),
        );
        let call = Call {
            body: theirs.to_json().into(),
            ..Call::new(Verb::Put, Target::Document(DocumentTarget::Whole))
        };
        let change = Change {
            agent: play.agent,
            call,
            title: "x".to_owned(),
            done: Slot::default(),
        };
        play.source.send(Command::Call(change)).unwrap();
        play.stage.run();
        play.stage.key(Modifiers::COMMAND, Key::S);
        assert!(play.stage.mentions("Somebody else changed one place too"));
        assert!(play.stage.shows("theirs:1") && play.stage.shows("mine:1"));
        play.stage.shot("review-conflict");
        play.stage.click("Keep mine");
        assert!(play.stage.mentions("Changed Mapping"));
        play.stage.shot("review-merged");
        play.press(Role::Button, "Apply");
        let document = play.document();
        assert_eq!(
            Play::mapping(&document, &address)
                .unwrap()
                .internal_address
                .to_string(),
            "mine:1"
        );
        assert!(Play::mapping(&document, "only-mine:80").is_some());
        assert!(Play::mapping(&document, "only-theirs:80").is_some());
    }
}

#[test]
fn a_trial_counts_down_until_it_is_kept() {
    let mut play = Play::new(Theme::Dark, WINDOW);
    let gone = play.first().virtual_address;
    let address = gone.to_string();
    play.choose(&address);
    play.stage.key(Modifiers::NONE, Key::Delete);
    assert!(Play::mapping(&play.wanted(), &address).is_none());
    play.stage.click("Review…");
    play.press(Role::Switch, "Revert by itself unless confirmed within");
    play.stage.click("5 min");
    play.stage.shot("review-trial");
    play.press(Role::Button, "Apply on trial");
    assert!(play.stage.mentions("are reverted in 5:00"));
    play.stage.shot("trial");
    play.stage.click("Keep");
    assert!(play.snapshot().pending.is_none());
    assert!(Play::mapping(&play.document(), &address).is_none());
}
