//! Requests that two servers might read in two ways, sent as bare bytes, before nginx and Apache.
//!
//! Each is followed by a last, good request. What is refused ends the connection, so the last one is
//! not answered; what passes arrives at the back end as one request, and then the last one.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use crate::process::until;
use crate::world::World;

/// The request, and the statuses of all answers. In a request `{get}` is a good request line, `{host}`
/// the headers that are needed, and `{hidden}` a request that nobody may see as one.
type Row = (&'static str, &'static str);

const FRAMING: &[Row] = &[
    ("{get}\r\n{host}\r\n", "200 200"),
    ("{get}\r\n{host}\r\n{get}\r\n{host}\r\n", "200 200 200"),
    ("{get}\r\n{host}Content-Length: 3\r\n\r\nabc", "200 200"),
    ("{get}\r\n{host}Content-Length: {hidden}", "200 200"),
    (
        "{get}\r\n{host}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "200 200",
    ),
    (
        "{get}\r\n{host}Transfer-Encoding:\tChunked \r\n\r\n0\r\n\r\n",
        "200 200",
    ),
    (
        "{get}\r\n{host}Transfer-Encoding: chunked\r\n\r\n1;a=\"b;c\"\r\n\n\r\n0;x\r\n\r\n",
        "200 200",
    ),
    (
        "{get}\r\n{host}Transfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 9\r\nHost: x\r\n\r\n",
        "200 200",
    ),
    (
        "{get}\r\n{host}Transfer_Encoding: chunked\r\n\r\n",
        "200 200",
    ),
    (
        "{get}\r\n{host}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "400",
    ),
    (
        "{get}\r\n{host}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        "400",
    ),
    (
        "{get}\r\n{host}Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{get}\r\n{host}\r\n",
        "400",
    ),
    (
        "{get}\r\n{host}Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
        "400",
    ),
    (
        "{get}\r\n{host}Content-Length: 3\r\nContent-Length: 0\r\n\r\nabc",
        "400",
    ),
    ("{get}\r\n{host}Content-Length: 3, 3\r\n\r\nabc", "400"),
    ("{get}\r\n{host}Content-Length: +3\r\n\r\nabc", "400"),
    ("{get}\r\n{host}Content-Length: 0x3\r\n\r\nabc", "400"),
    ("{get}\r\n{host}Content-Length: -3\r\n\r\nabc", "400"),
    ("{get}\r\n{host}Content-Length: 3 3\r\n\r\nabc", "400"),
    ("{get}\r\n{host}Content-Length:\r\n\r\n", "400"),
    (
        "{get}\r\n{host}Content-Length: 99999999999999999999\r\n\r\n",
        "400",
    ),
    (
        "{get}\r\n{host}Content-Length: 0000000000000000000003\r\n\r\nabc",
        "400",
    ),
    (
        "{get}\r\n{host}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "501",
    ),
    (
        "{get}\r\n{host}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
        "501",
    ),
    (
        "{get}\r\n{host}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "501",
    ),
    (
        "{get}\r\n{host}Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
        "400",
    ),
    (
        "{get}\r\n{host}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "400",
    ),
    ("{get}\r\n{host}Transfer-Encoding: identity\r\n\r\n", "400"),
    (
        "{get}\r\n{host}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
        "400",
    ),
    (
        "{get}\r\n{host}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        "400",
    ),
    (
        "{get}\r\n{host}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
        "400",
    ),
    (
        "{get0}\r\n{host}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "400",
    ),
    ("{get0}\r\n{host}\r\n", "200"),
];

const LINES: &[Row] = &[
    ("{get}\n{host}\r\n", "400"),
    ("{get}\r\n{host}\n", "400"),
    ("{get}\r\n{host}X: y\n\r\n", "400"),
    ("{get}\r\n{host}X: y\nContent-Length: 3\r\n\r\nabc", "400"),
    ("\n{get}\r\n{host}\r\n", "400"),
    ("\r\n\r\n{get}\r\n{host}\r\n", "200 200"),
    ("{get}\r\n{host}X: a\rb\r\n\r\n", "400"),
    ("{get}\r\n{host}X: y\r\n z\r\n\r\n", "400"),
    ("{get}\r\n{host}X: y\r\n\tz\r\n\r\n", "400"),
    ("{get}\r\n X: y\r\n{host}\r\n", "400"),
    ("{get}\r\n{host}X: a\0b\r\n\r\n", "400"),
    ("{get}\r\n{host}X\0: y\r\n\r\n", "400"),
    ("{get}\r\n{host}X\r\n\r\n", "400"),
    ("{get}\r\n{host}: y\r\n\r\n", "400"),
    ("{get}\r\n{host}X: \u{e4}\r\n\r\n", "200 200"),
    ("{get}\r\n{host}Long: {300k}\r\n\r\n", "431"),
    ("{get}\r\n{host}Blank: {20k}\r\n\r\n", "200 200"),
    ("{get}\r\n{host}{101}\r\n", "431"),
];

const TARGETS: &[Row] = &[
    ("GET {url}#x HTTP/1.1\r\n{host}\r\n", "400"),
    ("GET  {url} HTTP/1.1\r\n{host}\r\n", "400"),
    ("GET\t{url} HTTP/1.1\r\n{host}\r\n", "400"),
    ("GET {url} HTTP/1.2\r\n{host}\r\n", "400"),
    ("GET {url}\r\n{host}\r\n", "400"),
    ("GET {url}\u{e4} HTTP/1.1\r\n{host}\r\n", "400"),
    ("GET {url}{70k} HTTP/1.1\r\n{host}\r\n", "414"),
    ("GET * HTTP/1.1\r\n{host}\r\n", "400"),
    ("OPTIONS * HTTP/1.1\r\n{host}\r\n", "400"),
    ("GET /open/page HTTP/1.1\r\n{host}\r\n", "400"),
    (
        "GET //backend.virtual/open/page HTTP/1.1\r\n{host}\r\n",
        "400",
    ),
    ("GET backend.virtual HTTP/1.1\r\n{host}\r\n", "400"),
    (
        "GET https://backend.virtual/open/page HTTP/1.1\r\n{host}\r\n",
        "400",
    ),
    (
        "GET http://u:p@backend.virtual/open/page HTTP/1.1\r\n{host}\r\n",
        "400",
    ),
    (
        "GET http://backend.virtual:/open/page HTTP/1.1\r\n{host}\r\n",
        "400",
    ),
    (
        "GET http://backend.virtual:+80/open/page HTTP/1.1\r\n{host}\r\n",
        "400",
    ),
    (
        "GET http://backend.virtual:65616/open/page HTTP/1.1\r\n{host}\r\n",
        "400",
    ),
    (
        "GET http://backend.virtual HTTP/1.1\r\n{host}\r\n",
        "403 200",
    ),
    (
        "GET http://backend.virtual?/open/page HTTP/1.1\r\n{host}\r\n",
        "403 200",
    ),
    (
        "GET http://backend.virtual/open/../secret HTTP/1.1\r\n{host}\r\n",
        "400 200",
    ),
    ("CONNECT /x HTTP/1.1\r\n{host}\r\n", "405"),
    ("CONNECT backend.virtual HTTP/1.1\r\n{host}\r\n", "405"),
    ("{get}\r\n{token}\r\n\r\n", "400"),
    ("{get}\r\n{host}Host: backend.virtual\r\n\r\n", "400"),
    ("{get}\r\n{host}Host: other\r\n\r\n", "400"),
    ("{get}\r\n{token}\r\nHost: other\r\n\r\n", "400"),
    ("{get}\r\n{token}\r\nHost:\r\n\r\n", "400"),
    ("{get}\r\n{token}\r\nHost: u@backend.virtual\r\n\r\n", "400"),
    (
        "{get}\r\n{token}\r\nHost: backend.virtual/x?y#z\r\n\r\n",
        "400",
    ),
    (
        "{get}\r\n{token}\r\nHost: backend.virtual, other\r\n\r\n",
        "400",
    ),
    (
        "{get}\r\n{token}\r\nHost: BACKEND.virtual:80\r\n\r\n",
        "200 200",
    ),
];

/// Bodies that break off: the request may have been forwarded before, but nothing follows it.
const BROKEN_BODIES: &[&str] = &[
    "g\r\n",
    "-1\r\n",
    "1\nx\r\n",
    "1\r\nx0\r\n\r\n",
    "\r\n",
    "fffffffffffffffff\r\n",
];

fn request(world: &World, template: &str, case: usize) -> Vec<u8> {
    let url = |name: &str| format!("http://backend.virtual/open/page?case={case}&{name}");
    let token = world.tenant.authorization();
    let host = format!("Host: backend.virtual\r\n{token}\r\n");
    let get = |name: &str| format!("GET {} HTTP/1.1", url(name));
    let hidden = format!("{}\r\n{host}\r\n", get("hidden"));
    let last = format!("{}\r\n{host}Connection: close\r\n\r\n", get("last"));
    let headers: String = (0..101).map(|n| format!("X-{n}: y\r\n")).collect();
    let request = template
        .replace("{get}", &get("first"))
        .replace("{get0}", &get("first").replace("HTTP/1.1", "HTTP/1.0"))
        .replace("{url}", &url("first"))
        .replace("{host}", &host)
        .replace("{token}", &token)
        .replace("{hidden}", &format!("{}\r\n\r\n{hidden}", hidden.len()))
        .replace("{101}", &headers)
        .replace("{20k}", &" ".repeat(20_000))
        .replace("{70k}", &"x".repeat(70_000))
        .replace("{300k}", &"x".repeat(300_000));
    format!("{request}{last}").into_bytes()
}

/// The statuses of all answers until the gateway closes the connection.
fn statuses(world: &World, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(world.text("proxy")).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    // It may be refused before all of it is sent.
    drop(stream.write_all(bytes));
    let mut answers = Vec::new();
    if let Err(error) = stream.read_to_end(&mut answers) {
        let reset = error.kind() == std::io::ErrorKind::ConnectionReset;
        assert!(
            reset,
            "{error}: {}",
            bytes[..bytes.len().min(300)].escape_ascii()
        );
    }
    let answers = String::from_utf8_lossy(&answers);
    let codes: Vec<&str> = answers
        .match_indices("HTTP/1.")
        .filter_map(|(at, start)| answers.get(at + start.len() + 2..at + start.len() + 5))
        .filter(|code| code.bytes().all(|byte| byte.is_ascii_digit()))
        .collect();
    codes.join(" ")
}

/// The requests that reached the back end, by the number of the case.
fn logged(world: &World, server: &str) -> BTreeMap<usize, Vec<String>> {
    let log = std::fs::read_to_string(world.path(&format!("{server}/access.log"))).unwrap();
    let mut seen: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for line in log.lines() {
        let request = line.split('"').nth(1).unwrap();
        let case = request.split("?case=").nth(1);
        let (case, rest) = case
            .unwrap_or_else(|| panic!("{line}"))
            .split_once('&')
            .unwrap();
        seen.entry(case.parse().unwrap())
            .or_default()
            .push(rest.to_owned());
    }
    seen
}

fn behind(world: &World, server: &str) {
    let rows: Vec<&Row> = [FRAMING, LINES, TARGETS].into_iter().flatten().collect();
    let mut forwarded = BTreeMap::new();
    for (case, (template, wanted)) in rows.iter().enumerate() {
        let found = statuses(world, &request(world, template, case));
        assert_eq!(&found, wanted, "{server} {template:?}");
        let passed = wanted.matches("200").count();
        let names = match passed {
            0 => vec![],
            1 if !wanted.starts_with("200") => vec!["last"],
            1 => vec!["first"],
            _ => [vec!["first"; passed - 1], vec!["last"]].concat(),
        };
        let names: Vec<String> = names
            .iter()
            .map(|name| format!("{name} HTTP/1.1"))
            .collect();
        if !names.is_empty() {
            forwarded.insert(case, names);
        }
    }
    for (case, body) in (rows.len()..).zip(BROKEN_BODIES) {
        let template = format!("{{get}}\r\n{{host}}Transfer-Encoding: chunked\r\n\r\n{body}");
        let found = statuses(world, &request(world, &template, case));
        assert!(found.len() <= 3, "{server} {body:?}: {found}");
    }
    // A marker behind all others: what is logged before it is all there is.
    let (end, marker) = (rows.len() + BROKEN_BODIES.len(), "{get}\r\n{host}\r\n");
    assert_eq!(statuses(world, &request(world, marker, end)), "200 200");
    let seen = until("the back end logged all", || {
        let seen = logged(world, server);
        (seen.get(&end).map(Vec::len) == Some(2)).then_some(seen)
    });
    for (case, row) in rows.iter().enumerate() {
        assert_eq!(seen.get(&case), forwarded.get(&case), "{server} {:?}", row);
    }
    for case in rows.len()..end {
        let names = seen.get(&case).map(Vec::as_slice).unwrap_or_default();
        let first = names.iter().all(|name| name == "first HTTP/1.1");
        assert!(names.len() <= 1 && first, "{server} {case}: {names:?}");
    }
}

#[test]
fn nginx_sees_one_request_or_none() {
    let world = World::start();
    let (_nginx, address) = world.nginx();
    let _agent = world.agent("", &address);
    behind(&world, "nginx");
}

#[test]
fn apache_sees_one_request_or_none() {
    let world = World::start();
    let (_apache, address) = world.apache();
    let _agent = world.agent("", &address);
    behind(&world, "apache");
}
