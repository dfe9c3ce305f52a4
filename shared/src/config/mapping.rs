//! A system mapping: a virtual address, where it leads, and what of it may be called.

use std::ops::Deref;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

use super::creation::CreationDate;
use super::invalid::Invalid;
use super::limits::{DESCRIPTION_LEN_MAX, RESOURCES_MAX, SYSTEM_ID_LEN_MAX};
use super::part::Part;
use super::path_options::PathOptions;
use super::port_name::PortName;
use super::ports::PortRange;
use super::probe::Probe;
use super::resource::Resource;
use super::rfc::RfcOptions;
use super::text::Text;
use crate::host::{InternalAddress, VirtualAddress};
use crate::schema::schema_like;

/// A mapping with its hash.
pub type MappingPart = Part<Mapping>;

/// What is spoken to the back end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Protocol {
    Http,
    Https,
    Tcp,
    Tcps,
    Rfc,
    Rfcs,
    Ldap,
    Ldaps,
}

/// The kind of system behind a mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum BackendType {
    /// ABAP system.
    #[serde(rename = "abapSys")]
    Abap,
    /// SAP Gateway.
    #[serde(rename = "netweaverGW")]
    Gateway,
    /// SAP HANA.
    #[serde(rename = "hana")]
    Hana,
    /// SAP Application Server Java.
    #[serde(rename = "applServerJava")]
    Java,
    /// SAP Composition Environment.
    #[serde(rename = "netweaverCE")]
    CompositionEnvironment,
    /// SAP Business Connector.
    #[serde(rename = "BC")]
    BusinessConnector,
    /// SAP Process Integration.
    #[serde(rename = "PI")]
    ProcessIntegration,
    /// Another SAP system.
    #[serde(rename = "otherSAPsys")]
    OtherSap,
    /// Any other system.
    #[serde(rename = "nonSAPsys")]
    NonSap,
}

/// How the user is told to the back end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum AuthenticationMode {
    /// Not at all.
    #[default]
    #[serde(rename = "NONE")]
    None,
    /// Not at all, and the system certificate is never used for logon.
    #[serde(rename = "NONE_RESTRICTED")]
    NoneRestricted,
    /// A short-lived X.509 certificate of the user.
    #[serde(rename = "X509_GENERAL")]
    X509General,
    /// The same, and the system certificate is never used for logon.
    #[serde(rename = "X509_RESTRICTED")]
    X509Restricted,
    /// A Kerberos ticket of the user.
    #[serde(rename = "KERBEROS")]
    Kerberos,
}

/// Which host the back end sees in `Host`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum HostInHeader {
    /// The one that the cloud application used.
    #[default]
    Virtual,
    /// Its own; the virtual one goes to `X-Forwarded-Host`.
    Internal,
}

/// The fields of a mapping before its checks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(
    rename = "Mapping",
    description = "A system mapping with its resources."
)]
pub struct MappingFields {
    /// What cloud applications ask for; the key of the mapping.
    pub virtual_address: VirtualAddress,
    /// Where the system is.
    pub internal_address: InternalAddress,
    /// How many ports follow those of the two addresses, each virtual one for an internal one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub further_ports: u16,
    /// What is spoken to it.
    pub protocol: Protocol,
    /// What it is.
    pub backend_type: BackendType,
    /// How the user is told to it.
    #[serde(default)]
    pub authentication_mode: AuthenticationMode,
    /// Which host it sees.
    #[serde(default)]
    pub host_in_header: HostInHeader,
    /// What its paths may contain beside what every server reads alike.
    #[serde(default, skip_serializing_if = "PathOptions::is_strict")]
    pub path_options: PathOptions,
    /// Whether a certificate without alternative names may name the back end by its common name.
    /// Outdated and weaker.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub certificate_name_by_common_name: bool,
    /// Whether it is asked from time to time, and how.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<Box<Probe>>,
    /// What only RFC has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rfc_options: Option<Box<RfcOptions>>,
    /// The system's id in the customer's landscape.
    #[serde(default, skip_serializing_if = "has_no_id")]
    pub system_id: Text<SYSTEM_ID_LEN_MAX>,
    /// For people.
    #[serde(default)]
    pub description: Text<DESCRIPTION_LEN_MAX>,
    /// When it was added.
    #[serde(default, skip_serializing_if = "CreationDate::is_unknown")]
    pub creation_date: CreationDate,
    /// What may be called; nothing by default.
    #[serde(default)]
    #[schemars(length(max = RESOURCES_MAX))]
    pub resources: Vec<Resource>,
}

fn has_no_id(id: &Text<SYSTEM_ID_LEN_MAX>) -> bool {
    id.is_empty()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
const fn is_zero(number: &u16) -> bool {
    *number == 0
}

impl MappingFields {
    /// A mapping of which nothing may be called yet.
    pub fn closed(
        virtual_address: VirtualAddress,
        internal_address: InternalAddress,
        protocol: Protocol,
        backend_type: BackendType,
    ) -> Self {
        Self {
            virtual_address,
            internal_address,
            further_ports: 0,
            protocol,
            backend_type,
            authentication_mode: AuthenticationMode::default(),
            host_in_header: HostInHeader::default(),
            path_options: PathOptions::default(),
            certificate_name_by_common_name: false,
            probe: None,
            rfc_options: None,
            system_id: Text::default(),
            description: Text::default(),
            creation_date: CreationDate::default(),
            resources: vec![],
        }
    }

    /// The same at another virtual address. Where the port has a name and is another one then, it
    /// is written as a number.
    #[must_use]
    pub fn at(mut self, address: VirtualAddress) -> Self {
        if let Some(options) = &mut self.rfc_options {
            let same = |name: &PortName| name.port() == Some(address.port);
            options.virtual_port_name = options.virtual_port_name.filter(same);
        }
        self.virtual_address = address;
        self
    }

    /// The virtual ports, as far as there are such.
    pub fn virtual_ports(&self) -> Option<PortRange> {
        PortRange::following(self.virtual_address.port, self.further_ports)
    }

    /// The internal ports, as far as there are such.
    pub fn internal_ports(&self) -> Option<PortRange> {
        PortRange::following(self.internal_address.port, self.further_ports)
    }
}

/// A checked system mapping. Its resources are sorted by path, each path once.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "MappingFields")]
pub struct Mapping(MappingFields);

schema_like!(Mapping = MappingFields);

impl Serialize for Mapping {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(to)
    }
}

impl Deref for Mapping {
    type Target = MappingFields;

    fn deref(&self) -> &MappingFields {
        &self.0
    }
}

impl From<Mapping> for MappingFields {
    fn from(mapping: Mapping) -> Self {
        mapping.0
    }
}

impl TryFrom<MappingFields> for Mapping {
    type Error = Invalid;

    fn try_from(mut fields: MappingFields) -> Result<Self, Self::Error> {
        if fields.resources.len() > RESOURCES_MAX {
            let rule = format!("at most {RESOURCES_MAX} resources are allowed in a mapping");
            return Err(Invalid::new("resources", rule));
        }
        fields.resources.sort_by(|a, b| a.path.cmp(&b.path));
        fields.resources.shrink_to_fit();
        for pair in fields.resources.windows(2) {
            if let [one, other] = pair
                && one.path == other.path
            {
                let rule = format!("path {} occurs twice", one.path);
                return Err(Invalid::new("resources", rule));
            }
        }
        if !fields.protocol.fits(fields.backend_type) {
            let rule = fields.protocol.back_ends();
            return Err(Invalid::new("protocol", rule));
        }
        check_authentication(&fields)?;
        check_ports(&fields)?;
        check_paths(&fields)?;
        check_probe(&fields)?;
        fields.rfc_options = match fields.rfc_options.take() {
            Some(options) => options.check()?,
            None => None,
        };
        check_rfc(&fields)?;
        if fields.certificate_name_by_common_name && !fields.protocol.uses_tls() {
            let rule = "is for protocols with TLS only";
            return Err(Invalid::new("certificateNameByCommonName", rule));
        }
        Ok(Self(fields))
    }
}

fn check_authentication(fields: &MappingFields) -> Result<(), Invalid> {
    let mode = fields.authentication_mode;
    let wrong = |rule| Err(Invalid::new("authenticationMode", rule));
    if !mode.fits(fields.protocol) {
        return wrong("this authentication mode does not exist for this protocol");
    }
    if !mode.suits(fields.backend_type) {
        return wrong("ABAP systems take no Kerberos tickets here; use X509_GENERAL");
    }
    Ok(())
}

fn check_ports(fields: &MappingFields) -> Result<(), Invalid> {
    let wrong = |rule| Err(Invalid::new("furtherPorts", rule));
    if fields.further_ports > 0 && fields.protocol.family() != ProtocolFamily::Tcp {
        return wrong("ranges of ports exist for TCP and TCPS only");
    }
    if fields.virtual_ports().is_none() || fields.internal_ports().is_none() {
        return wrong("a port of the range would be greater than 65535");
    }
    Ok(())
}

fn check_rfc(fields: &MappingFields) -> Result<(), Invalid> {
    let Some(options) = &fields.rfc_options else {
        return Ok(());
    };
    if fields.protocol.family() != ProtocolFamily::Rfc {
        let rule = "these options exist for RFC and RFCS only";
        return Err(Invalid::new("rfcOptions", rule));
    }
    if !options.snc_partner_name.is_empty() && fields.protocol != Protocol::Rfcs {
        let rule = "is for RFCS only";
        return Err(Invalid::new("rfcOptions.sncPartnerName", rule));
    }
    for (field, name, port) in [
        (
            "virtualPortName",
            options.virtual_port_name,
            fields.virtual_address.port,
        ),
        (
            "internalPortName",
            options.internal_port_name,
            fields.internal_address.port,
        ),
    ] {
        let wrong = |rule| Err(Invalid::new(format!("rfcOptions.{field}"), rule));
        match name {
            Some(name) if !name.fits(fields.protocol) => {
                return wrong(format!("{name} is for RFCS only"));
            }
            Some(name) if name.port() != Some(port) => {
                return wrong(format!("{name} is not the name of port {port}"));
            }
            Some(_) | None => {}
        }
    }
    Ok(())
}

/// Checks the path options, and the resources under them.
/// What is never forwarded needs no asking, and only HTTP has paths.
fn check_probe(fields: &MappingFields) -> Result<(), Invalid> {
    let is_http = fields.protocol.family() == ProtocolFamily::Http;
    let path = fields.probe.as_ref().and_then(|probe| probe.path.as_ref());
    if path.is_some() && !is_http {
        let rule = "is for HTTP and HTTPS only";
        return Err(Invalid::new("probe.path", rule));
    }
    Ok(())
}

fn check_paths(fields: &MappingFields) -> Result<(), Invalid> {
    let options = &fields.path_options;
    if !options.is_strict() && fields.protocol.family() != ProtocolFamily::Http {
        let rule = "these options exist for HTTP and HTTPS only";
        return Err(Invalid::new("pathOptions", rule));
    }
    if options.bsp_mangling
        && !matches!(
            fields.backend_type,
            BackendType::Abap | BackendType::Gateway
        )
    {
        let rule = "this option exists for the back-end types abapSys and netweaverGW only";
        return Err(Invalid::new("pathOptions.bspMangling", rule));
    }
    let mut resources = fields.resources.iter();
    resources.try_for_each(|resource| resource.check(options))
}

/// Protocols that a cloud application speaks alike, whether the back end wants TLS or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum ProtocolFamily {
    Http,
    Tcp,
    Rfc,
    Ldap,
}

impl Protocol {
    /// The protocol without regard to TLS.
    pub const fn family(self) -> ProtocolFamily {
        match self {
            Self::Http | Self::Https => ProtocolFamily::Http,
            Self::Tcp | Self::Tcps => ProtocolFamily::Tcp,
            Self::Rfc | Self::Rfcs => ProtocolFamily::Rfc,
            Self::Ldap | Self::Ldaps => ProtocolFamily::Ldap,
        }
    }

    /// Whether the back end is spoken to through TLS.
    pub const fn uses_tls(self) -> bool {
        match self {
            Self::Https | Self::Tcps | Self::Rfcs | Self::Ldaps => true,
            Self::Http | Self::Tcp | Self::Rfc | Self::Ldap => false,
        }
    }

    /// The rule of [`Self::fits`], for people.
    const fn back_ends(self) -> &'static str {
        match self.family() {
            ProtocolFamily::Http => "HTTP leads to every type of back end",
            ProtocolFamily::Tcp => {
                "TCP and TCPS lead to back ends of type abapSys, netweaverGW, hana, otherSAPsys or nonSAPsys"
            }
            ProtocolFamily::Rfc => "RFC and RFCS lead to back ends of type abapSys or netweaverGW",
            ProtocolFamily::Ldap => "LDAP and LDAPS lead to back ends of type nonSAPsys",
        }
    }

    const fn fits(self, backend: BackendType) -> bool {
        use BackendType as B;
        match self {
            Self::Http | Self::Https => true,
            Self::Tcp | Self::Tcps => {
                matches!(
                    backend,
                    B::Abap | B::Gateway | B::Hana | B::OtherSap | B::NonSap
                )
            }
            Self::Rfc | Self::Rfcs => matches!(backend, B::Abap | B::Gateway),
            Self::Ldap | Self::Ldaps => matches!(backend, B::NonSap),
        }
    }
}

impl AuthenticationMode {
    /// Whether a back end that asks for a client certificate gets the system certificate, and may
    /// take it for the logon.
    pub const fn offers_system_certificate(self) -> bool {
        match self {
            Self::None | Self::X509General | Self::Kerberos => true,
            Self::NoneRestricted | Self::X509Restricted => false,
        }
    }

    /// Whether back ends of a type can take it.
    pub(crate) const fn suits(self, backend: BackendType) -> bool {
        let abap = matches!(backend, BackendType::Abap | BackendType::Gateway);
        !abap || !matches!(self, Self::Kerberos)
    }

    /// Whether it exists for a protocol.
    pub(crate) const fn fits(self, protocol: Protocol) -> bool {
        use Protocol as P;
        match self {
            Self::None => true,
            Self::NoneRestricted | Self::Kerberos => matches!(protocol, P::Http | P::Https),
            Self::X509General | Self::X509Restricted => {
                matches!(protocol, P::Http | P::Https | P::Rfcs)
            }
        }
    }
}
