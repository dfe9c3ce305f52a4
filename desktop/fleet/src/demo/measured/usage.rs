//! How much mappings and resources of a made-up agent are used.

use underpass_shared::api::management::monitoring::{
    MappingUsageShown, OfSubaccount, ResourceUsageShown, UsagesShown,
};
use underpass_shared::api::management::{MappingAddress, PortsText};
use underpass_shared::config::{Document, Mapping, SubaccountKey};
use underpass_shared::monitor::Entity;

use super::series::{weight, whole};
use super::{DAY_MS, Nature};
use crate::api::Call;

/// Since when it is counted.
const SINCE_MS: i64 = 38 * DAY_MS;

pub(super) fn usage(nature: &Nature, document: &Document, call: &Call, now_ms: i64) -> UsagesShown {
    let mut mappings = vec![];
    for subaccount in document.subaccounts() {
        for mapping in subaccount.mappings() {
            let shown = of(nature, subaccount.key(), mapping, now_ms);
            let wanted = if call.query.unused {
                shown.unused()
            } else {
                Some(shown)
            };
            let key = subaccount.key().clone();
            mappings.extend(wanted.map(|told| OfSubaccount::of(key, told)));
        }
    }
    UsagesShown {
        since_ms: now_ms - SINCE_MS,
        mappings,
    }
}

fn of(nature: &Nature, key: &SubaccountKey, mapping: &Mapping, now_ms: i64) -> MappingUsageShown {
    let entity = Entity::Mapping(key.clone(), mapping.virtual_address.clone());
    let share = weight(nature, &entity);
    let seconds = (SINCE_MS / 1_000) as f64;
    let all = nature.busy * 0.4 * seconds * share;
    let mut resources = vec![];
    let mut calls_left = all;
    for (at, one) in mapping.resources.iter().enumerate() {
        // Each has less than the one before; the last of several is never asked for.
        let is_last = at > 0 && at + 1 == mapping.resources.len();
        let part = if is_last || !one.enabled {
            0.0
        } else {
            calls_left * 0.7
        };
        calls_left -= part;
        let calls = whole(part);
        let ago = whole(40_000.0 + 900_000.0 * at as f64);
        resources.push(ResourceUsageShown {
            path: one.path.to_string(),
            enabled: one.enabled,
            received: calls.saturating_mul(1_900),
            sent: calls.saturating_mul(16_400),
            calls,
            last_access_ms: (calls > 0).then(|| now_ms - i64::try_from(ago).unwrap_or(0)),
            never_used: calls == 0,
        });
    }
    let calls = if resources.is_empty() {
        whole(all)
    } else {
        resources.iter().map(|one| one.calls).sum()
    };
    let last = resources.iter().filter_map(|one| one.last_access_ms).max();
    let address = MappingAddress::of(mapping);
    MappingUsageShown {
        virtual_host: address.host,
        virtual_port: PortsText(address.ports.range),
        received: calls.saturating_mul(1_900),
        sent: calls.saturating_mul(16_400),
        calls,
        last_access_ms: last.or_else(|| (calls > 0).then_some(now_ms - 61_000)),
        never_used: calls == 0,
        resources,
    }
}
