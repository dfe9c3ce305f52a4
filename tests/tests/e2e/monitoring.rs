//! What monitoring reads of an agent and a gateway, by programs of others: an exporter in another
//! language, and Prometheus' own checks.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::agent::Agent;
use crate::http::{BACKEND, HELLO};
use crate::process::{json as parse, run, until};
use crate::world::World;

const PASSWORD: &str = "correct horse";
/// A mapping that nobody asks for.
const NEVER: &str = "never.virtual:80";

/// An agent with traffic, and a user who reads what it measures.
struct Watched {
    world: World,
    agent: Agent,
    _backend: crate::process::Process,
    url: String,
    authority: String,
}

impl Watched {
    fn start() -> Self {
        let world = World::start();
        let (backend, address) = world.sample_backend(&[]);
        let mut agent = world.enrol("", &[]);
        agent.expose(&[("backend.virtual:80", &address), (NEVER, &address)]);
        agent.run();
        agent.until_up();
        let user = json!({"name": "exporter", "password": PASSWORD});
        let path = "/api/v1/configuration/connector/monitoringUsers";
        assert_eq!(asked(&agent, path, &["-d", &user.to_string()]).0, 201);
        let addresses = until("the management API is reachable", || {
            std::fs::read_to_string(agent.dir.join("addresses.json")).ok()
        });
        let addresses = parse(&addresses);
        Self {
            url: addresses["managementUrls"][0].as_str().unwrap().to_owned(),
            authority: addresses["caCert"].as_str().unwrap().to_owned(),
            world,
            agent,
            _backend: backend,
        }
    }

    /// curl as the user; the status comes behind the body.
    fn ask(&self, arguments: &[&str], path: &str) -> (u16, String) {
        let mut command = Command::new("curl");
        command
            .args(["-sS", "--max-time", "20", "-w", "\n%{http_code}"])
            .args(["--cacert", &self.authority])
            .args(["-u", &format!("exporter:{PASSWORD}")])
            .args(arguments)
            .arg(format!("{}{path}", self.url));
        let output = run(command);
        let (body, status) = output.rsplit_once('\n').unwrap();
        (status.parse().unwrap(), body.to_owned())
    }

    /// Traffic of a known shape: six requests that are answered, and two that are denied.
    fn traffic(&self) {
        for _ in 0..3 {
            assert_eq!(self.world.get(HELLO).status, 200);
        }
        let echo = format!("{BACKEND}/echo");
        let sent = "x".repeat(1_000);
        assert_eq!(self.world.call(&["-d", &sent, &echo]).body, sent);
        let bytes = format!("{BACKEND}/bytes/5000");
        assert_eq!(self.world.call(&["-o", "/dev/null", &bytes]).status, 200);
        assert_eq!(self.world.get(&format!("{BACKEND}/slow/150")).status, 200);
        assert_eq!(self.world.get(&format!("{BACKEND}/secret")).status, 403);
        assert_eq!(self.world.get("http://other.virtual/").status, 403);
        // A request is counted when its last byte is on its way.
        until("all requests are counted", || {
            let page = self.agent.tell(&["requests", "list"]);
            let count = page["requests"].as_array().unwrap().len();
            (count == 8).then_some(())
        });
    }
}

/// curl over the agent's socket: as an Administrator.
fn asked(agent: &Agent, path: &str, arguments: &[&str]) -> (u16, String) {
    let mut command = Command::new("curl");
    command
        .args(["-sS", "-w", "\n%{http_code}", "--unix-socket"])
        .arg(agent.dir.join("admin.sock"))
        .args(["-H", "Content-Type: application/json"])
        .args(arguments)
        .arg(format!("http://localhost{path}"));
    let output = run(command);
    let (body, status) = output.rsplit_once('\n').unwrap();
    (status.parse().unwrap(), body.to_owned())
}

/// The entry of a list whose field has a value.
fn entry<'a>(list: &'a Value, field: &str, value: &str) -> &'a Value {
    let mut all = list.as_array().unwrap().iter();
    let found = all.find(|one| one[field] == value);
    found.unwrap_or_else(|| panic!("no {field} {value} in {list}"))
}

#[test]
fn an_exporter_of_another_make_reads_every_endpoint() {
    let watched = Watched::start();
    watched.traffic();
    // The host is measured some seconds after the start.
    until("the host was measured", || {
        let (status, _) = watched.ask(&[], "/api/monitoring/cpu");
        (status == 200).then_some(())
    });
    let reader = Path::new(env!("CARGO_MANIFEST_DIR")).join("exporter/read.py");
    let mut command = Command::new("python3");
    command.arg(reader).args([&watched.url, &watched.authority]);
    let told = run(command.arg("exporter").env("UNDERPASS_PASSWORD", PASSWORD));
    let told = parse(&told);
    let of = |path: &str| &told[path]["subaccounts"][0];

    assert_eq!(of("subaccounts")["tunnel"]["state"], "Connected");
    assert_eq!(of("subaccounts")["tunnel"]["connections"], 2);
    let usage = &of("usage")["usageStatistics"];
    let used = entry(usage, "virtualHost", "backend.virtual");
    assert_eq!(used["calls"], 6);
    assert_eq!(used["bytesReceived"], 1_000);
    let echo = entry(&used["resources"], "resourceName", "/echo");
    assert_eq!(
        (&echo["calls"], &echo["bytesSent"]),
        (&json!(1), &json!(1_000))
    );
    let never = entry(usage, "virtualHost", "never.virtual");
    assert_eq!(
        (&never["calls"], never.get("mostRecentAccess")),
        (&json!(0), None)
    );
    let performance = &of("performance/backends")["backendPerformance"];
    let buckets = &entry(performance, "virtualHost", "backend.virtual")["buckets"];
    let calls = buckets.as_array().unwrap().iter();
    let calls: u64 = calls
        .map(|one| one["numberOfCalls"].as_u64().unwrap())
        .sum();
    assert_eq!(calls, 6);
    let slowest = &of("performance/topTimeConsumers")["requests"][0];
    assert_eq!(slowest["resource"], "/slow/150");
    assert!(slowest["totalTime"].as_u64().unwrap() >= 150, "{slowest}");
    assert!(
        slowest["externalTime"].as_u64().unwrap() >= 150,
        "{slowest}"
    );
    let backends = &of("connections/backends")["backendConnections"];
    let backend = entry(backends, "virtualBackend", "backend.virtual:80");
    assert!(backend["idle"].as_u64().unwrap() >= 1, "{backend}");
    let kinds = told["certificates"]["ok"].as_array().unwrap().iter();
    let kinds: Vec<&str> = kinds.map(|one| one["type"].as_str().unwrap()).collect();
    assert!(
        kinds.contains(&"UI") && kinds.contains(&"subaccount"),
        "{kinds:?}"
    );
    let memory = &told["memory"]["physicalKB"];
    assert!(
        memory["CloudConnector"].as_u64().unwrap() > 1_000,
        "{memory}"
    );
    assert!(told["disk"]["total"].as_u64().unwrap() > 0);
}

#[test]
fn requests_are_found_and_forgotten_and_what_was_never_used_is_told() {
    let watched = Watched::start();
    watched.traffic();
    let agent = &watched.agent;
    let count = |more: &[&str]| {
        let page = agent.tell(&[&["requests", "list"], more].concat());
        page["requests"].as_array().unwrap().len()
    };
    assert_eq!(count(&["--outcome", "denied"]), 2);
    assert_eq!(
        count(&["--host", "backend.virtual:80", "--path", "/bytes"]),
        1
    );
    assert_eq!(count(&["--min-ms", "150"]), 1);
    assert_eq!(count(&["--limit", "2"]), 2);
    // Who asked for what is not for monitoring.
    let requests = "/api/v1/monitoring/requests";
    assert_eq!(watched.ask(&[], requests).0, 403);
    assert_eq!(watched.ask(&["-X", "DELETE"], requests).0, 403);
    let (status, unused) = watched.ask(&[], "/api/v1/monitoring/usage?unused=true");
    let unused = parse(&unused);
    assert_eq!(status, 200, "{unused}");
    let never = entry(&unused["mappings"], "virtualHost", "never.virtual");
    assert_eq!(never["neverUsed"], true);
    let partly = entry(&unused["mappings"], "virtualHost", "backend.virtual");
    let paths = partly["resources"].as_array().unwrap().iter();
    let paths: Vec<&str> = paths.map(|one| one["path"].as_str().unwrap()).collect();
    assert!(
        paths.contains(&"/sink") && !paths.contains(&"/hello"),
        "{paths:?}"
    );

    assert_eq!(
        agent.tell(&["requests", "top"])["requests"][0]["path"],
        "/slow/150"
    );
    let durations = agent.tell(&["requests", "durations"]);
    assert_eq!(durations["mappings"][0]["count"], 6);
    for what in ["recent", "top", "durations"] {
        run(agent.command(&["requests", "clear", what]));
    }
    assert_eq!(count(&[]), 0);
    assert_eq!(agent.tell(&["requests", "top"])["requests"], json!([]));
    assert_eq!(
        agent.tell(&["requests", "durations"])["mappings"],
        json!([])
    );
    // What is counted for good stays.
    let usage = agent.tell(&["usage"]);
    let used = entry(&usage["mappings"], "virtualHost", "backend.virtual");
    assert_eq!(used["calls"], 6);
    let records = asked(agent, "/api/v1/auditLog/records?text=forgot", &[]);
    let records = parse(&records.1);
    assert!(
        records["records"].as_array().unwrap().len() >= 2,
        "{records}"
    );
}

/// Has Prometheus' own tool read a text.
fn promtool(text: &str) {
    let promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut promtool =
        promtool.expect("promtool is missing; install it: apt-get install prometheus");
    let mut input = promtool.stdin.take().unwrap();
    input.write_all(text.as_bytes()).unwrap();
    drop(input);
    let output = promtool.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}\n{text}");
}

#[test]
fn prometheus_takes_the_metrics_of_agent_and_gateway() {
    let watched = Watched::start();
    watched.traffic();
    let (status, agent) = watched.ask(&["-i"], "/metrics");
    assert_eq!(status, 200, "{agent}");
    let (head, agent) = agent.split_once("\r\n\r\n").unwrap();
    let kind = "content-type: text/plain; version=0.0.4; charset=utf-8";
    assert!(head.to_lowercase().contains(kind), "{head}");
    promtool(agent);
    let backend = "mapping=\"backend.virtual:80\"";
    for (name, labels, value) in [
        (
            "mapping_requests_total",
            "outcome=\"answered\",status=\"2xx\"",
            "6",
        ),
        (
            "mapping_requests_total",
            "outcome=\"denied\",status=\"none\"",
            "1",
        ),
        ("mapping_received_bytes_total", backend, "1000"),
        ("mapping_request_duration_seconds_count", backend, "6"),
        // The other denied one asked for no mapping.
        (
            "tunnel_requests_total",
            "outcome=\"denied\",status=\"none\"",
            "2",
        ),
    ] {
        let prefix = format!("underpass_agent_{name}{{");
        let found = agent.lines().find(|line| {
            let mapped = !name.starts_with("mapping") || line.contains(backend);
            line.starts_with(&prefix) && line.contains(labels) && mapped
        });
        let found = found.and_then(|line| line.rsplit_once(' '));
        assert_eq!(
            found.map(|(_, value)| value),
            Some(value),
            "{name}\n{agent}"
        );
    }
    let mut gateway = Command::new("curl");
    let url = format!("http://{}/metrics", watched.world.text("admin"));
    promtool(&run(gateway.args(["-sS", &url])));
}
