//! Everything that is counted, for Prometheus.
//!
//! How many series there are is bounded: those of the agent and of its subaccounts by the document,
//! those of mappings by [`places::MAPPINGS_MAX`].

mod host;
mod places;

use std::collections::BTreeMap;
use std::sync::Arc;

use underpass_shared::api::management::monitoring::{
    CertificatesByEnd, MonitoredCertificate, MonitoredCertificateType,
};
use underpass_shared::config::{Document, SubaccountKey};
use underpass_shared::exposition::{Exposition, Kind, Labels};

pub(in crate::admin) use self::places::Places;
use self::places::{Counts, OUTCOMES, Row};
use crate::measure::{BOUNDS_MS, Host, MappingFigures, TunnelFigures};

/// What stands before all names.
const PREFIX: &str = "underpass_agent";
/// Upper bounds of the durations that are told, ms; each is one of [`BOUNDS_MS`].
const TOLD_BOUNDS_MS: [u64; 8] = [10, 50, 100, 200, 500, 1_000, 2_000, 5_000];

/// What is told.
pub(super) struct Told<'a> {
    pub(super) document: &'a Document,
    pub(super) revision: u64,
    pub(super) certificates: &'a CertificatesByEnd,
    pub(super) host: Option<Arc<Host>>,
    pub(super) started_ms: i64,
    pub(super) in_flight: usize,
    pub(super) tunnels: Vec<TunnelFigures>,
    pub(super) mappings: Vec<MappingFigures>,
}

impl Told<'_> {
    /// All of it as text.
    pub(super) fn write(&self, places: &Places) -> String {
        let mut text = Exposition::new(PREFIX);
        self.agent(&mut text);
        self.certificates(&mut text);
        if let Some(host) = &self.host {
            host::write(host, &mut text);
        }
        self.tunnels(&mut text);
        mappings(&places.rows(&self.mappings), &mut text);
        text.finish()
    }

    fn agent(&self, text: &mut Exposition) {
        let mut info = text.family(
            Kind::Gauge,
            "build_info",
            "Constant 1; the labels tell the build.",
        );
        let version = Labels::default().with("version", env!("CARGO_PKG_VERSION"));
        info.add(&version, 1);
        text.gauge(
            "start_time_seconds",
            "When the agent started, seconds since 1970 UTC.",
            seconds(self.started_ms),
        );
        text.gauge(
            "configuration_revision",
            "Number of the configuration's revision.",
            self.revision,
        );
        text.gauge(
            "requests_in_flight",
            "Requests that have not ended.",
            self.in_flight,
        );
    }

    fn certificates(&self, text: &mut Exposition) {
        let mut family = text.family(
            Kind::Gauge,
            "certificate_not_after_timestamp_seconds",
            "When certificates end whose keys the agent has, seconds since 1970 UTC.",
        );
        let CertificatesByEnd {
            expired,
            expiring,
            ok,
            version: _,
        } = self.certificates;
        // A subaccount at several locations has one series for the first of them to end.
        let mut ends: BTreeMap<(&str, String, String), i64> = BTreeMap::new();
        for one in expired.iter().chain(expiring).chain(ok) {
            let end = ends.entry(labels_of(one)).or_insert(one.valid_to);
            *end = one.valid_to.min(*end);
        }
        for ((kind, region, subaccount), end) in ends {
            let labels = Labels::default()
                .with("certificate", kind)
                .with("region", region)
                .with("subaccount", subaccount);
            family.add(&labels, seconds(end));
        }
    }

    fn tunnels(&self, text: &mut Exposition) {
        let measured: BTreeMap<&SubaccountKey, &TunnelFigures> = self
            .tunnels
            .iter()
            .map(|one| (&*one.subaccount, one))
            .collect();
        let all = self.document.subaccounts().iter();
        let all: Vec<(Labels, Option<&TunnelFigures>)> = all
            .map(|one| (of_key(one.key()), measured.get(one.key()).copied()))
            .collect();
        // Until it was tried to open a tunnel nothing is measured of it.
        let mut gauge = |name, help, value: fn(&TunnelFigures) -> usize| {
            let mut family = text.family(Kind::Gauge, name, help);
            for (labels, figures) in &all {
                family.add(labels, figures.map_or(0, value));
            }
        };
        gauge("tunnel_up", "1 while the tunnel is up, else 0.", |one| {
            usize::from(one.connections > 0)
        });
        gauge(
            "tunnel_connections",
            "Connections of the tunnel that are up.",
            |one| one.connections,
        );
        gauge(
            "tunnel_requests_in_flight",
            "Requests of the tunnel that have not ended.",
            |one| one.open,
        );
        let mut counter = |name, help, value: fn(&TunnelFigures) -> u64| {
            let mut family = text.family(Kind::Counter, name, help);
            for (labels, figures) in &all {
                family.add(labels, figures.map_or(0, value));
            }
        };
        counter(
            "tunnel_reconnects_total",
            "Connections of the tunnel that were opened again.",
            |one| one.reconnects,
        );
        counter(
            "tunnel_received_bytes_total",
            "Bytes of bodies of requests, from the cloud.",
            |one| one.totals.received,
        );
        counter(
            "tunnel_sent_bytes_total",
            "Bytes of bodies of answers, to the cloud.",
            |one| one.totals.sent,
        );
        let mut trips = text.family(
            Kind::Gauge,
            "tunnel_round_trip_seconds",
            "The last round trip to the gateway.",
        );
        for (labels, figures) in &all {
            if let Some(us) = figures.and_then(|one| one.round_trip_us) {
                trips.add(labels, us_as_seconds(us));
            }
        }
        let mut requests = text.family(
            Kind::Counter,
            "tunnel_requests_total",
            "Requests that ended, also those that no mapping is for.",
        );
        for (labels, figures) in &all {
            let counts = figures.map(|one| Counts::outcomes(&one.totals));
            for (outcome, count) in OUTCOMES.iter().zip(counts.unwrap_or_default()) {
                requests.add(&with_outcome(labels, *outcome), count);
            }
        }
    }
}

/// The labels of a certificate: what it is for, and of which subaccount.
fn labels_of(one: &MonitoredCertificate) -> (&'static str, String, String) {
    let kind = match one.kind {
        MonitoredCertificateType::Ui => "ui",
        MonitoredCertificateType::System => "system",
        MonitoredCertificateType::Ca => "ca",
        MonitoredCertificateType::Subaccount => "subaccount",
    };
    let region = one.subaccount_region.as_ref().map(ToString::to_string);
    let subaccount = one.subaccount_name.map(|id| id.to_string());
    (
        kind,
        region.unwrap_or_default(),
        subaccount.unwrap_or_default(),
    )
}

/// The labels of a subaccount.
fn of_key(key: &SubaccountKey) -> Labels {
    Labels::default()
        .with("region", &key.region_host)
        .with("subaccount", key.subaccount)
        .with("location", &key.location_id)
}

fn with_outcome(labels: &Labels, (outcome, status): (&str, &str)) -> Labels {
    labels
        .clone()
        .with("outcome", outcome)
        .with("status", status)
}

#[expect(clippy::cast_precision_loss, reason = "a time for people")]
const fn seconds(ms: i64) -> f64 {
    ms as f64 / 1_000.0
}

#[expect(clippy::cast_precision_loss, reason = "a duration for people")]
const fn us_as_seconds(us: u64) -> f64 {
    us as f64 / 1_000_000.0
}

fn mappings(rows: &[Row], text: &mut Exposition) {
    let mut family = text.family(
        Kind::Counter,
        "mapping_requests_total",
        "Requests to a mapping that ended.",
    );
    for row in rows {
        for (outcome, count) in OUTCOMES.iter().zip(row.counts.outcomes) {
            family.add(&with_outcome(&row.labels, *outcome), count);
        }
    }
    let mut counter = |name, help, value: fn(&Counts) -> u64| {
        let mut family = text.family(Kind::Counter, name, help);
        for row in rows {
            family.add(&row.labels, value(&row.counts));
        }
    };
    counter(
        "mapping_received_bytes_total",
        "Bytes of bodies of requests, from the cloud.",
        |counts| counts.received,
    );
    counter(
        "mapping_sent_bytes_total",
        "Bytes of bodies of answers, to the cloud.",
        |counts| counts.sent,
    );
    let mut family = text.family(
        Kind::Histogram,
        "mapping_request_duration_seconds",
        "From the head of a request to the last byte of its answer.",
    );
    for row in rows {
        let (buckets, count) = cumulative(&row.counts.durations);
        let sum = us_as_seconds(row.counts.sum_us);
        family.histogram(&row.labels, buckets, sum, count);
    }
    let mut family = text.family(
        Kind::Gauge,
        "mapping_requests_in_flight",
        "Requests to a mapping that have not ended.",
    );
    for row in rows {
        family.add(&row.labels, row.open);
    }
    let mut family = text.family(
        Kind::Gauge,
        "mapping_backend_connections",
        "Connections to the back end of a mapping.",
    );
    for row in rows {
        for (state, count) in [("active", row.active), ("idle", row.idle)] {
            family.add(&row.labels.clone().with("state", state), count);
        }
    }
    let mut family = text.family(
        Kind::Gauge,
        "mapping_backend_up",
        "1 when the last probe reached the back end, else 0; only where it is probed.",
    );
    for row in rows {
        if let Some(up) = row.up {
            family.add(&row.labels, u8::from(up));
        }
    }
}

/// How many durations were at most of each size that is told, in seconds, and how many there were.
fn cumulative(counts: &[u64]) -> (Vec<(f64, u64)>, u64) {
    let mut below = 0_u64;
    let mut buckets = vec![];
    for (bound, count) in BOUNDS_MS.iter().zip(counts) {
        below = below.saturating_add(*count);
        if TOLD_BOUNDS_MS.contains(bound) {
            buckets.push((us_as_seconds(bound * 1_000), below));
        }
    }
    (buckets, counts.iter().sum())
}

#[cfg(test)]
mod tests;
