//! Settings of an agent: what is written at once, and what goes by the draft.

use egui::accesskit::Role;
use serde_json::json;
use underpass_desktop::nav::{AgentTab, Route};

use crate::desk::Desk;
use crate::world::World;

impl Desk {
    fn settings(&mut self) {
        let (id, tab) = (self.agent, AgentTab::Settings);
        self.go(Route::Agent { id, tab });
        self.sees("Proxy host");
    }

    fn section(&mut self, name: &str) {
        self.press(Role::RadioButton, name);
    }
}

#[test]
fn mail_and_proxy_are_saved_at_once_with_their_passwords_out_of_sight() {
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    let mut desk = Desk::new(&mut agent);
    desk.settings();
    desk.section("Alert delivery");
    desk.press(Role::Switch, "Send alerts by e-mail");
    for (field, text) in [
        ("Send to", "ops@corp.example"),
        ("Copy to", "Jane Doe <jane@corp.example>"),
        ("Send from", "underpass@corp.example"),
        ("SMTP host", "mail.corp.example"),
        ("SMTP port", "587"),
        ("SMTP user", "svc"),
        ("SMTP password", "correct horse"),
    ] {
        desk.fill(field, text);
    }
    desk.button("Save now");
    desk.becomes("mail is on", |agent| {
        let known = agent.configuration.value().unwrap();
        known.document.connector().email.login().is_some()
    });
    let mail = &agent.document()["connector"]["email"];
    assert_eq!(mail["enabled"], json!(true));
    assert_eq!(mail["sendCc"], "Jane Doe <jane@corp.example>");
    assert_eq!(
        (&mail["smtpHost"], &mail["smtpPort"]),
        (&json!("mail.corp.example"), &json!(587))
    );
    assert!(!agent.document().to_string().contains("correct horse"));
    // Without a new one the password stays.
    desk.fill("SMTP port", "25");
    desk.button("Save now");
    desk.becomes("the port is known", |agent| {
        let known = agent.configuration.value().unwrap();
        let fields: underpass_shared::config::MailFields =
            known.document.connector().email.clone().into();
        fields.smtp_port.is_some_and(|port| port.get() == 25)
    });
    let kept = &agent.document()["connector"]["email"];
    assert_eq!(kept["credential"], mail["credential"]);
}

#[test]
fn limits_of_alerts_the_log_and_regions_go_by_the_draft() {
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    let mut desk = Desk::new(&mut agent);
    desk.settings();
    desk.section("Alert rules");
    desk.fill("CPU load above, %", "85");
    desk.button("Save to the draft");
    desk.section("Agent");
    desk.fill("New file from, MB", "75");
    desk.button("Save to the draft");
    desk.fill("Region name", "Plant network");
    desk.fill("Region host", "connect.plant.example");
    desk.button("Add region");
    desk.apply("Thresholds, cpu load: 90 85");
    let connector = &agent.document()["connector"];
    assert_eq!(connector["alerting"]["thresholds"]["cpuLoad"], 85);
    assert_eq!(
        connector["logAndTrace"]["rolloverThreshold"], 75,
        "{connector}"
    );
    assert!(connector.to_string().contains("connect.plant.example"));
}

#[test]
fn an_agent_is_drained_and_takes_requests_again() {
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    let mut desk = Desk::new(&mut agent);
    desk.settings();
    desk.button("Drain…");
    desk.button("Drain");
    desk.sees("Drained");
    desk.button("Take requests again");
    desk.sees("Takes requests");
    agent.until_up();
}
