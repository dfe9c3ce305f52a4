//! Back ends that lie, break off or say nothing, and consumers that leave: what the other side sees.

use std::sync::{Mutex, mpsc};

use serde_json::json;

use crate::raw::{RawBackend, Tell, Wire, path, values};
use crate::world::World;

/// Answers by path; some of these are no answers.
fn script(mut wire: Wire, tell: &Tell) {
    while let Some(head) = wire.try_head() {
        let sized = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello";
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n";
        match path(&head) {
            "/good" => {
                wire.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood");
                continue;
            }
            "/silent" => {}
            "/reset" => return wire.reset(),
            "/garbage" => {
                wire.send("SSH-2.0-OpenSSH_9.2\r\n\r\n");
            }
            "/half-head" => {
                wire.send("HTTP/1.1 200 OK\r\nContent-Le");
            }
            "/no-number" => {
                wire.send("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n");
            }
            "/two-lengths" => {
                wire.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab");
            }
            "/switches" => {
                wire.send("HTTP/1.1 101 Go\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n");
            }
            "/long-head" => {
                let line = format!("X-A: {}\r\n", "a".repeat(8_000)).repeat(10);
                wire.send(format!("HTTP/1.1 200 OK\r\n{line}\r\n"));
            }
            "/too-long" => {
                wire.send(sized);
            }
            "/too-short" => {
                wire.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\n\r\nforged");
                wire.rest();
            }
            "/whole" => {
                wire.send(format!("{chunked}0\r\n\r\n"));
            }
            "/cut" => {
                wire.send(chunked);
            }
            "/bad-chunk" => {
                wire.send(format!("{chunked}zz\r\n"));
            }
            "/no-last-line" => {
                wire.send(format!("{chunked}0\r\n"));
            }
            "/waits" => {
                tell.send("asked".to_owned()).unwrap();
                wire.rest();
                tell.send("left".to_owned()).unwrap();
            }
            "/streams" => {
                wire.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
                while wire.send(format!("10000\r\n{}\r\n", "x".repeat(0x10000))) {}
                tell.send("left".to_owned()).unwrap();
            }
            "/takes" => {
                tell.send(wire.bytes(5)).unwrap();
                let (rest, _) = wire.rest();
                tell.send(format!("left after {rest:?}")).unwrap();
            }
            other => panic!("{other}"),
        }
        return;
    }
}

#[test]
fn back_ends_without_a_valid_answer_are_502_with_the_reason() {
    let world = World::start();
    let backend = RawBackend::start(script);
    let _agent = world.expose_all(&backend.address, &json!({}));
    let broken_off = "closed the connection before its answer";
    let garbage = "sent no valid HTTP answer";
    for (path, reason) in [
        ("/silent", broken_off),
        ("/reset", broken_off),
        ("/half-head", broken_off),
        ("/garbage", garbage),
        ("/no-number", garbage),
        ("/two-lengths", garbage),
        ("/switches", garbage),
        ("/long-head", "sent a head longer than 65536 bytes"),
    ] {
        for method in ["GET", "POST"] {
            let answer = world.call(&["-X", method, &format!("http://backend.virtual{path}")]);
            assert_eq!(answer.status, 502, "{path}: {answer:?}");
            assert_eq!(
                answer.body,
                format!("Backend system backend.virtual:80 {reason}")
            );
            assert_eq!(world.get("http://backend.virtual/good").body, "good");
        }
    }
}

#[test]
fn a_body_that_is_not_whole_never_looks_whole() {
    let world = World::start();
    let backend = RawBackend::start(script);
    let _agent = world.expose_all(&backend.address, &json!({}));
    for path in ["/too-long", "/cut", "/bad-chunk", "/no-last-line"] {
        let mut wire = world.ask("GET", path, "");
        let head = wire.head();
        assert!(head.starts_with("HTTP/1.1 200 "), "{path}: {head}");
        let (body, _) = wire.rest();
        if path == "/too-long" {
            assert_eq!(values(&head, "content-length"), ["10"]);
            assert_eq!(body, "hello", "{path}");
        } else {
            // All that came, and no last chunk.
            assert_eq!(values(&head, "transfer-encoding"), ["chunked"]);
            assert_eq!(body, "5\r\nhello\r\n", "{path}");
        }
    }
}

/// To HTTP/1.0 the end of the connection is that of a body without a length.
#[test]
fn a_body_that_broke_off_ends_by_a_reset_where_an_end_would_look_whole() {
    let world = World::start();
    let backend = RawBackend::start(script);
    let mut agent = world.expose_all(&backend.address, &json!({}));
    let ask = |path: &str| {
        let mut wire = world.connect();
        let request = world.request("GET", path, "");
        assert!(wire.send(request.replace(" HTTP/1.1", " HTTP/1.0")));
        let head = wire.head();
        assert!(head.starts_with("HTTP/1.0 200 "), "{path}: {head}");
        assert!(values(&head, "transfer-encoding").is_empty(), "{head}");
        wire
    };
    assert_eq!(ask("/whole").rest(), ("hello".to_owned(), true));
    for path in ["/cut", "/bad-chunk", "/no-last-line"] {
        assert!(!ask(path).rest().1, "{path}");
    }
    let mut wire = ask("/streams");
    wire.bytes(0x10000);
    agent.process().kill();
    assert!(!wire.rest().1, "its agent was killed");
}

#[test]
fn a_reset_in_the_middle_is_seen_after_all_that_came_before() {
    let world = World::start();
    let (go, held) = mpsc::channel();
    let held = Mutex::new(held);
    let backend = RawBackend::start(move |mut wire, _| {
        let Some(head) = wire.try_head() else { return };
        let framing = match path(&head) {
            "/sized" => "Content-Length: 10\r\n\r\nhello",
            "/chunked" => "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
            _ => "\r\nhello",
        };
        wire.send(format!("HTTP/1.1 200 OK\r\n{framing}"));
        held.lock().unwrap().recv().unwrap();
        wire.reset();
    });
    let _agent = world.expose_all(&backend.address, &json!({}));
    for (path, body) in [
        ("/sized", "hello"),
        ("/chunked", "5\r\nhello\r\n"),
        ("/to-the-end", "5\r\nhello\r\n"),
    ] {
        let mut wire = world.ask("GET", path, "");
        assert!(wire.head().starts_with("HTTP/1.1 200 "));
        assert_eq!(wire.bytes(body.len()), body, "{path}");
        go.send(()).unwrap();
        assert_eq!(wire.rest().0, "", "{path}");
    }
}

#[test]
fn bytes_behind_an_answer_belong_to_nobody() {
    let world = World::start();
    let backend = RawBackend::start(script);
    let _agent = world.expose_all(&backend.address, &json!({}));
    let mut wire = world.ask("GET", "/too-short", "");
    let head = wire.head();
    assert_eq!(values(&head, "content-length"), ["5"]);
    assert_eq!(wire.bytes(5), "hello");
    for _ in 0..10 {
        wire.send(world.request("GET", "/good", ""));
        assert_eq!(values(&wire.head(), "content-length"), ["4"]);
        assert_eq!(wire.bytes(4), "good");
    }
}

#[test]
fn a_consumer_that_leaves_takes_its_back_end_connection_along() {
    let world = World::start();
    let backend = RawBackend::start(script);
    let _agent = world.expose_all(&backend.address, &json!({}));
    type Leave = fn(Wire);
    let leaves: [Leave; 2] = [drop, Wire::reset];
    for leave in leaves {
        // Before the answer.
        let wire = world.ask("GET", "/waits", "");
        assert_eq!(backend.told(), "asked");
        leave(wire);
        assert_eq!(backend.told(), "left");

        // In the middle of the answer.
        let mut wire = world.ask("GET", "/streams", "");
        wire.head();
        wire.bytes(1_000_000);
        leave(wire);
        assert_eq!(backend.told(), "left");

        // In the middle of its body: the back end sees that it is not whole.
        for (lines, first, rest) in [
            ("Content-Length: 10\r\n", "hello", "left after \"\""),
            (
                "Transfer-Encoding: chunked\r\n",
                "5\r\nhello\r\n",
                "left after \"llo\\r\\n\"",
            ),
        ] {
            let mut wire = world.ask("POST", "/takes", lines);
            wire.send(first);
            assert_eq!(backend.told(), first.get(..5).unwrap());
            leave(wire);
            assert_eq!(backend.told(), rest);
        }
    }
    assert_eq!(world.get("http://backend.virtual/good").body, "good");
}
