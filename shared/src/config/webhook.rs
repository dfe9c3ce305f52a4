//! Webhooks: addresses that alerts are posted to.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::delivery::{DeliveryTrust, named};
use super::invalid::Invalid;
use super::limits::{WEBHOOK_URL_LEN_MAX, WEBHOOKS_MAX};
use super::trust::Alias;
use crate::host::{InternalHost, Port};
use crate::id::{CredentialId, serde_as_text};
use crate::schema::{schema, schema_like};

/// What a receiver understands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum WebhookForm {
    /// The notices with all their fields.
    #[default]
    Json,
    /// A message of Slack's incoming webhooks, also those of Mattermost and Rocket.Chat.
    Slack,
    /// An adaptive card, as workflows of Microsoft Teams take it.
    Teams,
}

/// The part of a webhook's URL that is no secret: `https://host` or `https://host:port`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookOrigin {
    tls: bool,
    host: InternalHost,
    port: Port,
}

/// A text that is no URL for a webhook.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum InvalidWebhookUrl {
    /// Too long.
    #[error("must have at most {WEBHOOK_URL_LEN_MAX} bytes")]
    TooLong,
    /// Something else in front.
    #[error("must begin with https:// or http://")]
    Scheme,
    /// No host, or one with a user.
    #[error("must name a host, optionally with a port, and no user: https://host:port/path")]
    Host,
    /// Something that no request line can carry.
    #[error("must have a path of visible ASCII characters without a fragment (#)")]
    Path,
}

impl WebhookOrigin {
    /// Takes a URL apart: what may be shown, and the path with the query, which are a secret with
    /// most receivers.
    ///
    /// # Errors
    /// When it cannot be posted to.
    pub fn split(url: &str) -> Result<(Self, String), InvalidWebhookUrl> {
        if url.len() > WEBHOOK_URL_LEN_MAX {
            return Err(InvalidWebhookUrl::TooLong);
        }
        let (tls, rest) = match url.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (true, rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (false, rest),
            Some(_) | None => return Err(InvalidWebhookUrl::Scheme),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let (host, port) = host_and_port(authority).ok_or(InvalidWebhookUrl::Host)?;
        let usual = if tls { 443 } else { 80 };
        let port = port.map_or_else(|| Port::try_from(usual), |port| port.parse());
        let origin = Self {
            tls,
            host: host.parse().or(Err(InvalidWebhookUrl::Host))?,
            port: port.or(Err(InvalidWebhookUrl::Host))?,
        };
        if !path.bytes().all(|b| b.is_ascii_graphic() && b != b'#') {
            return Err(InvalidWebhookUrl::Path);
        }
        let path = if path.starts_with('/') {
            path.to_owned()
        } else {
            format!("/{path}")
        };
        Ok((origin, path))
    }

    /// Whether it is reached by TLS.
    pub const fn is_tls(&self) -> bool {
        self.tls
    }

    /// The host.
    pub const fn host(&self) -> &InternalHost {
        &self.host
    }

    /// The port.
    pub const fn port(&self) -> Port {
        self.port
    }

    /// `host` or `host:port`, as a request names it.
    pub fn authority(&self) -> String {
        let usual = if self.tls { 443 } else { 80 };
        let host = self.host.as_str();
        let host = if host.contains(':') {
            format!("[{host}]")
        } else {
            host.to_owned()
        };
        if self.port.get() == usual {
            host
        } else {
            format!("{host}:{}", self.port)
        }
    }
}

/// Takes `host`, `host:port` and `[IPv6]:port` apart.
fn host_and_port(authority: &str) -> Option<(&str, Option<&str>)> {
    if let Some(inner) = authority.strip_prefix('[') {
        let (host, behind) = inner.split_once(']')?;
        return match behind {
            "" => Some((host, None)),
            behind => Some((host, Some(behind.strip_prefix(':')?))),
        };
    }
    match authority.split_once(':') {
        Some((host, port)) => Some((host, Some(port))),
        None => Some((authority, None)),
    }
}

impl fmt::Display for WebhookOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.authority())
    }
}

impl FromStr for WebhookOrigin {
    type Err = InvalidWebhookUrl;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match Self::split(text)? {
            (origin, path) if path == "/" => Ok(origin),
            _ => Err(InvalidWebhookUrl::Path),
        }
    }
}

serde_as_text!(WebhookOrigin);
schema!(WebhookOrigin = {
    "description": "The part of a webhook's URL that is no secret: https://host:port.",
    "type": "string",
    "pattern": "^[Hh][Tt][Tt][Pp][Ss]?://[^/?#@ ]+/?$",
    "maxLength": WEBHOOK_URL_LEN_MAX,
});

/// An address that alerts are posted to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Webhook {
    /// Its name.
    pub name: Alias,
    /// Whether alerts are posted to it.
    pub enabled: bool,
    /// What the receiver understands.
    #[serde(default)]
    pub form: WebhookForm,
    /// Where it is.
    pub origin: WebhookOrigin,
    /// The path there in the secret store: who knows it may post.
    pub path: CredentialId,
    /// What messages are signed with, in the secret store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<CredentialId>,
    /// Which certificates of the receiver are trusted.
    #[serde(default, skip_serializing_if = "DeliveryTrust::is_default")]
    pub trust: DeliveryTrust,
}

/// Webhooks, sorted by name, each once; none by default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Webhook>", into = "Vec<Webhook>")]
pub struct Webhooks(Vec<Webhook>);

schema_like!(Webhooks = Vec<Webhook>);

impl TryFrom<Vec<Webhook>> for Webhooks {
    type Error = Invalid;

    fn try_from(mut list: Vec<Webhook>) -> Result<Self, Invalid> {
        named(&mut list, "webhooks", WEBHOOKS_MAX, |one| &one.name)?;
        Ok(Self(list))
    }
}

impl From<Webhooks> for Vec<Webhook> {
    fn from(list: Webhooks) -> Self {
        list.0
    }
}

impl Webhooks {
    /// All of them, by name.
    pub fn as_slice(&self) -> &[Webhook] {
        &self.0
    }

    /// What of the secret store they use.
    pub fn secrets(&self) -> impl Iterator<Item = CredentialId> {
        let each = self.0.iter();
        each.flat_map(|one| std::iter::once(one.path).chain(one.secret))
    }

    pub(super) const fn is_default(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_taken_apart_into_what_is_shown_and_what_is_secret() {
        for (url, origin, path) in [
            (
                "https://hooks.example/s/T/B/x",
                "https://hooks.example",
                "/s/T/B/x",
            ),
            ("HTTPS://Hooks.Example:443", "https://hooks.example", "/"),
            ("http://10.0.0.1:80/?a=b", "http://10.0.0.1", "/?a=b"),
            ("http://10.0.0.1:8080?a", "http://10.0.0.1:8080", "/?a"),
            ("https://[fd00::1]:8443/x", "https://[fd00::1]:8443", "/x"),
        ] {
            let (split, secret) = WebhookOrigin::split(url).unwrap();
            assert_eq!(
                (split.to_string().as_str(), secret.as_str()),
                (origin, path)
            );
            assert_eq!(origin.parse::<WebhookOrigin>().unwrap(), split);
        }
        for (url, rule) in [
            ("ftp://a/", InvalidWebhookUrl::Scheme),
            ("hooks.example/x", InvalidWebhookUrl::Scheme),
            ("https://", InvalidWebhookUrl::Host),
            ("https://user:pw@host/", InvalidWebhookUrl::Host),
            ("https://host:0/", InvalidWebhookUrl::Host),
            ("https://host:/", InvalidWebhookUrl::Host),
            ("https://host/a b", InvalidWebhookUrl::Path),
            ("https://host/a\r\nb", InvalidWebhookUrl::Path),
            ("https://host/#x", InvalidWebhookUrl::Path),
            ("https://host/ä", InvalidWebhookUrl::Path),
        ] {
            assert_eq!(WebhookOrigin::split(url), Err(rule), "{url}");
        }
        let secret = "https://host/secret".parse::<WebhookOrigin>();
        assert_eq!(secret, Err(InvalidWebhookUrl::Path));
    }

    #[test]
    fn names_are_unique_and_the_number_is_bounded() {
        let id = "0190a5a2-6d0e-7cc0-8000-000000000001";
        let one = |name: &str| {
            format!(r#"{{"name":"{name}","enabled":true,"origin":"https://h","path":"{id}"}}"#)
        };
        let read = |names: &[&str]| {
            let list: Vec<String> = names.iter().map(|name| one(name)).collect();
            serde_json::from_str::<Webhooks>(&format!("[{}]", list.join(",")))
        };
        let list = read(&["b", "a"]).unwrap();
        assert_eq!(list.as_slice()[0].name.as_str(), "a");
        assert_eq!(list.secrets().count(), 2);
        assert!(
            read(&["a", "a"])
                .unwrap_err()
                .to_string()
                .contains("occurs twice")
        );
        let many: Vec<String> = (0..=WEBHOOKS_MAX).map(|n| n.to_string()).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert!(read(&many).unwrap_err().to_string().contains("at most"));
    }
}
