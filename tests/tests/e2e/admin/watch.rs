//! Events as they happen, and checks of connections and access.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use underpass_runtime::file;
use underpass_runtime::pki::PrivateKey;

use crate::agent::Agent;
use crate::process::{json as parse, refuse, run, until};
use crate::world::World;

/// curl on the stream of events; killed when dropped.
struct Listener {
    child: Child,
    lines: BufReader<std::process::ChildStdout>,
}

impl Listener {
    fn start(agent: &Agent, last: Option<u64>) -> Self {
        let mut command = Command::new("curl");
        command
            .args(["-sSN", "--max-time", "60", "--unix-socket"])
            .arg(agent.dir.join("admin.sock"));
        if let Some(last) = last {
            command.arg("-H").arg(format!("Last-Event-ID: {last}"));
        }
        let mut child = command
            .arg("http://localhost/api/v1/events")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self { child, lines }
    }

    /// The next event with its id; none where the stream ends.
    fn next(&mut self) -> Option<(Option<u64>, Value)> {
        let mut id = None;
        loop {
            let mut line = String::new();
            if self.lines.read_line(&mut line).unwrap() == 0 {
                return None;
            }
            if let Some(text) = line.strip_prefix("id: ") {
                id = Some(text.trim().parse().unwrap());
            } else if let Some(text) = line.strip_prefix("data: ") {
                return Some((id, parse(text)));
            }
        }
    }

    /// The next event of a type.
    fn next_of(&mut self, kind: &str) -> (u64, Value) {
        loop {
            let (id, event) = self.next().unwrap();
            if event["type"] == kind {
                return (id.unwrap(), event);
            }
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
fn live_figures_are_those_of_the_load() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let agent = world.agent("", &address);
    let mut listener = Listener::start(&agent, None);
    let mut metrics = || listener.next_of("metrics").1;
    // From here on a whole sample is ahead.
    metrics();
    for _ in 0..5 {
        assert_eq!(world.get("http://backend.virtual/slow/200").status, 200);
    }
    let (mut requests, mut p95) = (0.0, 0.0_f64);
    while requests < 4.9 {
        let event = metrics();
        let figure = |name: &str| event[name].as_f64();
        requests += figure("requestsPerSecond").unwrap() * 15.0;
        p95 = p95.max(figure("p95Ms").unwrap_or_default());
        assert_eq!(event["errorsPerSecond"], json!(0.0), "{event}");
        assert!(
            figure("memory").unwrap() > 1e6 && event["tunnelsUp"] == 1,
            "{event}"
        );
    }
    // Samples are 15 s long, and now and then a little more.
    assert!((4.9..5.5).contains(&requests), "{requests}");
    assert!((200.0..5_000.0).contains(&p95), "{p95}");
}

#[test]
fn what_happens_is_told_and_can_be_resumed() {
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    agent.run();
    agent.until_up();
    let mut first = Listener::start(&agent, None);
    let (id, start) = first.next_of("start");
    assert_eq!(start["revision"], 1);
    run(agent.command(&["mapping", "add", "a:1", "10.0.0.1:1"]));
    let (added, event) = first.next_of("revision");
    assert!(added > id);
    assert_eq!(event["number"], 2);
    assert_eq!(event["reason"], "added system mapping a:1 to 10.0.0.1:1");
    run(agent.command(&["mapping", "remove", "a:1", "--confirm-within", "60"]));
    assert_eq!(
        first.next_of("pendingConfirm").1["pending"]["firstRevision"],
        3
    );
    run(agent.command(&["confirm"]));
    assert_eq!(first.next_of("pendingConfirm").1["pending"], json!(null));
    run(agent.command(&["subaccount", "disconnect"]));
    let (_, tunnel) = first.next_of("tunnel");
    assert_eq!(tunnel["locationID"], "");
    let mut tunnel = tunnel;
    while tunnel["state"] != "Disconnected" {
        tunnel = first.next_of("tunnel").1;
    }
    assert_eq!(tunnel["connections"], 0);
    // Whoever comes back gets what was missed, and nothing twice.
    let mut back = Listener::start(&agent, Some(added));
    assert_eq!(back.next_of("revision").1["number"], 3);
    // Who was too long away is told.
    let mut late = Listener::start(&agent, Some(7));
    let (_, reset) = late.next().unwrap();
    assert_eq!(
        (&reset["type"], &reset["revision"]),
        (&json!("reset"), &json!(4))
    );
    // The command prints lines.
    let mut events = agent.command(&["events", "--json"]);
    let mut command = events.stdout(Stdio::piped()).spawn().unwrap();
    let mut output = BufReader::new(command.stdout.take().unwrap());
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    assert_eq!(parse(&line)["type"], "start");
    // The streams end with the agent, and say so.
    agent.process().terminate();
    while let Some((_, event)) = late.next() {
        if event["type"] == "end" {
            assert!(
                event["reason"].as_str().unwrap().contains("stops"),
                "{event}"
            );
        }
    }
    let mut rest = String::new();
    output.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("\"end\""), "{rest}");
    assert!(command.wait().unwrap().success());
    assert!(agent.process().wait().success());
    let stopped = refuse(agent.command(&["events"]));
    assert!(stopped.contains("does not run"), "{stopped}");
}

/// The steps of a check of an unsaved system, by name and outcome.
fn steps(report: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let steps = report["steps"].as_array().unwrap().iter();
    steps
        .map(|one| (text(&one["step"]), text(&one["outcome"])))
        .collect()
}

#[test]
fn the_way_to_a_system_is_gone_step_by_step() {
    let world = World::start();
    let (_backend, backend) = world.sample_backend(&[]);
    let mut agent = world.enrol("", &[]);
    agent.run();
    agent.until_up();
    let (host, port) = backend.rsplit_once(':').unwrap();
    let path = format!("{}/systemMappings/check", agent.subaccount_path());
    let ask = |host: &str, port: &str, protocol: &str| {
        let body = json!({"localHost": host, "localPort": port, "protocol": protocol});
        let answer = agent.send("POST", &path, &[], &body.to_string());
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    };
    let last = |report: &Value| steps(report).pop().unwrap();
    let pair = |step: &str, outcome: &str| (step.to_owned(), outcome.to_owned());
    // The target guard holds here too.
    let guarded = ask(host, port, "HTTP");
    assert_eq!(last(&guarded), pair("targetGuard", "failed"));
    assert_eq!(guarded["reachable"], false);
    agent.allow_loopback();
    let good = ask(host, port, "HTTP");
    let names: Vec<String> = steps(&good).into_iter().map(|(step, _)| step).collect();
    assert_eq!(
        names,
        ["nameResolution", "targetGuard", "connection", "http"]
    );
    assert_eq!(good["reachable"], true, "{good}");
    let tls = ask(host, port, "HTTPS");
    assert_eq!(last(&tls), pair("tls", "failed"));
    assert!(
        tls["steps"][3]["advice"]
            .as_str()
            .unwrap()
            .contains("without TLS"),
        "{tls}"
    );
    assert_eq!(ask(host, port, "TCP")["reachable"], true);
    let refused = ask("127.0.0.1", "1", "HTTP");
    assert_eq!(last(&refused), pair("connection", "failed"));
    let advice = refused["steps"][2]["advice"].as_str().unwrap();
    assert!(advice.contains("nothing listens"), "{refused}");
    let unknown = ask("no-such-host.invalid", "80", "HTTP");
    assert_eq!(last(&unknown), pair("nameResolution", "failed"));

    run(agent.command(&["mapping", "add", "backend.virtual:80", &backend]));
    let told = run(agent.command(&["mapping", "check", "backend.virtual:80"]));
    assert!(
        told.contains("ok    HTTP (") && told.contains("HEAD /"),
        "{told}"
    );
    run(agent.command(&["mapping", "add", "gone.virtual:80", "127.0.0.1:1"]));
    let gone = refuse(agent.command(&["mapping", "check", "gone.virtual:80"]));
    assert!(gone.contains("cannot be reached"), "{gone}");
}

#[test]
fn access_is_explained_as_it_is_decided() {
    let world = World::start();
    let (_backend, backend) = world.sample_backend(&[]);
    let agent = world.agent("", &backend);
    run(agent.command(&["resource", "add", "backend.virtual:80", "/exact", "--exact"]));
    for (path, status, part) in [
        ("/hello?x=1", 200, "allowed by the resource /hello"),
        ("/cookie", 403, "resource is not accessible"),
        ("/exact/more", 403, "allows exactly its own path"),
        ("/hello/../cookie", 400, "ambiguous path"),
    ] {
        let url = format!("http://backend.virtual:80{path}");
        let arguments = ["mapping", "test-access", &url];
        let output = agent.command(&arguments).output().unwrap();
        let told = String::from_utf8(output.stdout).unwrap();
        assert!(told.contains(part), "{url}: {told}");
        assert_eq!(output.status.success(), status == 200, "{url}");
        assert_eq!(world.get(&url).status, status, "{url}");
    }
    let url = ["mapping", "test-access", "http://backend.virtual:81/hello"];
    let other = agent.command(&url).output().unwrap();
    let told = String::from_utf8(other.stdout).unwrap();
    assert!(
        told.contains("there is a system mapping backend.virtual:80"),
        "{told}"
    );
    for url in ["/hello", "https://a/b", "http://u@a/b", "http://a:x/"] {
        let wrong = refuse(agent.command(&["mapping", "test-access", url]));
        assert!(wrong.contains("url: "), "{url}: {wrong}");
    }
    until("the agent is as it was", || (agent.up() == 2).then_some(()));
}

#[test]
fn administrators_are_told_who_may_come_in_and_what_is_shown() {
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    agent.run();
    agent.until_up();
    let mut listener = Listener::start(&agent, None);
    listener.next_of("start");
    let mut notice = |text: &str| {
        let (_, event) = listener.next_of("notice");
        let told = event["text"].as_str().unwrap().to_owned();
        assert!(told.ends_with(text), "{told}");
        assert!(told.starts_with("os:"), "{told}");
    };
    let csr = world.path("anna.csr");
    let key = PrivateKey::generate().unwrap();
    file::replace(&csr, key.request().unwrap().as_bytes()).unwrap();
    let csr = csr.display().to_string();
    let issue = ["operator", "issue", "--csr", &csr, "--name", "anna"];
    run(agent.command(&[issue.as_slice(), &["--role", "Administrator"]].concat()));
    notice("added operator anna as Administrator");
    // The last Administrator stays.
    run(agent.command(
        &[
            &["operator", "issue", "--csr", &csr],
            ["--name", "ben"].as_slice(),
            &["--role", "Display"],
        ]
        .concat(),
    ));
    notice("added operator ben as Display");
    run(agent.command(&["operator", "role", "ben", "Support"]));
    notice("made operator ben Support");
    run(agent.command(&["operator", "revoke", "ben"]));
    notice("removed operator ben, who was Support");
    run(agent.command(&["certificate", "self-signed", "ui", "--subject", "CN=agent"]));
    notice("exchanged the certificate of the management API");
    run(agent.command(&["pair", "--role", "Display", "--host", "localhost"]));
    notice("made a pairing string for the role Display");
}
