//! The rules by which users get the subjects of their certificates.

mod pattern;
mod sample;

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::pattern::{
    InvalidPattern, InvalidVariable, NamePart, Pattern, SubjectPattern, Variable,
};
pub use self::sample::{Attributes, NoName, NoSubject, Sampled};
use super::invalid::Invalid;
use super::limits::{CONDITION_VALUE_LEN_MAX, DESCRIPTION_LEN_MAX, SUBJECT_RULES_MAX};
use super::text::Text;
use crate::schema::schema_like;

/// How a condition looks at an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    /// It is there.
    Exist,
    /// It is not there.
    ExistNot,
    /// It is exactly this.
    Is,
    /// It is not this.
    IsNot,
}

/// A condition before its checks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Condition")]
pub struct ConditionFields {
    /// The attribute.
    pub variable: Variable,
    /// How it is looked at.
    pub operator: Comparison,
    /// What it is compared with, where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Text<CONDITION_VALUE_LEN_MAX>>,
}

/// When a rule holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "ConditionFields", into = "ConditionFields")]
pub struct Condition(ConditionFields);

schema_like!(Condition = ConditionFields);

impl TryFrom<ConditionFields> for Condition {
    type Error = Invalid;

    fn try_from(fields: ConditionFields) -> Result<Self, Self::Error> {
        let compares = matches!(fields.operator, Comparison::Is | Comparison::IsNot);
        match (compares, &fields.value) {
            (true, None) => Err(Invalid::new("value", "is missing beside is and is_not")),
            (false, Some(_)) => {
                let rule = "must not stand beside exist and exist_not";
                Err(Invalid::new("value", rule))
            }
            (true, Some(_)) | (false, None) => Ok(Self(fields)),
        }
    }
}

impl From<Condition> for ConditionFields {
    fn from(condition: Condition) -> Self {
        condition.0
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ConditionFields {
            variable,
            operator,
            value,
        } = &self.0;
        let value = value.as_deref().unwrap_or_default();
        match operator {
            Comparison::Exist => write!(f, "{variable} exists"),
            Comparison::ExistNot => write!(f, "{variable} does not exist"),
            Comparison::Is => write!(f, "{variable} is {value}"),
            Comparison::IsNot => write!(f, "{variable} is not {value}"),
        }
    }
}

/// A rule: who gets which subject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SubjectRule {
    /// For people.
    pub description: Text<DESCRIPTION_LEN_MAX>,
    /// When it holds.
    pub condition: Condition,
    /// The subject that it gives.
    pub subject_pattern: SubjectPattern,
}

/// The rule for whom no other holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SubjectFallback {
    /// For people.
    pub description: Text<DESCRIPTION_LEN_MAX>,
    /// The subject that it gives.
    pub subject_pattern: SubjectPattern,
}

impl Default for SubjectFallback {
    fn default() -> Self {
        let name = "${name}".parse().expect("a pattern");
        Self {
            description: Text::default(),
            subject_pattern: SubjectPattern::common_name(name),
        }
    }
}

/// All rules: the first whose condition holds counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, try_from = "Fields")]
pub struct SubjectRules {
    rules: Vec<SubjectRule>,
    fallback: SubjectFallback,
}

/// [`SubjectRules`] before their checks.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "SubjectRules")]
struct Fields {
    /// Those with a condition; the first whose condition holds counts.
    #[schemars(length(max = SUBJECT_RULES_MAX))]
    rules: Vec<SubjectRule>,
    /// The rule for whom no other holds.
    fallback: SubjectFallback,
}

schema_like!(SubjectRules = Fields);

impl TryFrom<Fields> for SubjectRules {
    type Error = Invalid;

    fn try_from(fields: Fields) -> Result<Self, Self::Error> {
        Self::new(fields.rules, fields.fallback)
    }
}

impl SubjectRules {
    /// Refuses more rules than one can oversee.
    ///
    /// # Errors
    /// Which rule is broken.
    pub fn new(rules: Vec<SubjectRule>, fallback: SubjectFallback) -> Result<Self, Invalid> {
        if rules.len() > SUBJECT_RULES_MAX {
            let rule = format!("at most {SUBJECT_RULES_MAX} rules are allowed");
            return Err(Invalid::new("subjectPatternRules", rule));
        }
        Ok(Self { rules, fallback })
    }

    /// The rules with a condition, in their order.
    pub fn rules(&self) -> &[SubjectRule] {
        &self.rules
    }

    /// The rule for whom no other holds.
    pub const fn fallback(&self) -> &SubjectFallback {
        &self.fallback
    }

    /// Takes them apart.
    pub fn into_parts(self) -> (Vec<SubjectRule>, SubjectFallback) {
        (self.rules, self.fallback)
    }

    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::dn::InvalidName;

    #[test]
    fn patterns_are_read_and_written_and_filled() {
        for text in ["${name}", "x", "a ${mail}-${cp.origin} b}", "{", "${a}${b}"] {
            let pattern: Pattern = text.parse().unwrap();
            assert_eq!(pattern.to_string(), text);
        }
        let pattern: Pattern = "<${mail}> ${mail} ${cp.x}".parse().unwrap();
        let names: Vec<&str> = pattern.variables().map(Variable::as_str).collect();
        assert_eq!(names, ["mail", "mail", "cp.x"]);
        let known = |variable: &Variable| (variable.as_str() == "mail").then_some("m");
        assert_eq!(pattern.fill(known), None);
        assert_eq!(pattern.fill(|_| Some("v")).as_deref(), Some("<v> v v"));
        for (text, rule) in [
            ("", "1 to 512 bytes"),
            ("a\nb", "control characters"),
            ("a ${b", "begins no ${variable}"),
            ("$", "begins no ${variable}"),
            ("${}", "wrong ${variable}"),
            ("${a b}", "wrong ${variable}"),
            ("${${a}}", "wrong ${variable}"),
        ] {
            let wrong = text.parse::<Pattern>().unwrap_err().to_string();
            assert!(wrong.contains(rule), "{text}: {wrong}");
        }
    }

    #[test]
    fn conditions_need_a_value_where_they_compare_and_only_there() {
        for (json, told) in [
            (r#"{"variable":"a","operator":"exist"}"#, "a exists"),
            (
                r#"{"variable":"a","operator":"exist_not"}"#,
                "a does not exist",
            ),
            (r#"{"variable":"a","operator":"is","value":"b"}"#, "a is b"),
            (
                r#"{"variable":"a","operator":"is_not","value":""}"#,
                "a is not ",
            ),
        ] {
            let condition: Condition = serde_json::from_str(json).unwrap();
            assert_eq!(condition.to_string(), told);
            assert_eq!(serde_json::to_string(&condition).unwrap(), json);
        }
        for (json, rule) in [
            (r#"{"variable":"a","operator":"is"}"#, "value: is missing"),
            (
                r#"{"variable":"a","operator":"exist","value":"b"}"#,
                "value: must not",
            ),
            (
                r#"{"variable":"","operator":"exist"}"#,
                "variable must have",
            ),
            (
                r#"{"variable":"a","operator":"like"}"#,
                "unknown variant `like`",
            ),
        ] {
            let wrong = serde_json::from_str::<Condition>(json).unwrap_err();
            assert!(wrong.to_string().contains(rule), "{json}: {wrong}");
        }
    }

    #[test]
    fn subjects_have_a_part_and_real_countries() {
        let read = serde_json::from_str::<SubjectPattern>;
        let subject = read(r#"{"CN":"${name}","C":"DE","O":""}"#).unwrap();
        let json = serde_json::to_string(&subject).unwrap();
        assert_eq!(json, r#"{"CN":"${name}","C":"DE"}"#);
        let any = read(r#"{"C":"${country}"}"#).unwrap();
        let fill = |value: &'static str| any.fill(|_| Some(value)).map(|name| name.to_string());
        assert_eq!(fill("FR").unwrap(), "C=FR");
        assert_eq!(fill("France").unwrap_err(), InvalidName::Country);
        assert!(matches!(
            any.fill(|_| None),
            Err(InvalidName::Value("C", _))
        ));
        let filled = subject.fill(|_| Some("a, b")).unwrap();
        assert_eq!(filled.to_string(), "CN=a\\, b,C=DE");
        for (json, rule) in [
            ("{}", "at least one of CN"),
            (r#"{"CN":""}"#, "at least one of CN"),
            (r#"{"C":"Germany"}"#, "C: must be a country's two letters"),
            (r#"{"OU":"${"}"#, "OU: pattern has"),
            (r#"{"SN":"x"}"#, "unknown variant `SN`"),
        ] {
            let wrong = read(json).unwrap_err().to_string();
            assert!(wrong.contains(rule), "{json}: {wrong}");
        }
    }

    #[test]
    fn the_default_names_the_user() {
        let rules = SubjectRules::default();
        let json = serde_json::to_string(rules.fallback()).unwrap();
        assert_eq!(
            json,
            r#"{"description":"","subjectPattern":{"CN":"${name}"}}"#
        );
        assert_eq!(serde_json::from_str::<SubjectRules>("{}").unwrap(), rules);
    }
}
