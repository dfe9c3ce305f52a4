//! The first minutes: welcome, pairing, keys, set-up, and the settings of the app.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use egui::{Event, Key, Modifiers, Theme};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use underpass_desktop::nav::{AgentTab, Route};
use underpass_desktop::source::{Frozen, Source};
use underpass_fleet::command::{Command, NotSent, Stranger};
use underpass_fleet::demo::{SEED, Still};
use underpass_fleet::keys::{KeyChoice, KeyStoreKind};
use underpass_fleet::remote::Remote;
use underpass_fleet::snapshot::{FleetSnapshot, Health, Keys};
use underpass_shared::api::management::OperatorShown;
use underpass_shared::pairing::{PairingLink, PairingSecret};
use underpass_shared::secret::Secret;

use crate::stage::{NOW_MS, SMALL, Stage, WINDOW};

const WORDS: [&str; 6] = ["amber", "canyon", "velvet", "tulip", "orbit", "maple"];

fn snapshot(keys: Keys) -> Arc<FleetSnapshot> {
    Arc::new(FleetSnapshot {
        generation: 1,
        keys,
        ..FleetSnapshot::default()
    })
}

fn link() -> PairingLink {
    PairingLink {
        address: "plant-1.corp.example:8443".parse().unwrap(),
        identity: [3; 32],
        secret: PairingSecret::new([4; 16]),
    }
}

fn stranger() -> Stranger {
    let operator: OperatorShown = serde_json::from_value(serde_json::json!({
        "id": "018f0000-0000-7000-8000-000000000001",
        "name": "anna",
        "role": "Administrator",
        "createdTimeStamp": NOW_MS,
    }))
    .unwrap();
    Stranger {
        agent: link().agent(),
        address: link().address,
        operator,
        words: WORDS.map(str::to_owned).to_vec(),
    }
}

/// What the app sent, one word each, and how it shall be answered.
#[derive(Clone, Default)]
pub(crate) struct Script {
    pub(crate) sent: Rc<RefCell<Vec<String>>>,
    pub(crate) refuses: bool,
}

struct Played {
    script: Script,
    shown: Arc<FleetSnapshot>,
}

impl Source for Played {
    fn snapshot(&self) -> Arc<FleetSnapshot> {
        Arc::clone(&self.shown)
    }

    fn send(&self, command: Command) -> Result<(), NotSent> {
        let told = match command {
            Command::Pair { done, link, .. } => {
                done.set(if self.script.refuses {
                    Remote::NotRequested.failed("the pairing string was used already".to_owned())
                } else {
                    Remote::ready(stranger(), NOW_MS)
                });
                format!("pair {link}")
            }
            Command::Admit {
                done, described, ..
            } => {
                done.set(Remote::ready((), NOW_MS));
                format!(
                    "admit {} {:?} {:?}",
                    described.label, described.group, described.tags
                )
            }
            Command::Reject(_) => "reject".to_owned(),
            Command::Unlock(KeyChoice::Passphrase(secret)) => format!("unlock {}", secret.expose()),
            Command::Unlock(choice) => format!("unlock {choice:?}"),
            Command::MoveKeys(wanted) => {
                wanted.done.set(if self.script.refuses {
                    let reason = "the key store of the system cannot be used; unlock it";
                    Remote::NotRequested.failed(reason.to_owned())
                } else {
                    Remote::ready((), NOW_MS)
                });
                let plain = |secret: &Secret| secret.expose().to_owned();
                let to = match &wanted.to {
                    KeyChoice::Passphrase(secret) => plain(secret),
                    other @ (KeyChoice::System | KeyChoice::Memory) => format!("{other:?}"),
                };
                format!("move {to} {:?}", wanted.present.as_ref().map(plain))
            }
            other @ (Command::Read(_)
            | Command::Follow(_)
            | Command::Try(_)
            | Command::Call(_)
            | Command::Many(_)
            | Command::Each(_)
            | Command::Bulk(_)
            | Command::ForgetRollout(_)
            | Command::Survey(_)
            | Command::Template(_)
            | Command::Migrate(_)
            | Command::Scc(_)
            | Command::BackUp(_)
            | Command::Restore(_)
            | Command::Draft { .. }
            | Command::Refresh(_)
            | Command::Retry(_)
            | Command::Describe { .. }
            | Command::Move { .. }
            | Command::Remove(_)
            | Command::Cancel(_)
            | Command::Forget(_)
            | Command::Dismiss(_)) => format!("{other:?}"),
        };
        self.script.sent.borrow_mut().push(told);
        Ok(())
    }
}

impl Script {
    pub(crate) fn stage(&self, theme: Theme, keys: Keys) -> Stage {
        let (script, shown) = (self.clone(), snapshot(keys));
        Stage::over(theme, WINDOW, Box::new(Played { script, shown }))
    }

    pub(crate) fn sent(&self) -> Vec<String> {
        self.sent.borrow().clone()
    }
}

/// Sends the keyboard to a field, whose label has the same name.
pub(crate) fn click_field(stage: &mut Stage, name: &str) {
    {
        let mut fields = stage.harness.query_all_by_label(name);
        let field = fields.find(|node| node.accesskit_node().is_text_input());
        field.unwrap().click();
    }
    stage.run();
}

const OPEN: Keys = Keys::Open(KeyStoreKind::System);

/// The app without agents.
pub(crate) fn welcome(theme: Theme) -> Stage {
    Stage::over(theme, WINDOW, Box::new(Frozen(snapshot(OPEN))))
}

/// The app while somebody compares words.
pub(crate) fn words(theme: Theme) -> Stage {
    let mut stage = Script::default().stage(theme, OPEN);
    stage.harness.event(Event::Paste(link().to_string()));
    stage.run();
    stage.click("Connect");
    stage.run();
    stage
}

#[test]
fn an_empty_fleet_says_what_to_do() {
    for theme in [Theme::Dark, Theme::Light] {
        let mut stage = welcome(theme);
        assert!(stage.shows("Welcome to Underpass") && stage.shows("Try with demo data"));
        stage.shot("welcome");
    }
    let mut stage = Stage::over(Theme::Dark, SMALL, Box::new(Frozen(snapshot(OPEN))));
    stage.shot("welcome-small");
}

#[test]
fn an_agent_is_paired_with_named_and_set_up() {
    for theme in [Theme::Dark, Theme::Light] {
        let script = Script::default();
        let mut stage = script.stage(theme, OPEN);
        // Pasted anywhere, the string opens the wizard.
        stage.harness.event(Event::Paste(format!("  {}\n", link())));
        stage.run();
        assert!(stage.shows("Step 1 of 3, Pairing string"));
        stage.shot("pairing-string");
        stage.key(Modifiers::NONE, Key::Enter);
        stage.run();
        assert_eq!(script.sent(), [format!("pair {}", link())]);
        assert!(stage.shows("Step 2 of 3, Compare words"));
        for word in WORDS {
            assert!(stage.shows(word), "{word}");
        }
        assert!(stage.shows("plant-1.corp.example:8443") && stage.shows("Administrator"));
        stage.shot("pairing-words");
        // They are compared by eye: who pressed Enter once more has not looked.
        stage.key(Modifiers::NONE, Key::Enter);
        assert!(stage.shows("Step 2 of 3, Compare words"));
        stage.click("The words are the same");
        click_field(&mut stage, "Group");
        stage.letters("north");
        click_field(&mut stage, "Tags");
        stage.letters("sap, productive");
        stage.shot("pairing-names");
        stage.click("Add to fleet");
        stage.run();
        let admitted = "admit plant-1.corp.example Some(\"north\") [\"sap\", \"productive\"]";
        assert_eq!(script.sent()[1], admitted);
        assert_eq!(stage.harness.state().route().agent(), Some(link().agent()));
        assert!(stage.harness.state().prefs.setup.is_shown(link().agent()));
    }
}

#[test]
fn damaged_and_used_strings_are_refused_with_what_to_do() {
    let script = Script {
        refuses: true,
        ..Script::default()
    };
    let mut stage = script.stage(Theme::Light, OPEN);
    stage.key(Modifiers::COMMAND, Key::N);
    stage.letters("underpass://plant-1:8443#AAA");
    assert!(stage.mentions("damaged or was cut"));
    stage.click("Connect");
    assert!(script.sent().is_empty(), "a damaged string is not sent");
    stage.shot("pairing-damaged");
    click_field(&mut stage, "Pairing string");
    stage.key(Modifiers::COMMAND, Key::A);
    // Enter comes before the pasted string was drawn once.
    stage.harness.event(Event::Paste(link().to_string()));
    stage.harness.key_press(Key::Enter);
    stage.run();
    stage.run();
    assert!(stage.mentions("was used already"));
    assert!(stage.shows("Step 1 of 3, Pairing string"));
}

#[test]
fn words_that_differ_keep_nothing() {
    let script = Script::default();
    let mut stage = script.stage(Theme::Dark, OPEN);
    stage.harness.event(Event::Paste(link().to_string()));
    stage.run();
    stage.click("Connect");
    stage.run();
    stage.click("The words differ");
    assert_eq!(script.sent()[1], "reject");
    assert!(stage.mentions("Nothing was kept"));
    stage.click("The words are the same");
    assert_eq!(script.sent().len(), 2);
    stage.shot("pairing-differ");
}

#[test]
fn sealed_keys_are_asked_for() {
    for theme in [Theme::Dark, Theme::Light] {
        let script = Script::default();
        let mut stage = script.stage(
            theme,
            Keys::Locked {
                reason: "the vault is sealed by a passphrase".into(),
                wants_passphrase: true,
            },
        );
        assert!(stage.shows("Unlock your keys"));
        assert!(
            !stage.mentions("sealed by a passphrase: "),
            "nothing failed yet"
        );
        stage.letters("correct horse");
        stage.shot("unlock");
        stage.key(Modifiers::NONE, Key::Enter);
        assert_eq!(script.sent(), ["unlock correct horse"]);
        // It stays locked here, so the reason is told now.
        assert!(stage.mentions("The vault is sealed by a passphrase"));
    }
}

#[test]
fn without_a_key_store_one_chooses_another_place() {
    for theme in [Theme::Dark, Theme::Light] {
        let script = Script::default();
        let mut stage = script.stage(
            theme,
            Keys::Locked {
                reason: "the key store of the system cannot be used: no service answers".into(),
                wants_passphrase: false,
            },
        );
        assert!(stage.mentions("no service answers"));
        click_field(&mut stage, "New passphrase");
        stage.letters("short");
        assert!(stage.mentions("at least 10 characters"));
        stage.click("Use this");
        assert!(script.sent().is_empty());
        click_field(&mut stage, "New passphrase");
        stage.letters(" and then longer");
        click_field(&mut stage, "The same again");
        stage.letters("short and then longer");
        stage.shot("keys");
        stage.click("Use this");
        assert_eq!(script.sent(), ["unlock short and then longer"]);
        stage.click("Memory only");
        stage.click("Use this");
        assert_eq!(script.sent()[1], "unlock Memory");
        stage.click("Later");
        assert!(!stage.shows("Use this"));
    }
}

#[test]
fn the_set_up_of_an_agent_can_be_left_and_resumed() {
    for mut stage in Stage::both() {
        let id = Stage::agent(Health::Online).id;
        stage.harness.state_mut().prefs.setup.begin(id);
        let tab = AgentTab::Overview;
        stage.go(Route::Agent { id, tab });
        assert!(stage.shows("Subaccount, done") && stage.shows("Test request, to do"));
        stage.shot("setup");
        stage.click("Check test request");
        stage.run();
        assert!(stage.shows("Test request, done"));
        stage.click("Put the set-up away");
        assert!(!stage.shows("Subaccount, done"));
        stage.click("More actions");
        stage.click("Show set-up");
        assert!(stage.shows("Test request, done"));
    }
}

#[test]
fn settings_of_the_app_are_shown_and_changed() {
    for mut stage in Stage::both() {
        stage.go(Route::Settings);
        assert!(stage.shows("Your certificates") && stage.shows("Version 0.1.0"));
        stage.shot("settings");
        stage.click("Compact");
        assert!(stage.harness.state().prefs.compact);
        stage.click("Licence of Lucide");
        assert!(stage.mentions("ISC License"));
        stage.key(Modifiers::NONE, Key::Escape);
        stage.click("125 %");
        assert_eq!(stage.harness.state().prefs.zoom.percent(), 125);
        assert!((stage.harness.ctx.zoom_factor() - 1.25).abs() < 0.01);
    }
}

#[test]
fn demo_data_come_and_go() {
    let mut stage = Stage::over(Theme::Dark, WINDOW, Box::new(Frozen(snapshot(OPEN))));
    let made = |_: &egui::Context| {
        let still = Still::new(SEED, NOW_MS);
        Ok(Box::new(underpass_desktop::source::Staged::new(still)) as Box<dyn Source>)
    };
    stage.harness.state_mut().offer_demo(Box::new(made));
    stage.click("Try with demo data");
    stage.run();
    assert!(stage.mentions("all data is made up"));
    stage.go(Route::Settings);
    stage.click("Leave the demo");
    stage.run();
    assert!(stage.shows("Welcome to Underpass"));
}
