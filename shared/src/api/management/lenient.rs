//! Values that existing scripts write in more than one way.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::host::Port;

/// A truth value; read from `true` and from `"true"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Flag(pub bool);

#[derive(Deserialize)]
#[serde(untagged)]
enum FlagJson<'a> {
    Plain(bool),
    #[serde(borrow)]
    Text(Cow<'a, str>),
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let wrong = || de::Error::custom("must be true or false");
        match FlagJson::deserialize(from).or(Err(wrong()))? {
            FlagJson::Plain(value) => Ok(Self(value)),
            FlagJson::Text(text) => text.parse().map(Self).or(Err(wrong())),
        }
    }
}

/// A port; written as text, read from text and from a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortText(pub Port);

impl Serialize for PortText {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum PortJson<'a> {
    Number(u16),
    #[serde(borrow)]
    Text(Cow<'a, str>),
}

impl<'de> Deserialize<'de> for PortText {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let wrong = crate::host::InvalidAddress::Port;
        let port = match PortJson::deserialize(from).or(Err(de::Error::custom(wrong)))? {
            PortJson::Number(number) => Port::try_from(number),
            PortJson::Text(text) => text.parse(),
        };
        port.map(Self).map_err(de::Error::custom)
    }
}

/// A field of answers that a request may repeat; what it says there has no effect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadOnly;

impl<'de> Deserialize<'de> for ReadOnly {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        de::IgnoredAny::deserialize(from).map(|_ignored| Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_and_ports_are_read_in_both_spellings_and_nothing_else() {
        for (json, value) in [
            ("true", true),
            ("false", false),
            ("\"true\"", true),
            ("\"false\"", false),
        ] {
            assert_eq!(serde_json::from_str::<Flag>(json).unwrap(), Flag(value));
        }
        for json in ["1", "\"yes\"", "\"True\"", "null", "[]"] {
            let wrong = serde_json::from_str::<Flag>(json).unwrap_err().to_string();
            assert!(
                wrong.starts_with("must be true or false"),
                "{json}: {wrong}"
            );
        }
        for json in ["443", "\"443\""] {
            let port: PortText = serde_json::from_str(json).unwrap();
            assert_eq!(port.0, Port::HTTPS);
            assert_eq!(serde_json::to_string(&port).unwrap(), "\"443\"");
        }
        for json in [
            "0", "\"0\"", "65536", "-1", "\"http\"", "\"\"", "null", "1.5",
        ] {
            let wrong = serde_json::from_str::<PortText>(json).unwrap_err();
            let wrong = wrong.to_string();
            assert!(wrong.contains("between 1 and 65535"), "{json}: {wrong}");
        }
    }
}
