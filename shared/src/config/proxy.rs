//! The HTTP proxy on the way out to the gateways.

use std::str::FromStr;

use percent_encoding::percent_decode_str;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::invalid::Invalid;
use super::limits::PROXY_USER_LEN_MAX;
use super::text::Text;
use crate::host::{InternalAddress, InternalHost, InvalidAddress, Port};
use crate::id::CredentialId;
use crate::schema::schema_like;

/// A proxy before its checks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(
    rename = "Proxy",
    description = "The HTTP proxy on the way out to the gateways."
)]
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

schema_like!(Proxy = ProxyFields);

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

/// A proxy as people write it: `http://user@host:port`. The password is told apart from it, since
/// command lines can be read by others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyUrl {
    /// Its name or address.
    pub host: InternalHost,
    /// Its port.
    pub port: Port,
    /// Who the agent is for the proxy.
    pub user: Option<Text<PROXY_USER_LEN_MAX>>,
}

/// A text that is no proxy.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum InvalidProxyUrl {
    /// Another scheme, or none.
    #[error("a proxy is written http://host:port or http://user@host:port")]
    Scheme,
    /// Something after the port.
    #[error("a proxy has no path; write http://host:port")]
    Path,
    /// A password on the command line.
    #[error("the password must not stand in the proxy's address, where others can read it")]
    Password,
    /// The user does not decode, or is too long.
    #[error(
        "the user of the proxy must be percent-encoded text of at most {PROXY_USER_LEN_MAX} characters"
    )]
    User,
    /// The host or the port is wrong.
    #[error(transparent)]
    Address(#[from] InvalidAddress),
}

impl FromStr for ProxyUrl {
    type Err = InvalidProxyUrl;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let rest = text
            .strip_prefix("http://")
            .ok_or(InvalidProxyUrl::Scheme)?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (user, address) = match rest.rsplit_once('@') {
            Some((user, address)) => (Some(decode(user)?), address),
            None => (None, rest),
        };
        if address.contains(['/', '?', '#']) {
            return Err(InvalidProxyUrl::Path);
        }
        let InternalAddress { host, port } = address.parse()?;
        Ok(Self { host, port, user })
    }
}

fn decode(user: &str) -> Result<Text<PROXY_USER_LEN_MAX>, InvalidProxyUrl> {
    let Ok(user) = percent_decode_str(user).decode_utf8() else {
        return Err(InvalidProxyUrl::User);
    };
    if user.contains(':') {
        return Err(InvalidProxyUrl::Password);
    }
    match user.parse::<Text<PROXY_USER_LEN_MAX>>() {
        Ok(user) if !user.is_empty() => Ok(user),
        Ok(_) | Err(_) => Err(InvalidProxyUrl::User),
    }
}

impl ProxyUrl {
    /// The proxy for the document; `credential` is the id of the user's password.
    ///
    /// # Errors
    /// When there is a user without a password, or the other way round.
    pub fn with_credential(self, credential: Option<CredentialId>) -> Result<Proxy, Invalid> {
        let Self { host, port, user } = self;
        Proxy::try_from(ProxyFields {
            host,
            port,
            user,
            credential,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_are_read_without_passwords() {
        for (text, host, port, user) in [
            ("http://proxy:3128", "proxy", 3128, None),
            ("http://Proxy.corp:8080/", "proxy.corp", 8080, None),
            ("http://u@10.0.0.1:80", "10.0.0.1", 80, Some("u")),
            ("http://u%40corp@[::1]:80", "::1", 80, Some("u@corp")),
            ("http://corp%5Cu@p:80", "p", 80, Some("corp\\u")),
        ] {
            let url: ProxyUrl = text.parse().unwrap();
            assert_eq!((url.host.as_str(), url.port.get()), (host, port), "{text}");
            assert_eq!(url.user.as_deref(), user, "{text}");
        }
        use InvalidProxyUrl as E;
        for (text, error) in [
            ("proxy:3128", E::Scheme),
            ("https://proxy:3128", E::Scheme),
            ("http://proxy", E::Address(InvalidAddress::PortMissing)),
            ("http://proxy:0", E::Address(InvalidAddress::Port)),
            ("http://proxy:80/x", E::Path),
            ("http://u:secret@proxy:80", E::Password),
            ("http://u%3asecret@proxy:80", E::Password),
            ("http://@proxy:80", E::User),
            ("http://u%ff@proxy:80", E::User),
        ] {
            assert_eq!(text.parse::<ProxyUrl>(), Err(error), "{text}");
        }
    }
}
