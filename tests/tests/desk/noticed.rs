//! Alerts, what was measured and backups by schedule: taken note of, forgotten, made and removed.

use egui::accesskit::Role;
use serde_json::Value;
use underpass_desktop::nav::{AgentTab, Route};

use crate::agent::Agent;
use crate::desk::Desk;
use crate::http::HELLO;
use crate::process::{json, run, until};
use crate::world::World;

fn alerts(agent: &Agent) -> Vec<Value> {
    let told = json(&run(agent.command(&["alert", "list", "--json"])));
    told["alerts"].as_array().unwrap().clone()
}

fn schedules(agent: &Agent) -> Value {
    json(&run(
        agent.command(&["backup", "schedule", "list", "--json"])
    ))
}

#[test]
fn an_alert_is_noted_silenced_and_removed() {
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    let mut document = agent.document();
    document["connector"]["alerting"] = serde_json::json!({
        "thresholds": {"cpuLoad": 90, "cpuLoadViolationToleranceSec": 60,
                       "freeDiskSpaceMb": 9_999_999, "certificateValidityDays": 30},
        "notification": {"ha": true, "tunnels": true, "serviceChannels": true, "CPU": true,
                         "freeDiskSpace": true, "certificates": true, "troubleshooting": true},
    });
    run(agent.command(&["document", "apply", &agent.write(&document)]));
    let mut desk = Desk::new(&mut agent);
    until("the disk is too small", || {
        let all = alerts(&agent);
        (!all.is_empty()).then_some(())
    });
    desk.go(Route::Alerts);
    desk.row("plant Disk is nearly full");
    desk.button("Acknowledge");
    until("somebody took note", || {
        desk.frames();
        let all = alerts(&agent);
        let noted = all
            .iter()
            .any(|one| one["acknowledged"].to_string().contains("anna"));
        noted.then_some(())
    });
    desk.menu("Silence…", "For 4 hours");
    until("it is silent", || {
        desk.frames();
        let all = alerts(&agent);
        all.iter()
            .any(|one| one["silencedUntilMs"].is_i64())
            .then_some(())
    });
    desk.button("End the silence");
    until("it is silent no more", || {
        desk.frames();
        let all = alerts(&agent);
        all.iter()
            .all(|one| !one["silencedUntilMs"].is_i64())
            .then_some(())
    });
    let number = alerts(&agent)[0]["number"].clone();
    desk.button("Remove the alert");
    // It comes back under another number while the disk is as it is.
    until("it is removed", || {
        desk.frames();
        let all = alerts(&agent);
        all.iter().all(|one| one["number"] != number).then_some(())
    });
}

#[test]
fn a_schedule_is_added_run_changed_and_removed() {
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    let key = world.path("key.txt");
    run(std::process::Command::new("age-keygen").arg("-o").arg(&key));
    let public = run(std::process::Command::new("age-keygen").arg("-y").arg(&key));
    let folder = world.path("backups");
    std::fs::create_dir(&folder).unwrap();
    let mut desk = Desk::new(&mut agent);
    desk.tab(AgentTab::Backup);
    desk.button("Add a schedule…");
    desk.fill("Name", "nightly");
    desk.fill("Public keys", public.trim());
    desk.fill("Folder", &folder.display().to_string());
    desk.button("Add now");
    desk.button("Back up by nightly now");
    until("the backup is there", || {
        desk.frames();
        let files = std::fs::read_dir(&folder).unwrap();
        let mut names = files.map(|file| file.unwrap().path());
        names
            .any(|one| one.extension().is_some_and(|end| end == "zip"))
            .then_some(())
    });
    desk.button("Change nightly");
    desk.fill("Kept there", "3");
    desk.button("Save now");
    until("three are kept", || {
        desk.frames();
        schedules(&agent)
            .to_string()
            .contains("\"keep\":3")
            .then_some(())
    });
    desk.button("Remove nightly");
    desk.button("Remove");
    until("it is removed", || {
        desk.frames();
        schedules(&agent)
            .as_array()
            .unwrap()
            .is_empty()
            .then_some(())
    });
}

#[test]
fn requests_are_forgotten_and_what_nobody_uses_is_removed() {
    let world = World::start();
    let (_backend, internal) = world.sample_backend(&[]);
    let mut agent = world.enrol("", &[]);
    agent.expose(&[
        ("backend.virtual:80", &internal),
        ("unused.virtual:80", &internal),
    ]);
    let mut desk = Desk::new(&mut agent);
    agent.until_up();
    assert_eq!(world.get(HELLO).status, 200);
    desk.tab(AgentTab::Monitoring);
    desk.press(Role::RadioButton, "Recent requests");
    desk.sees("/hello");
    desk.button("Delete these requests…");
    desk.button("Delete");
    desk.sees("The newest requests are shown here as they end");
    desk.press(Role::RadioButton, "Usage");
    desk.button("Remove unused.virtual:80 the whole mapping");
    desk.apply("Removed Mapping unused.virtual:80");
    let mappings = agent.document()["subaccounts"][0]["mappings"].clone();
    assert_eq!(mappings.as_array().unwrap().len(), 1, "{mappings}");
}
