//! What the target of a migration must reach.

use std::collections::{BTreeMap, BTreeSet};

use underpass_shared::api::management::{ConnectionCheckInput, PortText};
use underpass_shared::config::Document;
use underpass_shared::host::InternalHost;
use underpass_shared::id::RegionHost;
use underpass_shared::restore::HostRule;

use super::{PlanError, TargetPlan};

/// The host that stands for another at a target: the first rule that fits counts.
///
/// # Errors
/// When the result is no host.
pub fn replaced(host: &InternalHost, rules: &[HostRule]) -> Result<InternalHost, PlanError> {
    let mut found = rules.iter().filter_map(|rule| rule.apply(host));
    let became = found.next().transpose().map_err(PlanError::Rule)?;
    Ok(became.unwrap_or_else(|| host.clone()))
}

/// An internal system, as the source and the target reach it.
#[derive(Clone, Debug)]
pub struct Way {
    /// From the source.
    pub source: ConnectionCheckInput,
    /// From the target.
    pub target: ConnectionCheckInput,
}

/// What a target must reach: each system once, and each gateway.
///
/// # Errors
/// When a replacement makes no host, or the source has a subaccount no longer.
pub fn ways(
    document: &Document,
    target: &TargetPlan,
) -> Result<(Vec<Way>, Vec<RegionHost>), PlanError> {
    let mut systems = BTreeMap::new();
    let mut gateways = BTreeSet::new();
    for assigned in &target.subaccounts {
        gateways.insert(assigned.to.region_host.clone());
        let found = document.subaccount(&assigned.from);
        let missing = || PlanError::NoSubaccount(assigned.from.clone());
        for mapping in found.ok_or_else(missing)?.mappings() {
            let at_source = &mapping.internal_address;
            let input = |host: InternalHost| ConnectionCheckInput {
                local_host: host,
                local_port: PortText(at_source.port),
                protocol: mapping.protocol,
            };
            let way = Way {
                target: input(replaced(&at_source.host, &target.hosts)?),
                source: input(at_source.host.clone()),
            };
            let key = (at_source.clone(), format!("{:?}", mapping.protocol));
            systems.insert(key, way);
        }
    }
    let gateways = gateways.into_iter().collect();
    Ok((systems.into_values().collect(), gateways))
}
