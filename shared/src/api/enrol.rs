//! Enrolment and renewal of an agent's client certificate.

use serde::{Deserialize, Serialize};

use crate::id::{InstanceId, LocationId, SubaccountId};

/// Path of [`EnrolRequest`], on a connection of role enrol.
pub const ENROL: &str = "/enrol";
/// Path of [`RenewRequest`] on a control connection, and of [`LateRenewRequest`] on one of role enrol.
pub const RENEW: &str = "/renew";

/// Label of the TLS exporter (RFC 9266 style) that a late renewal signs with the old key.
pub const RENEW_EXPORTER_LABEL: &[u8] = b"EXPORTER-underpass-renew";

/// A one-time token and a certificate signing request.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EnrolRequest {
    /// The token's secret, 64 hexadecimal digits.
    pub secret: String,
    /// The location ID that the operator wants; the token may name another one and then refuses.
    pub location_id: Option<LocationId>,
    /// PKCS#10 request as PEM. Only its key is used; every name in it is ignored.
    pub csr: String,
}

/// A new certificate and all that belongs to it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Enrolled {
    /// The subaccount.
    pub subaccount: SubaccountId,
    /// Its display name.
    pub subaccount_name: String,
    /// The location ID that the gateway authorised.
    pub location_id: LocationId,
    /// The agent instance, as in the certificate.
    pub instance: InstanceId,
    /// The client certificate as PEM.
    pub certificate: String,
    /// The gateway's CA certificates to trust from now on, as PEM.
    pub ca_bundle: String,
}

/// Renewal with a new key while the old certificate is valid.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RenewRequest {
    /// PKCS#10 request of the new key as PEM.
    pub csr: String,
}

/// Renewal after expiry: the newest certificate and a proof of its key.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LateRenewRequest {
    /// PKCS#10 request of the new key as PEM.
    pub csr: String,
    /// The expired certificate as PEM.
    pub certificate: String,
    /// Base64 of the old key's signature over the TLS exporter followed by the request's PEM.
    pub proof: String,
}
