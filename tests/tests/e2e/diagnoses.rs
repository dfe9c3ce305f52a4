//! What agents see going wrong: each diagnosis with what it tells of really happening.

use std::net::TcpListener;

use serde_json::{Value, json};
use underpass_runtime::clock;
use underpass_runtime::pki::Authority;

use crate::agent::Agent;
use crate::connect_proxy::ConnectProxy;
use crate::process::{json as parse, refuse, run, until};
use crate::trust::{authority, by_name, server, trust};
use crate::world::World;

const DAY_MS: i64 = 86_400_000;

impl Agent {
    /// The diagnoses of a kind whose entity ends so.
    fn diagnoses(&self, kind: &str, end: &str) -> Vec<Value> {
        let all = self.tell(&["diagnosis", "list"]);
        let all = all["diagnoses"].as_array().unwrap().iter();
        let found = all.filter(|one| {
            let entity = one["entity"].as_str().unwrap();
            one["kind"] == kind && entity.ends_with(end)
        });
        found.cloned().collect()
    }

    /// The only one, as soon as it is there.
    pub(crate) fn diagnosed(&self, kind: &str, end: &str) -> Value {
        until(kind, || {
            let found = self.diagnoses(kind, end);
            assert!(found.len() < 2, "{found:?}");
            found.into_iter().next()
        })
    }

    pub(crate) fn is_solved(&self, kind: &str, end: &str) {
        until(&format!("{kind} is solved"), || {
            self.diagnoses(kind, end).is_empty().then_some(())
        });
    }
}

/// A port of this host on which nobody listens.
fn closed() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

#[test]
fn what_is_wrong_with_back_ends_is_told_until_it_is_solved() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let ca = authority("Nobody's CA");
    let (certificate, key) = server(&ca, 0);
    let (_nginx, tls) = world.nginx_tls("nginx", &certificate, &key);
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let (refusing, slow) = (closed(), silent.local_addr().unwrap().to_string());
    let mut agent = world.enrol("", &[]);
    agent.expose(&[
        ("refuses.virtual:80", &refusing),
        ("name.virtual:80", "nowhere.invalid:80"),
        ("guarded.virtual:80", "169.254.169.254:80"),
        ("tls.virtual:80", &by_name(&tls)),
        ("slow.virtual:80", &slow),
        ("good.virtual:80", &address),
    ]);
    speak_tls(&agent, &["tls", "slow"]);
    agent.run();
    agent.until_up();
    // TLS begins and never goes on; the time for it runs while all else is looked at.
    let requests: Vec<_> = (0..3)
        .map(|_| world.begin("http://slow.virtual/hello"))
        .collect();
    are_told(&world, &agent);
    are_solved(&world, &agent, &refusing, &ca);
    denials_are_told_when_there_are_many(&world, &agent);
    for mut request in requests {
        assert!(request.wait().success());
    }
    let slow = agent.diagnosed("backendSlow", "/slow.virtual:80");
    assert!(
        slow["message"]
            .as_str()
            .unwrap()
            .contains("longer than 10 s"),
        "{slow}"
    );
}

/// Systems whose names begin so are asked by HTTPS.
fn speak_tls(agent: &Agent, names: &[&str]) {
    let mut document = agent.document();
    for mapping in document["subaccounts"][0]["mappings"]
        .as_array_mut()
        .unwrap()
    {
        let name = mapping["virtualAddress"].as_str().unwrap();
        if names.iter().any(|one| name.starts_with(one)) {
            mapping["protocol"] = json!("HTTPS");
        }
    }
    run(agent.command(&["document", "apply", &agent.write(&document)]));
}

/// The status of a request to a system.
fn call(world: &World, host: &str) -> u16 {
    world.get(&format!("http://{host}.virtual/hello")).status
}

/// Each kind of failure, with its causes and what to do.
fn are_told(world: &World, agent: &Agent) {
    for host in ["refuses", "name", "guarded", "tls"] {
        assert_eq!(call(world, host), 502, "{host}");
    }
    assert_eq!(call(world, "good"), 200);
    for (kind, host, category, seen) in [
        ("backendRefuses", "refuses", "backend", "refused"),
        ("backendName", "name", "backend", "cannot be resolved"),
        ("backendGuarded", "guarded", "backend", "target guard"),
        ("backendTls", "tls", "tls", "TLS did not start"),
    ] {
        let told = agent.diagnosed(kind, &format!("/{host}.virtual:80"));
        assert!(told["message"].as_str().unwrap().contains(seen), "{told}");
        assert_eq!(
            (&told["category"], &told["occurrences"]),
            (&json!(category), &json!(1))
        );
        let entity = told["entity"].as_str().unwrap();
        assert!(entity.starts_with("mapping:localhost:"), "{entity}");
        assert!(!told["causes"].as_array().unwrap().is_empty() && told["fixes"][0].is_string());
        assert!(told["recurrence"].is_null(), "{told}");
    }
    assert!(
        agent.diagnoses("", ":80").is_empty() && agent.diagnoses("backendTls", "good").is_empty()
    );
}

/// Once more, and it has come again; then it works, and is solved.
fn are_solved(world: &World, agent: &Agent, refusing: &str, ca: &Authority) {
    assert_eq!(call(world, "refuses"), 502);
    let told = agent.diagnosed("backendRefuses", "");
    let (first, last) = (
        told["firstMs"].as_i64().unwrap(),
        told["lastMs"].as_i64().unwrap(),
    );
    assert!(told["occurrences"] == 2 && last >= first, "{told}");
    let recurrence = &told["recurrence"];
    assert_eq!(recurrence["minMs"], recurrence["maxMs"]);
    assert_eq!(recurrence["meanMs"], recurrence["maxMs"]);
    let _now_there = serve_once(refusing);
    assert_eq!(call(world, "refuses"), 200);
    agent.is_solved("backendRefuses", "");
    run(agent.command(&[
        "document",
        "apply",
        &agent.write(&trusting(agent, &trust(&[ca]))),
    ]));
    assert_eq!(
        world.get("http://tls.virtual/hello").status,
        404,
        "nginx has no such page"
    );
    agent.is_solved("backendTls", "");
}

/// What is denied now and then is nobody's business, what is denied often is. Deleted ones come back
/// when it happens again, under another number.
fn denials_are_told_when_there_are_many(world: &World, agent: &Agent) {
    for number in 0..10 {
        assert!(agent.diagnoses("pathDenied", "").is_empty(), "{number}");
        assert_eq!(world.get("http://good.virtual/secret-4711").status, 403);
        assert_eq!(world.get("http://unknown.virtual/x").status, 403);
    }
    let denied = agent.diagnosed("pathDenied", "/good.virtual:80");
    assert_eq!(denied["occurrences"], 10);
    let all = agent.tell(&["diagnosis", "list"]).to_string();
    assert!(
        !all.contains("4711") && !all.contains("unknown.virtual"),
        "{all}"
    );
    let id = denied["id"].to_string();
    run(agent.command(&["diagnosis", "delete", &id]));
    assert!(agent.diagnoses("pathDenied", "").is_empty());
    assert!(refuse(agent.command(&["diagnosis", "delete", &id])).contains("there is no diagnosis"));
    let audit = run(agent.command(&["audit", "list", "--json"]));
    assert!(
        audit.contains("deleted the diagnosis pathDenied"),
        "{audit}"
    );
}

/// The document with a trust store.
fn trusting(agent: &Agent, trust: &Value) -> Value {
    let mut document = agent.document();
    document["connector"]["backendTrust"] = trust.clone();
    document
}

/// Answers one request on an address.
pub(crate) fn serve_once(address: &str) -> std::thread::JoinHandle<()> {
    use std::io::{Read as _, Write as _};
    let listener = TcpListener::bind(address).unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = [0; 4_096];
        assert!(stream.read(&mut head).unwrap() > 0);
        let answer = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        stream.write_all(answer.as_bytes()).unwrap();
    })
}

#[test]
fn what_is_wrong_on_the_way_to_gateways_is_told_until_it_is_solved() {
    let mut world = World::start();
    let other = world.beside();
    let mut agent = world.enrol("", &[]);
    // Two more gateways: one that nobody knows, and one that is another than was pinned.
    let mut document = agent.document();
    let stranger = other.text("regionHost");
    for host in ["nowhere.invalid", &stranger] {
        let mut more = document["subaccounts"][0].clone();
        more["regionHost"] = json!(host);
        document["subaccounts"].as_array_mut().unwrap().push(more);
    }
    run(agent.command(&["document", "apply", &agent.write(&document)]));
    agent.run();
    agent.until_up();
    let host = world.text("regionHost");
    agent.diagnosed("gatewayName", "nowhere.invalid");
    let told = agent.diagnosed("gatewayTls", &stranger);
    assert!(
        told["message"].as_str().unwrap().contains("TLS with"),
        "{told}"
    );
    assert!(
        agent.diagnoses("clockSkew", "").is_empty(),
        "one host has one clock"
    );
    world.gateway.kill();
    agent.diagnosed("gatewayAway", &host);
    world.restart_gateway();
    agent.until_up();
    agent.is_solved("gatewayAway", &host);

    let gone = closed();
    run(agent.command(&["proxy", "set", &format!("http://{gone}")]));
    agent.diagnosed("proxyAway", &gone);
    let proxy = ConnectProxy::start();
    let address = proxy.address.to_string();
    run(agent.command(&["proxy", "set", &format!("http://{address}")]));
    let told = agent.diagnosed("proxyLogin", &address);
    assert!(told["message"].as_str().unwrap().contains("407"), "{told}");
    let (_backend, nothing) = world.sample_backend(&[]);
    run(agent.command(&["proxy", "set", &format!("http://{nothing}")]));
    agent.diagnosed("proxyRefuses", &nothing);
    run(agent.command(&["proxy", "remove"]));
    agent.until_up();
}

#[cfg(target_os = "linux")]
#[test]
fn a_clock_that_is_wrong_is_told_until_it_is_right() {
    let mut world = World::start();
    let clock = crate::faketime::FakeClock::new(&world);
    let mut agent = world.enrol("", &clock.prefix());
    let host = world.text("regionHost");
    for (offset, said) in [("+90", "ahead of"), ("-90", "behind")] {
        clock.set(offset);
        agent.run();
        agent.until_up();
        let told = agent.diagnosed("clockSkew", &host);
        let message = told["message"].as_str().unwrap();
        assert!(message.contains(said), "{message}");
        let seconds = (88..=92).any(|s| message.contains(&format!(" {s} s ")));
        assert!(seconds, "{message}");
        // Each connection tells the time of its gateway.
        clock.set("+0");
        world.gateway.kill();
        world.restart_gateway();
        agent.is_solved("clockSkew", &host);
        agent.process().terminate();
        assert!(agent.process().wait().success());
    }
}

#[test]
fn what_ends_and_what_nobody_uses_is_found_by_looking() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let mut agent = world.enrol("", &[]);
    agent.expose(&[
        ("used.virtual:80", &address),
        ("unused.virtual:80", &address),
    ]);
    let ca = authority("Soon over");
    run(agent.command(&[
        "document",
        "apply",
        &agent.write(&trusting(&agent, &trust(&[&ca]))),
    ]));
    agent.run();
    agent.until_up();
    let ends = agent.diagnosed("certificateEnds", "Trusted ca-0");
    assert!(ends["message"].as_str().unwrap().contains("ca-0"), "{ends}");
    assert_eq!(world.get("http://used.virtual/hello").status, 200);
    assert!(
        agent.diagnoses("mappingUnused", "").is_empty(),
        "they are new"
    );
    run(agent.command(&[
        "document",
        "apply",
        &agent.write(&trusting(&agent, &json!({}))),
    ]));
    agent.is_solved("certificateEnds", "");

    // Forty days later.
    agent.process().terminate();
    assert!(agent.process().wait().success());
    let file = agent.dir.join("used.json");
    let mut used = parse(&std::fs::read_to_string(&file).unwrap());
    assert!(
        used["used"].to_string().contains("/used.virtual:80"),
        "{used}"
    );
    used["sinceMs"] = json!(clock::wall_ms() - 40 * DAY_MS);
    underpass_runtime::file::replace(&file, used.to_string().as_bytes()).unwrap();
    agent.run();
    agent.until_up();
    let told = agent.diagnosed("mappingUnused", "");
    assert!(
        told["entity"]
            .as_str()
            .unwrap()
            .ends_with("/unused.virtual:80"),
        "{told}"
    );
    assert_eq!(world.get("http://unused.virtual/hello").status, 200);
    agent.is_solved("mappingUnused", "");
}
