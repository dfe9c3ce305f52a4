//! Operators: paired, given another role, revoked; and programs with a password.

use std::time::Duration;

use egui::accesskit::Role;
use underpass_desktop::nav::AgentTab;
use underpass_runtime::clock;
use underpass_runtime::pki::{Authority, Lifetime};

use crate::desk::Desk;
use crate::process::{json, run, until};
use crate::world::World;

#[test]
fn an_operator_from_pairing_to_the_end() {
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    let mut desk = Desk::new(&mut agent);
    desk.tab(AgentTab::Operators);
    desk.sees("anna");
    desk.button("Pair operator…");
    desk.fill("Name", "bert");
    desk.button("Make a pairing string");
    desk.sees("Waiting for the person's program to knock");
    desk.button("Take it back");
    let names = || {
        let all = json(&run(agent.command(&["operator", "list", "--json"])));
        let all = all.as_array().unwrap().clone();
        let name = |one: &serde_json::Value| one["name"].as_str().unwrap().to_owned();
        all.iter().map(name).collect::<Vec<_>>()
    };
    assert_eq!(names(), ["anna"]);
    desk.press(Role::RadioButton, "Users with a password");
    desk.button("Add user…");
    desk.fill("User name", "zabbix");
    desk.fill("Password", "long enough for this");
    desk.button("Save");
    until("the user", || {
        desk.frames();
        let document = agent.document().to_string();
        document.contains("zabbix").then_some(())
    });
    let password = |document: &str| document.split("zabbix").nth(1).map(str::to_owned);
    let before = password(&agent.document().to_string());
    desk.menu("Actions for zabbix", "Another password…");
    desk.fill("Password", "another that is long enough");
    desk.button("Save");
    until("another password", || {
        desk.frames();
        (password(&agent.document().to_string()) != before).then_some(())
    });
    desk.menu("Actions for zabbix", "Remove…");
    desk.fill("Type zabbix to confirm", "zabbix");
    desk.button("Remove");
    until("the user is gone", || {
        desk.frames();
        (!agent.document().to_string().contains("zabbix")).then_some(())
    });
}

#[test]
fn an_operator_gets_another_role_and_is_revoked() {
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    let mut desk = Desk::new(&mut agent);
    // Without a second one the last Administrator could not be touched, and bert is none.
    let folder = world.path("request");
    underpass_runtime::file::private_dir(&folder).unwrap();
    let csr = folder.join("bert.csr").display().to_string();
    let key = underpass_runtime::pki::PrivateKey::generate().unwrap();
    let request = key.request().unwrap();
    underpass_runtime::file::replace(std::path::Path::new(&csr), request.as_bytes()).unwrap();
    let issue = ["operator", "issue", "--csr", &csr, "--name", "bert"];
    run(agent.command(&[issue.as_slice(), &["--role", "Display"]].concat()));
    let bert = || {
        let all = json(&run(agent.command(&["operator", "list", "--json"])));
        let mut all = all.as_array().unwrap().clone().into_iter();
        all.find(|one| one["name"] == "bert")
    };
    desk.tab(AgentTab::Operators);
    desk.menu("Actions for bert", "Edit…");
    desk.choose("Role", "Support");
    desk.fill("Comment", "on call");
    desk.button("Save");
    until("the role is another", || {
        desk.frames();
        let bert = bert().unwrap();
        (bert["role"] == "Support" && bert["comment"] == "on call").then_some(())
    });
    desk.menu("Actions for bert", "Revoke…");
    desk.fill("Type bert to confirm", "bert");
    desk.button("Revoke");
    until("bert is gone", || {
        desk.frames();
        bert().is_none().then_some(())
    });
}

#[test]
fn an_organisation_comes_in_by_its_ca_and_goes() {
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    let lifetime = Lifetime {
        now_ms: clock::wall_ms(),
        valid: Duration::from_hours(24),
    };
    let (authority, _key) = Authority::create("People of Contoso", lifetime).unwrap();
    let mut desk = Desk::new(&mut agent);
    desk.tab(AgentTab::Operators);
    desk.press(Role::RadioButton, "CAs of the organisation");
    desk.button("Add CA…");
    desk.fill("Alias", "contoso");
    desk.fill("CA certificate", authority.certificate());
    desk.button("Add now");
    desk.sees("Remove CA contoso");
    desk.button("Add rule…");
    desk.choose("Compare", "Unit (OU)");
    desk.fill("With", "Operations");
    desk.choose("Role", "Support");
    desk.button("Add now");
    desk.sees("Remove rule 1");
    let organisation = || agent.document()["connector"]["organisation"].clone();
    let rule = organisation()["rules"][0].to_string();
    assert!(
        rule.contains("Operations") && rule.contains("contoso"),
        "{rule}"
    );
    desk.button("Remove rule 1");
    desk.button("Remove CA contoso");
    desk.sees("No CAs of the organisation");
    assert!(!organisation().to_string().contains("contoso"));
}
