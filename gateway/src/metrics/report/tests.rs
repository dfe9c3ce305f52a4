//! What the text says, and that its names stay.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use underpass_shared::id::{InstanceId, TunnelKey};
use uuid::Uuid;

use super::agents::LOCATIONS_MAX;
use super::*;
use crate::metrics::{SUBACCOUNTS_MAX, TokenCheck, TokenOutcome};
use crate::state::{State, StoreClock};

const GUID: &str = "0190a5a2-6d0e-7cc0-8000-000000000001";

async fn report() -> Report {
    let state = State::memory(StoreClock::system()).unwrap();
    Report {
        metrics: Arc::new(Metrics::new(2)),
        registry: Registry::default(),
        directory: Directory::open(state).await.unwrap(),
        host: Host::new("."),
    }
}

#[tokio::test]
async fn the_counts_of_all_threads_are_added_up() {
    let report = report().await;
    let (first, second) = (report.metrics.traffic(0), report.metrics.traffic(1));
    for (traffic, outcome, ms) in [
        (&first, RequestOutcome::Succeeded, 3),
        (&second, RequestOutcome::Succeeded, 300),
        (&second, RequestOutcome::NoTunnel, 0),
    ] {
        traffic.begin();
        traffic.end(outcome, Duration::from_millis(ms));
    }
    second.begin();
    first.token(TokenCheck::Expired);
    second.sent_after(Duration::from_micros(70));
    let (_one, two) = (first.consumer(), second.consumer());
    drop(two);
    report.metrics.tokens.count(TokenOutcome::Limited);
    let text = report.text(true);
    for line in [
        "underpass_gateway_requests_total{outcome=\"answered\",status=\"2xx\"} 2",
        "underpass_gateway_requests_total{outcome=\"no_tunnel\",status=\"5xx\"} 1",
        "underpass_gateway_requests_total{outcome=\"lost\",status=\"5xx\"} 0",
        "underpass_gateway_requests_waiting 1",
        "underpass_gateway_request_duration_seconds_bucket{le=\"0.005\"} 1",
        "underpass_gateway_request_duration_seconds_bucket{le=\"0.5\"} 2",
        "underpass_gateway_request_duration_seconds_bucket{le=\"+Inf\"} 2",
        "underpass_gateway_request_duration_seconds_sum 0.303",
        "underpass_gateway_request_duration_seconds_count 2",
        "underpass_gateway_request_inside_duration_seconds_bucket{le=\"0.00005\"} 0",
        "underpass_gateway_request_inside_duration_seconds_bucket{le=\"0.0001\"} 1",
        "underpass_gateway_token_checks_total{result=\"expired\"} 1",
        "underpass_gateway_consumer_connections 1",
        "underpass_gateway_consumer_connections_accepted_total 2",
        "underpass_gateway_token_requests_total{outcome=\"limited\"} 1",
        "underpass_gateway_state_up 1",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
}

/// An agent that is enrolled for a location ID of the one subaccount.
async fn enrol(report: &Report, number: u128) {
    let directory = &report.directory;
    let (subaccount, life) = (GUID.parse().unwrap(), Duration::from_secs(60));
    let location = format!("site-{number:04}").parse().unwrap();
    let secret = [
        u8::try_from(number % 256).unwrap(),
        u8::try_from(number / 256).unwrap(),
    ];
    let mut hash = [0; 32];
    hash[..2].copy_from_slice(&secret);
    let created = directory.add_enrol_token(&hash, subaccount, Some(location), life);
    created.await.unwrap();
    let instance = InstanceId::from_uuid(Uuid::from_u128(number));
    let redeemed = directory.redeem(hash, [7; 32], None, instance, 1);
    redeemed.await.unwrap();
}

/// A name with its kind and the names of its labels.
fn families(text: &str) -> Vec<String> {
    let mut kinds = BTreeMap::new();
    let mut labels: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut order = Vec::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert_eq!(kinds.insert(name, kind), None, "{name} is told twice");
            order.push(name);
        } else if !line.starts_with('#') {
            let (series, value) = line.rsplit_once(' ').unwrap();
            value.parse::<f64>().unwrap();
            let full = series.split('{').next().unwrap();
            let base = ["_bucket", "_sum", "_count"].iter().find_map(|end| {
                full.strip_suffix(end)
                    .filter(|base| kinds.contains_key(base))
            });
            let name = base.unwrap_or(full);
            assert_eq!(order.last(), Some(&name), "{line} stands elsewhere");
            let inner = series
                .split_once('{')
                .map_or("", |(_, rest)| rest.trim_end_matches('}'));
            let of = labels.entry(name).or_default();
            of.extend(
                inner
                    .split(',')
                    .filter_map(|pair| Some(pair.split_once('=')?.0)),
            );
        }
    }
    let line = |name: &&str| {
        let labels: Vec<&str> = labels[name].iter().copied().collect();
        format!("{name} {} {{{}}}", kinds[name], labels.join(","))
    };
    order.iter().map(line).collect()
}

/// The names are a contract with those who watch. If a change is meant, run with
/// `UNDERPASS_WRITE_SNAPSHOTS=1` and look at the difference.
#[tokio::test]
async fn names_kinds_and_labels_are_those_of_the_list() {
    let report = report().await;
    let added = report
        .directory
        .add_subaccount(GUID.parse().unwrap(), "acme", 1);
    added.await.unwrap();
    enrol(&report, 1).await;
    let found = families(&report.text(true)).join("\n") + "\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/metrics/names.txt");
    if std::env::var_os("UNDERPASS_WRITE_SNAPSHOTS").is_some() {
        underpass_runtime::file::replace(&path, found.as_bytes()).unwrap();
    }
    let listed = std::fs::read_to_string(&path).unwrap();
    assert_eq!(
        found, listed,
        "run with UNDERPASS_WRITE_SNAPSHOTS=1 if it is meant"
    );
    for line in found.lines() {
        let (name, rest) = line.split_once(' ').unwrap();
        assert!(name.starts_with("underpass_gateway_"), "{name}");
        assert_eq!(
            rest.starts_with("counter"),
            name.ends_with("_total"),
            "{name}"
        );
    }
}

#[tokio::test]
async fn the_text_stays_bounded_whatever_there_is() {
    let report = report().await;
    let directory = &report.directory;
    directory
        .add_subaccount(GUID.parse().unwrap(), "acme", 1)
        .await
        .unwrap();
    let few = report.text(true).lines().count();
    let traffic = report.metrics.traffic(0);
    for number in 0..SUBACCOUNTS_MAX + 20 {
        let id = format!("0190a5a2-6d0e-7cc0-8000-{number:012}")
            .parse()
            .unwrap();
        let name = format!("tenant {number}");
        // One of them is there already.
        drop(directory.add_subaccount(id, &name, 1).await);
        traffic.usage(id).request(RequestOutcome::Succeeded);
    }
    for number in 0..LOCATIONS_MAX + 20 {
        enrol(&report, number as u128).await;
    }
    let text = report.text(true);
    let lines = text.lines().count();
    let most = few + SUBACCOUNTS_MAX * 13 + LOCATIONS_MAX;
    assert_eq!(lines, most, "{text}");
    let rest =
        "subaccount_requests_total{subaccount=\"other\",outcome=\"answered\",status=\"2xx\"} 20";
    assert!(text.contains(rest), "{text}");
    let key: TunnelKey = TunnelKey {
        subaccount: GUID.parse().unwrap(),
        location: "site-0000".parse().unwrap(),
    };
    let one = format!(
        "location_tunnels{{subaccount=\"{}\",location=\"{}\"}} 0",
        key.subaccount, key.location
    );
    assert!(text.contains(&one), "{text}");
}
