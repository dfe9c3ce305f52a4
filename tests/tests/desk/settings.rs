//! Settings of an agent: what is written at once, and what goes by the draft.

use egui::accesskit::Role;
use serde_json::json;
use underpass_desktop::nav::AgentTab;

use crate::desk::Desk;
use crate::process::json as json_of;
use crate::world::World;

/// How an agent ends that its service manager shall start again.
const RESTART_CODE: i32 = 75;

impl Desk {
    fn settings(&mut self) {
        self.tab(AgentTab::Settings);
        self.sees("Proxy host");
    }

    fn section(&mut self, name: &str) {
        self.press(Role::RadioButton, name);
    }
}

#[test]
fn mail_is_saved_at_once_with_its_password_out_of_sight() {
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

#[test]
fn a_proxy_is_set_and_removed_at_once_with_its_password_out_of_sight() {
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    let mut desk = Desk::new(&mut agent);
    desk.settings();
    for (field, text) in [
        ("Proxy host", "proxy.corp.example"),
        ("Proxy port", "8080"),
        ("Proxy user", "svc"),
        ("Proxy password", "correct horse"),
    ] {
        desk.fill(field, text);
    }
    desk.button("Save now");
    desk.becomes("the proxy is known", |agent| {
        let known = agent.configuration.value().unwrap();
        known.document.connector().proxy().is_some()
    });
    let document = agent.document();
    let proxy = document["connector"]["proxy"].to_string();
    assert!(
        proxy.contains("proxy.corp.example") && proxy.contains("svc"),
        "{proxy}"
    );
    assert!(!document.to_string().contains("correct horse"));
    desk.button("Remove the proxy…");
    desk.button("Remove");
    desk.becomes("the proxy is gone", |agent| {
        let known = agent.configuration.value().unwrap();
        known.document.connector().proxy().is_none()
    });
    assert!(agent.document()["connector"]["proxy"].is_null());
}

#[test]
fn what_concerns_the_agent_as_a_whole_goes_by_the_draft() {
    const SUITE: &str = "TLS_CHACHA20_POLY1305_SHA256";
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    let mut desk = Desk::new(&mut agent);
    desk.settings();
    desk.fill("Description", "The works at the river");
    desk.button("Save to the draft");
    desk.fill("Connections of each tunnel", "3");
    desk.button("Save to the draft");
    desk.press(Role::CheckBox, SUITE);
    desk.button("Save to the draft");
    // The last list of this name is that of the audit.
    desk.choose("Level of the agent", "Off");
    desk.choose("Keep records", "For 30 days");
    desk.press(Role::RadioButton, "All");
    desk.choose("Level of its libraries", "Warn");
    desk.button("Save to the draft");
    desk.press(Role::Switch, "Trace its traffic");
    desk.fill("Region name", "Works");
    desk.fill("Region host", "connect.works.example");
    desk.button("Add region");
    desk.section("Alert rules");
    desk.fill("Memory in use above, %", "80");
    desk.button("Save these to the draft");
    desk.apply("Review changes to plant");
    let document = agent.document();
    let connector = &document["connector"];
    assert_eq!(connector["description"], "The works at the river");
    assert_eq!(connector["tunnelConnections"], 3);
    let suites = connector["cipherSuites"].to_string();
    assert!(
        suites.contains("TLS_AES") && !suites.contains(SUITE),
        "{suites}"
    );
    assert_eq!(connector["audit"], json!({"level": "OFF", "cleanup": 30}));
    assert_eq!(document["subaccounts"][0]["auditLevel"], "ALL");
    let log = connector["logAndTrace"].to_string();
    assert!(log.to_lowercase().contains("warn"), "{log}");
    let traces = connector["subaccountTraces"].to_string();
    assert!(traces.contains("true"), "{traces}");
    let rules = connector["alertRules"].to_string();
    assert!(rules.contains("80"), "{rules}");
    desk.section("Agent");
    desk.button("Remove region Works");
    desk.apply("Regions");
    let connector = agent.document()["connector"].to_string();
    assert!(!connector.contains("connect.works.example"), "{connector}");
}

#[test]
fn levels_of_the_log_hold_at_once() {
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    let mut desk = Desk::new(&mut agent);
    desk.tab(AgentTab::Logs);
    desk.button("Levels…");
    desk.choose("The agent's own parts", "Debug: how it happens");
    desk.button("Set levels");
    desk.becomes("the level is known", |agent| {
        let known = agent.configuration.value().unwrap();
        let log = &known.document.connector().log_and_trace;
        log.scc_log_level == Some(underpass_shared::config::LogLevel::Debug)
    });
    let log = agent.document()["connector"]["logAndTrace"].to_string();
    assert!(log.to_lowercase().contains("debug"), "{log}");
}

#[test]
fn an_agent_is_restarted_and_the_app_finds_it_again() {
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    let mut desk = Desk::new(&mut agent);
    desk.settings();
    desk.button("Restart…");
    desk.fill("Type plant to confirm", "plant");
    desk.button("Restart");
    desk.sees("nobody would start this agent again");
    // Now somebody does.
    let told = std::fs::read_to_string(agent.dir.join("addresses.json")).unwrap();
    let place = json_of(&told)["management"][0].clone();
    let as_service = [
        "run",
        "--restarted",
        "--management-listen",
        place.as_str().unwrap(),
    ];
    agent.process().terminate();
    assert!(agent.process().wait().success());
    desk.becomes("the agent is away", |agent| !agent.link.is_online());
    agent.run_with(&as_service);
    desk.becomes("the agent is back", |agent| agent.link.is_online());
    desk.button("Restart…");
    desk.fill("Type plant to confirm", "plant");
    desk.button("Restart");
    assert_eq!(agent.process().wait().code(), Some(RESTART_CODE));
    agent.run_with(&as_service);
    let pid = agent.process().pid();
    desk.becomes("the agent is back again", |agent| {
        let told = agent.status.value();
        agent.link.is_online() && told.is_some_and(|status| status.pid == pid)
    });
    agent.until_up();
}
