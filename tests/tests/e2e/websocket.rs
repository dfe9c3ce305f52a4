//! WebSocket: allowed, denied and refused; raw bytes both ways, and how they end.

use std::time::Duration;

use serde_json::json;
use underpass_runtime::clock;
use underpass_runtime::pki::Authority;

use crate::http::HELLO;
use crate::process::run;
use crate::raw::{RawBackend, Tell, Wire, path, values};
use crate::trust::{authority, by_name, server, trust};
use crate::world::World;

/// As browsers and approuters send it.
const ASK: &str = "Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
const AGREE: &str = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// Agrees, and then does by path what a test wants.
fn script(mut wire: Wire, tell: &Tell) {
    let Some(head) = wire.try_head() else { return };
    tell.send(head.clone()).unwrap();
    match path(&head) {
        "/ws/early" => {
            wire.send(format!("{AGREE}early bytes"));
            let (rest, clean) = wire.rest();
            tell.send(format!("{rest} {clean}")).unwrap();
            wire.send("late");
        }
        "/ws/end" => {
            wire.send(AGREE);
            wire.send("last words");
        }
        "/ws/reset" => {
            wire.send(AGREE);
            wire.bytes(2);
            wire.reset();
        }
        "/ws/echo" => {
            wire.send(AGREE);
            for _ in 0..64 {
                let chunk = wire.bytes(64 * 1024);
                wire.send(chunk);
            }
        }
        "/ws/flood" => {
            wire.send(AGREE);
            tell.send(wire.flood().to_string()).unwrap();
            let (_, clean) = wire.rest();
            tell.send(clean.to_string()).unwrap();
        }
        "/ws/other" => {
            wire.send("HTTP/1.1 101 Go\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n");
        }
        "/ws/not-found" => {
            wire.send("HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone");
            wire.rest();
        }
        _ => {
            wire.send("HTTP/1.1 200 OK\r\nContent-Length: 8\r\nConnection: close\r\n\r\nordinary");
        }
    }
}

fn open(world: &World, path: &str) -> Wire {
    open_with(world, path, "")
}

fn open_with(world: &World, path: &str, more: &str) -> Wire {
    let mut wire = world.ask("GET", path, &format!("{ASK}{more}"));
    let head = wire.head();
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    assert_eq!(values(&head, "upgrade"), ["websocket"]);
    assert_eq!(values(&head, "connection"), ["Upgrade"]);
    assert_eq!(
        values(&head, "sec-websocket-accept"),
        ["s3pPLMBiTxaQ9kYGzzhZRbK+xOo="]
    );
    for absent in ["content-length", "transfer-encoding", "underpass-upgrade"] {
        assert!(values(&head, absent).is_empty(), "{head}");
    }
    wire
}

/// "hi" goes to the sample back end and comes back; then both sides end.
fn say_hi(world: &World, more: &str) {
    let mut wire = open_with(world, "/ws", more);
    // Masked: "hi" as text, then a close.
    wire.send([0x81, 0x82, 0, 0, 0, 0, b'h', b'i']);
    // The first byte of a frame is no UTF-8.
    assert_eq!(wire.bytes(4), "\u{fffd}\u{2}hi");
    wire.send([0x88, 0x80, 0, 0, 0, 0]);
    let (rest, clean) = wire.rest();
    assert_eq!((rest.as_str(), clean), ("\u{fffd}\u{0}", true));
}

#[test]
fn frames_go_to_the_sample_back_end_and_come_back() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let _agent = world.expose_all(&address, &json!({}));
    say_hi(&world, "");
    // Some clients tell the length of their body, which there is none of.
    say_hi(&world, "Content-Length: 0\r\n");
    // A page that wants WebSocket says so to others.
    assert_eq!(world.get("http://backend.virtual/ws").status, 426);
}

#[test]
fn frames_pass_through_tls_to_a_back_end_that_is_trusted_only() {
    let world = World::start();
    let (_backend, sample) = world.sample_backend(&[]);
    let (ca, other) = (authority("Right"), authority("Other"));
    let (certificate, key) = server(&ca, 0);
    let pass = format!(
        "location /ws {{ proxy_pass http://{sample}; proxy_http_version 1.1; \
         proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; }}"
    );
    let (_nginx, address) = world.nginx_tls_with("nginx", &certificate, &key, &pass);
    let agent = world.expose_all(&by_name(&address), &json!({"protocol": "HTTPS"}));
    let trusting = |ca: &Authority| {
        let mut document = agent.document();
        document["connector"]["backendTrust"] = trust(&[ca]);
        run(agent.command(&["document", "apply", &agent.write(&document)]));
    };
    trusting(&ca);
    say_hi(&world, "");
    trusting(&other);
    let mut refused = world.ask("GET", "/ws", ASK);
    assert!(refused.head().starts_with("HTTP/1.1 502 "));
}

#[test]
fn what_is_not_allowed_or_not_wanted_is_an_ordinary_request() {
    let world = World::start();
    let backend = RawBackend::start(script);
    let _agent = world.expose_all(&backend.address, &json!({}));

    let mut denied = world.ask("GET", "/page", &format!("{ASK}Connection: close\r\n"));
    let (answer, _) = denied.rest();
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
    assert!(
        answer.ends_with("Access denied to resource /page on system backend.virtual:80. In case this was a valid request, ensure to expose the resource correctly in your cloud connector."),
        "{answer}"
    );

    // The back end refuses: its answer passes, and the connection goes on.
    let mut refused = world.ask("GET", "/ws/not-found", ASK);
    assert!(refused.head().starts_with("HTTP/1.1 404 "));
    assert_eq!(refused.bytes(4), "none");
    let asked = backend.told();
    assert_eq!(values(&asked, "upgrade"), ["websocket"]);
    assert_eq!(values(&asked, "connection"), ["Upgrade"]);
    assert_eq!(
        values(&asked, "sec-websocket-key"),
        ["dGhlIHNhbXBsZSBub25jZQ=="]
    );
    refused.send(world.request("GET", "/ws/ignored", ASK));
    assert!(refused.head().starts_with("HTTP/1.1 200 "));
    assert_eq!(refused.bytes(8), "ordinary");
    assert!(path(&backend.told()) == "/ws/ignored");

    // Another protocol is not offered, so the request is an ordinary one.
    for lines in [
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n",
        "Upgrade: websocket\r\n",
        "Connection: Upgrade\r\n",
        "Underpass-Upgrade: websocket\r\n",
    ] {
        let mut other = world.ask("GET", "/ws/x", lines);
        assert!(other.head().starts_with("HTTP/1.1 200 "), "{lines}");
        let seen = backend.told().to_lowercase();
        assert!(
            !seen.contains("upgrade") && !seen.contains("http2"),
            "{seen}"
        );
    }

    // A back end that goes over to something else is not followed.
    let mut other = world.ask("GET", "/ws/other", ASK);
    assert!(other.head().starts_with("HTTP/1.1 502 "));
    assert!(path(&backend.told()) == "/ws/other");
}

#[test]
fn ends_and_breaks_of_either_side_reach_the_other() {
    let world = World::start();
    let backend = RawBackend::start(script);
    let _agent = world.expose_all(&backend.address, &json!({}));
    let opened = |path: &str| {
        let wire = open(&world, path);
        assert!(backend.told().contains(path));
        wire
    };

    // What the back end sent together with its 101 is there; an end passes, and the other
    // direction goes on until it ends too.
    let mut wire = opened("/ws/early");
    assert_eq!(wire.bytes(11), "early bytes");
    wire.send("bye");
    wire.finish();
    assert_eq!(backend.told(), "bye true");
    assert_eq!(wire.rest(), ("late".to_owned(), true));

    let mut wire = opened("/ws/end");
    assert_eq!(wire.bytes(10), "last words");
    wire.finish();
    assert_eq!(wire.rest(), (String::new(), true));

    let mut wire = opened("/ws/reset");
    wire.send("go");
    assert_eq!(wire.rest(), (String::new(), false));

    let mut wire = opened("/ws/early");
    assert_eq!(wire.bytes(11), "early bytes");
    wire.reset();
    assert_eq!(backend.told(), " false");
}

#[test]
fn bytes_flow_as_fast_as_they_are_read() {
    let world = World::start();
    let backend = RawBackend::start(script);
    let _agent = world.expose_all(&backend.address, &json!({}));

    let mut wire = open(&world, "/ws/echo");
    for round in 0..64_u8 {
        let chunk = vec![b'a' + round % 26; 64 * 1024];
        assert!(wire.send(&chunk));
        assert_eq!(wire.bytes(chunk.len()).as_bytes(), chunk);
    }
    backend.told();

    // A consumer that reads nothing holds up the back end, not others.
    let stalled = open(&world, "/ws/flood");
    backend.told();
    let sent: usize = backend.told().parse().unwrap();
    assert!(
        sent < 64 * 1024 * 1024,
        "{sent} bytes went into a stalled connection"
    );
    assert_eq!(world.get(HELLO).body, "ordinary");
    backend.told();
    stalled.reset();
    assert_eq!(backend.told(), "false");
}

#[test]
fn a_stopping_agent_does_not_wait_for_websockets() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let mut agent = world.expose_all(&address, &json!({}));
    let mut wire = open(&world, "/ws");
    let start = clock::monotonic();
    agent.process().terminate();
    assert_eq!(wire.rest(), (String::new(), false));
    assert!(agent.process().wait().success());
    assert!(clock::monotonic() - start < Duration::from_secs(10));
}
