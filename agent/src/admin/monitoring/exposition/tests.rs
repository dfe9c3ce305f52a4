//! Names and labels against the file of them, and how many series there may be.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use underpass_shared::api::management::monitoring::CertificatesByEnd;

use super::super::mappings::tests::{document, figures, key};
use super::places::MAPPINGS_MAX;
use super::*;
use crate::measure::{Totals, Volume, Volumes};

/// The names as they were last looked at. To write them anew, run this test with
/// `UNDERPASS_WRITE_SNAPSHOTS=1`, and look at the difference.
const SNAPSHOT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/src/admin/monitoring/exposition/names.txt"
);

fn certificates() -> CertificatesByEnd {
    let of = |kind: &str, more: serde_json::Value| {
        let mut one = serde_json::json!({"type": kind, "validTo": 1_700_000_000_500_i64,
            "subjectDN": "CN=a", "issuerDN": "CN=b", "serialNumber": "01"});
        one.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        one
    };
    let subaccount = serde_json::json!({"subaccountName": key(1).subaccount,
        "subaccountRegion": key(1).region_host});
    let all = serde_json::json!({"expired": [], "expiring": [of("UI", serde_json::json!({}))],
        "ok": [of("subaccount", subaccount)], "version": 1});
    serde_json::from_value(all).unwrap()
}

fn host() -> Host {
    Host {
        cpu: Some(0.5),
        process_cpu: Some(0.25),
        load: Some(1.5),
        memory_total: 8_192,
        memory_used: 4_096,
        open_files: Some(10),
        threads: Some(4),
        volumes: Volumes {
            volumes: vec![Volume {
                name: "C:\\".to_owned(),
                total: 100,
                free: 50,
            }],
            data_dir_size: Some(7),
        },
        ..Host::default()
    }
}

/// The text for these mappings.
fn text(places: &Places, mappings: Vec<MappingFigures>) -> String {
    let (document, certificates) = (document(), certificates());
    let told = Told {
        document: &document,
        revision: 7,
        certificates: &certificates,
        host: Some(Arc::new(host())),
        started_ms: 1_700_000_000_000,
        in_flight: 3,
        tunnels: vec![TunnelFigures {
            subaccount: Arc::new(key(1)),
            totals: Totals {
                requests: 3,
                denied: 1,
                answers: [0, 2, 0, 0, 0],
                ..Totals::default()
            },
            open: 1,
            connections: 2,
            round_trip_us: Some(1_500),
            reconnects: 4,
        }],
        mappings,
    };
    told.write(places)
}

/// The samples by name and labels, each of which stands once.
fn samples(text: &str) -> BTreeMap<&str, f64> {
    let mut samples = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (series, value) = line.rsplit_once(' ').unwrap();
        let before = samples.insert(series, value.parse().unwrap());
        assert_eq!(before, None, "{series} stands twice");
    }
    samples
}

/// Type, name and names of labels of each family.
fn names(text: &str) -> String {
    let mut kinds: BTreeMap<&str, &str> = BTreeMap::new();
    let mut labels: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut helps = BTreeSet::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert!(kinds.insert(name, kind).is_none(), "{name} stands twice");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{name}");
        } else if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').unwrap();
            assert!(help.ends_with('.'), "{name}");
            helps.insert(name);
        } else {
            let name = line.split(['{', ' ']).next().unwrap();
            let suffixes = ["_bucket", "_sum", "_count"];
            let family = suffixes.iter().find_map(|suffix| name.strip_suffix(suffix));
            let family = family
                .filter(|name| kinds.contains_key(name))
                .unwrap_or(name);
            assert!(kinds.contains_key(family), "{line}");
            let list = line.split_once('{').map_or("", |(_, rest)| rest);
            let list = list.rsplit_once('}').map_or("", |(list, _)| list);
            let of = labels.entry(family).or_default();
            of.extend(
                list.split("\",")
                    .filter_map(|one| Some(one.split_once('=')?.0)),
            );
        }
    }
    let mut told = String::new();
    for (name, kind) in &kinds {
        assert!(helps.contains(name), "{name} has no help");
        let labels: Vec<&str> = labels.get(name).into_iter().flatten().copied().collect();
        let line = format!("{kind} {name} {}", labels.join(","));
        told.push_str(line.trim_end());
        told.push('\n');
    }
    told
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "a snapshot is written by hand only"
)]
fn names_and_labels_are_those_of_the_file() {
    let mappings = vec![figures(1, "erp:443", 4), figures(2, "crm:443", 1)];
    let told = names(&text(&Places::default(), mappings));
    if std::env::var_os("UNDERPASS_WRITE_SNAPSHOTS").is_some() {
        std::fs::write(SNAPSHOT, &told).unwrap();
        return;
    }
    let kept = std::fs::read_to_string(Path::new(SNAPSHOT)).unwrap();
    // Checkouts on Windows may have other line ends.
    assert_eq!(kept.replace("\r\n", "\n"), told);
}

#[test]
fn the_counts_of_mappings_are_told_by_their_address() {
    let text = text(&Places::default(), vec![figures(1, "erp:443", 4)]);
    let samples = samples(&text);
    let of = "region=\"gate.example.com\",subaccount=\"0190a5a2-6d0e-7cc0-8000-000000000001\",location=\"\"";
    let get = |name: &str, more: &str| {
        let series = format!("underpass_agent_{name}{{{of}{more}}}");
        *samples
            .get(series.as_str())
            .unwrap_or_else(|| panic!("{series}\n{text}"))
    };
    let erp = ",mapping=\"erp:443\"";
    let told = |name: &str, more: &str| get(name, &format!("{erp}{more}"));
    assert_eq!(
        told(
            "mapping_requests_total",
            ",outcome=\"answered\",status=\"2xx\""
        ),
        4.0
    );
    assert_eq!(
        told(
            "mapping_requests_total",
            ",outcome=\"denied\",status=\"none\""
        ),
        0.0
    );
    assert_eq!(told("mapping_sent_bytes_total", ""), 400.0);
    let buckets = "mapping_request_duration_seconds_bucket";
    assert_eq!(told(buckets, ",le=\"0.1\""), 0.0);
    assert_eq!(told(buckets, ",le=\"0.2\""), 4.0);
    assert_eq!(told(buckets, ",le=\"+Inf\""), 4.0);
    assert_eq!(told("mapping_request_duration_seconds_sum", ""), 0.36);
    assert_eq!(told("mapping_backend_connections", ",state=\"idle\""), 3.0);
    assert_eq!(
        get(
            "tunnel_requests_total",
            ",outcome=\"denied\",status=\"none\""
        ),
        1.0
    );
    assert_eq!(get("tunnel_up", ""), 1.0);
    assert_eq!(get("tunnel_round_trip_seconds", ""), 0.0015);
    let plain = |series: &str| samples[format!("underpass_agent_{series}").as_str()];
    assert_eq!(plain("volume_free_bytes{volume=\"C:\\\\\"}"), 50.0);
    assert_eq!(plain("start_time_seconds"), 1_700_000_000.0);
}

#[test]
fn five_thousand_mappings_have_few_series_and_lose_no_count() {
    let all = |calls: u64| -> Vec<MappingFigures> {
        let one = |n: u16| figures(1, &format!("host{n}:443"), calls);
        (0..5_000).map(one).collect()
    };
    let places = Places::default();
    let few = samples(&text(&places, vec![figures(1, "host7:443", 1)])).len();
    let all_told = text(&places, all(2));
    let told = samples(&all_told);
    let of_mapping = told
        .keys()
        .filter(|one| one.contains("mapping=\"host7:443\""))
        .count();
    let own = few - of_mapping;
    assert_eq!(told.len(), own + of_mapping * MAPPINGS_MAX + of_mapping - 1);
    assert!(
        told.len() < 15_000 && all_told.len() < 3_000_000,
        "{}",
        told.len()
    );
    let sum = |text: &str, name: &str| -> f64 {
        let found = samples(text);
        let found = found.iter().filter(|(series, _)| series.contains(name));
        found.map(|(_, value)| value).sum()
    };
    assert_eq!(sum(&all_told, "mapping_sent_bytes_total"), 5_000.0 * 200.0);
    let other = |text: &str| -> f64 {
        let found = samples(text);
        let name =
            "mapping_sent_bytes_total{region=\"\",subaccount=\"\",location=\"\",mapping=\"other\"}";
        found[format!("underpass_agent_{name}").as_str()]
    };
    assert_eq!(other(&all_told), 4_500.0 * 200.0);
    // Who has a place keeps it; what goes away takes no count with it, and what comes anew adds.
    let mut fewer = all(3);
    fewer.retain(|one| one.address.to_string() != "host4999:443");
    let second = text(&places, fewer);
    assert_eq!(other(&second), 4_500.0 * 200.0 + 4_499.0 * 100.0);
    let third = text(&places, all(3));
    assert_eq!(other(&third), 4_500.0 * 300.0 + 200.0);
    assert!(
        samples(&third)
            .keys()
            .any(|one| one.contains("mapping=\"host7:443\""))
    );
}
