//! System mappings as the API shows and takes them.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};

use super::error::Refusal;
use super::lenient::{PortText, ReadOnly};
use super::{Links, SubaccountPath, Target, links};
use crate::config::limits::DESCRIPTION_LEN_MAX;
use crate::config::{
    AuthenticationMode, BackendType, HostInHeader, Mapping, MappingFields, Protocol, Text,
};
use crate::host::{InternalAddress, InternalHost, VirtualAddress, VirtualHost};
use crate::schema::with_keys;

/// A system mapping as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SystemMapping {
    /// What cloud applications ask for.
    pub virtual_host: VirtualHost,
    /// What cloud applications ask for.
    pub virtual_port: PortText,
    /// Where the system is.
    pub local_host: InternalHost,
    /// Where the system is.
    pub local_port: PortText,
    /// What is spoken to it.
    pub protocol: Protocol,
    /// What it is.
    pub backend_type: BackendType,
    /// Which host it sees.
    pub host_in_header: HostInHeader,
    /// How the user is told to it.
    pub authentication_mode: AuthenticationMode,
    /// For people.
    pub description: Text<DESCRIPTION_LEN_MAX>,
    /// Number of its resources.
    pub total_resources_count: usize,
    /// Number of its resources that have an effect.
    pub enabled_resources_count: usize,
    /// Whether requests to it are forwarded at all.
    pub effective: bool,
    /// Why they are not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_effective_because: Option<String>,
    /// What belongs to it.
    #[serde(rename = "_links", default)]
    pub links: Links,
}

impl SystemMapping {
    /// Shows a mapping; `not_effective` says why nothing of it is forwarded.
    pub fn show(mapping: &Mapping, path: &SubaccountPath, not_effective: Option<String>) -> Self {
        let address = &mapping.virtual_address;
        let enabled = mapping.resources.iter().filter(|one| one.enabled);
        Self {
            virtual_host: address.host.clone(),
            virtual_port: PortText(address.port),
            local_host: mapping.internal_address.host.clone(),
            local_port: PortText(mapping.internal_address.port),
            protocol: mapping.protocol,
            backend_type: mapping.backend_type,
            host_in_header: mapping.host_in_header,
            authentication_mode: mapping.authentication_mode,
            description: mapping.description.clone(),
            total_resources_count: mapping.resources.len(),
            enabled_resources_count: enabled.count(),
            effective: not_effective.is_none(),
            not_effective_because: not_effective,
            links: links([
                ("self", Target::Mapping(path.clone(), address.clone())),
                (
                    "resources",
                    Target::Resources(path.clone(), address.clone()),
                ),
            ]),
        }
    }
}

/// A system mapping as it is taken.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SystemMappingInput {
    /// What cloud applications ask for; may be left out where the address names it.
    #[serde(default)]
    pub virtual_host: Option<VirtualHost>,
    /// What cloud applications ask for; may be left out where the address names it.
    #[serde(default)]
    pub virtual_port: Option<PortText>,
    /// Where the system is.
    pub local_host: InternalHost,
    /// Where the system is.
    pub local_port: PortText,
    /// What is spoken to it.
    pub protocol: Protocol,
    /// What it is.
    pub backend_type: BackendType,
    /// Which host it sees.
    #[serde(default, deserialize_with = "host_in_header")]
    #[schemars(schema_with = "host_in_header_schema")]
    pub host_in_header: HostInHeader,
    /// How the user is told to it.
    #[serde(default)]
    pub authentication_mode: AuthenticationMode,
    /// For people.
    #[serde(default)]
    pub description: Text<DESCRIPTION_LEN_MAX>,
    /// Of answers.
    #[serde(default, skip_serializing)]
    pub creation_date: ReadOnly,
    /// Of answers.
    #[serde(default, skip_serializing)]
    pub total_resources_count: ReadOnly,
    /// Of answers.
    #[serde(default, skip_serializing)]
    pub enabled_resources_count: ReadOnly,
    /// Of answers.
    #[serde(default, skip_serializing)]
    pub effective: ReadOnly,
    /// Of answers.
    #[serde(default, skip_serializing)]
    pub not_effective_because: ReadOnly,
    /// Of answers.
    #[serde(rename = "_links", default, skip_serializing)]
    pub links: ReadOnly,
}

/// Requests are documented in lower case, answers in upper case.
fn host_in_header<'de, D: Deserializer<'de>>(from: D) -> Result<HostInHeader, D::Error> {
    let text = String::deserialize(from)?;
    match text.as_str() {
        "virtual" | "VIRTUAL" => Ok(HostInHeader::Virtual),
        "internal" | "INTERNAL" => Ok(HostInHeader::Internal),
        _ => Err(serde::de::Error::custom("must be virtual or internal")),
    }
}

fn host_in_header_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "enum": ["virtual", "internal", "VIRTUAL", "INTERNAL"] })
}

/// A system mapping that is new, so that nothing but the body can name its virtual address.
#[derive(Clone, Copy, Debug)]
pub(super) struct NewSystemMapping;

impl JsonSchema for NewSystemMapping {
    fn schema_name() -> Cow<'static, str> {
        "NewSystemMapping".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let host = generator.subschema_for::<VirtualHost>();
        let port = generator.subschema_for::<PortText>();
        let keys = [("virtualHost", host), ("virtualPort", port)];
        with_keys(SystemMappingInput::json_schema(generator), keys)
    }
}

impl SystemMappingInput {
    /// The virtual address: of the body, or of the request's address, which must not differ.
    ///
    /// # Errors
    /// When it is missing or not the one of the request's address.
    pub fn address(&self, target: Option<&VirtualAddress>) -> Result<VirtualAddress, Refusal> {
        let fixed = "must be that of the address; it cannot be changed";
        let host = match (&self.virtual_host, target) {
            (Some(host), Some(target)) if *host != target.host => {
                return Err(Refusal::invalid("virtualHost", fixed));
            }
            (Some(host), _) => host.clone(),
            (None, Some(target)) => target.host.clone(),
            (None, None) => return Err(Refusal::invalid("virtualHost", "is missing")),
        };
        let port = match (self.virtual_port, target) {
            (Some(port), Some(target)) if port.0 != target.port => {
                return Err(Refusal::invalid("virtualPort", fixed));
            }
            (Some(port), _) => port.0,
            (None, Some(target)) => target.port,
            (None, None) => return Err(Refusal::invalid("virtualPort", "is missing")),
        };
        Ok(VirtualAddress { host, port })
    }

    /// The mapping. Its resources, and what this API does not know, stay as they are in `old`.
    pub fn onto(self, address: VirtualAddress, old: Option<&Mapping>) -> MappingFields {
        let internal = InternalAddress {
            host: self.local_host,
            port: self.local_port.0,
        };
        let mut fields = match old {
            Some(old) => MappingFields::clone(old),
            None => {
                MappingFields::closed(address, internal.clone(), self.protocol, self.backend_type)
            }
        };
        fields.internal_address = internal;
        fields.protocol = self.protocol;
        fields.backend_type = self.backend_type;
        fields.authentication_mode = self.authentication_mode;
        fields.host_in_header = self.host_in_header;
        fields.description = self.description;
        fields
    }
}
