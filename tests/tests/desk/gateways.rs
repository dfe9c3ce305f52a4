//! Subaccounts, cookie domains and channels: from an enrolment token to its end.

use egui::accesskit::Role;
use serde_json::json;
use underpass_desktop::nav::AgentTab;

use crate::desk::Desk;
use crate::process::until;
use crate::world::World;

impl Desk {
    fn more(&mut self, entry: &str) {
        self.menu("More actions for the subaccount", entry);
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
    desk.more("Renew the certificate");
    desk.sees("Renew the certificate of");
    desk.more("Renew with a token…");
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
    desk.fill("Description", "Two lines");
    desk.press(Role::Switch, "Only Administrators may change it");
    desk.button("Save to the draft");
    desk.apply("Shop floor 2");
    let own = agent.document()["subaccounts"].clone();
    let own = own.as_array().unwrap().iter();
    let mut named = own.filter(|one| one["displayName"] == "Shop floor 2");
    let own = named.next().unwrap().clone();
    assert_eq!(
        (&own["description"], &own["managed"]),
        (&json!("Two lines"), &json!(true))
    );
    desk.becomes("the new name is known", |agent| {
        let known = agent.configuration.value().unwrap();
        let mut own = known.document.subaccounts().iter().map(|one| one.own());
        own.any(|own| own.display_name.to_string() == "Shop floor 2")
    });
    desk.more("Delete…");
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
    // Each is changed, and goes again.
    desk.menu("Actions for reports", "Edit…");
    desk.fill("Comment", "for the month");
    desk.button("Save to the draft");
    desk.press(Role::Switch, "Enable reports");
    desk.tab(AgentTab::CookieDomains);
    desk.menu("Actions for shop.corp.example", "Edit…");
    desk.fill("Virtual domain", "store.example.com");
    desk.button("Save to the draft");
    desk.apply("Changed Subaccount");
    let subaccount = &agent.document()["subaccounts"][0];
    let channel = &subaccount["channels"][0];
    assert_eq!(
        (&channel["comment"], &channel["enabled"]),
        (&json!("for the month"), &json!(false))
    );
    let domain = subaccount["domainMappings"].to_string();
    assert!(domain.contains("store.example.com"), "{domain}");
    desk.menu("Actions for shop.corp.example", "Delete in the draft");
    desk.tab(AgentTab::Channels);
    desk.menu("Actions for reports", "Delete…");
    desk.button("Delete in the draft");
    desk.apply("Changed Subaccount");
    let subaccount = agent.document()["subaccounts"][0].to_string();
    assert!(
        !subaccount.contains("reports") && !subaccount.contains("shop.corp.example"),
        "{subaccount}"
    );
}
