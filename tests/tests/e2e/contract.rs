//! What cloud applications see.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::process::run;
use crate::world::World;

const BACKEND: &str = "http://backend.virtual";

/// Sends bytes to the proxy port and reads until it closes.
fn raw(world: &World, request: &str) -> String {
    let mut stream = TcpStream::connect(world.text("proxy")).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn exposed_paths_pass_and_all_else_is_denied_with_its_text() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let _agent = world.agent("", &address);
    assert_eq!(world.get(&format!("{BACKEND}/hello")).status, 200);
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
    for path in [
        "/hello/../secret",
        "/%2e%2e/secret",
        "/hello%2f..%2fsecret",
        "//secret",
        "/hello;/../secret",
        "/hello/%252e%252e/secret",
        "/HELLO",
        "/hellox",
    ] {
        let status = world.get(&format!("{BACKEND}{path}")).status;
        assert!([400, 403].contains(&status), "{path} {status}");
    }
}

#[test]
fn who_calls_is_checked_on_every_request() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let _agent = world.agent("", &address);
    let url = format!("{BACKEND}/hello");
    let foreign = format!("Proxy-Authorization: Bearer {}", World::start().token);
    let cut = world.authorization();
    for header in [
        "X-None: 1",
        "Proxy-Authorization: Bearer x",
        &foreign,
        &cut[..cut.len() - 4],
    ] {
        let refused = world.curl(&["-H", header, &url]);
        assert_eq!(refused.status, 407, "{header}");
        assert!(refused.head.contains("proxy-authenticate: bearer"));
    }
    // One connection, a good request and then one without a token.
    let (host, token) = ("Host: backend.virtual\r\n", world.authorization());
    let two = format!(
        "GET {url} HTTP/1.1\r\n{host}{token}\r\n\r\nGET {url} HTTP/1.1\r\n{host}Connection: close\r\n\r\n"
    );
    let answers = raw(&world, &two);
    assert!(answers.starts_with("HTTP/1.1 200"), "{answers}");
    assert!(answers.contains("HTTP/1.1 407"), "{answers}");
    // The token as the user name of Basic.
    assert_eq!(
        world
            .curl(&["--proxy-user", &format!("{}:", world.token), &url])
            .status,
        200
    );
    // The method comes before the token.
    let connect = raw(
        &world,
        "CONNECT backend.virtual:443 HTTP/1.1\r\nHost: backend.virtual:443\r\n\r\n",
    );
    assert!(connect.starts_with("HTTP/1.1 405"), "{connect}");
    assert!(
        connect.ends_with("HTTPS proxying is not supported"),
        "{connect}"
    );
}

#[test]
fn malformed_requests_are_refused_before_they_go_anywhere() {
    let world = World::start();
    let token = world.authorization();
    for lines in [
        "GET /hello HTTP/1.1\r\nHost: backend.virtual",
        "GET http://backend.virtual/hello HTTP/1.1\r\nHost: other.virtual",
        "GET http://backend.virtual/hello HTTP/1.1\r\nHost: backend.virtual\r\nHost: backend.virtual",
        "GET http://backend.virtual/hello HTTP/1.1\r\nX-No: host",
        "GET http://user@backend.virtual/hello HTTP/1.1\r\nHost: user@backend.virtual",
        "GET https://backend.virtual/hello HTTP/1.1\r\nHost: backend.virtual",
        "POST http://backend.virtual/echo HTTP/1.1\r\nHost: backend.virtual\r\nContent-Length: 1\r\nContent-Length: 2",
        "GET http://backend.virtual/hello HTTP/1.1\r\nHost: backend.virtual\r\nSAP-Connectivity-SCC-Location_ID: a b",
    ] {
        let answer = raw(
            &world,
            &format!("{lines}\r\n{token}\r\nConnection: close\r\n\r\n"),
        );
        assert!(answer.starts_with("HTTP/1.1 400"), "{lines}: {answer}");
    }
}

#[test]
fn missing_agents_and_back_ends_have_their_texts() {
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    agent.expose(&[("backend.virtual:80", "127.0.0.1:1")]);
    let absent = |world: &World, location: &str| {
        let header = format!("SAP-Connectivity-SCC-Location_ID: {location}");
        let answer = world.curl(&[
            "-H",
            &world.authorization(),
            "-H",
            &header,
            &format!("{BACKEND}/hello"),
        ]);
        assert_eq!(answer.status, 503);
        let id = &world.subaccount;
        assert!(answer.body.starts_with(&format!("There is no SAP Cloud Connector (SCC) connected to your subaccount matching the requested tunnel for subaccount \"{id}\" and SCC location ID \"{location}\"")), "{answer:?}");
        assert!(answer.body.contains("No tunnels subscribed for tunnelId"));
    };
    absent(&world, "nowhere");
    agent.run();
    agent.until_up();
    let refused = world.get(&format!("{BACKEND}/hello"));
    assert_eq!(refused.status, 502);
    assert!(
        refused
            .body
            .contains("Unable to open connection to backend system")
    );
    absent(&world, "nowhere");
    agent.process().kill();
    crate::process::until("the gateway noticed", || {
        (world.get(&format!("{BACKEND}/hello")).status == 503).then_some(())
    });
}

#[test]
fn tokens_are_given_in_all_the_forms_that_clients_use() {
    let world = World::start();
    let (id, secret) = (
        world.credential("clientid"),
        world.credential("clientsecret"),
    );
    let user = format!("{id}:{secret}");
    let query = "/oauth/token?grant_type=client_credentials";
    let full = format!("{query}&client_id={id}&client_secret={secret}");
    for (path, arguments) in [
        (query, vec!["-u", &user]),
        (query, vec!["-u", &user, "-X", "POST"]),
        (
            "/oauth/token",
            vec!["-u", &user, "-d", "grant_type=client_credentials"],
        ),
        (full.as_str(), vec![]),
    ] {
        let answer = world.token_endpoint(path, &arguments);
        assert_eq!(answer["token_type"], "bearer", "{path} {answer}");
        assert!(answer["expires_in"].is_u64());
    }
    let wrong = world.token_endpoint(query, &["-u", &format!("{id}:wrong")]);
    assert_eq!(wrong["error"], "invalid_client");
    let keys = world.token_endpoint("/token_keys", &[]);
    assert_eq!(keys["keys"][0]["kty"], "EC");
}

#[test]
fn bodies_methods_and_headers_pass_as_they_should() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let _agent = world.agent("", &address);
    let token = world.authorization();
    let echo = format!("{BACKEND}/echo");
    let post = |more: &[&str]| {
        let mut arguments = vec!["-H", &token, "-d", "some=text"];
        arguments.extend(more);
        world.curl(&[&arguments[..], &[&echo]].concat()).body
    };
    assert_eq!(post(&[]), "some=text");
    assert_eq!(post(&["-H", "Transfer-Encoding: chunked"]), "some=text");
    assert_eq!(post(&["-H", "Expect: 100-continue"]), "some=text");
    let head = world.curl(&["-I", "-H", &token, &format!("{BACKEND}/hello")]);
    assert_eq!(head.status, 200);
    assert!(head.head.contains("content-length: 32"), "{head:?}");
    let forged = [
        "SSL_CLIENT_CERT: x",
        "ssl-client-s-dn: x",
        "X_Forwarded_Client_Cert: x",
        "SAP-Connectivity-Authentication: x",
        "X-Kept: 1",
    ];
    let mut arguments = vec!["-H", token.as_str()];
    arguments.extend(forged.iter().flat_map(|header| ["-H", header]));
    let url = format!("{BACKEND}/headers");
    arguments.push(&url);
    let seen = world.curl(&arguments).body.to_lowercase();
    assert!(seen.contains("x-kept"), "{seen}");
    for word in ["ssl", "client", "sap-", "proxy-", "bearer"] {
        assert!(!seen.contains(word), "{word} in {seen}");
    }
}

#[test]
fn nginx_gets_exactly_what_is_exposed() {
    let world = World::start();
    let (_nginx, address) = world.nginx();
    let _agent = world.agent("", &address);
    let token = world.authorization();
    let page = format!("{BACKEND}/open/page");
    let whole = world.get(&page);
    assert_eq!(
        whole.body,
        std::fs::read_to_string("/etc/os-release").unwrap()
    );
    let tag = whole
        .head
        .lines()
        .find(|line| line.starts_with("etag:"))
        .unwrap();
    let (_, tag) = tag.split_once(": ").unwrap();
    let known = world.curl(&[
        "-H",
        &token,
        "-H",
        &format!("If-None-Match: {}", tag.trim()),
        &page,
    ]);
    assert_eq!((known.status, known.body.as_str()), (304, ""));
    let range = world.curl(&["-H", &token, "-r", "0-9", &page]);
    assert_eq!((range.status, range.body.len()), (206, 10));
    assert_eq!(world.get(&format!("{BACKEND}/open/missing")).status, 404);
    for path in [
        "/secret",
        "/open/../secret",
        "/open/%2e%2e/secret",
        "/open%2f..%2fsecret",
        "/open//../secret",
        "/OPEN/page",
    ] {
        assert!(world.get(&format!("{BACKEND}{path}")).status < 500);
    }
    let log = run(std::process::Command::new("cat").arg(world.path("nginx/access.log")));
    assert_eq!(log.lines().count(), 4, "{log}");
    assert!(!log.contains("secret"), "{log}");
}
