//! Subaccounts, cookie domains and channels: from an enrolment token to its end.

use egui::accesskit::Role;
use underpass_desktop::nav::{AgentTab, Route};

use crate::desk::Desk;
use crate::process::until;
use crate::world::World;

impl Desk {
    fn tab(&mut self, tab: AgentTab) {
        let id = self.agent;
        self.go(Route::Agent { id, tab });
    }

    fn menu(&mut self, entry: &str) {
        self.button("More actions for the subaccount");
        self.press(Role::MenuItem, entry);
    }
}

#[test]
fn a_subaccount_from_its_token_to_its_end() {
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    let mut desk = Desk::new(&mut agent);
    agent.until_up();
    desk.tab(AgentTab::Subaccounts);
    desk.button("Add subaccount…");
    desk.fill(
        "Enrolment token",
        &world.enrol_token(&["--location-id", "plant-z"]),
    );
    desk.button("Continue");
    desk.fill("Location ID", "plant-z");
    desk.fill("Display name", "Shop floor");
    desk.button("Enrol");
    desk.sees("The subaccount is added");
    desk.button("Close");
    until("both tunnels are up", || {
        desk.frames();
        (agent.up() == 4).then_some(())
    });
    desk.row("Shop floor");
    desk.sees("Client certificate");
    desk.button("Disconnect");
    until("its tunnel is closed", || {
        desk.frames();
        (agent.up() == 2).then_some(())
    });
    desk.button("Connect");
    until("its tunnel is open again", || {
        desk.frames();
        (agent.up() == 4).then_some(())
    });
    desk.menu("Renew the certificate");
    desk.sees("Renew the certificate of");
    desk.menu("Renew with a token…");
    desk.fill(
        "Enrolment token",
        &world.enrol_token(&["--location-id", "plant-z"]),
    );
    desk.button("Renew");
    // Whose certificate is good needs none, and the gateway says what to do.
    desk.sees("use another location ID, or revoke that instance");
    desk.button("Cancel");
    desk.button("Edit…");
    desk.fill("Display name", "Shop floor 2");
    desk.button("Save to the draft");
    desk.apply("Shop floor 2");
    desk.becomes("the new name is known", |agent| {
        let known = agent.configuration.value().unwrap();
        let mut own = known.document.subaccounts().iter().map(|one| one.own());
        own.any(|own| own.display_name.to_string() == "Shop floor 2")
    });
    desk.menu("Delete…");
    desk.fill("Type Shop floor 2 to confirm", "Shop floor 2");
    desk.button("Delete in the draft");
    desk.apply("Removed");
    let document = agent.document();
    assert_eq!(document["subaccounts"].as_array().unwrap().len(), 1);
}

#[test]
fn cookie_domains_and_channels_go_by_the_draft() {
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    let mut desk = Desk::new(&mut agent);
    desk.tab(AgentTab::CookieDomains);
    desk.button("Add domain…");
    desk.fill("Internal domain", "shop.corp.example");
    desk.fill("Virtual domain", "shop.example.com");
    desk.button("Add to the draft");
    desk.tab(AgentTab::Channels);
    desk.button("Add channel…");
    desk.fill("Database instance", "reports");
    desk.fill("Instance number", "42");
    desk.button("Add to the draft");
    desk.apply("Changed Subaccount");
    let subaccount = &agent.document()["subaccounts"][0];
    assert!(
        subaccount.to_string().contains("shop.example.com"),
        "{subaccount}"
    );
    assert!(subaccount.to_string().contains("reports"), "{subaccount}");
}
