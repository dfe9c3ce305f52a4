//! A back end that nobody of us wrote.

use crate::http::BACKEND;
use crate::world::World;

/// Ways to say `/secret` or `/open/page` that one of two parties may read in another way.
const TRICKS: [&str; 24] = [
    "/secret",
    "/SECRET",
    "/OPEN/page",
    "/openx",
    "/open/../secret",
    "/open/./../secret",
    "/open/..",
    "/open/%2e%2e/secret",
    "/open/%2E./secret",
    "/open/.%2e/secret",
    "/open%2f..%2fsecret",
    "/open/%252e%252e/secret",
    "/open%252f..%252fsecret",
    "/open//../secret",
    "//secret",
    "//open/page",
    "/open\\..\\secret",
    "/open/..\\secret",
    "/open/%5c../secret",
    "/open/;/../secret",
    "/open/..;/secret",
    "/open/%00",
    "/open/%zz",
    "/%6fpen/../secret",
];

#[test]
fn nginx_gets_exactly_what_is_exposed() {
    let world = World::start();
    let (_nginx, address) = world.nginx();
    let _agent = world.agent("", &address);
    let page = format!("{BACKEND}/open/page");
    let whole = world.get(&page);
    assert_eq!(whole.status, 200);
    let file = std::fs::read_to_string("/etc/os-release").unwrap();
    assert_eq!(whole.body, file);

    let head = world.call(&["-I", &page]);
    assert_eq!(head.status, 200);
    let length = format!("content-length: {}\r\n", file.len());
    assert!(head.head.contains(&length), "{head:?}");

    let mut lines = whole.head.lines();
    let tag = lines.find(|line| line.starts_with("etag:")).unwrap();
    let (_, tag) = tag.split_once(": ").unwrap();
    let known = world.call(&["-H", &format!("If-None-Match: {}", tag.trim()), &page]);
    assert_eq!((known.status, known.body.as_str()), (304, ""));

    let range = world.call(&["-r", "3-12", &page]);
    assert_eq!((range.status, range.body.as_str()), (206, &file[3..13]));
    assert!(
        range.head.contains("content-range: bytes 3-12/"),
        "{range:?}"
    );
    assert_eq!(world.get(&format!("{BACKEND}/open/missing")).status, 404);

    for path in TRICKS {
        let answer = world.get(&format!("{BACKEND}{path}"));
        assert!([400, 403].contains(&answer.status), "{path}: {answer:?}");
    }
    let log = std::fs::read_to_string(world.path("nginx/access.log")).unwrap();
    let seen: Vec<&str> = log
        .lines()
        .map(|line| line.split('"').nth(1).unwrap())
        .collect();
    assert_eq!(
        seen,
        [
            "GET /open/page HTTP/1.1",
            "HEAD /open/page HTTP/1.1",
            "GET /open/page HTTP/1.1",
            "GET /open/page HTTP/1.1",
            "GET /open/missing HTTP/1.1",
        ]
    );
}
