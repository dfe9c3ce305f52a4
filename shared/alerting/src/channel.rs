//! The ways that alerts are delivered on.

use std::fmt;
use std::str::FromStr;

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
