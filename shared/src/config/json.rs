//! The document as operators read and write it.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::audit::AuditLevel;
use super::channel::Channels;
use super::connector::Connector;
use super::delta::{Delta, Op};
use super::document::{Document, SCHEMA};
use super::domain::DomainMappings;
use super::identity::IdentityTrust;
use super::invalid::Invalid;
use super::limits::{
    CHANNELS_MAX, DESCRIPTION_LEN_MAX, DISPLAY_NAME_LEN_MAX, DOMAIN_MAPPINGS_MAX, MAPPINGS_MAX,
    SUBACCOUNTS_MAX,
};
use super::mapping::MappingPart;
use super::part::Part;
use super::subaccount::{Subaccount, SubaccountFields, SubaccountKey};
use super::text::Text;
use crate::id::{CredentialId, InstanceId, LocationId, RegionHost, SubaccountId};
use crate::schema::schema_like;
use crate::strict;

/// The whole configuration of an agent.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Document")]
struct DocumentJson {
    /// The version of this form.
    #[schemars(extend("const" = SCHEMA))]
    schema: u32,
    /// Settings of the agent as a whole.
    #[serde(default = "default_connector")]
    connector: Arc<Part<Connector>>,
    /// The subaccounts, each once.
    #[serde(default)]
    #[schemars(length(max = SUBACCOUNTS_MAX))]
    subaccounts: Vec<SubaccountJson>,
}

/// A subaccount with all in it.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "DocumentSubaccount")]
struct SubaccountJson {
    /// The gateway.
    region_host: RegionHost,
    /// The tenant.
    subaccount: SubaccountId,
    /// The location ID.
    #[serde(default)]
    location_id: LocationId,
    /// Its name for people.
    #[serde(default)]
    display_name: Text<DISPLAY_NAME_LEN_MAX>,
    /// For people.
    #[serde(default)]
    description: Text<DESCRIPTION_LEN_MAX>,
    /// Who this agent is for the gateway.
    instance: InstanceId,
    /// The client certificate and key in the secret store.
    credential: CredentialId,
    /// Whether the tunnel is to be open.
    connected: bool,
    /// Whether only Administrators may change it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    managed: bool,
    /// Which domains of cookies become which.
    #[serde(default, skip_serializing_if = "DomainMappings::is_empty")]
    #[schemars(length(max = DOMAIN_MAPPINGS_MAX))]
    domain_mappings: DomainMappings,
    /// What of it is recorded in the audit log.
    #[serde(default, skip_serializing_if = "AuditLevel::is_default")]
    audit_level: AuditLevel,
    /// Local ports that lead to services on the cloud side.
    #[serde(default, skip_serializing_if = "Channels::is_empty")]
    #[schemars(length(max = CHANNELS_MAX))]
    channels: Channels,
    /// Whose word on users is taken.
    #[serde(default, skip_serializing_if = "IdentityTrust::is_default")]
    identity_trust: IdentityTrust,
    /// Its system mappings, each virtual address once.
    #[serde(default)]
    #[schemars(length(max = MAPPINGS_MAX))]
    mappings: Vec<Arc<MappingPart>>,
}

schema_like!(Document = DocumentJson);

/// Read first and leniently, so that a newer document is called newer rather than wrong.
#[derive(Deserialize)]
struct SchemaOnly {
    schema: u32,
}

fn default_connector() -> Arc<Part<Connector>> {
    Arc::new(Part::new(Connector::default()))
}

pub(super) fn read(text: &str) -> Result<Document, Invalid> {
    if let Ok(SchemaOnly { schema }) = serde_json::from_str(text)
        && schema != SCHEMA
    {
        let rule = format!(
            "is {schema}, but this agent knows {SCHEMA}; use an agent of the version that wrote it"
        );
        return Err(Invalid::new("schema", rule));
    }
    build(strict::read(text.as_bytes())?)
}

fn build(read: DocumentJson) -> Result<Document, Invalid> {
    let DocumentJson {
        schema: _,
        connector,
        subaccounts,
    } = read;
    let mut delta = Delta {
        ops: vec![Op::PutConnector(connector)],
    };
    let mut keys = std::collections::BTreeSet::new();
    for (i, subaccount) in subaccounts.into_iter().enumerate() {
        let (own, mappings) = subaccount.split();
        let key = own.key.clone();
        if !keys.insert(key.clone()) {
            let rule = format!("{key} occurs twice");
            return Err(Invalid::new(format!("subaccounts[{i}]"), rule));
        }
        delta.ops.push(Op::PutSubaccount(Arc::new(Part::new(own))));
        let mut addresses = std::collections::BTreeSet::new();
        for (j, mapping) in mappings.into_iter().enumerate() {
            if !addresses.insert(mapping.virtual_address.clone()) {
                let rule = format!("{} occurs twice", mapping.virtual_address);
                return Err(Invalid::new(
                    format!("subaccounts[{i}].mappings[{j}].virtualAddress"),
                    rule,
                ));
            }
            delta.ops.push(Op::PutMapping {
                subaccount: key.clone(),
                mapping,
            });
        }
    }
    Document::empty().apply(&delta)
}

pub(super) fn write(document: &Document) -> String {
    let json = DocumentJson {
        schema: SCHEMA,
        connector: Arc::clone(document.connector()),
        subaccounts: document
            .subaccounts()
            .iter()
            .map(|one| SubaccountJson::join(one))
            .collect(),
    };
    let mut text = serde_json::to_string_pretty(&json).expect("a document serialises");
    text.push('\n');
    text
}

impl SubaccountJson {
    fn split(self) -> (SubaccountFields, Vec<Arc<MappingPart>>) {
        let Self {
            region_host,
            subaccount,
            location_id,
            display_name,
            description,
            instance,
            credential,
            connected,
            managed,
            domain_mappings,
            audit_level,
            channels,
            identity_trust,
            mappings,
        } = self;
        let key = SubaccountKey {
            region_host,
            subaccount,
            location_id,
        };
        let own = SubaccountFields {
            key,
            display_name,
            description,
            instance,
            credential,
            connected,
            managed,
            domain_mappings,
            audit_level,
            channels,
            identity_trust,
        };
        (own, mappings)
    }

    fn join(subaccount: &Subaccount) -> Self {
        let own: &SubaccountFields = subaccount.own();
        let SubaccountFields {
            key,
            display_name,
            description,
            instance,
            credential,
            connected,
            managed,
            domain_mappings,
            audit_level,
            channels,
            identity_trust,
        } = own.clone();
        let SubaccountKey {
            region_host,
            subaccount: id,
            location_id,
        } = key;
        Self {
            region_host,
            subaccount: id,
            location_id,
            display_name,
            description,
            instance,
            credential,
            connected,
            managed,
            domain_mappings,
            audit_level,
            channels,
            identity_trust,
            mappings: subaccount.mappings().to_vec(),
        }
    }
}
