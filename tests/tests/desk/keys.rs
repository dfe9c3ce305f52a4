//! Keys of the app that move while it works, and open the next start.

use egui::accesskit::Role;
use underpass_desktop::nav::Route;
use underpass_fleet::keys::{KeyChoice, KeyStoreKind};
use underpass_fleet::snapshot::Keys;
use underpass_shared::secret::Secret;

use crate::desk::{Desk, start};
use crate::process::until;
use crate::world::World;

const FIRST: &str = "correct horse battery";
const SECOND: &str = "another horse battery";

impl Desk {
    fn passphrase(&mut self, text: &str) {
        self.fill("New passphrase", text);
        self.fill("The same again", text);
    }

    fn kept(&mut self, kind: KeyStoreKind) {
        until("the keys are there", || {
            self.frames();
            (self.fleet().keys == Keys::Open(kind)).then_some(())
        });
    }
}

#[test]
fn keys_move_into_a_sealed_file_whose_passphrase_opens_the_next_start() {
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    let mut desk = Desk::new(&mut agent);
    let sealed = agent.dir.join("profile/vault.key");
    assert!(!sealed.exists());
    desk.go(Route::Settings);
    desk.button("Move the keys");
    desk.press(Role::RadioButton, "A passphrase");
    desk.passphrase(FIRST);
    desk.button("Move the keys here");
    desk.kept(KeyStoreKind::Passphrase);
    assert!(sealed.exists());
    // Another passphrase, by whoever knows the one before.
    desk.button("Move the keys");
    desk.fill("Present passphrase", "some other words");
    desk.passphrase(SECOND);
    desk.button("Change the passphrase");
    desk.sees("The keys are where they were");
    desk.fill("Present passphrase", FIRST);
    desk.passphrase(SECOND);
    desk.button("Change the passphrase");
    until("the dialog is over", || {
        desk.frames();
        (!desk.shows("Present passphrase")).then_some(())
    });
    let id = desk.agent;
    drop(desk);
    for (text, opens) in [(FIRST, false), (SECOND, true)] {
        let choice = KeyChoice::Passphrase(Secret::new(text.to_owned()));
        let fleet = start(&agent, choice);
        until("the keys open, or do not", || {
            match &fleet.snapshot().keys {
                Keys::Opening => None,
                Keys::Open(kind) => {
                    assert_eq!((*kind, opens), (KeyStoreKind::Passphrase, true));
                    Some(())
                }
                Keys::Locked { reason, .. } => {
                    assert!(!opens, "{reason}");
                    Some(())
                }
            }
        });
        if opens {
            until("the agent is online", || {
                let snapshot = fleet.snapshot();
                snapshot.agent(id)?.link.is_online().then_some(())
            });
        }
    }
}
