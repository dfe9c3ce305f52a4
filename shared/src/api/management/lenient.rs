//! Values that existing scripts write in more than one way.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::host::Port;
use crate::schema::{PORT, schema};

/// A truth value; read from `true` and from `"true"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Flag(pub bool);

schema!(Flag = {
    "description": "A truth value, also as text.",
    "enum": [true, false, "true", "false"] });

struct FlagVisitor;

impl de::Visitor<'_> for FlagVisitor {
    type Value = Flag;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("true or false")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Flag, E> {
        Ok(Flag(value))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Flag, E> {
        let wrong = || E::invalid_value(de::Unexpected::Str(text), &self);
        text.parse().map(Flag).map_err(|_not_bool| wrong())
    }
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(FlagVisitor)
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

impl JsonSchema for PortText {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "PortText".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let text = json_schema!({ "type": "string", "pattern": PORT });
        if generator.contract().is_serialize() {
            return text;
        }
        let number = Port::json_schema(generator);
        json_schema!({ "anyOf": [text, number] })
    }
}

struct PortVisitor;

impl de::Visitor<'_> for PortVisitor {
    type Value = PortText;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a port between 1 and 65535")
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<PortText, E> {
        let wrong = || E::invalid_value(de::Unexpected::Unsigned(number), &self);
        let port = u16::try_from(number).ok().map(Port::try_from);
        port.and_then(Result::ok).map(PortText).ok_or_else(wrong)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<PortText, E> {
        let wrong = |_rule| E::invalid_value(de::Unexpected::Str(text), &self);
        text.parse().map(PortText).map_err(wrong)
    }
}

impl<'de> Deserialize<'de> for PortText {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(PortVisitor)
    }
}

/// A field of answers that a request may repeat; what it says there has no effect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadOnly;

schema!(ReadOnly = { "description": "A field of answers; in a request it has no effect." });

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
            assert!(wrong.contains("expected true or false"), "{json}: {wrong}");
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
