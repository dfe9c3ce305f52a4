//! `Expect: 100-continue`: the body waits for the back end, from end to end.

use std::sync::{Mutex, mpsc};
use std::time::Duration;

use serde_json::json;
use underpass_runtime::clock;

use crate::raw::{RawBackend, Tell, Wire, path, values};
use crate::world::World;

const WAITS: &str = "Content-Length: 5\r\nExpect: 100-continue\r\n";
const CONTINUE: &str = "HTTP/1.1 100 Continue\r\n\r\n";
const DONE: &str = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone";

/// Answers by path; `go` holds back what comes before the body.
fn script(mut wire: Wire, tell: &Tell, go: &mpsc::Receiver<()>) {
    while let Some(head) = wire.try_head() {
        tell.send(head.clone()).unwrap();
        match path(&head) {
            "/asks" => {
                go.recv().unwrap();
                assert!(wire.is_silent(), "a body came before it was wanted");
                wire.send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
                wire.send("HTTP/1.1 102 Processing\r\n\r\n");
                wire.send(CONTINUE);
                tell.send(wire.bytes(5)).unwrap();
                wire.send(DONE);
            }
            "/refuses" => {
                wire.send("HTTP/1.1 413 Too Large\r\nContent-Length: 4\r\n\r\nbig!");
                let (rest, _) = wire.rest();
                tell.send(format!("rest {rest:?}")).unwrap();
                return;
            }
            "/is-old" => {
                tell.send(wire.bytes(5)).unwrap();
                wire.send(DONE);
            }
            "/hints" => {
                wire.send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
                wire.send(CONTINUE);
                wire.send(DONE);
            }
            other => panic!("{other}"),
        }
    }
}

/// A back end, and what lets it go on.
fn backend() -> (RawBackend, mpsc::Sender<()>) {
    let (go, held) = mpsc::channel();
    let held = Mutex::new(held);
    let backend = RawBackend::start(move |wire, tell| script(wire, tell, &held.lock().unwrap()));
    (backend, go)
}

#[test]
fn the_body_waits_for_the_back_end() {
    let world = World::start();
    let (backend, go) = backend();
    let _agent = world.expose_all(&backend.address, &json!({}));

    let mut wire = world.ask("POST", "/asks", WAITS);
    let head = backend.told();
    assert_eq!(values(&head, "expect"), ["100-continue"]);
    assert!(wire.is_silent(), "the consumer was told to go on by itself");
    go.send(()).unwrap();
    // 102 and 103 end at the agent.
    assert_eq!(wire.head(), CONTINUE);
    wire.send("hello");
    assert_eq!(backend.told(), "hello");
    assert!(wire.head().starts_with("HTTP/1.1 200 "));
    assert_eq!(wire.bytes(4), "done");

    // The same connections serve on, also for those who do not wait.
    wire.send(world.request("GET", "/hints", ""));
    assert!(wire.head().starts_with("HTTP/1.1 200 "));
    assert_eq!(wire.bytes(4), "done");
    assert!(values(&backend.told(), "expect").is_empty());

    // Without a body there is nothing to wait for.
    let empty = "Content-Length: 0\r\nExpect: 100-continue\r\n";
    wire.send(world.request("POST", "/hints", empty));
    assert!(wire.head().starts_with("HTTP/1.1 200 "));
    assert_eq!(wire.bytes(4), "done");
    assert!(values(&backend.told(), "expect").is_empty());
}

#[test]
fn a_refused_body_is_never_sent() {
    let world = World::start();
    let (backend, _go) = backend();
    let _agent = world.expose_all(&backend.address, &json!({}));
    for lines in [
        WAITS,
        "Transfer-Encoding: chunked\r\nExpect: 100-Continue\r\n",
    ] {
        let mut wire = world.ask("POST", "/refuses", lines);
        let head = wire.head();
        assert!(head.starts_with("HTTP/1.1 413 "), "{head}");
        // Whether the body still comes is open, so the connection ends.
        assert_eq!(values(&head, "connection"), ["close"]);
        assert_eq!(wire.rest(), ("big!".to_owned(), true));
        backend.told();
        assert_eq!(backend.told(), "rest \"\"");
    }
    // What is denied by us is denied without the body as well.
    let mut wire = world.connect();
    let request = world.request("POST", "/x", WAITS);
    wire.send(request.replace("backend.virtual", "other.virtual"));
    let head = wire.head();
    assert!(head.starts_with("HTTP/1.1 403 "), "{head}");
}

#[test]
fn a_body_that_comes_after_a_success_still_passes() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let _agent = world.expose_all(&address, &json!({}));
    // The sample answers with the body that it reads, and never says 100.
    let mut wire = world.ask("POST", "/early", WAITS);
    let mut head = wire.head();
    if head == CONTINUE {
        head = wire.head();
    }
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    wire.send("hello");
    assert_eq!(wire.rest(), ("hello".to_owned(), true));
    // One that does not come ends with the connection.
    drop(world.ask("POST", "/early", WAITS));
    assert_eq!(world.get("http://backend.virtual/hello").status, 200);
}

#[test]
fn a_back_end_that_never_asks_gets_the_body_after_a_while() {
    let world = World::start();
    let (backend, _go) = backend();
    let _agent = world.expose_all(&backend.address, &json!({}));
    let start = clock::monotonic();
    let mut wire = world.ask("POST", "/is-old", WAITS);
    assert_eq!(wire.head(), CONTINUE);
    let waited = clock::monotonic() - start;
    assert!(waited > Duration::from_millis(4_900), "{waited:?}");
    wire.send("hello");
    assert!(wire.head().starts_with("HTTP/1.1 200 "));
    backend.told();
    assert_eq!(backend.told(), "hello");

    // A consumer that lost its patience first is no other case.
    let mut wire = world.ask("POST", "/is-old", WAITS);
    wire.send("hasty");
    let head = wire.head();
    assert_eq!(head, CONTINUE);
    assert!(wire.head().starts_with("HTTP/1.1 200 "));
    backend.told();
    assert_eq!(backend.told(), "hasty");
}
