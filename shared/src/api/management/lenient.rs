//! Values that existing scripts write in more than one way.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::config::PortRange;
use crate::config::flag;
use crate::host::Port;
use crate::schema::{PORT, schema};

/// A truth value; read from `true` and from `"true"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Flag(pub bool);

schema!(Flag = {
    "description": "A truth value, also as text.",
    "enum": [true, false, "true", "false"] });

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        flag(from).map(Self)
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

/// A port or a range of ports; written as text, read from text and from a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortsText(pub PortRange);

impl Serialize for PortsText {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

impl JsonSchema for PortsText {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "PortsText".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let text = PortRange::json_schema(generator);
        if generator.contract().is_serialize() {
            return text;
        }
        let number = Port::json_schema(generator);
        json_schema!({ "anyOf": [text, number] })
    }
}

struct PortsVisitor;

impl de::Visitor<'_> for PortsVisitor {
    type Value = PortsText;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a port between 1 and 65535, or two such as 30000-30010")
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<PortsText, E> {
        let wrong = || E::invalid_value(de::Unexpected::Unsigned(number), &self);
        let port = u16::try_from(number).ok().map(Port::try_from);
        let port = port.and_then(Result::ok).ok_or_else(wrong)?;
        Ok(PortsText(port.into()))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<PortsText, E> {
        let wrong = |_rule| E::invalid_value(de::Unexpected::Str(text), &self);
        text.parse().map(PortsText).map_err(wrong)
    }
}

impl<'de> Deserialize<'de> for PortsText {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(PortsVisitor)
    }
}

/// A whole number from `MIN` to `MAX`; written as a number, read from a number and from text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Number<const MIN: u32, const MAX: u32>(pub u32);

impl<const MIN: u32, const MAX: u32> JsonSchema for Number<MIN, MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Number{MIN}To{MAX}").into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let number = json_schema!({ "type": "integer", "minimum": MIN, "maximum": MAX });
        if generator.contract().is_serialize() {
            return number;
        }
        let zero = if MIN == 0 { "|0" } else { "" };
        let pattern = format!("^0*({}{zero})$", up_to(MAX));
        json_schema!({ "anyOf": [number, { "type": "string", "pattern": pattern }] })
    }
}

/// A pattern of the numbers from 1 to `max`, written without leading zeros.
fn up_to(max: u32) -> String {
    let digits = max.to_string();
    let len = digits.len();
    // First the shorter ones, then those that fall below `max` at each of its digits.
    let mut ways: Vec<String> = (1..len)
        .map(|len| format!("[1-9][0-9]{{{}}}", len - 1))
        .collect();
    for (at, digit) in digits.char_indices() {
        let lowest = if at == 0 { '1' } else { '0' };
        let below = u32::from(digit).checked_sub(1).and_then(char::from_u32);
        if let Some(below) = below.filter(|below| *below >= lowest) {
            let same = digits.get(..at).unwrap_or_default();
            ways.push(format!("{same}[{lowest}-{below}][0-9]{{{}}}", len - at - 1));
        }
    }
    ways.push(digits);
    ways.join("|")
}

struct NumberVisitor<const MIN: u32, const MAX: u32>;

impl<const MIN: u32, const MAX: u32> de::Visitor<'_> for NumberVisitor<MIN, MAX> {
    type Value = Number<MIN, MAX>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a number between {MIN} and {MAX}")
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
        let fits = u32::try_from(number)
            .ok()
            .filter(|fits| (MIN..=MAX).contains(fits));
        let wrong = || E::invalid_value(de::Unexpected::Unsigned(number), &self);
        fits.map(Number).ok_or_else(wrong)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        // The number parser would take a plus sign.
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        let number: Option<u64> = text.parse().ok().filter(|_| digits);
        match number {
            Some(number) => self.visit_u64(number),
            None => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
        }
    }
}

impl<'de, const MIN: u32, const MAX: u32> Deserialize<'de> for Number<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(NumberVisitor)
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

    #[test]
    fn numbers_and_ranges_are_read_in_both_spellings_and_nothing_else() {
        for json in ["7", "\"7\"", "\"07\""] {
            assert_eq!(serde_json::from_str::<Number<1, 9>>(json).unwrap().0, 7);
        }
        for json in [
            "0", "10", "-1", "1.5", "\"+7\"", "\"\"", "\"a\"", "null", "true",
        ] {
            let wrong = serde_json::from_str::<Number<1, 9>>(json).unwrap_err();
            let wrong = wrong.to_string();
            assert!(
                wrong.contains("a number between 1 and 9"),
                "{json}: {wrong}"
            );
        }
        for (json, text) in [
            ("80", "\"80\""),
            ("\"80\"", "\"80\""),
            ("\"80-90\"", "\"80-90\""),
        ] {
            let ports: PortsText = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json::to_string(&ports).unwrap(), text);
        }
        for json in ["0", "\"90-80\"", "\"80-\"", "null"] {
            assert!(serde_json::from_str::<PortsText>(json).is_err(), "{json}");
        }
    }
}
