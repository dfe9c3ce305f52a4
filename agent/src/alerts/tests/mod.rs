//! Every category by what there is to see, with hand-moved time; and how the register is kept.

mod closed_channels;
mod ending_certificates;
mod failing_backends;
mod kept_register;
mod lost_tunnels;
mod short_host;

use std::time::Duration;

use serde_json::{Value, json};
use underpass_shared::alert::Look;
use underpass_shared::api::management::{Connection, LinkStatus};
use underpass_shared::config::Document;
use underpass_shared::monitor::{Gauge, Metric, Point, Sample, Series};

use super::certificates::Ending;
use super::disks::Volume;
use super::look::{Looker, View};
use super::*;

const ID: &str = "0190a5a2-6d0e-7cc0-8000-000000000001";

/// What there is to see, and who looks.
struct Bench {
    looker: Looker,
    now: Now,
    document: Document,
    links: Vec<LinkStatus>,
    is_drained: bool,
    sample: Option<Sample>,
    volumes: Vec<Volume>,
    endings: Vec<Ending>,
    audit_failure: Option<String>,
}

impl Bench {
    fn new(connector: &Value) -> Self {
        let now = Now {
            monotonic: Duration::from_secs(1_000),
            wall_ms: 1_700_000_000_000,
        };
        let document = json!({"schema": 1, "connector": connector, "subaccounts": [{
            "regionHost": "gate.example.com", "subaccount": ID, "instance": ID, "credential": ID,
            "connected": true,
            "mappings": [{"virtualAddress": "erp:443", "internalAddress": "10.0.0.1:443",
                          "protocol": "HTTPS", "backendType": "abapSys"}],
        }]});
        Self {
            looker: Looker::new(now),
            now,
            document: Document::from_json(&document.to_string()).unwrap(),
            links: vec![],
            is_drained: false,
            sample: None,
            volumes: vec![],
            endings: vec![],
            audit_failure: None,
        }
    }

    fn key(&self) -> SubaccountKey {
        self.document.subaccounts()[0].key().clone()
    }

    fn mapping(&self) -> Entity {
        Entity::Mapping(self.key(), "erp:443".parse().unwrap())
    }

    /// Its tunnel has connections, and is up since a time.
    fn tunnel(&mut self, up_since_ms: Option<i64>, connections: Vec<Connection>) {
        let key = self.key();
        self.links = vec![LinkStatus {
            region_host: key.region_host,
            subaccount: key.subaccount,
            location_id: key.location_id,
            instance: ID.parse().unwrap(),
            connected_since_ms: up_since_ms,
            gateway_version: None,
            connections,
        }];
    }

    fn up(&mut self, since_ms: i64) {
        self.tunnel(Some(since_ms), vec![Connection::Up]);
    }

    /// Something is measured at the end of the next 15 seconds.
    fn measure(&mut self, points: Vec<(Entity, Metric, Point)>) {
        self.pass(15);
        let points = points.into_iter();
        self.sample = Some(Sample {
            end_ms: self.now.wall_ms,
            span_ms: 15_000,
            points: points
                .map(|(entity, metric, point)| (Series { entity, metric }, point))
                .collect(),
        });
    }

    fn pass(&mut self, seconds: u64) {
        self.now.monotonic += Duration::from_secs(seconds);
        self.now.wall_ms += i64::try_from(seconds * 1_000).unwrap();
    }

    fn look(&mut self) -> Look {
        self.looker.look(View {
            now: self.now,
            document: &self.document,
            links: &self.links,
            is_drained: self.is_drained,
            sample: self.sample.as_ref(),
            volumes: &self.volumes,
            endings: &self.endings,
            audit_failure: self.audit_failure.as_deref(),
            others: Look::default(),
        })
    }

    /// What is wrong of some codes.
    fn find(&mut self, codes: &[Code]) -> Vec<Condition> {
        let mut found = self.look().conditions;
        found.retain(|one| codes.contains(&one.id.code));
        found
    }
}

fn gauge(value: f64) -> Point {
    Point::Gauge(Gauge::of(value))
}
