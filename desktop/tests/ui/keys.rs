//! Keys of the app that are kept elsewhere from now on.

use egui::{Key, Modifiers, Theme};
use underpass_desktop::nav::Route;
use underpass_fleet::keys::KeyStoreKind;
use underpass_fleet::snapshot::Keys;

use crate::stage::Stage;
use crate::start::{Script, click_field};

/// The settings with the dialog open.
fn opened(script: &Script, theme: Theme, kind: KeyStoreKind) -> Stage {
    let mut stage = script.stage(theme, Keys::Open(kind));
    stage.go(Route::Settings);
    stage.click("Move the keys");
    stage
}

fn fill(stage: &mut Stage, field: &str, text: &str) {
    click_field(stage, field);
    stage.key(Modifiers::COMMAND, Key::A);
    stage.letters(text);
}

#[test]
fn keys_are_moved_to_a_passphrase_that_is_typed_twice() {
    for theme in [Theme::Dark, Theme::Light] {
        let script = Script::default();
        let mut stage = opened(&script, theme, KeyStoreKind::System);
        assert!(!stage.shows("Key store of the system"), "they are there");
        fill(&mut stage, "New passphrase", "short");
        assert!(stage.mentions("It needs at least 10 characters"));
        fill(&mut stage, "New passphrase", "long enough for it");
        fill(&mut stage, "The same again", "long enough for");
        assert!(stage.mentions("It is not the same"));
        stage.click("Move the keys here");
        assert!(script.sent().is_empty());
        fill(&mut stage, "The same again", "long enough for it");
        stage.shot("keys-move");
        stage.click("Move the keys here");
        stage.run();
        assert_eq!(script.sent(), ["move long enough for it None"]);
        assert!(stage.mentions("The keys are in a file sealed by a passphrase"));
        assert!(!stage.shows("Move the keys here"));
    }
}

#[test]
fn whoever_moves_keys_away_from_a_passphrase_knows_it() {
    for theme in [Theme::Dark, Theme::Light] {
        let script = Script {
            refuses: true,
            ..Script::default()
        };
        let mut stage = opened(&script, theme, KeyStoreKind::Passphrase);
        fill(&mut stage, "New passphrase", "another and longer");
        fill(&mut stage, "The same again", "another and longer");
        stage.click("Change the passphrase");
        assert!(script.sent().is_empty());
        stage.click("Key store of the system");
        fill(&mut stage, "Present passphrase", "the old one");
        stage.click("Move the keys here");
        stage.run();
        assert_eq!(script.sent(), ["move System Some(\"the old one\")"]);
        // What failed is told, and all stays.
        assert!(stage.mentions("The key store of the system cannot be used"));
        stage.shot("keys-move-failed");
        assert!(stage.shows("Move the keys here"));
    }
}

#[test]
fn nothing_is_kept_only_by_whoever_says_so() {
    for theme in [Theme::Dark, Theme::Light] {
        let script = Script::default();
        let mut stage = opened(&script, theme, KeyStoreKind::System);
        stage.click("Memory only");
        stage.click("Keep nothing");
        assert!(script.sent().is_empty());
        fill(&mut stage, "Type keep nothing to confirm", "keep nothing");
        stage.shot("keys-forget");
        stage.click("Keep nothing");
        stage.run();
        assert_eq!(script.sent(), ["move Memory None"]);
    }
}
