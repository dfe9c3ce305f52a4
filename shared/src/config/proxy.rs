//! The HTTP proxy on the way out to the gateways.

use serde::{Deserialize, Serialize};

use super::invalid::Invalid;
use super::limits::PROXY_USER_LEN_MAX;
use super::text::Text;
use crate::host::{InternalHost, Port};
use crate::id::CredentialId;

/// A proxy before its checks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProxyFields {
    /// Its name or address.
    pub host: InternalHost,
    /// Its port.
    pub port: Port,
    /// Who the agent is for the proxy (Basic authentication).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<Text<PROXY_USER_LEN_MAX>>,
    /// The user's password in the secret store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<CredentialId>,
}

/// A proxy that is asked with HTTP CONNECT for the way to the gateways.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "ProxyFields", into = "ProxyFields")]
pub struct Proxy(ProxyFields);

impl TryFrom<ProxyFields> for Proxy {
    type Error = Invalid;

    fn try_from(fields: ProxyFields) -> Result<Self, Self::Error> {
        let Some(user) = &fields.user else {
            if fields.credential.is_some() {
                return Err(Invalid::new("user", "is missing beside the credential"));
            }
            return Ok(Self(fields));
        };
        if user.is_empty() {
            return Err(Invalid::new("user", "must not be empty; leave it out"));
        }
        if user.contains(':') {
            let rule = "must not contain a colon, which Basic authentication cannot carry";
            return Err(Invalid::new("user", rule));
        }
        if fields.credential.is_none() {
            return Err(Invalid::new("credential", "is missing beside the user"));
        }
        Ok(Self(fields))
    }
}

impl From<Proxy> for ProxyFields {
    fn from(proxy: Proxy) -> Self {
        proxy.0
    }
}

impl Proxy {
    /// Its name or address.
    pub const fn host(&self) -> &InternalHost {
        &self.0.host
    }

    /// Its port.
    pub const fn port(&self) -> Port {
        self.0.port
    }

    /// The user and the id of the password, if the proxy wants them.
    pub fn login(&self) -> Option<(&str, CredentialId)> {
        Some((self.0.user.as_deref()?, self.0.credential?))
    }
}
