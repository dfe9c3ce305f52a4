//! Kinds of alerts that no load brings about: certificates whose days go by, systems that probes do
//! not reach, diagnoses, service channels.

use std::net::TcpListener;
use std::process::Command;

use serde_json::{Value, json};

use crate::agent::Agent;
use crate::diagnoses::serve_once;
use crate::faketime::FakeClock;
use crate::process::{run, until};
use crate::world::World;

/// Days for which the agent signs certificates of its own.
const YEAR: i64 = 365;

/// The agent has a certificate of each kind, and an operator with one.
fn certified(world: &World, agent: &Agent) {
    for which in ["system", "ca", "ui"] {
        let subject = format!("CN={which}.corp.example");
        run(agent.command(&["certificate", "self-signed", which, "--subject", &subject]));
    }
    let [csr, key] = ["anna.csr", "anna.key"].map(|name| world.path(name));
    let mut openssl = Command::new("openssl");
    openssl
        .args(["req", "-new", "-newkey", "ec", "-nodes", "-subj", "/CN=x"])
        .args(["-pkeyopt", "ec_paramgen_curve:P-256", "-keyout"]);
    run(openssl.arg(&key).arg("-out").arg(&csr));
    let issue = [
        "operator", "issue", "--name", "anna", "--role", "Display", "--csr",
    ];
    run(agent.command(&[&issue[..], &[csr.to_str().unwrap()]].concat()));
}

/// Certificates that the agent has made are told 30 days before their end, and again as the days go
/// by; that of the subaccount, which would be renewed if the gateway were there, in its last quarter.
#[test]
fn certificates_are_told_and_told_again_as_their_days_go_by() {
    let mut world = World::start();
    let clock = FakeClock::new(&world);
    let mut agent = world.enrol("", &clock.prefix());
    certified(&world, &agent);
    agent.run();
    agent.until_up();
    agent.rules(&["delays.resolution=1"]);
    world.gateway.kill();
    let mut changes = 0;
    let mut goes_to = |agent: &Agent, day: i64| {
        clock.set(&format!("+{day}d"));
        // Each change of the settings has it look at once.
        changes += 1;
        agent.rules(&[&format!("delays.memory={changes}")]);
    };
    goes_to(&agent, 20);
    agent.until_alert("Tunnel");
    assert!(
        agent
            .alerts_of("active", "SubaccountCertificate")
            .is_empty()
    );
    goes_to(&agent, 26);
    let ends = agent.until_alert("SubaccountCertificate");
    assert!(text(&ends).ends_with("ends in 3 days"), "{ends}");

    goes_to(&agent, YEAR - 31);
    until("it was looked", || {
        let expired = agent.alerts_of("active", "SubaccountCertificate").pop()?;
        text(&expired).ends_with("is expired").then_some(())
    });
    let own = ["UICertificate", "SystemCertificate", "CACertificate"];
    for code in own {
        assert!(agent.alerts_of("active", code).is_empty(), "{code}");
    }
    goes_to(&agent, YEAR - 29);
    for code in own {
        let ends = agent.until_alert(code);
        assert!(text(&ends).contains("ends in 28 days"), "{ends}");
    }
    let operator = agent.until_alert("OperatorCertificate");
    assert_eq!(operator["entity"], "anna");
    // Reminders come at 14, 7, 3 and 1 days, and never twice.
    for (left, reminded) in [(20, 0), (14, 1), (12, 1), (6, 2), (3, 3), (2, 4), (1, 4)] {
        goes_to(&agent, YEAR - left);
        until(&format!("{left} days are left"), || {
            let told = agent.alerts_of("active", "SystemCertificate").pop()?;
            let left = text(&told).contains(&format!("ends in {} day", left - 1))
                || (left == 1 && text(&told).ends_with("within a day"));
            left.then_some(())
        });
        until(&format!("{reminded} reminders are told"), || {
            (agent.told("reminded", "SystemCertificate") == reminded).then_some(())
        });
    }
    assert_eq!(agent.told("raised", "SystemCertificate"), 1);
    clock.set(&format!("+{}d", YEAR + 1));
    // Another one ends the alert.
    let renewed = [
        "certificate",
        "self-signed",
        "system",
        "--subject",
        "CN=new",
    ];
    run(agent.command(&renewed));
    agent.until_resolved("SystemCertificate");
}

fn text(alert: &Value) -> &str {
    alert["text"].as_str().unwrap()
}

impl Agent {
    /// How much an alert hides, as soon as that is more than nothing.
    fn until_hides(&self, code: &str) -> u64 {
        until(&format!("{code} hides something"), || {
            self.alerts_of("active", code).pop()?["hides"].as_u64()
        })
    }

    /// Systems that are asked every second, by their virtual hosts.
    fn probe(&self, hosts: &[&str]) {
        let mut document = self.document();
        let mappings = &mut document["subaccounts"][0]["mappings"];
        for mapping in mappings.as_array_mut().unwrap() {
            let address = mapping["virtualAddress"].as_str().unwrap();
            if hosts.iter().any(|host| address.starts_with(host)) {
                mapping["probe"] = json!({"everySec": 1, "path": "/hello"});
            }
        }
        run(self.command(&["document", "apply", &self.write(&document)]));
    }
}

#[test]
fn a_system_that_is_away_is_told_once_with_all_that_follows() {
    let world = World::start();
    let (mut backend, address) = world.sample_backend(&[]);
    let mut agent = world.enrol("", &[]);
    agent.expose(&[("erp.virtual:80", &address)]);
    agent.probe(&["erp"]);
    agent.run();
    agent.until_up();
    agent.rules(&[
        "delays.backends=0",
        "delays.troubleshooting=0",
        "delays.resolution=1",
        "thresholds.leastRequests=2",
        "thresholds.errorRatePercent=1",
        "thresholds.backendWindowSec=30",
    ]);
    backend.kill();
    let down = agent.until_alert("BackendDown");
    assert!(
        down["entity"]
            .as_str()
            .unwrap()
            .ends_with("/erp.virtual:80")
            && text(&down).contains("times in a row"),
        "{down}"
    );
    for _ in 0..3 {
        assert_eq!(world.get("http://erp.virtual/hello").status, 502);
    }
    // The diagnosis of it and the errors of its requests are no further news.
    agent.diagnosed("backendRefuses", "/erp.virtual:80");
    until("both are counted", || {
        (agent.until_hides("BackendDown") == 2).then_some(())
    });
    assert!(agent.alerts_of("active", "BackendErrors").is_empty());

    // Right after a restart nobody knows, and nobody is told that all is well.
    agent.process().kill();
    agent.run();
    agent.until_up();
    until("it fails again, and again", || {
        let failures = agent.diagnosed("backendRefuses", "/erp.virtual:80");
        (failures["occurrences"].as_u64()? >= 2).then_some(())
    });
    let still = agent.until_alert("BackendDown");
    assert_eq!(still["number"], down["number"]);
    assert_eq!(agent.told("raised", "BackendDown"), 0);
    assert_eq!(agent.told("resolved", "BackendDown"), 0);
    let (_there_again, _) = world.sample_backend_on(&[], &address);
    agent.until_resolved("BackendDown");
}

#[test]
fn a_diagnosis_and_a_channel_that_is_not_open_are_told_until_they_are_over() {
    let world = World::start();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = closed.local_addr().unwrap().to_string();
    drop(closed);
    let mut agent = world.enrol("", &[]);
    agent.expose(&[("erp.virtual:80", &address)]);
    let mut document = agent.document();
    document["subaccounts"][0]["channels"] = json!([{"id": 1, "enabled": true, "connections": 1,
        "service": {"K8S": {"cluster": "cp.cloud:443", "service": "db", "port": 5432}}}]);
    run(agent.command(&["document", "apply", &agent.write(&document)]));
    agent.run();
    agent.until_up();
    agent.rules(&[
        "delays.troubleshooting=1",
        "delays.serviceChannels=1",
        "delays.resolution=1",
    ]);
    let channel = agent.until_alert("ServiceChannel");
    let entity = channel["entity"].as_str().unwrap();
    assert!(
        entity.starts_with("channel:localhost:") && entity.ends_with("/5432"),
        "{entity}"
    );
    assert_eq!(world.get("http://erp.virtual/hello").status, 502);
    let told = agent.until_alert("Troubleshooting");
    let entity = told["entity"].as_str().unwrap();
    assert!(
        entity.starts_with("backendRefuses mapping:") && entity.ends_with("/erp.virtual:80"),
        "{entity}"
    );
    let _now_there = serve_once(&address);
    assert_eq!(world.get("http://erp.virtual/hello").status, 200);
    agent.until_resolved("Troubleshooting");
    let mut document = agent.document();
    document["subaccounts"][0]["channels"][0]["enabled"] = json!(false);
    run(agent.command(&["document", "apply", &agent.write(&document)]));
    agent.until_resolved("ServiceChannel");
}
