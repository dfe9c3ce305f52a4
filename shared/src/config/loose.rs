//! Numbers and truth values as existing scripts write them: as JSON has them, and as text.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, de};

use crate::schema::schema;

/// A whole number from `MIN` to `MAX`; read from a number and from text, written as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Number<const MIN: u32, const MAX: u32>(u32);

impl<const MIN: u32, const MAX: u32> Number<MIN, MAX> {
    /// A number of this program.
    ///
    /// # Panics
    /// When it is outside the range; constants tell that when they are compiled.
    pub const fn constant(number: u32) -> Self {
        assert!(MIN <= 1, "schemas say ranges from 0 and from 1");
        assert!(MIN <= number && number <= MAX, "outside the range");
        Self(number)
    }

    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// The numbers up to `MAX` as text: what has fewer digits, what is smaller from some digit on,
    /// and `MAX` itself.
    fn pattern() -> String {
        let digits = MAX.to_string();
        let mut ways = vec![digits.clone()];
        if digits.len() > 1 {
            ways.push(format!("[1-9][0-9]{{0,{}}}", digits.len() - 2));
        }
        for (at, digit) in digits.char_indices() {
            let least = if at == 0 { '1' } else { '0' };
            if digit > least {
                let below = char::from_u32(u32::from(digit) - 1).unwrap_or(least);
                let prefix = digits.get(..at).unwrap_or_default();
                let rest = digits.len() - at - 1;
                ways.push(format!("{prefix}[{least}-{below}][0-9]{{{rest}}}"));
            }
        }
        if MIN == 0 {
            ways.push("0".to_owned());
        }
        format!("^({})$", ways.join("|"))
    }

    fn new(number: Option<u32>) -> Option<Self> {
        number
            .filter(|number| (MIN..=MAX).contains(number))
            .map(Self)
    }
}

/// A number that is out of the range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfRange;

impl<const MIN: u32, const MAX: u32> TryFrom<u32> for Number<MIN, MAX> {
    type Error = OutOfRange;

    fn try_from(number: u32) -> Result<Self, OutOfRange> {
        Self::new(Some(number)).ok_or(OutOfRange)
    }
}

struct NumberVisitor<const MIN: u32, const MAX: u32>;

impl<const MIN: u32, const MAX: u32> de::Visitor<'_> for NumberVisitor<MIN, MAX> {
    type Value = Number<MIN, MAX>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a whole number between {MIN} and {MAX}")
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
        let wrong = || E::invalid_value(de::Unexpected::Unsigned(number), &self);
        Number::new(u32::try_from(number).ok()).ok_or_else(wrong)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        let number = text.parse::<u32>().ok();
        let number = number.filter(|number| number.to_string() == text);
        let wrong = || E::invalid_value(de::Unexpected::Str(text), &self);
        Number::new(number).ok_or_else(wrong)
    }
}

impl<'de, const MIN: u32, const MAX: u32> Deserialize<'de> for Number<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(NumberVisitor)
    }
}

impl<const MIN: u32, const MAX: u32> JsonSchema for Number<MIN, MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Number".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let number = json_schema!({ "type": "integer", "minimum": MIN, "maximum": MAX });
        if generator.contract().is_serialize() {
            return number;
        }
        let text = json_schema!({ "type": "string", "pattern": Self::pattern() });
        json_schema!({ "anyOf": [number, text] })
    }
}

/// What [`flag`] takes.
pub(crate) struct Truth;

schema!(Truth = { "enum": [true, false, "true", "false"] });

struct FlagVisitor;

impl de::Visitor<'_> for FlagVisitor {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("true or false")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<bool, E> {
        Ok(value)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<bool, E> {
        let wrong = || E::invalid_value(de::Unexpected::Str(text), &self);
        text.parse().map_err(|_not_bool| wrong())
    }
}

/// Reads a truth value from `true` and from `"true"`.
///
/// # Errors
/// When it is anything else.
pub fn flag<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    from.deserialize_any(FlagVisitor)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Hours = Number<1, 336>;

    #[test]
    fn numbers_are_read_in_both_spellings_within_their_range() {
        for (json, number) in [("1", 1), ("336", 336), ("\"60\"", 60)] {
            let read: Hours = serde_json::from_str(json).unwrap();
            assert_eq!(read.get(), number);
            assert_eq!(serde_json::to_string(&read).unwrap(), number.to_string());
        }
        for json in [
            "0",
            "337",
            "-1",
            "1.0",
            "\"\"",
            "\"+1\"",
            "\"01\"",
            "\"1 h\"",
            "\"337\"",
            "4294967297",
            "true",
            "null",
            "[]",
        ] {
            let wrong = serde_json::from_str::<Hours>(json).unwrap_err().to_string();
            assert!(wrong.contains("between 1 and 336"), "{json}: {wrong}");
        }
    }

    #[test]
    fn patterns_of_ranges_say_each_number_up_to_the_last() {
        assert_eq!(
            Number::<1, 336>::pattern(),
            "^(336|[1-9][0-9]{0,1}|[1-2][0-9]{2}|3[0-2][0-9]{1}|33[0-5][0-9]{0})$"
        );
        assert_eq!(Number::<0, 3>::pattern(), "^(3|[1-2][0-9]{0}|0)$");
        assert_eq!(Number::<1, 100>::pattern(), "^(100|[1-9][0-9]{0,1})$");
    }
}
