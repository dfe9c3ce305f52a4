//! Settings of the agent as a whole, as the API shows and takes them where the document has another
//! form.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};

use super::ha::HaRole;
use super::lenient::ReadOnly;
use super::trust::TrustedShown;
use crate::config::limits::DESCRIPTION_LEN_MAX;
use crate::config::{
    Condition, LogLevel, ModuleLevels, Number, SubjectFallback, SubjectPattern, SubjectRule, Text,
    TrustedCertificates,
};

/// What stands for the condition of the rule for whom no other holds.
pub const ALWAYS: &str = "always true";

/// What the agent is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConnectorShown {
    /// Its role.
    pub ha: HaRole,
    /// What it is for, for people.
    pub description: String,
}

/// A new description of the agent.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectorInput {
    /// What it is for; empty for nothing.
    pub description: Text<DESCRIPTION_LEN_MAX>,
    /// Of answers.
    #[serde(default)]
    pub ha: ReadOnly,
    /// Of answers.
    #[serde(rename = "_links", default)]
    pub links: ReadOnly,
}

/// A subject rule as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SubjectRuleShown {
    /// For people.
    pub description: String,
    /// When it holds, in words.
    pub condition: String,
    /// The subject that it gives.
    pub subject_pattern: SubjectPattern,
}

impl From<&SubjectRule> for SubjectRuleShown {
    fn from(rule: &SubjectRule) -> Self {
        Self {
            description: rule.description.to_string(),
            condition: rule.condition.to_string(),
            subject_pattern: rule.subject_pattern.clone(),
        }
    }
}

impl From<&SubjectFallback> for SubjectRuleShown {
    fn from(rule: &SubjectFallback) -> Self {
        Self {
            description: rule.description.to_string(),
            condition: ALWAYS.to_owned(),
            subject_pattern: rule.subject_pattern.clone(),
        }
    }
}

/// A condition as it is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConditionInput {
    /// Of the rule for whom no other holds.
    Always,
    /// Of the others.
    When(Condition),
}

impl JsonSchema for ConditionInput {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ConditionInput".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let when = generator.subschema_for::<Condition>();
        schemars::json_schema!({ "anyOf": [when, { "const": ALWAYS }] })
    }
}

struct ConditionVisitor;

impl<'de> de::Visitor<'de> for ConditionVisitor {
    type Value = ConditionInput;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "an object with variable, operator and value, or {ALWAYS:?}"
        )
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<ConditionInput, E> {
        if text == ALWAYS {
            return Ok(ConditionInput::Always);
        }
        Err(E::invalid_value(de::Unexpected::Str(text), &self))
    }

    fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<ConditionInput, A::Error> {
        let condition = Condition::deserialize(de::value::MapAccessDeserializer::new(map));
        condition.map(ConditionInput::When)
    }
}

impl<'de> Deserialize<'de> for ConditionInput {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(ConditionVisitor)
    }
}

/// A subject rule as it is taken.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SubjectRuleInput {
    /// For people.
    pub description: Text<DESCRIPTION_LEN_MAX>,
    /// When it holds.
    pub condition: ConditionInput,
    /// The subject that it gives.
    pub subject_pattern: SubjectPattern,
    /// Of answers.
    #[serde(rename = "_links", default)]
    pub links: ReadOnly,
}

/// Where a rule is to stand.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MoveInput {
    /// From 0.
    pub position: Number<0, 100>,
}

/// Levels and limits of the log as they are shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LogsShown {
    /// Of the agent's own parts.
    pub scc_log_level: LogLevel,
    /// Of the libraries in it.
    pub other_log_level: LogLevel,
    /// Of single modules.
    #[serde(default)]
    pub levels: ModuleLevels,
    /// Whether handshakes are to be traced.
    pub tls_trace: bool,
    /// Whether they are.
    pub is_tls_trace_active: bool,
    /// How much of the RFC protocol is to be traced.
    pub cpic_trace_level: u32,
    /// Days that files are kept; 0 is for ever.
    pub cleanup: u32,
    /// Size at which the next file begins, with its unit.
    pub rollover_threshold: String,
    /// Where the log goes.
    pub log_and_trace_path: String,
    /// Which of these are kept but change nothing in this version.
    pub without_effect: Vec<String>,
}

/// The traces of a subaccount as they are shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TracesShown {
    /// What passes the tunnel.
    pub traffic_trace: bool,
    /// What passes under SNC.
    pub payload_snc_trace: bool,
    /// Whether traffic is traced right now.
    pub effective: bool,
    /// Why it is not, although it is to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_effective_because: Option<String>,
    /// The trace that waits, runs or was the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<u64>,
}

/// The trust store of the mail server as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MailTrustShown {
    /// The entries.
    pub trusted_email_certificates: Vec<TrustedShown>,
}

impl MailTrustShown {
    /// Shows the trust store.
    pub fn show(trust: &TrustedCertificates) -> Self {
        let entries = trust.as_slice().iter();
        Self {
            trusted_email_certificates: entries.map(TrustedShown::show).collect(),
        }
    }
}

/// How tunnels are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TunnelTuning {
    /// How many connections each consists of.
    pub connections: Number<1, 16>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_taken_as_objects_and_the_last_one_by_its_words() {
        let rule = |condition: &str| {
            let json = format!(
                r#"{{"description":"","condition":{condition},"subjectPattern":{{"CN":"x"}}}}"#
            );
            super::super::read::<SubjectRuleInput>(json.as_bytes())
        };
        let always = rule(r#""always true""#).unwrap();
        assert_eq!(always.condition, ConditionInput::Always);
        assert!(rule(r#"{"variable":"a","operator":"exist"}"#).is_ok());
        for (condition, field, text) in [
            (r#""sometimes""#, "condition", "always true"),
            ("7", "condition", "an object with variable"),
            (
                r#"{"variable":"a","operator":"is"}"#,
                "condition",
                "value: is missing",
            ),
            (
                r#"{"variable":"a","operator":"is","value":1}"#,
                "condition.value",
                "invalid type",
            ),
        ] {
            let refusal = rule(condition).unwrap_err().body;
            assert_eq!(refusal.field.as_deref(), Some(field), "{refusal:?}");
            assert!(refusal.message.contains(text), "{refusal:?}");
        }
    }
}
