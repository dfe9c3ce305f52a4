//! Where alerts go, as operators set and test it.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::Command;

use serde_json::{Value, json};

use super::settings::enrolled;
use super::socket::{Answer, CONFIGURATION};
use crate::agent::Agent;
use crate::process::{Process, json as parse, until};
use crate::world::World;

const WEBHOOKS: &str = "connector/webhooks";

impl Agent {
    /// Tests a channel: whether the receiver took it, and what happened.
    fn deliver(&self, channel: &str) -> (bool, String) {
        let answer = self.test_delivery(channel);
        assert_eq!(answer.status, 200, "{answer:?}");
        let tested = answer.json();
        let outcome = tested["outcome"].as_str().unwrap().to_owned();
        (tested["delivered"].as_bool().unwrap(), outcome)
    }

    fn test_delivery(&self, channel: &str) -> Answer {
        let body = json!({"channel": channel}).to_string();
        self.send("POST", "/api/v1/alerts/test", &[], &body)
    }

    fn secrets(&self) -> usize {
        let entries = self.dir.join("secrets").read_dir().unwrap();
        let names = entries.map(|one| one.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.ends_with(".password")).count()
    }
}

#[test]
fn secrets_of_webhooks_are_kept_apart_and_go_nowhere_else() {
    let world = World::start();
    let agent = enrolled(&world);
    let chat = json!({"name": "chat", "enabled": true, "form": "slack",
                      "url": "https://hooks.example/T0/PATHSECRET"});
    let siem = json!({"name": "siem", "enabled": "false", "url": "https://siem.corp:8443/in?k=PATHSECRET",
                      "secret": "a KEYSECRET of ours", "trust": "trustStore"});
    let both = json!([chat, siem]);
    let tried = agent.set("PUT", &format!("{WEBHOOKS}?dryRun=true"), &both);
    assert_eq!((tried.status, agent.secrets()), (200, 0), "{tried:?}");
    assert_eq!(agent.set("PUT", WEBHOOKS, &both).status, 204);
    assert_eq!(agent.secrets(), 3);
    let shown = agent.setting(WEBHOOKS);
    assert_eq!(shown[0]["url"], "https://hooks.example/***");
    assert_eq!(
        (&shown[1]["secret"], &shown[0]["secret"]),
        (&json!("***"), &Value::Null)
    );
    let kept = agent.document()["connector"]["webhooks"].clone();
    assert_eq!(agent.set("PUT", WEBHOOKS, &shown).status, 204);
    assert_eq!(agent.document()["connector"]["webhooks"], kept);
    for (place, value, field) in [
        // The path would tell another host its secret.
        ("/0/url", "https://evil.example/***", "[0].url"),
        ("/0/url", "https://hooks.example/a b", "[0].url"),
        ("/0/secret", "***", "[0].secret"),
        ("/1/secret", "short", "[1].secret"),
        // Under another name what is kept is not known.
        ("/1/name", "chat", "[1].url"),
    ] {
        let mut wrong = shown.clone();
        let (parent, name) = place.rsplit_once('/').unwrap();
        wrong.pointer_mut(parent).unwrap()[name] = json!(value);
        let refused = agent.set("PUT", WEBHOOKS, &wrong);
        assert_eq!(refused.status, 400, "{place}: {refused:?}");
        let named = refused.json()["field"].as_str().unwrap().to_owned();
        assert!(named.ends_with(field), "{place}: {named}");
    }
    assert_eq!(agent.secrets(), 3);
    assert_eq!(agent.set("PUT", WEBHOOKS, &json!([shown[0]])).status, 204);
    assert_eq!(agent.secrets(), 1);
    let told = format!("{}{}{shown}", agent.document(), agent.log());
    assert!(!told.contains("PATHSECRET") && !told.contains("KEYSECRET"));

    let servers =
        json!([{"name": "siem", "enabled": true, "host": "log.corp", "transport": "tls"}]);
    assert_eq!(agent.set("PUT", "connector/syslog", &servers).status, 204);
    assert_eq!(agent.setting("connector/syslog"), servers);
    until("both channels are on", || {
        let answer = agent.ask("GET", "/api/v1/alerts/delivery", &[]).json();
        let channels = answer["channels"].as_array().unwrap().clone();
        let names: Vec<Value> = channels.iter().map(|one| one["channel"].clone()).collect();
        (names == [json!("webhook:chat"), json!("syslog:siem")]).then_some(())
    });
}

#[test]
fn who_saw_other_receivers_changes_none_of_them() {
    let world = World::start();
    let agent = enrolled(&world);
    let path = |part: &str| format!("{CONFIGURATION}/connector/{part}");
    let ops = json!({"name": "ops", "enabled": true, "url": "https://hooks.example/SECRET"});
    let servers =
        json!([{"name": "siem", "enabled": true, "host": "log.corp", "transport": "tls"}]);
    let mail = json!({"enabled": false, "sendTo": "a@x", "sendFrom": "b@x", "smtpHost": "mail.x",
                      "smtpUsername": "agent", "smtpPassword": "SECRET"});
    assert_eq!(agent.set("PUT", WEBHOOKS, &json!([ops])).status, 204);
    let changes = [
        ("webhooks", agent.setting(WEBHOOKS)),
        // What is kept of one that is there no more is not asked for before the revision is.
        (
            "webhooks",
            json!([{"name": "gone", "enabled": true, "url": "https://x.example/***"}]),
        ),
        ("email", mail),
        ("email", json!({"smtpPassword": "***"})),
        ("syslog", servers),
        ("heartbeat", json!({})),
        ("alertRules", json!({})),
    ];
    for (at, (part, body)) in changes.into_iter().enumerate() {
        let method = if part == "email" && body.get("sendTo").is_none() {
            "PATCH"
        } else {
            "PUT"
        };
        let seen = agent.ask("GET", &path(part), &[]).header("etag");
        // Somebody else changes something.
        agent.rules(&[&format!("delays.memory={at}")]);
        let present = agent.ask("GET", &path(part), &[]).header("etag");
        assert_ne!(seen, present);
        let secrets = agent.secrets();
        let condition = format!("If-Match: {seen}");
        let lost = agent.send(method, &path(part), &[&condition], &body.to_string());
        assert_eq!((lost.status, lost.header("etag")), (412, present.clone()));
        let current = format!("current revision is {}", present.trim_matches('"'));
        let told = lost.json()["message"].to_string();
        assert!(told.contains(&current), "{part}: {told}");
        assert_eq!(agent.secrets(), secrets, "{part}");
    }
    let present = agent.ask("GET", &path("webhooks"), &[]).header("etag");
    let condition = format!("If-Match: {present}");
    let body = agent.setting(WEBHOOKS).to_string();
    let same = agent.send("PUT", &path("webhooks"), &[&condition], &body);
    assert_eq!((same.status, same.header("etag")), (204, present));
}

/// Takes one request and answers it; gives the request.
fn receiver(listener: TcpListener) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = vec![];
        let mut part = [0; 4096];
        while !request.ends_with(b"}") {
            let read = stream.read(&mut part).unwrap();
            request.extend(&part[..read]);
        }
        stream
            .write_all(b"HTTP/1.1 204 No Content\r\n\r\n")
            .unwrap();
        String::from_utf8(request).unwrap()
    })
}

#[test]
fn a_test_tells_the_step_that_failed_and_webhooks_reach_no_guarded_address() {
    let world = World::start();
    let agent = enrolled(&world);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let ours = json!([{"name": "ours", "enabled": true, "url": format!("http://{address}/in")}]);
    assert_eq!(agent.set("PUT", WEBHOOKS, &ours).status, 204);
    let (delivered, outcome) = agent.deliver("webhook:ours");
    assert!(
        !delivered && outcome.contains("loopback address"),
        "{outcome}"
    );
    agent.allow_loopback();
    let request = receiver(listener);
    let (delivered, outcome) = agent.deliver("webhook:ours");
    assert!(delivered, "{outcome}");
    let request = request.join().unwrap();
    assert!(request.starts_with("POST /in HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("\"happening\":\"test\""), "{request}");

    // Mail servers are often on the same host.
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let mail = json!({"enabled": false, "sendTo": "a@x", "sendFrom": "b@x",
                      "smtpHost": "127.0.0.1", "smtpPort": closed.port()});
    assert_eq!(agent.set("PUT", "connector/email", &mail).status, 204);
    let (delivered, outcome) = agent.deliver("mail");
    let expected = format!("connecting to {closed} failed: ");
    assert!(!delivered && outcome.starts_with(&expected), "{outcome}");
    for (channel, rule) in [
        ("fax", "must be mail"),
        ("syslog:none", "there is no channel"),
    ] {
        let refused = agent.test_delivery(channel);
        assert_eq!(refused.status, 400, "{refused:?}");
        assert!(
            refused.json()["message"].as_str().unwrap().contains(rule),
            "{refused:?}"
        );
    }
    let records = agent.tell(&["audit", "list"]).to_string();
    assert!(
        records.contains("tested the delivery of alerts by webhook:ours"),
        "{records}"
    );
}

/// The mail server of the tests of delivery.
const SMTP: &str = include_str!("../../../../shared/alerting/tests/delivery/smtp.py");

/// A mail server, with its port; it writes each mail that it took to its output.
fn mail_server(world: &World) -> (Process, u16) {
    let mut command = Command::new("/usr/bin/python3");
    command.args(["-c", SMTP, "{}"]);
    let server = Process::start(&mut command, world.path("mail.log"));
    let port = until("the mail server listens", || {
        let ready = server.output().lines().next().map(parse)?;
        ready["port"].as_u64()
    });
    (server, port.try_into().unwrap())
}

fn mails(server: &Process) -> Vec<Value> {
    let output = server.output();
    // The last line may be half there.
    let lines = output.lines().filter(|line| line.ends_with('}'));
    let events = lines.map(parse);
    events.filter(|one| one["event"] == "taken").collect()
}

#[test]
fn what_the_agent_finds_arrives_as_one_mail_also_over_a_kill() {
    let world = World::start();
    let mut agent = enrolled(&world);
    let (server, port) = mail_server(&world);
    let mail = json!({"enabled": true, "trustOption": "tlsDisabled", "sendTo": "ops@corp",
                      "sendFrom": "agent@corp", "smtpHost": "127.0.0.1", "smtpPort": port});
    let set = agent.set("PUT", "connector/email", &mail);
    assert_eq!(set.status, 204, "{set:?}");
    agent.rules(&["thresholds.freeDiskSpaceMb=10000000"]);
    let alert = agent.until_alert("Disk");
    let mail = until("the mail arrives", || mails(&server).pop());
    let told = format!("{} {}", mail["subject"], mail["text"]);
    assert!(
        told.contains(alert["title"].as_str().unwrap())
            && told.contains("the limit is 10000000 MB"),
        "{told}"
    );
    let all_taken = |agent: &Agent| {
        let channels = agent.ask("GET", "/api/v1/alerts/delivery", &[]).json()["channels"].clone();
        let channel = &channels[0];
        (channel["channel"] == "mail" && channel["waiting"] == 0).then_some(())
    };
    until("nothing waits", || all_taken(&agent));
    // It still stands after a kill, and nobody is told of it again.
    agent.process().kill();
    agent.run();
    agent.until_up();
    agent.until_alert("Disk");
    until("nothing waits", || all_taken(&agent));
    assert_eq!(mails(&server).len(), 1);
    assert_eq!(mails(&server)[0]["id"], mail["id"]);
}
