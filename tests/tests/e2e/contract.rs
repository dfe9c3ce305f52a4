//! What cloud applications see: statuses, texts, bodies and headers.

use crate::agent::Agent;
use crate::http::{BACKEND, HELLO};
use crate::process::{Process, until};
use crate::world::World;

/// A world with a back end behind the agent of the empty location ID.
fn complete() -> (World, Process, Agent) {
    let world = World::start();
    let (backend, address) = world.sample_backend(&[]);
    let agent = world.agent("", &address);
    (world, backend, agent)
}

#[test]
fn exposed_paths_pass_and_all_else_is_denied_with_its_text() {
    let (world, _backend, _agent) = complete();
    let hello = world.get(HELLO);
    assert_eq!(hello.status, 200);
    assert_eq!(hello.body, "Hello from the sample back end.\n");
    assert_eq!(world.get(&format!("{BACKEND}:80/bytes/5")).body.len(), 5);

    let denied = world.get(&format!("{BACKEND}/secret"));
    assert_eq!(denied.status, 403);
    assert_eq!(
        denied.body,
        "Access denied to resource /secret on system backend.virtual:80. In case this was a valid request, ensure to expose the resource correctly in your cloud connector."
    );
    let denied = world.get("http://other.virtual:8080/hello");
    assert_eq!(denied.status, 403);
    assert_eq!(
        denied.body,
        "Access denied to system other.virtual:8080. In case this was a valid request, ensure to expose the system correctly in your cloud connector."
    );
    // The same host on another port is another system.
    assert_eq!(world.get(&format!("{BACKEND}:81/hello")).status, 403);
}

#[test]
fn tunnels_are_not_for_https_and_that_is_told_before_who_calls() {
    let world = World::start();
    // `raw` returns when the gateway closed the connection.
    let answer =
        world.raw("CONNECT backend.virtual:443 HTTP/1.1\r\nHost: backend.virtual:443\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 405"), "{answer}");
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    assert_eq!(body, "HTTPS proxying is not supported");
}

#[test]
fn malformed_requests_are_refused_before_they_go_anywhere() {
    let world = World::start();
    let token = world.tenant.authorization();
    for lines in [
        "GET /hello HTTP/1.1\r\nHost: backend.virtual",
        "GET http://backend.virtual/hello HTTP/1.1\r\nHost: other.virtual",
        "GET http://backend.virtual:81/hello HTTP/1.1\r\nHost: backend.virtual",
        "GET http://backend.virtual/hello HTTP/1.1\r\nHost: backend.virtual\r\nHost: backend.virtual",
        "GET http://backend.virtual/hello HTTP/1.1\r\nX-No: host",
        "GET http://user@backend.virtual/hello HTTP/1.1\r\nHost: user@backend.virtual",
        "GET https://backend.virtual/hello HTTP/1.1\r\nHost: backend.virtual",
        "POST http://backend.virtual/echo HTTP/1.1\r\nHost: backend.virtual\r\nContent-Length: 1\r\nContent-Length: 2",
        "GET http://backend.virtual/hello HTTP/1.1\r\nHost: backend.virtual\r\nSAP-Connectivity-SCC-Location_ID: a b",
    ] {
        let answer = world.raw(&format!("{lines}\r\n{token}\r\nConnection: close\r\n\r\n"));
        assert!(answer.starts_with("HTTP/1.1 400"), "{lines}: {answer}");
    }
}

#[test]
fn heads_that_are_too_long_are_refused_with_the_status_that_says_so() {
    let world = World::start();
    let token = world.tenant.authorization();
    let line = |length: usize| format!("GET {HELLO}?{} HTTP/1.1", "q".repeat(length));
    let head = |lines: &str| {
        let request =
            format!("{lines}\r\nHost: backend.virtual\r\n{token}\r\nConnection: close\r\n\r\n");
        world.raw(&request)
    };
    let headers = |count: usize, length: usize| {
        let one = |n| format!("\r\nX-{n}: {}", "v".repeat(length));
        let all: String = (0..count).map(one).collect();
        format!("GET {HELLO} HTTP/1.1{all}")
    };
    // Long, but within each limit: it gets as far as to ask for a tunnel.
    for lines in [line(8_000), headers(1, 8_000), headers(7, 8_000)] {
        let answer = head(&lines);
        assert!(
            answer.starts_with("HTTP/1.1 503"),
            "{}",
            first_line(&answer)
        );
    }
    for (lines, status) in [
        (line(8_200), "414"),
        (line(70_000), "414"),
        (headers(1, 8_200), "431"),
        (headers(9, 8_000), "431"),
        (headers(30, 8_000), "431"),
        (headers(101, 1), "431"),
    ] {
        let answer = head(&lines);
        let expected = format!("HTTP/1.1 {status}");
        assert!(answer.starts_with(&expected), "{}", first_line(&answer));
    }
    // Tokens may be longer than other lines; this one is long and worthless.
    for (length, status) in [(16_000, "407"), (17_000, "431")] {
        let answer = world.raw(&format!(
            "GET {HELLO} HTTP/1.1\r\nHost: backend.virtual\r\nProxy-Authorization: Bearer {}\r\nConnection: close\r\n\r\n",
            "t".repeat(length),
        ));
        let expected = format!("HTTP/1.1 {status}");
        assert!(answer.starts_with(&expected), "{}", first_line(&answer));
    }
}

fn first_line(answer: &str) -> &str {
    answer.lines().next().unwrap_or_default()
}

/// The whole answer for an agent that is not there.
fn is_absent(world: &World, location: &str) {
    let answer = world.get_at(HELLO, location);
    let id = &world.tenant.subaccount;
    let slash = if location.is_empty() { "" } else { "/" };
    assert_eq!(answer.status, 503);
    assert_eq!(
        answer.body,
        format!(
            "There is no SAP Cloud Connector (SCC) connected to your subaccount matching the requested tunnel for subaccount \"{id}\" and SCC location ID \"{location}\". No tunnels subscribed for tunnelId account:///{id}{slash}{location}"
        )
    );
}

#[test]
fn missing_agents_and_back_ends_have_their_texts() {
    let world = World::start();
    is_absent(&world, "");
    is_absent(&world, "nowhere");
    let mut agent = world.enrol("", &[]);
    agent.expose(&[("backend.virtual:80", "127.0.0.1:1")]);
    agent.run();
    agent.until_up();
    let refused = world.get(HELLO);
    assert_eq!(refused.status, 502);
    assert!(
        refused
            .body
            .contains("Unable to open connection to backend system"),
        "{refused:?}"
    );
    is_absent(&world, "nowhere");
    agent.process().kill();
    until("the gateway noticed", || {
        (world.get(HELLO).status == 503).then_some(())
    });
    is_absent(&world, "");
}

#[test]
fn bodies_and_methods_pass_as_they_are() {
    let (world, _backend, _agent) = complete();
    let echo = format!("{BACKEND}/echo");
    for more in [
        &[][..],
        &["-H", "Transfer-Encoding: chunked"],
        &["-H", "Expect: 100-continue"],
    ] {
        let answer = world.call(&[&["-d", "some=text"], more, &[&echo]].concat());
        assert_eq!((answer.status, answer.body.as_str()), (200, "some=text"));
    }
    let empty = world.call(&["-d", "", &echo]);
    assert_eq!((empty.status, empty.body.as_str()), (200, ""));
    let head = world.call(&["-I", HELLO]);
    assert_eq!(head.status, 200);
    assert!(head.head.contains("content-length: 32"), "{head:?}");
    // The back end's own refusals are passed on as well.
    assert_eq!(world.call(&["-X", "DELETE", HELLO]).status, 405);
}

#[test]
fn headers_that_speak_of_identity_end_at_the_gateway() {
    let (world, _backend, _agent) = complete();
    let forged = [
        "SSL_CLIENT_CERT: x",
        "ssl-client-s-dn: x",
        "Ssl_Client_Verify: SUCCESS",
        "X-Forwarded-Client-Cert: x",
        "X_Forwarded_Client_Cert: x",
        "SAP-Connectivity-Authentication: x",
        "sap-connectivity-technical-authentication: x",
        "SAP_Connectivity_Anything: x",
        "Proxy-Connection: keep-alive",
        "Connection: x-named",
        "X-Named: 1",
        "X-Kept: 1",
    ];
    let url = format!("{BACKEND}/headers");
    let mut arguments: Vec<&str> = forged.iter().flat_map(|header| ["-H", header]).collect();
    arguments.push(&url);
    let seen = world.call(&arguments).body.to_lowercase();
    assert!(seen.contains("x-kept"), "{seen}");
    for word in ["ssl", "client", "sap", "proxy", "bearer", "x-named"] {
        assert!(!seen.contains(word), "{word} in {seen}");
    }
}
