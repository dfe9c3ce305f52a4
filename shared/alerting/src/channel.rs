//! The ways that alerts are delivered on, and how each is doing.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use thiserror::Error;
use underpass_shared::config::Alias;

/// A way that alerts are delivered on; written `mail`, `webhook:NAME` or `syslog:NAME`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// Mail.
    Mail,
    /// The webhook of this name.
    Webhook(Alias),
    /// The syslog server of this name.
    Syslog(Alias),
}

/// A text that names no channel.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("must be mail, webhook:NAME or syslog:NAME")]
pub struct InvalidChannel(());

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mail => f.write_str("mail"),
            Self::Webhook(name) => write!(f, "webhook:{name}"),
            Self::Syslog(name) => write!(f, "syslog:{name}"),
        }
    }
}

impl FromStr for Channel {
    type Err = InvalidChannel;

    fn from_str(text: &str) -> Result<Self, InvalidChannel> {
        let wrong = InvalidChannel(());
        match text.split_once(':') {
            None if text == "mail" => Ok(Self::Mail),
            Some(("webhook", name)) => name.parse().map(Self::Webhook).or(Err(wrong)),
            Some(("syslog", name)) => name.parse().map(Self::Syslog).or(Err(wrong)),
            None | Some(_) => Err(wrong),
        }
    }
}

/// How a channel is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChannelState {
    /// Which one.
    pub channel: String,
    /// Notices that wait, with those of the parcel that is on its way.
    pub waiting: usize,
    /// Notices that were dropped because too many waited; told with the next parcel.
    pub dropped: u64,
    /// When the last parcel was taken, milliseconds UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_success_ms: Option<i64>,
    /// What was wrong with the last parcel although it was taken, such as a refused recipient.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
    /// What goes wrong now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failing: Option<Failing>,
}

/// What goes wrong on a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Failing {
    /// Since when, milliseconds UTC.
    pub since_ms: i64,
    /// Attempts since then.
    pub attempts: u32,
    /// What went wrong with the last one.
    pub error: String,
    /// When the next one follows, milliseconds UTC.
    pub next_ms: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_there_and_back() {
        for text in ["mail", "webhook:ops.1", "syslog:siem"] {
            assert_eq!(text.parse::<Channel>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "Mail",
            "mail:x",
            "webhook",
            "webhook:",
            "webhook:a b",
            "fax:1",
        ] {
            assert!(text.parse::<Channel>().is_err(), "{text}");
        }
    }
}
