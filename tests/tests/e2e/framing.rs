//! Bodies arrive framed as they were sent: sized, chunked, with trailers, or not at all.

use serde_json::json;

use crate::raw::{RawBackend, Tell, Wire, path, values};
use crate::world::World;

/// Tells head and body of a request, then answers by path.
fn script(mut wire: Wire, tell: &Tell) {
    while let Some(head) = wire.try_head() {
        let body = if !values(&head, "transfer-encoding").is_empty() {
            // Up to the empty line behind the trailers.
            let (mut body, end) = (String::new(), "0\r\n");
            while !body.ends_with(&format!("\r\n{end}")) && body != end {
                body.push_str(&wire.try_until("\r\n").unwrap());
            }
            loop {
                let line = wire.try_until("\r\n").unwrap();
                body.push_str(&line);
                if line == "\r\n" {
                    break body;
                }
            }
        } else {
            let length = values(&head, "content-length").concat();
            wire.bytes(length.parse().unwrap_or(0))
        };
        tell.send(format!("{head}{body}")).unwrap();
        let answer = answer(path(&head));
        wire.send(answer);
        if !answer.contains("ength: ")
            && !answer.contains("chunked")
            && !answer.contains(" 204 ")
            && !answer.contains(" 304 ")
        {
            return;
        }
    }
}

fn answer(path: &str) -> &'static str {
    match path {
        "/sized" => "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "/head" => "HTTP/1.1 200 OK\r\nContent-Length: 12345\r\nX-A: 1\r\n\r\n",
        "/head-chunked" => "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        "/chunked" => {
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n"
        }
        "/trailers" => {
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum, Set-Cookie\r\n\r\n5\r\nhello\r\n0\r\n\
             X-Sum: 1\r\nSet-Cookie: a=1\r\nX-Sum: 2\r\nX-Unsaid: 3\r\n\r\n"
        }
        "/to-the-end" => "HTTP/1.1 200 OK\r\n\r\nuntil it closes",
        "/nothing" => "HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n",
        "/same" => "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\nContent-Length: 12345\r\n\r\n",
        "/empty" => "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        "/order" => {
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nSet-Cookie: a=1\r\nX-B: 1\r\nSet-Cookie: b=2\r\n\
             X-B: 2\r\nSet-Cookie: a=3\r\nWarning: x, y\r\nWarning: z\r\n\r\n"
        }
        "/both" => {
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
        }
        "/twice" => "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\nContent-Length: 5\r\n\r\nhello",
        other => panic!("{other}"),
    }
}

/// Sends a request on a connection of its own; the answer's head and all that follows.
fn exchange(world: &World, method: &str, path: &str, lines: &str, body: &str) -> (String, String) {
    let mut wire = world.ask(method, path, &format!("Connection: close\r\n{lines}"));
    wire.send(body);
    let head = wire.head();
    let (body, clean) = wire.rest();
    assert!(clean, "{head}{body}");
    (head, body)
}

#[test]
fn requests_arrive_framed_as_they_were_sent() {
    let world = World::start();
    let backend = RawBackend::start(script);
    let _agent = world.expose_all(&backend.address, &json!({}));
    let seen = |method: &str, lines: &str, body: &str| {
        let (head, _) = exchange(&world, method, "/sized", lines, body);
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        let seen = backend.told();
        let (head, body) = seen.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), body.to_owned())
    };
    let chunks = "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n";
    for method in [
        "POST", "PUT", "PATCH", "DELETE", "GET", "OPTIONS", "PROPFIND",
    ] {
        let (head, body) = seen(method, "Content-Length: 5\r\n", "hello");
        assert_eq!(values(&head, "content-length"), ["5"], "{method}");
        assert!(values(&head, "transfer-encoding").is_empty(), "{head}");
        assert_eq!(body, "hello", "{method}");

        let (head, body) = seen(method, "Transfer-Encoding: chunked\r\n", chunks);
        assert_eq!(values(&head, "transfer-encoding"), ["chunked"], "{method}");
        assert!(values(&head, "content-length").is_empty(), "{head}");
        let text: String = body.split("\r\n").filter(|part| part.len() > 2).collect();
        assert_eq!(text, "hello world", "{method}: {body}");

        let (head, body) = seen(method, "", "");
        assert!(values(&head, "transfer-encoding").is_empty(), "{head}");
        assert_eq!(body, "", "{method}");
    }
    for lines in ["Content-Length: 0\r\n", ""] {
        let (head, _) = seen("POST", lines, "");
        assert_eq!(values(&head, "content-length"), ["0"]);
    }
    // Of one name in their order, as they came.
    let lines = "X-A: 1\r\nCookie: a=1\r\nX-A: 2, 3\r\nX-B:\r\nCookie: b=2\r\nX-A: 1\r\n";
    let (head, _) = seen("GET", lines, "");
    assert_eq!(values(&head, "x-a"), ["1", "2, 3", "1"]);
    assert_eq!(values(&head, "cookie"), ["a=1", "b=2"]);
}

#[test]
fn trailers_pass_both_ways_where_they_may() {
    let world = World::start();
    let backend = RawBackend::start(script);
    let _agent = world.expose_all(&backend.address, &json!({}));
    let names = "X-Sum, Authorization, SSL_CLIENT_CERT, Content-Length, X-Forwarded-Host, Cookie";
    let lines = format!("Transfer-Encoding: chunked\r\nTrailer: {names}\r\nTE: trailers\r\n");
    let body = "5\r\nhello\r\n0\r\nX-Sum: 1\r\nAuthorization: forged\r\nSSL_CLIENT_CERT: forged\r\n\
        Content-Length: 9\r\nX-Forwarded-Host: forged\r\nCookie: forged\r\nX-Sum: 2\r\n\r\n";
    let (head, answer) = exchange(&world, "POST", "/trailers", &lines, body);
    let seen = backend.told();
    assert!(
        seen.ends_with("5\r\nhello\r\n0\r\nx-sum: 1\r\nx-sum: 2\r\n\r\n"),
        "{seen}"
    );
    assert_eq!(values(&seen, "te"), ["trailers"]);
    assert_eq!(values(&seen, "connection"), ["TE"]);

    assert_eq!(values(&head, "trailer"), ["X-Sum, Set-Cookie"]);
    assert_eq!(answer, "5\r\nhello\r\n0\r\nx-sum: 1\r\nx-sum: 2\r\n\r\n");

    // Who does not take trailers gets the body alone.
    let (_, answer) = exchange(&world, "GET", "/trailers", "", "");
    assert_eq!(answer, "5\r\nhello\r\n0\r\n\r\n");
    assert!(values(&backend.told(), "te").is_empty());
}

#[test]
fn answers_arrive_framed_as_they_were_sent() {
    let world = World::start();
    let backend = RawBackend::start(script);
    let _agent = world.expose_all(&backend.address, &json!({}));
    // Method, path, status, length, chunked, all that follows the head.
    for (method, path, status, length, chunked, body) in [
        ("GET", "/sized", "200", "5", false, "hello"),
        ("GET", "/empty", "200", "0", false, ""),
        ("HEAD", "/head", "200", "12345", false, ""),
        ("HEAD", "/head-chunked", "200", "", false, ""),
        ("GET", "/nothing", "204", "", false, ""),
        ("GET", "/same", "304", "", false, ""),
        ("HEAD", "/same", "304", "", false, ""),
        ("GET", "/both", "200", "", true, "5\r\nhello\r\n0\r\n\r\n"),
        ("GET", "/twice", "200", "5", false, "hello"),
        (
            "GET",
            "/to-the-end",
            "200",
            "",
            true,
            "F\r\nuntil it closes\r\n0\r\n\r\n",
        ),
    ] {
        let (head, rest) = exchange(&world, method, path, "", "");
        backend.told();
        assert!(
            head.starts_with(&format!("HTTP/1.1 {status} ")),
            "{path}: {head}"
        );
        assert_eq!(values(&head, "content-length").concat(), length, "{path}");
        let coding = if chunked { "chunked" } else { "" };
        assert_eq!(
            values(&head, "transfer-encoding").concat(),
            coding,
            "{path}"
        );
        assert_eq!(rest, body, "{path}");
    }
    let (head, rest) = exchange(&world, "GET", "/chunked", "", "");
    assert_eq!(values(&head, "transfer-encoding"), ["chunked"]);
    let text: String = rest.split("\r\n").filter(|part| part.len() > 2).collect();
    assert_eq!(text, "hello world");
    let (head, _) = exchange(&world, "GET", "/order", "", "");
    assert_eq!(values(&head, "set-cookie"), ["a=1", "b=2", "a=3"]);
    assert_eq!(values(&head, "x-b"), ["1", "2"]);
    assert_eq!(values(&head, "warning"), ["x, y", "z"]);
}
