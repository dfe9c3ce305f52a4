//! The audit log: its settings, its records, its verification.

use std::fmt;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;

use super::error::Refusal;
use super::lenient::ReadOnly;
use crate::audit::{Anchor, Filter, Record, Report};
use crate::config::{AuditCleanup, AuditLevel};
use crate::schema::schema;

/// The audit log's settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditLogShown {
    /// Which requests that belong to no subaccount are recorded.
    pub level: AuditLevel,
    /// After how many days records are removed; 0 keeps them.
    pub cleanup: AuditCleanup,
    /// The folder of the log on the agent's host.
    pub log_path: String,
}

/// A change of the level of one subaccount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditLevelInput {
    /// Which of its requests are recorded.
    pub level: AuditLevel,
    /// Only shown.
    #[serde(default, rename = "_links")]
    pub links: ReadOnly,
}

/// A change of the audit log's settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AuditLogInput {
    /// Which requests that belong to no subaccount are recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<AuditLevel>,
    /// After how many days records are removed; 0 keeps them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cleanup: Option<Days>,
    /// Only shown.
    pub log_path: ReadOnly,
    /// Only shown.
    #[serde(rename = "_links")]
    pub links: ReadOnly,
}

/// The level of one subaccount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuditLogLevel {
    /// Which of its requests are recorded.
    pub level: AuditLevel,
}

/// Days of retention; read from a number and from text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days(pub AuditCleanup);

schema!(Days = { "enum": [0, 14, 30, 90, 180, 365, "0", "14", "30", "90", "180", "365"] });

struct DaysVisitor;

impl de::Visitor<'_> for DaysVisitor {
    type Value = Days;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("0 (never), 14, 30, 90, 180 or 365 days")
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Days, E> {
        let wrong = || E::invalid_value(de::Unexpected::Unsigned(number), &self);
        let days = u16::try_from(number).ok().map(AuditCleanup::try_from);
        days.and_then(Result::ok).map(Days).ok_or_else(wrong)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Days, E> {
        let wrong = || E::invalid_value(de::Unexpected::Str(text), &self);
        let known = AuditCleanup::DAYS
            .iter()
            .find(|days| days.to_string() == text);
        let days = known.and_then(|days| AuditCleanup::try_from(*days).ok());
        days.map(Days).ok_or_else(wrong)
    }
}

impl<'de> Deserialize<'de> for Days {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(DaysVisitor)
    }
}

/// Part of what a search found, the newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuditPage {
    /// The records.
    pub records: Vec<Record>,
    /// Where the search goes on; none at its end. Also an empty page may have one: a search looks
    /// at a limited part of the log at a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// What a verification of the log found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditVerification {
    /// Whether all that was looked at is as it was written.
    pub verified: bool,
    /// False where the time was over before the end of the log.
    pub complete: bool,
    /// What there is, where it verifies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<Report>,
    /// The first thing that is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bad: Option<AuditBad>,
}

/// The first thing that is wrong in a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuditBad {
    /// The segment, which is one file.
    pub segment: u64,
    /// The line in it, from 1; 0 where it is about the whole.
    pub line: u64,
    /// The record that this line is or should be.
    pub sequence: u64,
    /// What is wrong, and where.
    pub message: String,
}

/// What a search is for, and where it goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditSearch {
    /// What records must have in common.
    pub filter: Filter,
    /// Where the last page ended.
    pub cursor: Option<String>,
    /// The record that a verification must find.
    pub anchor: Option<Anchor>,
}

impl AuditSearch {
    /// Takes one option of a request.
    ///
    /// # Errors
    /// When its value is wrong.
    pub(super) fn set(&mut self, name: &str, value: &str) -> Result<(), Refusal> {
        fn read<T: std::str::FromStr<Err: fmt::Display>>(
            name: &str,
            value: &str,
        ) -> Result<Option<T>, Refusal> {
            let read = value.parse().map(Some);
            read.map_err(|rule: T::Err| Refusal::invalid(name, rule.to_string()))
        }
        let filter = &mut self.filter;
        match name {
            "from" => filter.from_ms = read(name, value)?,
            "to" => filter.to_ms = read(name, value)?,
            "category" => filter.category = Some(named(name, value)?),
            "outcome" => filter.outcome = Some(named(name, value)?),
            "operator" => filter.operator = read(name, value)?,
            "subaccount" => filter.subaccount = read(name, value)?,
            "text" => filter.text = read(name, value)?,
            "cursor" => self.cursor = Some(value.to_owned()),
            "anchor" => self.anchor = read(name, value)?,
            _ => return Err(Refusal::invalid(name, "is unknown")),
        }
        Ok(())
    }

    /// The options, ready to stand behind the `?`.
    pub(super) fn to_parts(&self) -> Vec<String> {
        let Self {
            filter,
            cursor,
            anchor,
        } = self;
        let plain = |value: Option<String>| value;
        let options = [
            ("from", plain(filter.from_ms.map(|ms| ms.to_string()))),
            ("to", filter.to_ms.map(|ms| ms.to_string())),
            ("category", filter.category.and_then(name_of)),
            ("outcome", filter.outcome.and_then(name_of)),
            (
                "operator",
                filter.operator.as_ref().map(ToString::to_string),
            ),
            ("subaccount", filter.subaccount.map(|id| id.to_string())),
            ("text", filter.text.as_ref().map(ToString::to_string)),
            ("cursor", cursor.clone()),
            ("anchor", anchor.map(|anchor| anchor.to_string())),
        ];
        let part = |(name, value): (&str, Option<String>)| {
            let value = value?;
            Some(format!(
                "{name}={}",
                utf8_percent_encode(&value, NON_ALPHANUMERIC)
            ))
        };
        options.into_iter().filter_map(part).collect()
    }
}

/// The name of a category or outcome.
fn name_of(value: impl Serialize) -> Option<String> {
    match serde_json::to_value(value) {
        Ok(Value::String(name)) => Some(name),
        Ok(_) | Err(_) => None,
    }
}

/// A category or outcome by its very name; reading is lenient elsewhere.
fn named<T: Serialize + DeserializeOwned + Copy>(name: &str, value: &str) -> Result<T, Refusal> {
    let read: Option<T> = serde_json::from_value(Value::from(value)).ok();
    let read = read.filter(|read| name_of(read).as_deref() == Some(value));
    read.ok_or_else(|| Refusal::invalid(name, format!("there is no {name} {value}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::management::read;

    #[test]
    fn settings_are_read_as_scripts_write_them() {
        for json in [r#"{"cleanup":"14","logPath":"/x"}"#, r#"{"cleanup":14}"#] {
            let input: AuditLogInput = read(json.as_bytes()).unwrap();
            assert_eq!(input.cleanup.unwrap().0.days(), Some(14));
            assert_eq!(input.level, None);
        }
        for (json, field) in [
            (r#"{"cleanup":15}"#, "cleanup"),
            (r#"{"cleanup":"014"}"#, "cleanup"),
            (r#"{"level":"SOME"}"#, "level"),
            (r#"{"path":"/x"}"#, "path"),
        ] {
            let refusal = read::<AuditLogInput>(json.as_bytes()).unwrap_err();
            assert_eq!(refusal.body.field.as_deref(), Some(field), "{json}");
        }
    }

    #[test]
    fn searches_survive_a_round_trip_and_wrong_ones_are_named() {
        let text = format!("7:{}", crate::hash::Hash256::ZERO);
        let options = [
            ("from", "-5"),
            ("to", "7"),
            ("category", "AccessDenied"),
            ("outcome", "Refused"),
            ("operator", "os:*"),
            ("subaccount", "0190a5a2-6d0e-7cc0-8000-000000000001"),
            ("text", "a&b c?"),
            ("cursor", "1-2"),
            ("anchor", &text),
        ];
        let mut search = AuditSearch::default();
        for (name, value) in options {
            search.set(name, value).unwrap();
        }
        let parts = search.to_parts();
        assert_eq!(parts.len(), options.len());
        assert!(parts.contains(&"text=a%26b%20c%3F".to_owned()), "{parts:?}");
        for (name, value) in [
            ("from", "x"),
            ("category", "accessdenied"),
            ("outcome", ""),
            ("subaccount", "1"),
            ("anchor", "1"),
            ("text", &"x".repeat(129)),
        ] {
            let refusal = AuditSearch::default().set(name, value).unwrap_err();
            assert_eq!(refusal.body.field.as_deref(), Some(name));
        }
    }
}
