//! Kinds of alerts that no load brings about: systems that probes do not reach, diagnoses,
//! service channels.

use std::net::TcpListener;

use serde_json::{Value, json};

use crate::agent::Agent;
use crate::diagnoses::serve_once;
use crate::process::{run, until};
use crate::world::World;

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
