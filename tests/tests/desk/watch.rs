//! What is watched: receivers of alerts, the heartbeat, traces under four eyes, diagnoses.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};

use egui::accesskit::Role;
use serde_json::{Value, json};
use underpass_desktop::nav::{AgentTab, Route};

use crate::agent::Agent;
use crate::desk::Desk;
use crate::http::HELLO;
use crate::process::{json as parse, refuse, run, until};
use crate::world::World;

/// A program that takes what is posted to it: its address, and the bodies.
fn receiver() -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook/SECRETPATH", listener.local_addr().unwrap());
    let (sender, bodies) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let mut len = 0;
            loop {
                let mut line = String::new();
                if stream.read_line(&mut line).unwrap() <= 2 {
                    break;
                }
                let line = line.to_lowercase();
                if let Some(text) = line.strip_prefix("content-length:") {
                    len = text.trim().parse().unwrap();
                }
            }
            let mut body = vec![0; len];
            stream.read_exact(&mut body).unwrap();
            let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK";
            stream.get_mut().write_all(answer).unwrap();
            // The test may be over.
            drop(sender.send(String::from_utf8(body).unwrap()));
        }
    });
    (url, bodies)
}

impl Desk {
    fn delivery(&mut self) {
        let (id, tab) = (self.agent, AgentTab::Settings);
        self.go(Route::Agent { id, tab });
        self.press(Role::RadioButton, "Alert delivery");
    }

    fn trouble(&mut self, section: &str) {
        let (id, tab) = (self.agent, AgentTab::Trouble);
        self.go(Route::Agent { id, tab });
        self.press(Role::RadioButton, section);
    }
}

impl Agent {
    fn told(&self, arguments: &[&str]) -> Value {
        parse(&run(self.command(&[arguments, &["--json"]].concat())))
    }

    /// The states of the traces, the newest first.
    fn traces(&self) -> Vec<String> {
        let all = self.told(&["trace", "list"]);
        let all = all["traces"].as_array().unwrap().iter();
        all.map(|one| one["state"].as_str().unwrap().to_owned())
            .collect()
    }

    fn newest_trace(&self) -> String {
        self.told(&["trace", "list"])["traces"][0]["id"].to_string()
    }
}

#[test]
fn a_webhook_is_saved_tested_and_removed() {
    let (url, bodies) = receiver();
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    agent.expose(&[]);
    let mut desk = Desk::new(&mut agent);
    desk.delivery();
    desk.button("Add webhook…");
    desk.fill("Webhook name", "hook");
    desk.fill("Webhook URL", &url);
    desk.press(Role::Switch, "Sign messages");
    desk.fill("Signing secret", "a signing secret of ours");
    desk.button("Save now");
    desk.becomes("the webhook is there", |agent| {
        let known = agent.configuration.value().unwrap();
        known.document.connector().webhooks.as_slice().len() == 1
    });
    let kept = agent.document()["connector"]["webhooks"][0].clone();
    let text = agent.document().to_string();
    assert!(!text.contains("SECRETPATH") && !text.contains("signing secret"));
    desk.button("Send a test by Webhook hook");
    desk.sees("The test was taken");
    let body = bodies
        .recv_timeout(std::time::Duration::from_secs(20))
        .unwrap();
    assert!(parse(&body)["notices"].is_array(), "{body}");
    // What is not typed again stays.
    desk.button("Edit webhook hook");
    desk.press(Role::Switch, "Post alerts there");
    desk.button("Save now");
    until("it is off", || {
        desk.frames();
        let now = agent.document()["connector"]["webhooks"][0].clone();
        (now["enabled"] == json!(false)).then_some(now)
    });
    // What was not seen yet is not removed.
    desk.becomes("the app knows that it is off", |agent| {
        let known = agent.configuration.value().unwrap();
        let webhooks = known.document.connector().webhooks.as_slice();
        webhooks.iter().all(|one| !one.enabled)
    });
    let now = agent.document()["connector"]["webhooks"][0].clone();
    assert_eq!(
        (&now["path"], &now["secret"]),
        (&kept["path"], &kept["secret"])
    );
    desk.button("Remove webhook hook");
    desk.button("Remove");
    until("it is gone", || {
        desk.frames();
        let all = agent.document()["connector"]["webhooks"].clone();
        all.as_array().is_none_or(Vec::is_empty).then_some(())
    });
}

#[test]
fn syslog_servers_and_the_heartbeat_go_by_the_draft() {
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    let mut desk = Desk::new(&mut agent);
    desk.delivery();
    desk.button("Add server…");
    desk.fill("Server name", "siem");
    desk.fill("Server host", "siem.corp.example");
    desk.fill("Facility", "16");
    desk.button("Add to the draft");
    desk.sees("Edit syslog server siem");
    desk.fill("Heartbeat URL", "https://hc.example/ping/1");
    desk.fill("Every, seconds", "30");
    desk.button("Save the heartbeat to the draft");
    desk.apply("hc.example");
    let connector = &agent.document()["connector"];
    assert_eq!(connector["syslog"][0]["host"], "siem.corp.example");
    assert_eq!(connector["syslog"][0]["facility"], 16);
    let beat = json!({"url": "https://hc.example/ping/1", "everySec": 30});
    assert_eq!(connector["heartbeat"], beat);
    // Each is changed, and goes again.
    desk.button("Switch off syslog server siem");
    desk.button("Edit syslog server siem");
    desk.fill("Server host", "siem2.corp.example");
    desk.button("Save to the draft");
    desk.fill("Every, seconds", "45");
    desk.button("Save the heartbeat to the draft");
    desk.apply("siem2.corp.example");
    let connector = &agent.document()["connector"];
    assert_eq!(connector["syslog"][0]["host"], "siem2.corp.example");
    assert_eq!(connector["syslog"][0]["enabled"], json!(false));
    assert_eq!(connector["heartbeat"]["everySec"], 45);
    desk.button("Remove syslog server siem");
    desk.fill("Heartbeat URL", "");
    desk.button("Save the heartbeat to the draft");
    desk.apply("Review changes to plant");
    let connector = agent.document()["connector"].to_string();
    assert!(
        !connector.contains("siem") && !connector.contains("hc.example"),
        "{connector}"
    );
}

#[test]
fn a_trace_takes_two_operators() {
    let world = World::start();
    let (_backend, internal) = world.sample_backend(&[]);
    let mut agent = world.enrol("", &[]);
    agent.expose(&[("backend.virtual:80", &internal)]);
    let mut desk = Desk::new(&mut agent);
    agent.until_up();
    desk.trouble("Traces");
    desk.sees("No traces");
    desk.button("Ask for a trace…");
    desk.fill("Ends after, seconds", "120");
    desk.fill("Reason", "ticket 4711");
    desk.button("Ask for it");
    desk.row("Trace ");
    desk.sees("another operator has to let it begin");
    let id = agent.newest_trace();
    run(agent.command(&["trace", "approve", &id]));
    desk.sees("Stop the trace");
    until("a request is traced", || {
        assert_eq!(world.get(HELLO).status, 200);
        let traced = agent.told(&["trace", "list"])["traces"][0]["requests"].as_u64();
        traced.filter(|count| *count > 0)
    });
    desk.button("Stop the trace");
    desk.sees("operator:anna stopped it");
    let file = agent.dir.join("trace.jsonl");
    desk.button("Save…");
    desk.fill("File", file.to_str().unwrap());
    desk.button("Save");
    let text = until("the trace is saved", || {
        desk.frames();
        std::fs::read_to_string(&file).ok()
    });
    assert!(text.contains("/hello"), "{text}");
    desk.button("Delete…");
    desk.button("Delete");
    until("it is deleted", || {
        desk.frames();
        agent.traces().is_empty().then_some(())
    });
    // The other way round: somebody else asks.
    run(agent.command(&["trace", "request", "--reason", "ticket 4712"]));
    desk.button("Decide");
    desk.button("Let it begin…");
    desk.button("Let it begin");
    desk.sees("Runs");
    assert_eq!(agent.traces(), ["running"]);
    let own = refuse(agent.command(&["trace", "approve", &agent.newest_trace()]));
    assert!(own.contains("running"), "{own}");
}

#[test]
fn a_diagnosis_is_told_and_deleted() {
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = closed.local_addr().unwrap().to_string();
    drop(closed);
    agent.expose(&[("backend.virtual:80", &address)]);
    let mut desk = Desk::new(&mut agent);
    agent.until_up();
    until("the back end refuses", || {
        world.get(HELLO);
        let all = agent.told(&["diagnosis", "list"]);
        let all = all["diagnoses"].as_array().unwrap().clone();
        all.into_iter().find(|one| one["kind"] == "backendRefuses")
    });
    desk.trouble("Diagnoses");
    desk.row("Back end takes no connections");
    desk.sees("Start the system.");
    desk.button("Delete the diagnosis");
    desk.sees("Nothing goes wrong");
    let left = agent.told(&["diagnosis", "list"]);
    assert_eq!(left["diagnoses"], json!([]));
}
