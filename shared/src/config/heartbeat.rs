//! The heartbeat: a URL that is asked while the agent does its work, so that a monitor outside
//! notices when it does not.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::limits::WEBHOOK_URL_LEN_MAX;
use super::loose::Number;
use super::webhook::{InvalidWebhookUrl, WebhookOrigin};
use crate::id::serde_as_text;
use crate::schema::schema;

/// Seconds between two heartbeats where none are chosen: monitors count in minutes.
const EVERY_SEC: Number<1, 86_400> = Number::constant(60);

/// A URL that a monitor waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeartbeatUrl {
    origin: WebhookOrigin,
    path: Box<str>,
}

impl HeartbeatUrl {
    /// Where it leads.
    pub const fn origin(&self) -> &WebhookOrigin {
        &self.origin
    }

    /// The path there, with the query.
    pub const fn path(&self) -> &str {
        &self.path
    }
}

impl fmt::Display for HeartbeatUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin, self.path)
    }
}

impl FromStr for HeartbeatUrl {
    type Err = InvalidWebhookUrl;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (origin, path) = WebhookOrigin::split(text)?;
        let path = path.into();
        Ok(Self { origin, path })
    }
}

serde_as_text!(HeartbeatUrl);
schema!(HeartbeatUrl = {
    "description": "An address such as https://host/path; it stands in the document, so what it lets somebody do must be no more than to say that the agent is well.",
    "type": "string",
    "pattern": "^[Hh][Tt][Tt][Pp][Ss]?://[^/?#@ ]+[^# ]*$",
    "maxLength": WEBHOOK_URL_LEN_MAX,
});

/// The heartbeat; none by default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Heartbeat {
    /// What is asked, while all tunnels that shall be up are up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<HeartbeatUrl>,
    /// How often, in seconds.
    pub every_sec: Number<1, 86_400>,
}

impl Default for Heartbeat {
    fn default() -> Self {
        Self {
            url: None,
            every_sec: EVERY_SEC,
        }
    }
}

impl Heartbeat {
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_kept_whole_and_checked() {
        let read = |json: &str| serde_json::from_str::<Heartbeat>(json);
        let set = read(r#"{"url":"HTTPS://hc.example:443/ping/x?a=b"}"#).unwrap();
        let url = set.url.as_ref().unwrap();
        assert_eq!(url.to_string(), "https://hc.example/ping/x?a=b");
        assert_eq!((url.path(), set.every_sec.get()), ("/ping/x?a=b", 60));
        let written = serde_json::to_string(&set).unwrap();
        assert_eq!(read(&written).unwrap(), set);
        assert!(read("{}").unwrap().is_default());
        for (json, rule) in [
            (r#"{"url":"hc.example"}"#, "must begin with https://"),
            (r#"{"url":"https://me@hc.example/"}"#, "must name a host"),
            (r#"{"everySec":0}"#, "86400"),
            (r#"{"every":60}"#, "unknown field"),
        ] {
            let refused = read(json).unwrap_err().to_string();
            assert!(refused.contains(rule), "{json}: {refused}");
        }
    }
}
