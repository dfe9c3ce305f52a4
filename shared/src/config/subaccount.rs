//! A subaccount that the agent serves, with its mappings.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::audit::AuditLevel;
use super::channel::Channels;
use super::domain::DomainMappings;
use super::identity::IdentityTrust;
use super::invalid::Invalid;
use super::limits::{DESCRIPTION_LEN_MAX, DISPLAY_NAME_LEN_MAX, MAPPINGS_MAX};
use super::mapping::MappingPart;
use super::part::Part;
use super::text::Text;
use crate::hash::Hash256;
use crate::host::VirtualAddress;
use crate::id::{CredentialId, InstanceId, LocationId, RegionHost, SubaccountId, TunnelKey};

/// What a subaccount is found by in a document.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SubaccountKey {
    /// The gateway.
    pub region_host: RegionHost,
    /// The tenant.
    pub subaccount: SubaccountId,
    /// The location ID.
    pub location_id: LocationId,
}

impl SubaccountKey {
    /// The key without the gateway.
    pub fn tunnel(&self) -> TunnelKey {
        TunnelKey {
            subaccount: self.subaccount,
            location: self.location_id.clone(),
        }
    }
}

impl fmt::Display for SubaccountKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}/{}/{}",
            self.region_host, self.subaccount, self.location_id
        )
    }
}

impl FromStr for SubaccountKey {
    type Err = Invalid;

    /// Reads what is shown; without its last part it is that of the default location ID.
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let mut parts = text.splitn(3, '/');
        let (Some(region), Some(subaccount)) = (parts.next(), parts.next()) else {
            let rule = "must be regionHost/subaccount or regionHost/subaccount/locationId";
            return Err(Invalid::new("subaccount", rule));
        };
        let location = parts.next().unwrap_or_default();
        let wrong = |field: &str, rule: &dyn fmt::Display| Invalid::new(field, rule.to_string());
        Ok(Self {
            region_host: region.parse().map_err(|rule| wrong("regionHost", &rule))?,
            subaccount: subaccount
                .parse()
                .map_err(|rule| wrong("subaccount", &rule))?,
            location_id: location
                .parse()
                .map_err(|rule| wrong("locationId", &rule))?,
        })
    }
}

/// A subaccount's own fields, without its mappings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SubaccountFields {
    /// What the subaccount is found by.
    pub key: SubaccountKey,
    /// Its name for people.
    #[serde(default)]
    pub display_name: Text<DISPLAY_NAME_LEN_MAX>,
    /// For people.
    #[serde(default)]
    pub description: Text<DESCRIPTION_LEN_MAX>,
    /// Who this agent is for the gateway.
    pub instance: InstanceId,
    /// The client certificate and key in the secret store.
    pub credential: CredentialId,
    /// Whether the tunnel is to be open.
    pub connected: bool,
    /// Whether only Administrators may change it; opening and closing the tunnel stays open.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub managed: bool,
    /// Which domains of cookies become which.
    #[serde(default, skip_serializing_if = "DomainMappings::is_empty")]
    pub domain_mappings: DomainMappings,
    /// Which of its requests are recorded in the audit log.
    #[serde(default, skip_serializing_if = "AuditLevel::is_default")]
    pub audit_level: AuditLevel,
    /// Local ports that lead to services on the cloud side.
    #[serde(default, skip_serializing_if = "Channels::is_empty")]
    pub channels: Channels,
    /// Whose word on users is taken.
    #[serde(default, skip_serializing_if = "IdentityTrust::is_default")]
    pub identity_trust: IdentityTrust,
}

impl SubaccountFields {
    /// A subaccount that was just enrolled: its tunnel is to be open, the rest is at its default.
    pub fn enrolled(key: SubaccountKey, instance: InstanceId, credential: CredentialId) -> Self {
        Self {
            key,
            display_name: Text::default(),
            description: Text::default(),
            instance,
            credential,
            connected: true,
            managed: false,
            domain_mappings: DomainMappings::default(),
            audit_level: AuditLevel::default(),
            channels: Channels::default(),
            identity_trust: IdentityTrust::default(),
        }
    }
}

/// A subaccount: its own fields and its mappings, sorted by virtual address, each address once.
#[derive(Clone, Debug)]
pub struct Subaccount {
    own: Arc<Part<SubaccountFields>>,
    mappings: Vec<Arc<MappingPart>>,
    hash: Hash256,
}

impl Subaccount {
    /// `mappings` must be sorted and free of duplicates.
    pub(super) fn new(
        own: Arc<Part<SubaccountFields>>,
        mappings: Vec<Arc<MappingPart>>,
    ) -> Result<Self, Invalid> {
        if mappings.len() > MAPPINGS_MAX {
            let rule = format!("at most {MAPPINGS_MAX} mappings are allowed in a subaccount");
            return Err(Invalid::new(
                format!("subaccounts[{}].mappings", own.key),
                rule,
            ));
        }
        check_ranges(&own.key, &mappings)?;
        let parts = std::iter::once(own.hash()).chain(mappings.iter().map(|part| part.hash()));
        let hash = Hash256::of_parts("underpass subaccount", parts);
        Ok(Self {
            own,
            mappings,
            hash,
        })
    }

    /// What the subaccount is found by.
    pub fn key(&self) -> &SubaccountKey {
        &self.own.key
    }

    /// Its own fields.
    pub fn own(&self) -> &Arc<Part<SubaccountFields>> {
        &self.own
    }

    /// Its mappings, sorted by virtual address.
    pub fn mappings(&self) -> &[Arc<MappingPart>] {
        &self.mappings
    }

    /// The hash over own fields and mappings.
    pub const fn hash(&self) -> Hash256 {
        self.hash
    }

    /// The mapping of a virtual address. The host is compared without regard to ASCII case.
    pub fn mapping(&self, host: &str, port: u16) -> Option<&Arc<MappingPart>> {
        let found = self
            .mappings
            .binary_search_by(|part| compare(&part.virtual_address, host, port));
        self.mappings.get(found.ok()?)
    }
}

/// Refuses ranges of ports that reach into the next mapping of their host.
fn check_ranges(key: &SubaccountKey, mappings: &[Arc<MappingPart>]) -> Result<(), Invalid> {
    for pair in mappings.windows(2) {
        if let [one, next] = pair
            && one.further_ports > 0
            && one.virtual_address.host == next.virtual_address.host
            && one
                .virtual_ports()
                .is_some_and(|ports| ports.high() >= next.virtual_address.port)
        {
            let field = format!("subaccounts[{key}].mappings[{}]", next.virtual_address);
            let rule = format!(
                "the ports of {} have this one among them",
                one.virtual_address
            );
            return Err(Invalid::new(field, rule));
        }
    }
    Ok(())
}

/// Orders as [`VirtualAddress`] does, whose host is in lower case.
fn compare(address: &VirtualAddress, host: &str, port: u16) -> Ordering {
    let lower = host.bytes().map(|byte| byte.to_ascii_lowercase());
    let by_host = address.host.as_str().bytes().cmp(lower);
    by_host.then_with(|| address.port.get().cmp(&port))
}
