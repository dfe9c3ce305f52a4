//! Decisions against the reference model, on requests that are made to come close.

use super::*;

/// Mappings that are made up, and requests to each.
const MAPPINGS: u32 = 100_000;
const REQUESTS: usize = 4;

/// What entries and requests are made of; the same for both, so that many of them meet.
const PIECES: &[&str] = &[
    "/",
    "/",
    "/",
    "/a",
    "/a",
    "/b",
    "/ab",
    "/a.b",
    "/sap",
    "/sap/bc",
    "/sap(bD1lbg==)",
    "a",
    "b",
    "-",
    "%20",
    "%2F",
    "//",
    ";v=1",
    ".",
    "(",
    ")",
];
/// What only requests are made of.
const NASTY: &[&str] = &[
    "..", "/..", "/../", "/.", "%2e", "%2E%2e/", "%2f", "%2F..%2f", "%5c", "\\", "%", "%25",
    "%252f", "%252e", "%61", "%62", "%7e", "%41", "%c0%ae", "%e0%80", "%00", "%3b", ";", "#", "?",
    " ", "é", "%2541", "(a)", "%3d)",
];

fn any_entry() -> impl Strategy<Value = model::Entry> {
    let path = prop::collection::vec(prop::sample::select(PIECES), 0..4);
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    (path, prop::bool::weighted(0.8), flags).prop_map(
        |(path, enabled, (exact, prefix, websocket))| model::Entry {
            path: format!("/{}", path.concat()).replacen("//", "/", 1),
            enabled,
            exact,
            prefix: prefix && !exact,
            websocket,
        },
    )
}

/// An entry's path or none, and a few pieces behind it.
fn any_request() -> impl Strategy<Value = (usize, String, bool)> {
    let piece = prop_oneof![
        2 => prop::sample::select(PIECES),
        1 => prop::sample::select(NASTY),
    ];
    (
        any::<usize>(),
        prop::collection::vec(piece, 0..4),
        any::<bool>(),
    )
        .prop_map(|(entry, pieces, websocket)| (entry, pieces.concat(), websocket))
}

/// The entries that a mapping with these options takes, each path once.
fn allowed(entries: Vec<model::Entry>, options: PathOptions) -> Vec<model::Entry> {
    let mut kept: Vec<model::Entry> = Vec::new();
    for entry in entries {
        let same = |matched: &[u8]| matched == entry.path.as_bytes();
        let fits = with_canonical(entry.path.as_bytes(), &options, same) == Ok(true);
        if fits && kept.iter().all(|other| other.path != entry.path) {
            kept.push(entry);
        }
    }
    kept
}

fn policy_for(entries: &[model::Entry], options: PathOptions) -> Policy {
    let resource = |entry: &model::Entry| Resource {
        risky_prefix_match: entry.prefix,
        ..resource(&(&entry.path, entry.exact, entry.enabled, entry.websocket))
    };
    policy_of(vec![MappingFields {
        path_options: options,
        resources: entries.iter().map(resource).collect(),
        ..mapping("a:80", &[])
    }])
}

fn outcome(policy: &Policy, path: &str, websocket: bool) -> model::Outcome {
    let access = Access {
        websocket,
        ..http("a", 80, path)
    };
    match policy.decide(&access) {
        Ok(_) => model::Outcome::Open,
        Err(Denial::AmbiguousPath(..)) => model::Outcome::Ambiguous,
        Err(Denial::UnknownResource(_)) => model::Outcome::NotListed,
        Err(Denial::WebsocketNotAllowed(_)) => model::Outcome::NoWebsocket,
        Err(denial @ (Denial::UnknownSystem(_) | Denial::NotEffective(..))) => panic!("{denial}"),
    }
}

#[test]
fn every_decision_is_the_models() {
    let mut seen = [0_usize; 4];
    let config = ProptestConfig {
        cases: MAPPINGS,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let cases = (
        prop::collection::vec(any_entry(), 0..8),
        any_options(),
        prop::collection::vec(any_request(), REQUESTS),
    );
    let seen_by = std::cell::RefCell::new(&mut seen);
    proptest::test_runner::TestRunner::new(config)
        .run(&cases, |(entries, options, requests)| {
            let entries = allowed(entries, options);
            let policy = policy_for(&entries, options);
            for (entry, behind, websocket) in requests {
                let base = entry
                    .checked_rem(entries.len())
                    .map(|at| &*entries[at].path);
                let path = format!("{}{behind}", base.unwrap_or("/"));
                let wanted = model::decide(&entries, options.into(), &path, websocket);
                let found = outcome(&policy, &path, websocket);
                prop_assert_eq!(found, wanted, "{} {:?}", path, options);
                seen_by.borrow_mut()[found as usize] += 1;
            }
            Ok(())
        })
        .unwrap();
    // Every outcome was there often enough to be tried.
    assert!(seen.iter().all(|&count| count > 1_000), "{seen:?}");
}
