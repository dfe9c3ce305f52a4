//! Ports of a system mapping as the API shows and takes them: numbers, ranges, and names.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

use crate::config::{InvalidPortRange, PortName, PortRange};
use crate::host::Port;
use crate::schema::SYSTEM_PORTS;

/// A port, a range of ports, or the name of a port of RFC; written as text, read from text and from
/// a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SystemPorts {
    /// The numbers.
    pub range: PortRange,
    /// How the only one is written, where it is by name.
    pub name: Option<PortName>,
}

/// A text that is no port of a system.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum InvalidSystemPorts {
    /// Neither a number nor a range.
    #[error("{0}, or a name such as sapgw00 or sapmsC11")]
    Range(#[from] InvalidPortRange),
}

impl From<PortRange> for SystemPorts {
    fn from(range: PortRange) -> Self {
        Self { range, name: None }
    }
}

impl From<Port> for SystemPorts {
    fn from(port: Port) -> Self {
        PortRange::from(port).into()
    }
}

impl FromStr for SystemPorts {
    type Err = InvalidSystemPorts;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let name: Option<PortName> = text.parse().ok();
        match name.and_then(PortName::port) {
            Some(port) => Ok(Self {
                range: port.into(),
                name,
            }),
            None => Ok(text.parse::<PortRange>()?.into()),
        }
    }
}

impl fmt::Display for SystemPorts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name {
            Some(name) => fmt::Display::fmt(&name, f),
            None => fmt::Display::fmt(&self.range, f),
        }
    }
}

impl Serialize for SystemPorts {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl JsonSchema for SystemPorts {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "SystemPorts".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let text = json_schema!({ "type": "string", "pattern": SYSTEM_PORTS });
        if generator.contract().is_serialize() {
            return text;
        }
        let number = Port::json_schema(generator);
        json_schema!({ "anyOf": [text, number] })
    }
}

struct Visitor;

impl de::Visitor<'_> for Visitor {
    type Value = SystemPorts;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a port between 1 and 65535, two such as 30000-30010, or a name such as sapgw00",
        )
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<SystemPorts, E> {
        let wrong = || E::invalid_value(de::Unexpected::Unsigned(number), &self);
        let port = u16::try_from(number).ok().map(Port::try_from);
        let port = port.and_then(Result::ok).ok_or_else(wrong)?;
        Ok(port.into())
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<SystemPorts, E> {
        let wrong = |_rule| E::invalid_value(de::Unexpected::Str(text), &self);
        text.parse().map_err(wrong)
    }
}

impl<'de> Deserialize<'de> for SystemPorts {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_read_by_number_range_and_name_and_written_as_they_were() {
        for (json, text, low) in [
            ("80", "\"80\"", 80),
            ("\"80\"", "\"80\"", 80),
            ("\"80-90\"", "\"80-90\"", 80),
            ("\"sapgw01\"", "\"sapgw01\"", 3_301),
            ("\"sapmsC11\"", "\"sapmsC11\"", 3_600),
        ] {
            let ports: SystemPorts = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json::to_string(&ports).unwrap(), text);
            assert_eq!(ports.range.low().get(), low);
        }
        for json in [
            "0",
            "70000",
            "\"90-80\"",
            "\"80-\"",
            "null",
            "\"sapgw1\"",
            "\"http\"",
        ] {
            assert!(serde_json::from_str::<SystemPorts>(json).is_err(), "{json}");
        }
    }
}
