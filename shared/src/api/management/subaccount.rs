//! Subaccounts as the API shows and takes them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::lenient::{Flag, ReadOnly};
use super::proxy::ProxyInput;
use super::{Links, SubaccountPath, Target, links};
use crate::config::limits::{DESCRIPTION_LEN_MAX, DISPLAY_NAME_LEN_MAX};
use crate::config::{SubaccountFields, Text};
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
            tunnel,
            links: links([
                ("self", Target::Subaccount(path.clone())),
                ("state", Target::State(path.clone())),
                ("systemMappings", Target::Mappings(path)),
            ]),
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

/// Adding a subaccount by a token of its gateway.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Enrolment {
    /// The enrolment token.
    pub authentication_data: String,
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
    /// The proxy to go out through, from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy: Option<ProxyInput>,
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
