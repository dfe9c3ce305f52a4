//! Subaccounts as the API shows and takes them.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error::Refusal;
use super::lenient::{Flag, ReadOnly};
use super::proxy::ProxyInput;
use super::{Links, SubaccountPath, SubaccountTarget, Target, links};
use crate::config::limits::{CLOUD_USER_LEN_MAX, DESCRIPTION_LEN_MAX, DISPLAY_NAME_LEN_MAX};
use crate::config::{Certificate, Channel, ChannelType, SubaccountFields, Text};
use crate::id::{LocationId, RegionHost, SubaccountId};

/// The state of a subaccount's tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum TunnelState {
    /// At least one connection is up.
    Connected,
    /// It shall be open, but the last attempt failed.
    ConnectFailure,
    /// It shall not be open, or is being opened for the first time.
    Disconnected,
}

/// The client certificate that the tunnel is opened with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SubaccountCertificate {
    /// Start of validity, milliseconds UTC.
    pub not_before_time_stamp: i64,
    /// End of validity, milliseconds UTC.
    pub not_after_time_stamp: i64,
    /// Whose it is.
    #[serde(rename = "subjectDN")]
    pub subject_dn: String,
    /// Who issued it.
    pub issuer: String,
    /// Its number at the issuer, hexadecimal with colons.
    #[serde(default)]
    pub serial_number: String,
}

impl SubaccountCertificate {
    /// Shows a certificate.
    pub fn show(certificate: &Certificate) -> Self {
        let summary = certificate.summary();
        Self {
            not_before_time_stamp: summary.not_before_ms,
            not_after_time_stamp: summary.not_after_ms,
            subject_dn: summary.subject,
            issuer: summary.issuer,
            serial_number: summary.serial_number,
        }
    }
}

/// A cloud application that uses a tunnel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApplicationConnection {
    /// How many connections it has.
    pub connection_count: u32,
    /// Its name.
    pub name: String,
    /// What it is.
    #[serde(rename = "type")]
    pub kind: String,
}

/// A service channel through a tunnel, in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TunnelChannel {
    /// What it leads to.
    #[serde(rename = "type")]
    pub kind: ChannelType,
    /// Whether its local port is open.
    pub state: TunnelState,
    /// Where it leads to, and its local port.
    pub details: String,
    /// For people.
    pub comment: Text<DESCRIPTION_LEN_MAX>,
}

impl TunnelChannel {
    /// Shows a channel that is not open.
    pub fn show(channel: &Channel) -> Self {
        let port = channel.service.local_port();
        Self {
            kind: channel.service.kind(),
            state: TunnelState::Disconnected,
            details: format!("{}, local port {port}", channel.service),
            comment: channel.comment.clone(),
        }
    }
}

/// A subaccount's tunnel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Tunnel {
    /// Its state.
    pub state: TunnelState,
    /// Since when it is up, milliseconds UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connected_since_time_stamp: Option<i64>,
    /// How many of its connections are up.
    pub connections: usize,
    /// Which cloud applications use it: not known, since they come by way of the gateway.
    #[serde(default)]
    pub application_connections: Vec<ApplicationConnection>,
    /// The service channels through it.
    #[serde(default)]
    pub service_channels: Vec<TunnelChannel>,
    /// Why the last attempt failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_message: Option<String>,
    /// What it is opened with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subaccount_certificate: Option<SubaccountCertificate>,
}

/// A subaccount as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SubaccountShown {
    /// The gateway.
    pub region_host: RegionHost,
    /// The tenant.
    pub subaccount: SubaccountId,
    /// The location ID.
    #[serde(rename = "locationID")]
    pub location_id: LocationId,
    /// For people.
    pub display_name: Text<DISPLAY_NAME_LEN_MAX>,
    /// For people.
    pub description: Text<DESCRIPTION_LEN_MAX>,
    /// Whether its certificate is renewed by itself; always.
    pub auto_cert_renewal: bool,
    /// Whether only Administrators may change it.
    #[serde(default)]
    pub is_managed: bool,
    /// Its tunnel.
    pub tunnel: Tunnel,
    /// What belongs to it.
    #[serde(rename = "_links", default)]
    pub links: Links,
}

impl SubaccountShown {
    /// Shows a subaccount.
    pub fn show(own: &SubaccountFields, tunnel: Tunnel) -> Self {
        let path = SubaccountPath {
            region_host: own.key.region_host.clone(),
            subaccount: own.key.subaccount,
        };
        Self {
            region_host: own.key.region_host.clone(),
            subaccount: own.key.subaccount,
            location_id: own.key.location_id.clone(),
            display_name: own.display_name.clone(),
            description: own.description.clone(),
            auto_cert_renewal: true,
            is_managed: own.managed,
            tunnel,
            links: of_subaccount(&path),
        }
    }

    /// Where it is found.
    pub fn path(&self) -> SubaccountPath {
        SubaccountPath {
            region_host: self.region_host.clone(),
            subaccount: self.subaccount,
        }
    }
}

fn of_subaccount(path: &SubaccountPath) -> Links {
    let channels = |kind| Target::Of(path.clone(), SubaccountTarget::ChannelsOf(kind));
    links([
        ("self", Target::Of(path.clone(), SubaccountTarget::Itself)),
        ("state", Target::Of(path.clone(), SubaccountTarget::State)),
        (
            "validity",
            Target::Of(path.clone(), SubaccountTarget::Validity),
        ),
        (
            "systemMappings",
            Target::Of(path.clone(), SubaccountTarget::Mappings),
        ),
        (
            "domainMappings",
            Target::Of(path.clone(), SubaccountTarget::DomainMappings),
        ),
        ("ABAPCloud-channels", channels(ChannelType::AbapCloud)),
        ("K8S-channels", channels(ChannelType::K8S)),
        ("HANA-channels", channels(ChannelType::Hana)),
        (
            "VirtualMachine-channels",
            channels(ChannelType::VirtualMachine),
        ),
    ])
}

/// A subaccount of which something that is stored cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Corrupted {
    /// The gateway.
    pub region_host: RegionHost,
    /// The tenant.
    pub subaccount: SubaccountId,
    /// The location ID.
    #[serde(rename = "locationID")]
    pub location_id: LocationId,
    /// What cannot be read, and what to do about it.
    pub message: String,
}

/// The token of a request: as authentication data, or as the password of a user.
fn token(
    data: Option<&str>,
    user: (&str, bool),
    password: (&str, Option<&str>),
) -> Result<Option<String>, Refusal> {
    match (data, password.1) {
        (Some(_), Some(_)) => {
            let rule = "must not stand beside authenticationData; both carry the enrolment token";
            Err(Refusal::invalid(password.0, rule))
        }
        (None, None) if user.1 => {
            let rule = format!(
                "is missing beside {}; it carries the enrolment token",
                user.0
            );
            Err(Refusal::invalid(password.0, rule))
        }
        (data, password) => Ok(data.or(password).map(str::to_owned)),
    }
}

/// Adding a subaccount by a token of its gateway.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Enrolment {
    /// The enrolment token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authentication_data: Option<String>,
    /// Who asks; only the password has a meaning here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cloud_user: Option<Text<CLOUD_USER_LEN_MAX>>,
    /// The enrolment token, from scripts that know no other field for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cloud_password: Option<String>,
    /// The gateway, if it shall be compared with the token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region_host: Option<RegionHost>,
    /// The tenant, if it shall be compared with the token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subaccount: Option<SubaccountId>,
    /// The wanted location ID.
    #[serde(
        rename = "locationID",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub location_id: Option<LocationId>,
    /// For people; the gateway's name of the subaccount where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<Text<DISPLAY_NAME_LEN_MAX>>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Text<DESCRIPTION_LEN_MAX>>,
    /// Can only be true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_cert_renewal: Option<Flag>,
    /// Whether only Administrators may change it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_managed: Option<Flag>,
    /// The proxy to go out through, from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy: Option<ProxyInput>,
    /// Of answers.
    #[serde(default, skip_serializing)]
    pub tunnel: ReadOnly,
    /// Of answers.
    #[serde(rename = "_links", default, skip_serializing)]
    pub links: ReadOnly,
}

impl Enrolment {
    /// Adding a subaccount by a token, and nothing else said.
    pub fn by(token: String) -> Self {
        Self {
            authentication_data: Some(token),
            cloud_user: None,
            cloud_password: None,
            region_host: None,
            subaccount: None,
            location_id: None,
            display_name: None,
            description: None,
            auto_cert_renewal: None,
            is_managed: None,
            proxy: None,
            tunnel: ReadOnly,
            links: ReadOnly,
        }
    }

    /// The enrolment token.
    ///
    /// # Errors
    /// When it is not there, or there twice.
    pub fn token(&self) -> Result<String, Refusal> {
        let data = self.authentication_data.as_deref();
        let password = ("cloudPassword", self.cloud_password.as_deref());
        let found = token(data, ("cloudUser", self.cloud_user.is_some()), password)?;
        found.ok_or_else(|| {
            let rule = "is missing; it is the enrolment token of the gateway";
            Refusal::invalid("authenticationData", rule)
        })
    }
}

impl fmt::Debug for Enrolment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Enrolment")
            .field("region_host", &self.region_host)
            .field("subaccount", &self.subaccount)
            .field("location_id", &self.location_id)
            .finish_non_exhaustive()
    }
}

/// Renewing the client certificate: with a new enrolment token, or without any by proof of the
/// present key.
#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ValidityInput {
    /// The enrolment token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authentication_data: Option<String>,
    /// Who asks; only the password has a meaning here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<Text<CLOUD_USER_LEN_MAX>>,
    /// The enrolment token, from scripts that know no other field for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
}

impl ValidityInput {
    /// The enrolment token, where there is one.
    ///
    /// # Errors
    /// When it is there twice, or half.
    pub fn token(&self) -> Result<Option<String>, Refusal> {
        let data = self.authentication_data.as_deref();
        let password = ("password", self.password.as_deref());
        token(data, ("user", self.user.is_some()), password)
    }
}

impl fmt::Debug for ValidityInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ValidityInput").finish_non_exhaustive()
    }
}

/// A subaccount as it is taken; what is left out stays as it is.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SubaccountInput {
    /// Must be the present one.
    #[serde(rename = "locationID", skip_serializing_if = "Option::is_none")]
    pub location_id: Option<LocationId>,
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<Text<DISPLAY_NAME_LEN_MAX>>,
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Text<DESCRIPTION_LEN_MAX>>,
    /// Can only be true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_cert_renewal: Option<Flag>,
    /// Whether only Administrators may change it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_managed: Option<Flag>,
    /// Of answers.
    #[serde(skip_serializing)]
    pub region_host: ReadOnly,
    /// Of answers.
    #[serde(skip_serializing)]
    pub subaccount: ReadOnly,
    /// Of answers.
    #[serde(skip_serializing)]
    pub tunnel: ReadOnly,
    /// Of answers.
    #[serde(rename = "_links", skip_serializing)]
    pub links: ReadOnly,
}

/// Whether a subaccount's tunnel is to be open.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StateInput {
    /// Open or not.
    pub connected: Flag,
}
