//! What operators watch, and who may come near: probes, metrics, copies of agents, remote consumers.

use std::process::Command;

use serde_json::Value;

use crate::agent::Agent;
use crate::http::HELLO;
use crate::process::{Process, json, refuse, run, until};
use crate::world::World;

impl World {
    /// Asks the operators' port; the status code comes behind the body.
    fn operations(&self, path: &str) -> (String, u16) {
        let mut command = Command::new("curl");
        command.args(["-sS", "-w", "\n%{http_code}"]);
        let output = run(command.arg(format!("http://{}{path}", self.text("admin"))));
        let (body, status) = output.rsplit_once('\n').unwrap();
        (body.to_owned(), status.parse().unwrap())
    }

    /// One number of `/metrics`.
    fn metric(&self, name: &str) -> u64 {
        let (text, status) = self.operations("/metrics");
        assert_eq!(status, 200);
        let found = text.lines().find_map(|line| line.strip_prefix(name));
        let found = found.unwrap_or_else(|| panic!("no {name} in\n{text}"));
        found.trim().parse().unwrap()
    }

    fn requests(&self, labels: &str) -> u64 {
        self.metric(&format!("underpass_gateway_requests_total{{{labels}}}"))
    }
}

#[test]
fn metrics_tell_what_became_of_each_request() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let _agent = world.agent("", &address);
    assert_eq!(world.operations("/healthz"), ("ok\n".to_owned(), 200));
    assert_eq!(world.operations("/readyz"), ("ready\n".to_owned(), 200));
    assert_eq!(world.operations("/other").1, 404);
    let before = world.metric("underpass_gateway_consumer_received_bytes_total");
    for _ in 0..3 {
        assert_eq!(world.get(HELLO).status, 200);
    }
    assert_eq!(world.get("http://backend.virtual/closed").status, 403);
    assert_eq!(world.get_at(HELLO, "nowhere").status, 503);
    assert_eq!(world.curl(&[HELLO]).status, 407);
    world.raw("CONNECT backend.virtual:443 HTTP/1.1\r\nHost: backend.virtual:443\r\n\r\n");
    for (labels, count) in [
        (r#"outcome="answered",status="2xx""#, 3),
        (r#"outcome="answered",status="4xx""#, 1),
        (r#"outcome="no_tunnel",status="5xx""#, 1),
        (r#"outcome="unauthorised",status="4xx""#, 1),
        (r#"outcome="connect",status="4xx""#, 1),
        (r#"outcome="lost",status="5xx""#, 0),
    ] {
        assert_eq!(world.requests(labels), count, "{labels}");
    }
    let own = |name: &str, labels: &str| {
        let subaccount = &world.tenant.subaccount;
        let name = format!("underpass_gateway_subaccount_{name}");
        world.metric(&format!("{name}{{subaccount=\"{subaccount}\"{labels}}}"))
    };
    let succeeded = r#",outcome="answered",status="2xx""#;
    assert_eq!(own("requests_total", succeeded), 3);
    let received = own("received_bytes_total", "");
    assert!(received > 500, "{received}");
    assert!(own("sent_bytes_total", "") > 300);
    let answered = "underpass_gateway_request_duration_seconds_count";
    assert_eq!(world.metric(answered), 4);
    let missing = r#"underpass_gateway_token_checks_total{result="missing"}"#;
    assert_eq!(world.metric(missing), 1);
    assert_eq!(world.metric("underpass_gateway_tunnels"), 2);
    assert_eq!(world.metric("underpass_gateway_agents_connected"), 1);
    assert_eq!(world.metric("underpass_gateway_subaccounts"), 1);
    assert_eq!(world.metric("underpass_gateway_state_up"), 1);
    assert!(world.metric(r#"underpass_gateway_token_requests_total{outcome="issued"}"#) >= 1);
    assert!(world.metric("underpass_gateway_consumer_received_bytes_total") > before + 500);
    until("consumers that left are not counted", || {
        (world.metric("underpass_gateway_consumer_connections") == 0).then_some(())
    });
}

#[test]
fn a_copy_of_a_running_agent_is_refused_by_name_until_the_first_ends() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let mut first = world.agent("site", &address);
    let mut copy = Agent::new(world.path("copy"), "site", &[]);
    // The data directory as a backup of the host would have it.
    run(Command::new("cp").arg("-r").args([&first.dir, &copy.dir]));
    copy.run();
    let state = |agent: &Agent| -> Value { json(&run(agent.command(&["status", "--json"]))) };
    until("the copy tells why it is not let in", || {
        let text = std::fs::read_to_string(copy.dir.join("status.json")).ok()?;
        text.contains("LOCATION_TAKEN").then_some(())
    });
    let shown = run(copy.command(&["status"]));
    assert!(shown.contains("revision"), "{shown}");
    assert!(copy.process().output().contains("LOCATION_TAKEN"));
    assert!(world.logged("tunnel refused") > 0);
    // The first one never noticed.
    assert_eq!(first.up(), 2);
    assert_eq!(world.get_at(HELLO, "site").status, 200);
    assert_eq!(world.metric("underpass_gateway_agents_connected"), 1);
    assert_eq!(world.metric("underpass_gateway_tunnels"), 2);
    first.process().kill();
    copy.until_up();
    assert_eq!(world.get_at(HELLO, "site").status, 200);
    assert!(state(&copy).to_string().contains("\"up\""));
}

#[test]
fn a_location_is_taken_over_when_its_agent_is_revoked() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let first = world.agent("site", &address);
    let token = world.enrol_token(&["--location-id", "site"]);
    let mut second = Agent::new(world.path("second"), "site", &[]);
    let refused = refuse(second.command(&["enrol", &token]));
    assert!(refused.contains("already has an agent"), "{refused}");
    let status = json(&run(world.command(&["status", "--json"])));
    let instance = status["agents"][0]["instance"].as_str().unwrap();
    run(world.command(&["revoke", "--instance", instance]));
    // The same token is as good as before, for the refusal did not burn it.
    run(second.command(&["enrol", &token]));
    second.expose(&[("backend.virtual:80", &address)]);
    second.run();
    second.until_up();
    assert_eq!(world.get_at(HELLO, "site").status, 200);
    assert_eq!(first.up(), 0);
    let label = r#"underpass_gateway_enrolments_total{outcome="location_taken"}"#;
    assert_eq!(world.metric(label), 1);
}

#[test]
fn consumers_on_other_hosts_are_let_in_by_network_only() {
    let world = World::start();
    let serve = |name: &str, more: &[&str]| {
        let mut command = Command::new(crate::process::program("underpass-gateway"));
        command.args(["serve", "--data-dir"]).arg(world.path(name));
        for listener in ["--tunnel-listen", "--token-listen", "--admin-listen"] {
            command.args([listener, "127.0.0.1:0"]);
        }
        command.args(["--proxy-listen", "0.0.0.0:0"]).args(more);
        command
    };
    let refused = refuse(serve("a", &[]));
    assert!(refused.contains("--allow-remote-consumers"), "{refused}");
    let refused = refuse(serve("a", &["--allow-remote-consumers"]));
    assert!(refused.contains("--consumer-network"), "{refused}");
    assert!(!world.path("a").exists());
    // The host's own address stands for another host's.
    let Some(own) = own_address() else {
        println!("NOT RUN: this host has no address but loopback");
        return;
    };
    for (name, network, let_in) in [("b", "198.51.100.0/24", false), ("c", &*own, true)] {
        let options = ["--allow-remote-consumers", "--consumer-network", network];
        let _gateway = Process::start(&mut serve(name, &options), world.path("remote.log"));
        let path = world.path(name).join("addresses.json");
        let addresses = until("the gateway is ready", || {
            std::fs::read_to_string(&path).ok()
        });
        let port = json(&addresses)["proxy"]
            .as_str()
            .unwrap()
            .replace("0.0.0.0", "");
        let status = |host: &str| {
            let mut command = Command::new("curl");
            command.args(["-s", "-o", "/dev/null", "-w", "%{http_code}", "-x"]);
            let output = command
                .arg(format!("http://{host}{port}"))
                .arg(HELLO)
                .output();
            String::from_utf8(output.unwrap().stdout).unwrap()
        };
        assert_eq!(status("127.0.0.1"), "407");
        assert_eq!(status(&own), if let_in { "407" } else { "000" });
    }
}

/// The address that this host would use towards others; nothing is sent.
fn own_address() -> Option<String> {
    let socket = std::net::UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    let address = socket.local_addr().ok()?.ip();
    (!address.is_loopback()).then(|| address.to_string())
}

#[test]
fn credentials_in_a_query_are_in_no_log_whatever_its_level() {
    let world = World::start();
    let dir = world.path("talkative");
    let gateway = |arguments: &[&str]| {
        let mut command = Command::new(crate::process::program("underpass-gateway"));
        command.args(arguments).arg("--data-dir").arg(&dir);
        command
    };
    let mut serve = gateway(&["serve", "--log", "trace"]);
    for name in ["tunnel", "proxy", "token", "admin"] {
        serve.args([&format!("--{name}-listen"), "127.0.0.1:0"]);
    }
    let process = Process::start(&mut serve, world.path("talkative.log"));
    let path = dir.join("addresses.json");
    let addresses = until("the gateway is ready", || {
        std::fs::read_to_string(&path).ok()
    });
    let addresses = json(&addresses);
    let text = |name: &str| addresses[name].as_str().unwrap().to_owned();
    run(gateway(&["subaccount", "add", "acme"]));
    let create = ["binding", "create", "--json", "--subaccount", "acme"];
    let binding = json(&run(gateway(&create)));
    let credential = |name: &str| binding[name].as_str().unwrap().to_owned();
    let secret = credential("clientsecret");
    let url = format!(
        "{}/oauth/token?grant_type=client_credentials&client_id={}&client_secret={secret}",
        text("tokenUrl"),
        credential("clientid")
    );
    let token = until("the binding is known", || {
        let mut curl = Command::new("curl");
        curl.args(["-sS", "--cacert", &text("caCert"), &url]);
        let answer = json(&run(&mut curl));
        answer["access_token"].as_str().map(str::to_owned)
    });
    let mut curl = Command::new("curl");
    curl.args(["-s", "-x", &format!("http://{}", text("proxy"))]);
    curl.args(["-H", &format!("Proxy-Authorization: Bearer {token}")]);
    let answer = run(curl.arg(format!("{HELLO}?password=hunter2")));
    assert!(answer.contains("No tunnels subscribed"), "{answer}");
    let log = process.output();
    assert!(log.contains("DEBUG") || log.contains("TRACE"), "{log}");
    for hidden in [&secret, &token, "hunter2"] {
        assert!(!log.contains(hidden), "{hidden}: {log}");
    }
}
