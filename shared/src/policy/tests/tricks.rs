//! Seventy spellings, each tried on twenty rules, each with its exact outcome.

use super::*;

/// The ways in which a rule can open a path, in the order of the columns of [`SPELLINGS`].
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    /// This path only.
    Exact,
    /// With what lies below it.
    SubPaths,
    /// Only what lies below it: the rule ends in a slash.
    BelowOnly,
    /// All that begins with these characters.
    Prefix,
    /// With what lies below it, and all path options on.
    Lax,
}

const KINDS: [Kind; 5] = [
    Kind::Exact,
    Kind::SubPaths,
    Kind::BelowOnly,
    Kind::Prefix,
    Kind::Lax,
];

const PATHS: [&str; 4] = ["/open/page", "/sap/bc/ping", "/odata/v2/Set", "/a.b/~c%20d"];

/// A spelling, and its outcome for each [`Kind`]: `+` open, `-` not listed, `!` ambiguous.
///
/// `{}` is the rule's path, `{up}` the same in capitals, `{esc}` with its first letter escaped and
/// `{parent}` without its last segment.
const SPELLINGS: [(&str, &str); 70] = [
    // What every server reads alike.
    ("{}", "++-++"),
    ("{}/", "-++++"),
    ("{}/x", "-++++"),
    ("{}/x/y.z", "-++++"),
    ("{}/..x", "-++++"),
    ("{}/x..", "-++++"),
    ("{}/...", "-++++"),
    ("{}/%20/x", "-++++"),
    ("{esc}", "++-++"),
    ("{esc}/x", "-++++"),
    ("{}/sap(bD1lbg==)/x", "-++++"),
    // The beginning is the same, the segment is not.
    ("{}x", "---+-"),
    ("{}.x", "---+-"),
    ("{};v=1", "---+-"),
    ("{}%3bv", "---+-"),
    ("{}%20", "---+-"),
    ("{}%2520", "---+-"),
    ("{}:80", "---+-"),
    ("{}@x", "---+-"),
    ("{}%ef%bc%8f..%ef%bc%8fsecret", "---+-"),
    // Somewhere else.
    ("{up}", "-----"),
    ("{up}/x", "-----"),
    ("{parent}", "-----"),
    ("{parent}/", "-----"),
    ("/", "-----"),
    ("/x{}", "-----"),
    ("/sap(bD1lbg==){}", "-----"),
    // Dot segments.
    ("{}/.", "!!!!!"),
    ("{}/..", "!!!!!"),
    ("{}/./x", "!!!!!"),
    ("{}/../secret", "!!!!!"),
    ("{}/x/../../secret", "!!!!!"),
    ("/.{}", "!!!!!"),
    ("/..{}", "!!!!!"),
    ("{}/%2e%2E/secret", "!!!!!"),
    ("{}/.%2e/secret", "!!!!!"),
    ("{}/%2e/secret", "!!!!!"),
    ("{}/..;/secret", "!!!!!"),
    ("{}/..;a=b/secret", "!!!!!"),
    ("{}/%2e%2e;/secret", "!!!!!"),
    ("{}/..%3B/secret", "!!!!!"),
    ("{}/%252e%252e/secret", "!!!!!"),
    ("{}/%25252e./secret", "!!!!!"),
    ("{}/%c0%ae%c0%ae/secret", "!!!!!"),
    ("{}/%u002e%u002e/secret", "!!!!!"),
    // Slashes in disguise.
    ("{}%2fx", "!!!!-"),
    ("{}%2Fx", "!!!!-"),
    ("{}/x%2fy", "!!!!+"),
    ("{}%252fx", "!!!!-"),
    ("{}/..%2fsecret", "!!!!!"),
    ("{}/x%2f..%2f..%2fsecret", "!!!!!"),
    ("{}/..%252fsecret", "!!!!!"),
    ("/%2f{}", "!!!!!"),
    ("%2f{}", "!!!!!"),
    ("{}/..%c0%afsecret", "!!!!!"),
    ("{}\\..\\secret", "!!!!!"),
    ("{}/..\\secret", "!!!!!"),
    ("{}%5c..%5csecret", "!!!!!"),
    ("{}%255cx", "!!!!!"),
    // Empty segments.
    ("{}//x", "!!!!+"),
    ("{}//", "!!!!+"),
    ("/{}", "!!!!!"),
    ("{}//../secret", "!!!!!"),
    // What no path may contain.
    ("{}%00", "!!!!!"),
    ("{}%0d%0aX", "!!!!!"),
    ("{}%zz", "!!!!!"),
    ("{} x", "!!!!!"),
    ("{}é", "!!!!!"),
    ("{}#x", "!!!!!"),
    ("http://other{}", "!!!!!"),
];

fn policy(kind: Kind, path: &str) -> Policy {
    let path = match kind {
        Kind::BelowOnly => format!("{path}/"),
        Kind::Exact | Kind::SubPaths | Kind::Prefix | Kind::Lax => path.to_owned(),
    };
    let lax = kind == Kind::Lax;
    policy_of(vec![MappingFields {
        path_options: PathOptions {
            encoded_slashes: lax,
            empty_segments: lax,
            bsp_mangling: lax,
        },
        resources: vec![Resource {
            risky_prefix_match: kind == Kind::Prefix,
            ..resource(&(&path, kind == Kind::Exact, true, false))
        }],
        ..mapping("a:80", &[])
    }])
}

fn spelled(spelling: &str, path: &str) -> String {
    let (parent, _) = path.rsplit_once('/').unwrap();
    spelling
        .replace("{}", path)
        .replace("{up}", &path.to_ascii_uppercase())
        .replace(
            "{esc}",
            &format!("/%{:02x}{}", path.as_bytes()[1], &path[2..]),
        )
        .replace("{parent}", parent)
}

/// What servers may make of a path: decoded one to four times, with backslashes taken for slashes,
/// parameters cut off, slashes merged and dot segments followed.
fn readings(path: &str) -> Vec<String> {
    let mut readings = Vec::new();
    let mut decoded = path.to_owned();
    for _ in 0..4 {
        decoded = percent_decoded(&decoded);
        let mut segments: Vec<&str> = Vec::new();
        let slashes = decoded.replace('\\', "/");
        for segment in slashes.split('/') {
            match segment.split(';').next().unwrap_or_default() {
                "" | "." => {}
                ".." => drop(segments.pop()),
                name => segments.push(name),
            }
        }
        readings.push(format!("/{}", segments.join("/")));
    }
    readings
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let hex = after
            .get(..2)
            .and_then(|digits| str::from_utf8(digits).ok());
        match hex.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(value) if *first == b'%' => {
                bytes.push(value);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn every_trick_has_its_outcome_and_reaches_nothing_else() {
    let mut tried = 0;
    for (at, kind) in KINDS.into_iter().enumerate() {
        for rule in PATHS {
            let policy = policy(kind, rule);
            for (spelling, outcomes) in SPELLINGS {
                let path = spelled(spelling, rule);
                let found = match policy.decide(&http("a", 80, &path)) {
                    Ok(_) => "+",
                    Err(Denial::UnknownResource(_)) => "-",
                    Err(Denial::AmbiguousPath(..)) => "!",
                    Err(denial) => panic!("{path}: {denial}"),
                };
                assert_eq!(found, &outcomes[at..=at], "{kind:?} {rule}: {path}");
                if found == "+" {
                    let own = percent_decoded(rule);
                    for reading in readings(&path) {
                        assert!(reading.starts_with(&own), "{path} read as {reading}");
                    }
                }
                tried += 1;
            }
        }
    }
    assert_eq!(tried, 1_400);
}

#[test]
fn sessions_open_what_is_listed_without_them() {
    let abap = |bsp_mangling| {
        policy_of(vec![MappingFields {
            path_options: PathOptions {
                bsp_mangling,
                ..PathOptions::STRICT
            },
            ..mapping("a:80", &[("/sap/bc/bsp", false, true, false)])
        }])
    };
    for (path, with, without) in [
        ("/sap(bD1lbiZjPTEwMA==)/bc/bsp/x", true, false),
        ("/sap/bc/bsp/x", true, true),
        ("/sap(bD1lbiZjPTEwMA==)/bc/bspx", false, false),
        ("/sap(bD1lbiZjPTEwMA==)/public", false, false),
        ("/sap(bD1lbiZjPTEwMA==)(a)/bc/bsp/x", false, false),
        ("/sap(bD1lbiZjPTEwMA==)x/bc/bsp/x", false, false),
        ("/sap(x)/sap(x)/bc/bsp", false, false),
    ] {
        for (on, open) in [(true, with), (false, without)] {
            let decided = abap(on).decide(&http("a", 80, path));
            assert_eq!(decided.is_ok(), open, "{path} {on}");
        }
    }
}
