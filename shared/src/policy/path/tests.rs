//! The path rule against tables and against a second, slower implementation.

use proptest::prelude::*;

use super::*;
use crate::policy::tests::{any_options, model};

const ENCODED_SLASHES: PathOptions = PathOptions {
    encoded_slashes: true,
    ..PathOptions::STRICT
};
const EMPTY_SEGMENTS: PathOptions = PathOptions {
    empty_segments: true,
    ..PathOptions::STRICT
};
const BSP_MANGLING: PathOptions = PathOptions {
    bsp_mangling: true,
    ..PathOptions::STRICT
};

fn canonical(raw: &[u8]) -> Result<Vec<u8>, PathRule> {
    canonical_with(raw, &PathOptions::STRICT)
}

fn canonical_with(raw: &[u8], options: &PathOptions) -> Result<Vec<u8>, PathRule> {
    with_canonical(raw, options, <[u8]>::to_vec)
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

#[test]
fn each_option_lets_pass_what_it_names_and_nothing_else() {
    use PathRule as R;
    for (options, raw, wanted) in [
        (ENCODED_SLASHES, "/a%2fb", Ok("/a%2Fb")),
        (ENCODED_SLASHES, "/Set('a%2Fb')/", Ok("/Set('a%2Fb')/")),
        (ENCODED_SLASHES, "/a%2f", Ok("/a%2F")),
        (ENCODED_SLASHES, "/a%252fb", Ok("/a%252fb")),
        (ENCODED_SLASHES, "/a%2f..%2fb", Err(R::DotSegment)),
        (ENCODED_SLASHES, "/a/..%2fb", Err(R::DotSegment)),
        (ENCODED_SLASHES, "/a%2f%2e;x/b", Err(R::DotSegment)),
        (ENCODED_SLASHES, "/..%2f", Err(R::DotSegment)),
        (ENCODED_SLASHES, "/a%2f..", Err(R::DotSegment)),
        (ENCODED_SLASHES, "/a%252f..%252fb", Err(R::DoubleEncoding)),
        (ENCODED_SLASHES, "/a%2f%2fb", Err(R::EmptySegment)),
        (ENCODED_SLASHES, "/a/%2fb", Err(R::EmptySegment)),
        (ENCODED_SLASHES, "/%2fb", Err(R::EmptySegment)),
        (ENCODED_SLASHES, "/a//b", Err(R::EmptySegment)),
        (ENCODED_SLASHES, "/a%5cb", Err(R::EncodedSlash)),
        (EMPTY_SEGMENTS, "/a//b", Ok("/a//b")),
        (EMPTY_SEGMENTS, "/a///", Ok("/a///")),
        (EMPTY_SEGMENTS, "//a", Err(R::EmptySegment)),
        (EMPTY_SEGMENTS, "//", Err(R::EmptySegment)),
        (EMPTY_SEGMENTS, "///a", Err(R::EmptySegment)),
        (EMPTY_SEGMENTS, "/a//../b", Err(R::DotSegment)),
        (EMPTY_SEGMENTS, "/a%2fb", Err(R::EncodedSlash)),
        (BSP_MANGLING, "/sap(bD1lbg==)/bc/x", Ok("/sap/bc/x")),
        (BSP_MANGLING, "/sap(bD1lbg%3d%3d)/b%20c", Ok("/sap/b%20c")),
        (BSP_MANGLING, "/sap(a)", Ok("/sap")),
        (BSP_MANGLING, "/%73ap(a-b_c+d)/", Ok("/sap/")),
        (BSP_MANGLING, "/sap/bc", Ok("/sap/bc")),
        (BSP_MANGLING, "/sap()/bc", Ok("/sap()/bc")),
        (BSP_MANGLING, "/sap(a)(b)/bc", Ok("/sap(a)(b)/bc")),
        (BSP_MANGLING, "/sap(a)b/bc", Ok("/sap(a)b/bc")),
        (BSP_MANGLING, "/sap(a;b)/bc", Ok("/sap(a;b)/bc")),
        (BSP_MANGLING, "/sap(%61.)/bc", Ok("/sap(a.)/bc")),
        (BSP_MANGLING, "/sap(a/bc)/x", Ok("/sap(a/bc)/x")),
        (BSP_MANGLING, "/sap%28a%29/bc", Ok("/sap%28a%29/bc")),
        (BSP_MANGLING, "/SAP(a)/bc", Ok("/SAP(a)/bc")),
        (BSP_MANGLING, "/x/sap(a)/bc", Ok("/x/sap(a)/bc")),
        (BSP_MANGLING, "/sap(a)/../bc", Err(R::DotSegment)),
        (BSP_MANGLING, "/sap(a)//bc", Err(R::EmptySegment)),
        (BSP_MANGLING, "/sap(a)%2fbc", Err(R::EncodedSlash)),
    ] {
        let found = canonical_with(raw.as_bytes(), &options);
        let found = found.as_ref().map(|bytes| str::from_utf8(bytes).unwrap());
        assert_eq!(found, wanted.as_ref().map(|text| *text), "{raw}");
    }
}

#[test]
fn encoding_many_times_over_is_refused_and_costs_little() {
    let nested = |levels: usize| canonical(format!("/%{}41", "25".repeat(levels)).as_bytes());
    assert!(nested(8).is_ok());
    assert_eq!(nested(9), Err(PathRule::DoubleEncoding));
    assert_eq!(nested(4_000), Err(PathRule::DoubleEncoding));
}

/// Texts made of the pieces that attacks are made of.
fn nasty_path() -> impl Strategy<Value = String> {
    const PIECES: &[&str] = &[
        "/", "/", "/", "/sap(", ")", "a", "b", ".", "..", ";", "%", "%25", "25", "2e", "%2e",
        "%2F", "%5c", "\\", "%41", "%7e", "%c0", "%ae", "%e0", "%80", "%3b", "%32", "%65", "%66",
        "%00", "f", "#", "é", " ", "%20", "~",
    ];
    prop::collection::vec(prop::sample::select(PIECES), 0..12)
        .prop_map(|pieces| format!("/{}", pieces.concat()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_implementations_agree(path in nasty_path(), options in any_options()) {
        let fast = canonical_with(path.as_bytes(), &options).ok();
        let fast = fast.map(|bytes| String::from_utf8(bytes).unwrap());
        prop_assert_eq!(fast, model::matched(&path, options.into()));
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
