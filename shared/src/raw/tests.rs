//! Requests by table, in pieces, and beside the parser that the gateway uses.

use proptest::prelude::*;

use super::*;
use crate::head::HEAD_MAX;

/// All at once.
fn found(bytes: &[u8]) -> Result<u64, Broken> {
    let mut watch = Watch::default();
    watch.push(bytes)?;
    Ok(watch.requests())
}

/// Byte by byte.
fn found_slowly(bytes: &[u8]) -> Result<u64, Broken> {
    let mut watch = Watch::default();
    bytes.chunks(1).try_for_each(|byte| watch.push(byte))?;
    Ok(watch.requests())
}

const GOOD: &[&str] = &[
    "GET http://erp/ HTTP/1.1\r\n\r\n",
    "\r\n\r\nGET /a HTTP/1.0\r\nHost: a\r\n\r\n",
    "M-SEARCH * HTTP/1.1\r\nX-A:\r\nx_b:\t a\tb \u{e4}\r\n\r\n",
    "POST / HTTP/1.1\r\ncontent-LENGTH: \t5 \r\n\r\n\n\n\n\n\n",
    "POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nTransfer-Encoding:chunked\r\n\r\nA;x=\"y\"\r\n0123456789\r\n0 \r\nX: y\r\n\r\n",
];

#[test]
fn what_keeps_the_rules_is_followed_from_request_to_request() {
    for text in GOOD {
        assert_eq!(found(text.as_bytes()), Ok(1), "{text}");
        assert_eq!(found_slowly(text.as_bytes()), Ok(1), "{text}");
    }
    let all = GOOD.concat();
    assert_eq!(found(all.as_bytes()), Ok(GOOD.len() as u64));
    assert_eq!(found_slowly(all.as_bytes()), Ok(GOOD.len() as u64));
    let mut watch = Watch::default();
    assert!(watch.is_between());
    for (at, byte) in all.bytes().enumerate() {
        watch.push(&[byte]).unwrap();
        assert!(!watch.is_between() || all[..=at].ends_with('\n'), "{at}");
    }
    assert!(watch.is_between());
}

/// Heads, and the rule that each breaks.
const WRONG: &[(&str, RawRule)] = &[
    ("GET / HTTP/1.1\n\r\n", RawRule::LineEnd),
    ("GET / HTTP/1.1\r\nHost: a\n\r\n", RawRule::LineEnd),
    ("GET / HTTP/1.1\r\nHost: a\r\n\n", RawRule::LineEnd),
    ("\nGET / HTTP/1.1\r\n\r\n", RawRule::LineEnd),
    ("GET /\r\n", RawRule::RequestLine),
    ("GET  / HTTP/1.1\r\n", RawRule::RequestLine),
    ("GET / HTTP/1.1 \r\n", RawRule::RequestLine),
    (" GET / HTTP/1.1\r\n", RawRule::RequestLine),
    ("GET /\ta HTTP/1.1\r\n", RawRule::RequestLine),
    ("GET /\u{e4} HTTP/1.1\r\n", RawRule::RequestLine),
    ("G(T / HTTP/1.1\r\n", RawRule::RequestLine),
    ("GET / HTTP/1.2\r\n", RawRule::RequestLine),
    ("GET / HTTP/2\r\n", RawRule::RequestLine),
    ("GET / http/1.1\r\n", RawRule::RequestLine),
    ("GET / HTTP/1.1\r\r\n", RawRule::RequestLine),
    ("GET /a#b HTTP/1.1\r\n", RawRule::Fragment),
    ("GET / HTTP/1.1\r\n X: y\r\n", RawRule::Fold),
    ("GET / HTTP/1.1\r\nX: y\r\n\tz\r\n", RawRule::Fold),
    ("GET / HTTP/1.1\r\nX\r\n", RawRule::Header),
    ("GET / HTTP/1.1\r\n: x\r\n", RawRule::Header),
    ("GET / HTTP/1.1\r\nX : y\r\n", RawRule::Header),
    ("GET / HTTP/1.1\r\nX\u{e4}: y\r\n", RawRule::Header),
    ("GET / HTTP/1.1\r\nX: a\0b\r\n", RawRule::Header),
    ("GET / HTTP/1.1\r\nX: a\rb\r\n", RawRule::Header),
    ("GET / HTTP/1.1\r\nX: a\x7fb\r\n", RawRule::Header),
    ("GET / HTTP/1.1\r\nContent-Length:\r\n", RawRule::Length),
    ("GET / HTTP/1.1\r\nContent-Length: +4\r\n", RawRule::Length),
    (
        "GET / HTTP/1.1\r\nContent-Length: 4, 4\r\n",
        RawRule::Length,
    ),
    ("GET / HTTP/1.1\r\nContent-Length: 0x4\r\n", RawRule::Length),
    (
        "GET / HTTP/1.1\r\nContent-Length: 4\r\ncontent-length: 4\r\n",
        RawRule::LengthTwice,
    ),
    (
        "GET / HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n",
        RawRule::LengthAndCoding,
    ),
    (
        "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n",
        RawRule::LengthAndCoding,
    ),
    (
        "GET / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n",
        RawRule::Coding,
    ),
    (
        "GET / HTTP/1.1\r\nTransfer-Encoding: identity\r\n",
        RawRule::Coding,
    ),
    ("GET / HTTP/1.1\r\nTransfer-Encoding:\r\n", RawRule::Coding),
    (
        "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        RawRule::Coding,
    ),
    (
        "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
        RawRule::Coding,
    ),
];

#[test]
fn what_breaks_a_rule_is_named() {
    let start = "GET / HTTP/1.1\r\n";
    let line = format!("{start}X: {}\r\n", "x".repeat(HEAD_MAX));
    let lines = format!("{start}{}\r\n", "X: y\r\n".repeat(HEAD_MAX / 6 + 1));
    let digits = format!("{start}Content-Length: {}\r\n", "0".repeat(19));
    let long = [
        (line.as_str(), RawRule::TooLong),
        (lines.as_str(), RawRule::TooLong),
        (digits.as_str(), RawRule::Length),
    ];
    for &(text, rule) in WRONG.iter().chain(&long) {
        // Behind a good request, in whatever pieces, it is the second.
        let text = format!("{}{text}", GOOD[5]);
        let broken = Err(Broken { request: 1, rule });
        assert_eq!(found(text.as_bytes()), broken, "{text:.300}");
        assert_eq!(found_slowly(text.as_bytes()), broken, "{text:.300}");
    }
}

#[test]
fn a_body_that_is_not_framed_by_the_rules_spoils_the_next_request() {
    let long = format!("1;{}\r\nx\r\n", "x".repeat(4 * 1024));
    let trailers = format!("0\r\nX: {}\r\n\r\n", "x".repeat(HEAD_MAX));
    for body in [
        "1\nx\r\n0\r\n\r\n",
        "1\r\nx\n0\r\n\r\n",
        "1\r\nxx\r\n",
        "1\r\nx\rx",
        "\r\n",
        " 1\r\n",
        "1 1\r\n",
        "-1\r\n",
        "0x1\r\n",
        "g\r\n",
        ";x\r\n",
        "1;a\rb\r\n",
        "1000000000000000\r\n",
        "0\r\nX: y\n\r\n",
        "0\r\n\n",
        "0\r\na\rb\r\n",
        &long,
        &trailers,
    ] {
        let text = format!("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n{body}");
        let broken = Err(Broken {
            request: 1,
            rule: RawRule::Body,
        });
        assert_eq!(found(text.as_bytes()), broken, "{body:?}");
        assert_eq!(found_slowly(text.as_bytes()), broken, "{body:?}");
    }
}

/// Bytes made of the pieces that heads are made of.
fn nasty_bytes() -> impl Strategy<Value = Vec<u8>> {
    const PIECES: &[&str] = &[
        "GET",
        "POST",
        " ",
        " ",
        "/",
        "/a#b",
        "http://a/",
        "HTTP/1.1",
        "HTTP/1.0",
        "\r\n",
        "\r\n",
        "\r\n",
        "\n",
        "\r",
        "\t",
        "Host: a",
        "Content-Length: 3",
        "Transfer-Encoding: chunked",
        "transfer-encoding",
        ":",
        "x",
        "\0",
        "é",
        ",",
        "GET / HTTP/1.1\r\n",
        "\r\n\r\n",
    ];
    prop::collection::vec(prop::sample::select(PIECES), 0..16)
        .prop_map(|pieces| pieces.concat().into_bytes())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 50_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_accepted_the_parser_reads_in_the_same_way(bytes in nasty_bytes()) {
        let mut headers = [httparse::EMPTY_HEADER; 32];
        let mut parsed = httparse::Request::new(&mut headers);
        let parsed = parsed.parse(&bytes);
        let mut watch = Watch::default();
        let mut end = 0;
        let ended = bytes.iter().any(|byte| {
            end += 1;
            watch.push(&[*byte]).is_err() || watch.requests() == 1
        });
        match (ended && watch.requests() == 1, parsed) {
            // Both read the same head.
            (true, parsed) => prop_assert_eq!(parsed, Ok(httparse::Status::Complete(end))),
            // What the parser takes for a head never goes by unseen.
            (false, Ok(httparse::Status::Complete(len))) => prop_assert!(ended && end <= len),
            (false, Ok(httparse::Status::Partial) | Err(_)) => {}
        }
    }

    #[test]
    fn pieces_make_no_difference(bytes in nasty_bytes(), at in any::<prop::sample::Index>()) {
        let mut watch = Watch::default();
        let (one, other) = bytes.split_at(at.index(bytes.len() + 1));
        let both = watch.push(one).and_then(|()| watch.push(other)).map(|()| watch.requests());
        prop_assert_eq!(both, found(&bytes));
        prop_assert_eq!(found_slowly(&bytes), found(&bytes));
    }
}
