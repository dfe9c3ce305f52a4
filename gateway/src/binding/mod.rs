//! Service bindings: the credentials that a consumer application is configured with.

#[cfg(test)]
mod tests;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use underpass_shared::id::SubaccountId;
use underpass_shared::secret::Secret;

use crate::directory::Settings;
use crate::token::{AUDIENCE, SigningKey};

/// A fresh OAuth client: its id, its secret, and the hash that the gateway keeps.
#[derive(Debug)]
pub struct Client {
    /// The client id; no character in it needs escaping anywhere.
    pub id: String,
    /// The secret: 256 random bits.
    pub secret: Secret,
    /// SHA-256 of the secret.
    pub secret_hash: [u8; 32],
}

impl Client {
    /// Makes one.
    pub fn generate() -> Self {
        let id = format!("sb-{}", underpass_runtime::random::id());
        let secret = URL_SAFE_NO_PAD.encode(underpass_runtime::random::bytes::<32>());
        let secret_hash = Sha256::digest(&secret).into();
        Self {
            id,
            secret: Secret::new(secret),
            secret_hash,
        }
    }
}

/// The `credentials` object of a `connectivity` service, field by field what its clients read.
///
/// Ports are text, and old and new names of the same thing are both there: each of them is the
/// only one that some client knows.
#[derive(Clone, Serialize)]
pub struct Credentials {
    clientid: String,
    clientsecret: String,
    #[serde(rename = "credential-type")]
    credential_type: &'static str,
    identityzone: String,
    onpremise_proxy_host: String,
    onpremise_proxy_http_port: String,
    onpremise_proxy_port: String,
    tenantid: String,
    tenantmode: &'static str,
    #[serde(rename = "token-type")]
    token_type: [&'static str; 1],
    token_service_domain: String,
    token_service_url: String,
    uaadomain: String,
    url: String,
    verificationkey: String,
    xsappname: &'static str,
}

impl Credentials {
    /// The credentials of `client` in `subaccount` on the gateway that `settings` describe.
    pub fn new(
        client: &Client,
        subaccount: SubaccountId,
        settings: &Settings,
        key: &SigningKey,
    ) -> Self {
        let url = settings.token_url.clone();
        let domain = url.strip_prefix("https://").unwrap_or(&url).to_owned();
        let proxy_port = settings.proxy_port.to_string();
        Self {
            clientid: client.id.clone(),
            clientsecret: client.secret.expose().to_owned(),
            credential_type: "binding-secret",
            identityzone: subaccount.to_string(),
            onpremise_proxy_host: settings.proxy_host.clone(),
            onpremise_proxy_http_port: proxy_port.clone(),
            onpremise_proxy_port: proxy_port,
            tenantid: subaccount.to_string(),
            tenantmode: "dedicated",
            token_type: ["xsuaa"],
            token_service_domain: domain.clone(),
            token_service_url: url.clone(),
            uaadomain: domain,
            url,
            verificationkey: key.public_pem(),
            xsappname: AUDIENCE,
        }
    }
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials")
            .field("clientid", &self.clientid)
            .finish_non_exhaustive()
    }
}
