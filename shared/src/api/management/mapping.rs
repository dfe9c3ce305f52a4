//! System mappings as the API shows and takes them.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};

use super::error::Refusal;
use super::lenient::ReadOnly;
use super::probe::ProbeInput;
use super::system_ports::SystemPorts;
use super::{Links, MappingAddress, MappingTarget, SubaccountPath, Target, links};
use crate::config::limits::{
    DESCRIPTION_LEN_MAX, SAP_ROUTER_LEN_MAX, SNC_NAME_LEN_MAX, SYSTEM_ID_LEN_MAX,
};
use crate::config::{
    AuthenticationMode, BackendType, Client, ClientUser, CreationDate, HostInHeader, Mapping,
    MappingFields, Probe, Protocol, ProtocolFamily, RfcOptions, Text,
};
use crate::host::{InternalAddress, InternalHost, VirtualHost};
use crate::schema::with_keys;

/// A system mapping as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SystemMapping {
    /// What cloud applications ask for.
    pub virtual_host: VirtualHost,
    /// What cloud applications ask for.
    pub virtual_port: SystemPorts,
    /// Where the system is.
    pub local_host: InternalHost,
    /// Where the system is.
    pub local_port: SystemPorts,
    /// What is spoken to it.
    pub protocol: Protocol,
    /// What it is.
    pub backend_type: BackendType,
    /// Which host it sees.
    pub host_in_header: HostInHeader,
    /// How the user is told to it.
    pub authentication_mode: AuthenticationMode,
    /// The system's id in the customer's landscape.
    pub sid: Text<SYSTEM_ID_LEN_MAX>,
    /// The route string to a system that speaks RFC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sap_router: Option<Text<SAP_ROUTER_LEN_MAX>>,
    /// Who a system that speaks RFC is for SNC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snc_partner_name: Option<Text<SNC_NAME_LEN_MAX>>,
    /// The only clients that RFC may log on to; all where none is named.
    pub allowed_clients: Vec<Client>,
    /// Who may not log on by RFC.
    pub blacklisted_users: Vec<ClientUser>,
    /// For people.
    pub description: Text<DESCRIPTION_LEN_MAX>,
    /// When it was added, milliseconds UTC as text; left out where it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creation_date: Option<String>,
    /// Whether it is asked from time to time, and how.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<Box<Probe>>,
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
        let address = MappingAddress::of(mapping);
        let internal = mapping.internal_ports();
        let rfc = mapping.rfc_options.as_deref();
        let enabled = mapping.resources.iter().filter(|one| one.enabled);
        Self {
            virtual_host: address.host.clone(),
            virtual_port: address.ports,
            local_host: mapping.internal_address.host.clone(),
            local_port: SystemPorts {
                range: internal.unwrap_or_else(|| mapping.internal_address.port.into()),
                name: rfc.and_then(|rfc| rfc.internal_port_name),
            },
            protocol: mapping.protocol,
            backend_type: mapping.backend_type,
            host_in_header: mapping.host_in_header,
            authentication_mode: mapping.authentication_mode,
            sid: mapping.system_id.clone(),
            sap_router: rfc.map(|rfc| rfc.sap_router.clone()),
            snc_partner_name: rfc.map(|rfc| rfc.snc_partner_name.clone()),
            allowed_clients: rfc.map_or_else(Vec::new, |rfc| rfc.allowed_clients.clone()),
            blacklisted_users: rfc.map_or_else(Vec::new, |rfc| rfc.blocked_users.clone()),
            description: mapping.description.clone(),
            creation_date: mapping.creation_date.ms().map(|ms| ms.to_string()),
            probe: mapping.probe.clone(),
            total_resources_count: mapping.resources.len(),
            enabled_resources_count: enabled.count(),
            effective: not_effective.is_none(),
            not_effective_because: not_effective,
            links: links([
                (
                    "self",
                    Target::OfMapping(path.clone(), address.clone(), MappingTarget::Itself),
                ),
                (
                    "resources",
                    Target::OfMapping(path.clone(), address, MappingTarget::Resources),
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
    pub virtual_port: Option<SystemPorts>,
    /// Where the system is.
    pub local_host: InternalHost,
    /// Where the system is.
    pub local_port: SystemPorts,
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
    /// The system's id in the customer's landscape.
    #[serde(default)]
    pub sid: Text<SYSTEM_ID_LEN_MAX>,
    /// The route string to a system that speaks RFC.
    #[serde(default)]
    pub sap_router: Text<SAP_ROUTER_LEN_MAX>,
    /// Who a system that speaks RFC is for SNC.
    #[serde(default)]
    pub snc_partner_name: Text<SNC_NAME_LEN_MAX>,
    /// The only clients that RFC may log on to; where it is left out they stay as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_clients: Option<Vec<Client>>,
    /// Who may not log on by RFC; where it is left out they stay as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blacklisted_users: Option<Vec<ClientUser>>,
    /// For people.
    #[serde(default)]
    pub description: Text<DESCRIPTION_LEN_MAX>,
    /// Whether it is asked from time to time, and how; where it is left out that stays as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<ProbeInput>,
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
        let port = generator.subschema_for::<SystemPorts>();
        let keys = [("virtualHost", host), ("virtualPort", port)];
        with_keys(SystemMappingInput::json_schema(generator), keys)
    }
}

impl SystemMappingInput {
    /// The virtual address: of the body, or of the request's address, which must not differ.
    ///
    /// # Errors
    /// When it is missing or not the one of the request's address.
    pub fn address(&self, target: Option<&MappingAddress>) -> Result<MappingAddress, Refusal> {
        let fixed = "must be that of the address; it cannot be changed";
        let host = match (&self.virtual_host, target) {
            (Some(host), Some(target)) if *host != target.host => {
                return Err(Refusal::invalid("virtualHost", fixed));
            }
            (Some(host), _) => host.clone(),
            (None, Some(target)) => target.host.clone(),
            (None, None) => return Err(Refusal::invalid("virtualHost", "is missing")),
        };
        let ports = match (self.virtual_port, target) {
            (Some(ports), Some(target)) if ports.range != target.ports.range => {
                return Err(Refusal::invalid("virtualPort", fixed));
            }
            (Some(ports), _) => ports,
            (None, Some(target)) => target.ports,
            (None, None) => return Err(Refusal::invalid("virtualPort", "is missing")),
        };
        self.check_ports(ports)?;
        Ok(MappingAddress { host, ports })
    }

    /// Ranges exist for TCP, and an internal one is as long as the virtual one; names for RFC.
    fn check_ports(&self, ports: SystemPorts) -> Result<(), Refusal> {
        let local = self.local_port;
        let tcp = self.protocol.family() == ProtocolFamily::Tcp;
        for (field, SystemPorts { range, name }) in [("virtualPort", ports), ("localPort", local)] {
            if range.further() > 0 && !tcp {
                let rule = "ranges of ports exist for TCP and TCPS only";
                return Err(Refusal::invalid(field, rule));
            }
            if let Some(name) = name.filter(|name| !name.fits(self.protocol)) {
                let rfc = self.protocol.family() == ProtocolFamily::Rfc;
                let protocols = if rfc { "RFCS" } else { "RFC and RFCS" };
                let rule = format!("{name} is for {protocols} only; write the number of the port");
                return Err(Refusal::invalid(field, rule));
            }
        }
        if local.range.further() != ports.range.further() {
            let rule = format!("must be as many ports as virtualPort, {ports}");
            return Err(Refusal::invalid("localPort", rule));
        }
        Ok(())
    }

    /// The mapping, new as of `now` where `old` is none. Its resources, and what this API does not
    /// know, stay as they are in `old`.
    ///
    /// # Errors
    /// When something is only for RFC, and this is not.
    pub fn onto(
        self,
        address: &MappingAddress,
        old: Option<&Mapping>,
        now: CreationDate,
    ) -> Result<MappingFields, Refusal> {
        let internal = InternalAddress {
            host: self.local_host,
            port: self.local_port.range.low(),
        };
        let mut fields = match old {
            Some(old) => MappingFields::clone(old),
            None => MappingFields {
                creation_date: now,
                ..MappingFields::closed(
                    address.key(),
                    internal.clone(),
                    self.protocol,
                    self.backend_type,
                )
            },
        };
        let rfc = self.protocol.family() == ProtocolFamily::Rfc;
        let present = fields
            .rfc_options
            .take()
            .filter(|_| rfc)
            .unwrap_or_default();
        // Where the body does not name the port, it stays written as it is.
        let written = match self.virtual_port {
            Some(ports) => ports.name,
            None => address.ports.name.or(present.virtual_port_name),
        };
        let options = RfcOptions {
            virtual_port_name: written,
            internal_port_name: self.local_port.name,
            sap_router: self.sap_router,
            snc_partner_name: self.snc_partner_name,
            allowed_clients: self.allowed_clients.unwrap_or(present.allowed_clients),
            blocked_users: self.blacklisted_users.unwrap_or(present.blocked_users),
        };
        check_rfc(self.protocol, &options)?;
        fields.rfc_options = rfc.then(|| Box::new(options));
        fields.internal_address = internal;
        fields.further_ports = address.ports.range.further();
        fields.protocol = self.protocol;
        fields.backend_type = self.backend_type;
        fields.authentication_mode = self.authentication_mode;
        fields.host_in_header = self.host_in_header;
        fields.system_id = self.sid;
        fields.description = self.description;
        if let Some(probe) = self.probe {
            fields.probe = probe.onto(fields.probe.as_deref()).map(Box::new);
        }
        Ok(fields)
    }
}

/// Refuses what the protocol has no use for, by the names that this API has for it.
fn check_rfc(protocol: Protocol, options: &RfcOptions) -> Result<(), Refusal> {
    let rfc = protocol.family() == ProtocolFamily::Rfc;
    for (field, given) in [
        ("sapRouter", !options.sap_router.is_empty()),
        ("sncPartnerName", !options.snc_partner_name.is_empty()),
        ("allowedClients", !options.allowed_clients.is_empty()),
        ("blacklistedUsers", !options.blocked_users.is_empty()),
    ] {
        if given && !rfc {
            return Err(Refusal::invalid(field, "is for RFC and RFCS only"));
        }
        if given && field == "sncPartnerName" && protocol != Protocol::Rfcs {
            return Err(Refusal::invalid(field, "is for RFCS only"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
