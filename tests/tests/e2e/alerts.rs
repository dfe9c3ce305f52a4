//! What is wrong is told once, its end too, and operators can say that they know.

#[cfg(target_os = "linux")]
mod endings;
#[cfg(target_os = "linux")]
mod hanging;
#[cfg(target_os = "linux")]
mod host;
#[cfg(target_os = "linux")]
mod kinds;
#[cfg(target_os = "linux")]
mod silences;
#[cfg(target_os = "linux")]
mod unusable;

use std::time::Duration;

use serde_json::{Value, json};

use crate::agent::Agent;
use crate::http::BACKEND;
use crate::process::{json as parse, refuse, run, until, until_within};
use crate::trust::{authority, trust};
use crate::world::World;

/// Nobody listens here.
const CLOSED: &str = "127.0.0.1:1";

impl Agent {
    fn alerts(&self, state: &str) -> Vec<Value> {
        let list = ["alert", "list", "--json", "--state", state];
        let list = parse(&run(self.command(&list)));
        list["alerts"].as_array().unwrap().clone()
    }

    /// The alerts of a type.
    pub(crate) fn alerts_of(&self, state: &str, code: &str) -> Vec<Value> {
        let mut all = self.alerts(state);
        all.retain(|one| one["code"] == code);
        all
    }

    /// Waits for an alert that stands.
    pub(crate) fn until_alert(&self, code: &str) -> Value {
        until(&format!("the alert {code} stands"), || {
            self.alerts_of("active", code).pop()
        })
    }

    /// Waits for the end of all alerts of a type.
    pub(crate) fn until_resolved(&self, code: &str) {
        until(&format!("the alert {code} is resolved"), || {
            self.alerts_of("active", code).is_empty().then_some(())
        });
        assert!(!self.alerts_of("history", code).is_empty(), "{code}");
    }

    /// Has the agent look once more, with the tunnels as they are now.
    fn is_looked_at(&self) {
        self.rules(&["thresholds.freeDiskSpaceMb=10000000"]);
        self.until_alert("Disk");
        self.rules(&["thresholds.freeDiskSpaceMb=1"]);
        self.until_resolved("Disk");
    }

    /// Has alerts posted to a receiver on this host.
    fn posts_to(&self, url: &str) {
        self.allow_loopback();
        self.posts_instead_to(url);
    }

    fn posts_instead_to(&self, url: &str) {
        let webhooks = json!([{"name": "ops", "enabled": true, "url": url}]).to_string();
        let path = "/api/v1/configuration/connector/webhooks";
        assert_eq!(self.send("PUT", path, &[], &webhooks).status, 204);
    }

    pub(crate) fn rules(&self, rules: &[&str]) {
        run(self.command(&[&["alert", "rules"], rules].concat()));
    }

    /// How often the log tells that something happened to alerts of a type.
    fn told(&mut self, happening: &str, code: &str) -> usize {
        let log = self.process().output();
        let lines = log.lines().filter(|line| {
            line.contains(&format!("happening={happening}"))
                && line.contains(&format!("alert={code} of"))
        });
        lines.count()
    }
}

/// Counts a call that changes something in the audit log.
fn audited(agent: &Agent, text: &str) -> usize {
    let list = ["audit", "list", "--json", "--text", text];
    run(agent.command(&list))
        .matches(text.trim_matches('*'))
        .count()
}

#[test]
fn a_tunnel_that_is_cut_is_told_and_one_that_somebody_closed_is_not() {
    let mut world = World::start();
    let mut agent = world.agent("", CLOSED);
    agent.rules(&[
        "delays.tunnels=1",
        "delays.resolution=1",
        "thresholds.tunnelLosses=1",
    ]);
    // What was never seen open is never lost.
    agent.is_looked_at();
    world.gateway.kill();
    let alert = agent.until_alert("Tunnel");
    assert_eq!(alert["severity"], "ERROR");
    let text = alert["text"].as_str().unwrap();
    assert!(
        text.starts_with("no connection of the tunnel is up"),
        "{text}"
    );
    // That it was lost too often is hidden behind that until the tunnel is up again.
    assert_eq!(
        agent.alerts_of("active", "TunnelFlapping"),
        Vec::<Value>::new()
    );
    until("what follows is counted", || {
        // The diagnosis of the way to the gateway may be hidden too.
        (agent.until_alert("Tunnel")["hides"].as_u64()? >= 1).then_some(())
    });
    world.restart_gateway();
    agent.until_up();
    agent.until_resolved("Tunnel");
    agent.until_alert("TunnelFlapping");
    assert_eq!(
        (
            agent.told("raised", "Tunnel"),
            agent.told("resolved", "Tunnel")
        ),
        (1, 1)
    );
    // What an operator closes is no loss: the next look finds the disk, and nothing else.
    agent.rules(&["thresholds.tunnelLosses=1000"]);
    run(agent.command(&["subaccount", "disconnect"]));
    until("the tunnel is closed", || (agent.up() == 0).then_some(()));
    agent.is_looked_at();
    assert_eq!(agent.alerts_of("active", "Tunnel"), Vec::<Value>::new());
}

const DISKS: [&str; 3] = ["Disk", "AuditDisk", "TraceDisk"];
const LOADS: [&str; 4] = ["BackendErrors", "BackendLatency", "CPU", "Memory"];

/// One agent for all of them: what is measured comes every 15 seconds only.
#[test]
fn the_host_certificates_and_back_ends_are_told_and_resolved() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let agent = {
        let mut agent = world.enrol("", &[]);
        agent.expose(&[
            ("backend.virtual:80", &address),
            ("closed.virtual:80", CLOSED),
        ]);
        let mut document = agent.document();
        // It is good for an hour.
        document["connector"]["backendTrust"] = trust(&[&authority("Soon")]);
        run(agent.command(&["document", "apply", &agent.write(&document)]));
        agent.run();
        agent.until_up();
        agent
    };
    agent.rules(&[
        "thresholds.cpuLoad=1",
        "thresholds.cpuLoadViolationToleranceSec=1",
        "thresholds.freeDiskSpaceMb=10000000",
        "thresholds.freeDiscForAuditLogMb=10000000",
        "thresholds.freeDiscForTraceMb=10000000",
        "thresholds.memoryPercent=1",
        "thresholds.latencyMs=100",
        "thresholds.leastRequests=3",
        "thresholds.backendWindowSec=30",
        "delays.memory=0",
        "delays.backends=0",
        "delays.resolution=1",
    ]);
    for code in DISKS {
        agent.until_alert(code);
    }
    let certificate = agent.until_alert("TrustStoreCertificate");
    assert_eq!(certificate["entity"], "back ends: ca-0");
    for _ in 0..3 {
        assert_eq!(world.get(&format!("{BACKEND}/slow/200")).status, 200);
        assert!(world.get("http://closed.virtual/hello").status >= 500);
    }
    for code in LOADS {
        let alert = agent.until_alert(code);
        let entity = alert["entity"].as_str().unwrap();
        let expected = match code {
            "BackendErrors" => "/closed.virtual:80",
            "BackendLatency" => "/backend.virtual:80",
            _ => "",
        };
        assert!(entity.ends_with(expected), "{alert}");
    }
    // Nobody calls any more, and the window passes.
    for code in ["BackendErrors", "BackendLatency"] {
        until_within(Duration::from_secs(90), code, || {
            agent.alerts_of("active", code).is_empty().then_some(())
        });
    }
    // With other limits nothing else of it is wrong.
    agent.rules(&[
        "thresholds.cpuLoad=100",
        "thresholds.freeDiskSpaceMb=1",
        "thresholds.freeDiscForAuditLogMb=1",
        "thresholds.freeDiscForTraceMb",
        "thresholds.memoryPercent=100",
    ]);
    let mut document = agent.document();
    document["connector"]["backendTrust"] = json!({});
    run(agent.command(&["document", "apply", &agent.write(&document)]));
    let more = ["TrustStoreCertificate"];
    for code in DISKS.iter().chain(&LOADS).chain(&more) {
        agent.until_resolved(code);
    }
}

#[test]
fn operators_acknowledge_silence_and_delete_and_a_restart_is_no_news() {
    let world = World::start();
    let mut agent = world.agent("", CLOSED);
    agent.rules(&["delays.resolution=1", "thresholds.freeDiskSpaceMb=10000000"]);
    let disk = agent.until_alert("Disk");
    let number = disk["number"].to_string();
    let act = |agent: &Agent, words: &[&str]| {
        let words = [&["alert", "--json"], words].concat();
        parse(&run(agent.command(&words)))
    };
    let known = act(&agent, &["acknowledge", &number]);
    assert!(known["acknowledged"]["by"].is_string(), "{known}");
    let silenced = act(&agent, &["silence", &number, "--for", "8h"]);
    assert!(silenced["silencedUntilMs"].is_number(), "{silenced}");
    assert_eq!(audited(&agent, &format!("*silenced alert {number}*")), 2);
    // Killed and started again, it knows all of that, and raises nothing.
    agent.process().kill();
    agent.run();
    agent.until_up();
    let after = until("the alerts are there", || {
        agent.alerts_of("active", "Disk").pop()
    });
    assert_eq!(after["number"], disk["number"]);
    assert_eq!(after["silencedUntilMs"], silenced["silencedUntilMs"]);
    assert_eq!(after["acknowledged"], known["acknowledged"]);
    let ended = act(&agent, &["silence", &number, "--end"]);
    assert_eq!(ended.get("silencedUntilMs"), None);
    // A deleted one comes back while it stands, under another number.
    act(&agent, &["delete", &number]);
    let back = agent.until_alert("Disk");
    assert_ne!(back["number"], disk["number"]);
    assert_eq!(back.get("acknowledged"), None);
    assert_eq!(agent.told("raised", "Disk"), 1);
    let said = refuse(agent.command(&["alert", "show", &number]));
    assert!(
        said.contains(&format!("there is no alert {number}")),
        "{said}"
    );
    // Without a value each rule gets its own back, whosever API it comes from.
    let before = agent.document();
    for rule in [
        "thresholds.cpuLoad",
        "thresholds.freeDiscForTraceMb",
        "delays.tunnels",
    ] {
        agent.rules(&[&format!("{rule}=55")]);
        assert_ne!(agent.document(), before, "{rule}");
        agent.rules(&[rule]);
        assert_eq!(agent.document(), before, "{rule}");
    }
    // What is wrong anywhere changes nothing.
    let before = agent.document();
    let mixed = [
        "alert",
        "rules",
        "thresholds.cpuLoad=55",
        "delays.tunnels=abc",
    ];
    refuse(agent.command(&mixed));
    assert_eq!(agent.document(), before);
    let said = refuse(agent.command(&["alert", "rules", "thresholds.other=1"]));
    assert!(said.contains("there is no rule thresholds.other"), "{said}");
    agent.rules(&["thresholds.freeDiskSpaceMb=1"]);
    agent.until_resolved("Disk");
}
