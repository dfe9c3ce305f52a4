//! What is measured of mappings and service channels, beside what the document says of them.

use std::collections::HashMap;

use underpass_runtime::clock::rfc3339;
use underpass_shared::api::management::PortsText;
use underpass_shared::api::management::monitoring::{
    BackendConnection, BackendConnectionList, BackendConnections, BackendPerformance,
    BackendPerformanceList, Bucket, ChannelConnection, ChannelConnectionList, ChannelConnections,
    ChannelUsage, DurationsOfMapping, MappingUsage, MappingUsageShown, OfSubaccount,
    PerformanceShown, Performances, ResourceUsage, UsageLists, Usages, UsagesShown,
};
use underpass_shared::config::{Channel, Document, Mapping, Subaccount, SubaccountKey};
use underpass_shared::host::VirtualAddress;

use crate::measure::{BOUNDS_MS, MappingFigures, Performance, ResourceUse, Usage};

/// Figures by mapping.
type Figures<'a> = HashMap<(&'a SubaccountKey, &'a VirtualAddress), &'a MappingFigures>;

fn by_mapping(figures: &[MappingFigures]) -> Figures<'_> {
    let all = figures.iter();
    all.map(|one| ((&*one.subaccount, &one.address), one))
        .collect()
}

/// The mappings of a subaccount of which something was measured.
fn measured<'a>(
    subaccount: &'a Subaccount,
    figures: &'a Figures<'a>,
) -> impl Iterator<Item = (&'a Mapping, &'a MappingFigures)> {
    subaccount.mappings().iter().filter_map(|mapping| {
        let found = figures.get(&(subaccount.key(), &mapping.virtual_address))?;
        Some((&***mapping, *found))
    })
}

/// The virtual port or range of ports.
fn ports(mapping: &Mapping) -> PortsText {
    let port = mapping.virtual_address.port;
    PortsText(mapping.virtual_ports().unwrap_or_else(|| port.into()))
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// The connections to back ends that were called.
pub(super) fn connections(document: &Document, figures: &[MappingFigures]) -> BackendConnections {
    let figures = by_mapping(figures);
    BackendConnections::of(document.subaccounts().iter().map(|subaccount| {
        let all = measured(subaccount, &figures).map(|(mapping, figures)| BackendConnection {
            virtual_backend: mapping.virtual_address.to_string(),
            internal_backend: mapping.internal_address.to_string(),
            protocol: mapping.protocol,
            idle: count(figures.connections.idle),
            active: count(figures.connections.active),
        });
        let backend_connections = all.collect();
        let list = BackendConnectionList {
            backend_connections,
        };
        (subaccount.key().clone(), list)
    }))
}

fn channels(subaccount: &Subaccount) -> impl Iterator<Item = &Channel> {
    subaccount.own().channels.as_slice().iter()
}

/// The connections of service channels: none has any, as none can be opened yet.
pub(super) fn channel_connections(document: &Document) -> ChannelConnections {
    ChannelConnections::of(document.subaccounts().iter().map(|subaccount| {
        let all = channels(subaccount).map(|channel| ChannelConnection {
            port: channel.service.local_port(),
            type_desc: channel.service.kind().into(),
            connections: 0,
        });
        let service_channel_connections = all.collect();
        let list = ChannelConnectionList {
            service_channel_connections,
        };
        (subaccount.key().clone(), list)
    }))
}

/// How long requests took.
pub(super) fn performance(document: &Document, taken: &Performance) -> Performances {
    let figures = by_mapping(&taken.mappings);
    let since_time = rfc3339(taken.since_ms);
    Performances::of(document.subaccounts().iter().map(|subaccount| {
        let called = measured(subaccount, &figures).filter(|(_, one)| one.performance.count() > 0);
        let all = called.map(|(mapping, figures)| BackendPerformance {
            virtual_host: mapping.virtual_address.host.clone(),
            virtual_port: ports(mapping),
            protocol: mapping.protocol,
            buckets: Bucket::by(&BOUNDS_MS, &figures.performance.counts),
        });
        let list = BackendPerformanceList {
            backend_performance: all.collect(),
            since_time: since_time.clone(),
        };
        (subaccount.key().clone(), list)
    }))
}

/// How long requests took, by our own call.
pub(super) fn durations(document: &Document, taken: &Performance) -> PerformanceShown {
    let figures = by_mapping(&taken.mappings);
    let mut mappings = vec![];
    for subaccount in document.subaccounts() {
        for (mapping, figures) in measured(subaccount, &figures) {
            let durations = figures.performance;
            if durations.count() == 0 {
                continue;
            }
            let told = DurationsOfMapping {
                virtual_host: mapping.virtual_address.host.clone(),
                virtual_port: ports(mapping),
                count: durations.count(),
                sum_us: durations.sum_us,
                buckets: Bucket::by(&BOUNDS_MS, &durations.counts),
            };
            mappings.push(OfSubaccount::of(subaccount.key().clone(), told));
        }
    }
    PerformanceShown {
        since_ms: taken.since_ms,
        mappings,
    }
}

/// How much resources are used, by mapping and path.
pub(super) struct Uses<'a>(
    HashMap<(&'a SubaccountKey, &'a VirtualAddress), HashMap<&'a str, Usage>>,
);

impl<'a> Uses<'a> {
    pub(super) fn of(uses: &'a [ResourceUse]) -> Self {
        let mut all: HashMap<_, HashMap<&str, Usage>> = HashMap::new();
        for one in uses {
            let mapping = all.entry((&*one.subaccount, &one.address)).or_default();
            mapping.insert(&*one.resource, one.usage);
        }
        Self(all)
    }

    /// A mapping and all its resources, used or not.
    fn of_mapping(&self, key: &SubaccountKey, mapping: &Mapping) -> MappingUsage {
        let uses = self.0.get(&(key, &mapping.virtual_address));
        // What was called through resources that are no more counts for the mapping.
        let mut sum = Usage::default();
        for usage in uses.iter().flat_map(|uses| uses.values()) {
            sum.calls = sum.calls.saturating_add(usage.calls);
            sum.received = sum.received.saturating_add(usage.received);
            sum.sent = sum.sent.saturating_add(usage.sent);
            sum.last_ms = sum.last_ms.max(usage.last_ms);
        }
        let last = |usage: &Usage| (usage.calls > 0).then_some(usage.last_ms);
        let resources = mapping.resources.iter().map(|resource| {
            let found = uses.and_then(|uses| uses.get(resource.path.as_str()));
            let usage = found.copied().unwrap_or_default();
            ResourceUsage {
                resource_name: resource.path.to_string(),
                enabled: resource.enabled,
                bytes_received: usage.received,
                bytes_sent: usage.sent,
                calls: usage.calls,
                most_recent_access: last(&usage),
            }
        });
        MappingUsage {
            virtual_host: mapping.virtual_address.host.clone(),
            virtual_port: ports(mapping),
            protocol: mapping.protocol,
            bytes_received: sum.received,
            bytes_sent: sum.sent,
            calls: sum.calls,
            most_recent_access: last(&sum),
            resources: resources.collect(),
        }
    }

    /// By subaccount, with the service channels: none carries anything, as none can be opened yet.
    pub(super) fn by_subaccount(&self, document: &Document, since_ms: i64) -> Usages {
        let since_time = rfc3339(since_ms);
        Usages::of(document.subaccounts().iter().map(|subaccount| {
            let key = subaccount.key();
            let mappings = subaccount.mappings().iter();
            let channels = channels(subaccount).map(|channel| ChannelUsage {
                port: channel.service.local_port(),
                type_desc: channel.service.kind().into(),
                bytes_received: 0,
                bytes_sent: 0,
            });
            let lists = UsageLists {
                usage_statistics: mappings.map(|one| self.of_mapping(key, one)).collect(),
                service_channel_usage_statistics: channels.collect(),
                since_time: since_time.clone(),
            };
            (key.clone(), lists)
        }))
    }

    /// By our own call: all of it, or what was never used.
    pub(super) fn shown(&self, document: &Document, since_ms: i64, unused: bool) -> UsagesShown {
        let mut mappings = vec![];
        for subaccount in document.subaccounts() {
            let key = subaccount.key();
            for mapping in subaccount.mappings() {
                let all = MappingUsageShown::from(self.of_mapping(key, mapping));
                let told = if unused { all.unused() } else { Some(all) };
                let told = told.map(|told| OfSubaccount::of(key.clone(), told));
                mappings.extend(told);
            }
        }
        UsagesShown { since_ms, mappings }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::Arc;

    use serde_json::{Value, json};

    use super::*;
    use crate::measure::{Connections, Durations, Totals};

    /// A subaccount of [`document`].
    pub(in super::super) fn key(n: u8) -> SubaccountKey {
        let id = format!("0190a5a2-6d0e-7cc0-8000-00000000000{n}");
        SubaccountKey {
            region_host: "gate.example.com".parse().unwrap(),
            subaccount: id.parse().unwrap(),
            location_id: "".parse().unwrap(),
        }
    }

    /// Two subaccounts, each with two mappings and a channel.
    pub(in super::super) fn document() -> Document {
        let mapping = |address: &str| {
            json!({"virtualAddress": address, "internalAddress": "10.0.0.1:443",
                   "protocol": "HTTPS", "backendType": "abapSys", "resources": [
                       {"path": "/sap", "enabled": true, "exactMatchOnly": false},
                       {"path": "/hr", "enabled": false, "exactMatchOnly": false}]})
        };
        let subaccount = |n: u8| {
            let key = key(n);
            json!({"regionHost": key.region_host, "subaccount": key.subaccount,
                   "instance": key.subaccount, "credential": key.subaccount, "connected": true,
                   "mappings": [mapping("erp:443"), mapping("crm:443")],
                   "channels": [{"id": n, "enabled": true, "service": {"ABAPCloud": {
                       "tenantHost": "t", "instanceNumber": n}}}]})
        };
        let document = json!({"schema": 1, "subaccounts": [subaccount(1), subaccount(2)]});
        Document::from_json(&document.to_string()).unwrap()
    }

    /// Figures of a mapping that was called `calls` times.
    pub(in super::super) fn figures(n: u8, address: &str, calls: u64) -> MappingFigures {
        let mut durations = Durations::default();
        durations.counts[7] = calls;
        durations.sum_us = calls * 90_000;
        MappingFigures {
            subaccount: Arc::new(key(n)),
            address: address.parse().unwrap(),
            totals: Totals {
                requests: calls,
                answers: [0, calls, 0, 0, 0],
                received: calls * 10,
                sent: calls * 100,
                ..Totals::default()
            },
            durations,
            performance: durations,
            open: 1,
            connections: Connections { active: 2, idle: 3 },
            up: Some(true),
        }
    }

    fn told(shown: &impl serde::Serialize) -> Value {
        serde_json::to_value(shown).unwrap()
    }

    #[test]
    fn connections_are_told_of_mappings_that_were_called() {
        let figures = [figures(1, "crm:443", 4), figures(1, "gone:443", 4)];
        let all = told(&connections(&document(), &figures));
        assert_eq!(all["version"], 1);
        assert_eq!(
            all["subaccounts"][0],
            json!({"regionHost": "gate.example.com", "subaccount": key(1).subaccount,
                   "locationID": "", "backendConnections": [{"virtualBackend": "crm:443",
                   "internalBackend": "10.0.0.1:443", "protocol": "HTTPS", "idle": 3, "active": 2}]})
        );
        assert_eq!(all["subaccounts"][1]["backendConnections"], json!([]));
        let all = told(&channel_connections(&document()));
        assert_eq!(
            all["subaccounts"][1]["serviceChannelConnections"],
            json!([{"port": 3302, "connections": 0,
                    "typeDesc": {"typeKey": "ABAPCloud", "typeName": "ABAP Cloud System"}}])
        );
    }

    #[test]
    fn durations_are_told_of_mappings_that_were_called() {
        let measured = Performance {
            mappings: vec![figures(1, "erp:443", 4), figures(2, "erp:443", 0)],
            since_ms: 1_700_000_000_000,
        };
        let all = told(&performance(&document(), &measured));
        let first = &all["subaccounts"][0];
        assert_eq!(first["sinceTime"], "2023-11-14T22:13:20.000Z");
        let backend = &first["backendPerformance"][0];
        assert_eq!(
            (&backend["virtualHost"], &backend["virtualPort"]),
            (&json!("erp"), &json!("443"))
        );
        let buckets = backend["buckets"].as_array().unwrap();
        assert_eq!(buckets.len(), 23);
        assert_eq!(
            buckets[7],
            json!({"numberOfCalls": 4, "minimumCallDurationMs": 100})
        );
        assert_eq!(buckets[22]["minimumCallDurationMs"], 5_000);
        assert_eq!(all["subaccounts"][1]["backendPerformance"], json!([]));
        let own = told(&durations(&document(), &measured));
        assert_eq!(own["mappings"].as_array().unwrap().len(), 1);
        assert_eq!(own["mappings"][0]["sumUs"], 360_000);
    }

    #[test]
    fn what_was_never_used_is_told_too() {
        let used = |resource: &str, last_ms| ResourceUse {
            subaccount: Arc::new(key(1)),
            address: "erp:443".parse().unwrap(),
            resource: resource.into(),
            usage: Usage {
                calls: 2,
                received: 10,
                sent: 20,
                last_ms,
            },
        };
        let uses = [used("/sap", 5), used("/removed", 9)];
        let uses = Uses::of(&uses);
        let all = told(&uses.by_subaccount(&document(), 0));
        let mappings = all["subaccounts"][0]["usageStatistics"].as_array().unwrap();
        let (crm, erp) = (&mappings[0], &mappings[1]);
        assert_eq!(
            (&crm["virtualHost"], &erp["virtualHost"]),
            (&json!("crm"), &json!("erp"))
        );
        assert_eq!((&erp["calls"], &erp["bytesSent"]), (&json!(4), &json!(40)));
        assert_eq!(erp["mostRecentAccess"], 9);
        assert!(crm.get("mostRecentAccess").is_none());
        let paths = |list: &Value| -> Vec<String> {
            let list = list.as_array().unwrap().iter();
            list.map(|one| one["resourceName"].as_str().unwrap().to_owned())
                .collect()
        };
        assert_eq!(paths(&erp["resources"]).len(), 2);
        let unused = told(&uses.shown(&document(), 0, true));
        let unused = unused["mappings"].as_array().unwrap();
        assert_eq!(unused.len(), 4);
        let of_erp = unused
            .iter()
            .find(|one| one["neverUsed"] == json!(false))
            .unwrap();
        assert_eq!(of_erp["resources"].as_array().unwrap().len(), 1);
        assert_eq!(of_erp["resources"][0]["path"], "/hr");
    }
}
