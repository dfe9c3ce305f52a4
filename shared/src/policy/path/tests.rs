//! The path rule against tables and against a second, slower implementation.

use proptest::prelude::*;

use super::*;

fn canonical(raw: &[u8]) -> Result<Vec<u8>, PathRule> {
    with_canonical(raw, <[u8]>::to_vec)
}

#[test]
fn unambiguous_paths_pass_in_canonical_form() {
    for (raw, wanted) in [
        ("/", "/"),
        ("/a/b", "/a/b"),
        ("/a/", "/a/"),
        ("/A/b", "/A/b"),
        ("/%61%7E%2d", "/a~-"),
        ("/a%3ab%20c", "/a%3Ab%20c"),
        ("/%e4%c3%a4", "/%E4%C3%A4"),
        ("/a%2eb/.c/..d/e..", "/a.b/.c/..d/e.."),
        ("/a;v=1/b;c", "/a;v=1/b;c"),
        ("/;x/...", "/;x/..."),
        ("/sap(cz1TSUQ)/bc", "/sap(cz1TSUQ)/bc"),
        ("/Set('1')/$value", "/Set('1')/$value"),
        ("/100%25", "/100%25"),
        ("/100%25/x", "/100%25/x"),
        ("/a%2541", "/a%2541"),
        ("/a%252eb", "/a%252eb"),
        ("/%25zz", "/%25zz"),
        ("/%c0", "/%C0"),
        ("/%c0a", "/%C0a"),
        ("/%e0%a0%80", "/%E0%A0%80"),
        ("/a:b@c!d&e=f,g+h", "/a:b@c!d&e=f,g+h"),
    ] {
        assert_eq!(
            canonical(raw.as_bytes()).as_deref(),
            Ok(wanted.as_bytes()),
            "{raw}"
        );
    }
    let longest = [b"/".as_slice(), &[b'a'; PATH_LEN_MAX - 1]].concat();
    assert_eq!(canonical(&longest), Ok(longest));
    let longest = [b"/%20".as_slice(), &[b'a'; PATH_LEN_MAX - 4]].concat();
    assert_eq!(canonical(&longest), Ok(longest));
}

#[test]
fn ambiguous_paths_are_refused_by_name() {
    for (raw, rule) in [
        (b"".as_slice(), PathRule::NotAbsolute),
        (b"*", PathRule::NotAbsolute),
        (b"a/b", PathRule::NotAbsolute),
        (b"%2fa", PathRule::NotAbsolute),
        (b"http://x/a", PathRule::NotAbsolute),
        (b"/a b", PathRule::RawByte),
        (b"/a\tb", PathRule::RawByte),
        (b"/a\0", PathRule::RawByte),
        (b"/a\x7f", PathRule::RawByte),
        (b"/\xc3\xa4", PathRule::RawByte),
        (b"/\xc3\xa4%20", PathRule::RawByte),
        (b"/a\\b", PathRule::Delimiter),
        (b"/a#b", PathRule::Delimiter),
        (b"/a?b", PathRule::Delimiter),
        (b"/%", PathRule::BrokenEscape),
        (b"/%2", PathRule::BrokenEscape),
        (b"/%zz", PathRule::BrokenEscape),
        (b"/%2%35", PathRule::BrokenEscape),
        (b"/%+1", PathRule::BrokenEscape),
        (b"/%00", PathRule::EncodedControl),
        (b"/%0d%0a", PathRule::EncodedControl),
        (b"/%1F", PathRule::EncodedControl),
        (b"/%7f", PathRule::EncodedControl),
        (b"/a%2fb", PathRule::EncodedSlash),
        (b"/a%2Fb", PathRule::EncodedSlash),
        (b"/a%5cb", PathRule::EncodedSlash),
        (b"/%c0%ae%c0%ae/", PathRule::Overlong),
        (b"/%C1%9c", PathRule::Overlong),
        (b"/%e0%80%af", PathRule::Overlong),
        (b"/%f0%80%80%af", PathRule::Overlong),
        (b"/.", PathRule::DotSegment),
        (b"/..", PathRule::DotSegment),
        (b"/a/../b", PathRule::DotSegment),
        (b"/a/./b", PathRule::DotSegment),
        (b"/a/%2e%2E/b", PathRule::DotSegment),
        (b"/a/.%2e", PathRule::DotSegment),
        (b"/a/..;/b", PathRule::DotSegment),
        (b"/a/..;x=1/b", PathRule::DotSegment),
        (b"/a/%2e;y", PathRule::DotSegment),
        (b"/a/..%3bx/b", PathRule::DotSegment),
        (b"//", PathRule::EmptySegment),
        (b"//a", PathRule::EmptySegment),
        (b"/a//b", PathRule::EmptySegment),
        (b"/a//", PathRule::EmptySegment),
        (b"/a%20//b", PathRule::EmptySegment),
        (b"/a%252fb", PathRule::DoubleEncoding),
        (b"/a%255Cb", PathRule::DoubleEncoding),
        (b"/%2500", PathRule::DoubleEncoding),
        (b"/%252e%252e/a", PathRule::DoubleEncoding),
        (b"/.%252e/a", PathRule::DoubleEncoding),
        (b"/%25252f", PathRule::DoubleEncoding),
        (b"/%2525252e/", PathRule::DoubleEncoding),
        (b"/%25%32%66", PathRule::DoubleEncoding),
        (b"/%25%32%65/", PathRule::DoubleEncoding),
        (b"/%25%2532%2566", PathRule::DoubleEncoding),
        (b"/%25c0%25ae", PathRule::DoubleEncoding),
        (b"/%253Ba/..%253B", PathRule::DoubleEncoding),
    ] {
        assert_eq!(canonical(raw), Err(rule), "{}", raw.escape_ascii());
    }
    let long = [b"/".as_slice(), &[b'a'; PATH_LEN_MAX]].concat();
    assert_eq!(canonical(&long), Err(PathRule::TooLong));
}

/// The rule once more, on text and by recursion.
fn slow(path: &str) -> Option<String> {
    if !path.starts_with('/')
        || path
            .chars()
            .any(|c| !('!'..='~').contains(&c) || "\\#?".contains(c))
    {
        return None;
    }
    let mut pieces = path.split('%');
    let mut canonical = pieces.next()?.to_owned();
    let mut values = vec![];
    for piece in pieces {
        let digits = piece
            .get(..2)
            .filter(|text| text.chars().all(|c| c.is_ascii_hexdigit()))?;
        let value = u8::from_str_radix(digits, 16).ok()?;
        let c = char::from(value);
        if c.is_ascii_control() || c == '/' || c == '\\' {
            return None;
        }
        if c.is_ascii_alphanumeric() || "-._~".contains(c) {
            canonical.push(c);
        } else {
            canonical += &format!("%{value:02X}");
        }
        canonical += &piece[2..];
        values.push((value, piece.len() == 2));
    }
    let overlong = |pair: &[(u8, bool)]| {
        pair[0].1
            && (0x80..0xc0).contains(&pair[1].0)
            && match pair[0].0 {
                0xc0 | 0xc1 => true,
                0xe0 => pair[1].0 < 0xa0,
                0xf0 => pair[1].0 < 0x90,
                _ => false,
            }
    };
    if values.windows(2).any(overlong) || canonical.contains("//") {
        return None;
    }
    for segment in canonical.replace("%3B", ";").split('/') {
        if [".", ".."].contains(&segment.split(';').next()?) {
            return None;
        }
    }
    let mut deeper = String::new();
    let mut rest = canonical.as_str();
    while let Some((before, after)) = rest.split_once("%25") {
        let nested = after.len() >= 2 && after.chars().take(2).all(|c| c.is_ascii_hexdigit());
        deeper += before;
        deeper += if nested { "%" } else { "%25" };
        rest = after;
    }
    deeper += rest;
    if deeper != canonical {
        slow(&deeper)?;
    }
    Some(canonical)
}

/// Texts made of the pieces that attacks are made of.
fn nasty_path() -> impl Strategy<Value = String> {
    const PIECES: &[&str] = &[
        "/", "/", "/", "a", "b", ".", "..", ";", "%", "%25", "25", "2e", "%2e", "%2F", "%5c", "\\",
        "%41", "%7e", "%c0", "%ae", "%e0", "%80", "%3b", "%32", "%65", "%66", "%00", "f", "#", "é",
        " ", "%20", "~",
    ];
    prop::collection::vec(prop::sample::select(PIECES), 0..12)
        .prop_map(|pieces| format!("/{}", pieces.concat()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_implementations_agree(path in nasty_path()) {
        let fast = canonical(path.as_bytes()).ok().map(|bytes| String::from_utf8(bytes).unwrap());
        prop_assert_eq!(fast, slow(&path));
    }

    #[test]
    fn any_bytes_are_answered(path in prop::collection::vec(any::<u8>(), 0..40)) {
        let path = [b"/".as_slice(), &path].concat();
        if let Ok(once) = canonical(&path) {
            let twice = canonical(&once);
            prop_assert_eq!(twice, Ok(once));
        }
    }
}
