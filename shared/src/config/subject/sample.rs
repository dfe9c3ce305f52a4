//! Which subject a user gets: the rules applied to the attributes of a token.

use std::collections::BTreeMap;

use thiserror::Error;

use super::{
    Comparison, Condition, ConditionFields, NamePart, SubjectPattern, SubjectRules, Variable,
};
use crate::pki::dn::{DistinguishedName, InvalidName};

/// What a token says of its user, by name.
pub type Attributes = BTreeMap<Variable, String>;

/// The subject of a user, and the rule that gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sampled {
    /// The place of the rule; as many as there are rules where none held.
    pub rule: usize,
    /// The subject.
    pub subject: DistinguishedName,
}

/// Why a user gets no certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoSubject {
    /// The place of the rule; as many as there are rules where none held.
    pub rule: usize,
    /// What is wrong.
    pub reason: NoName,
}

/// Why no subject can be made.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum NoName {
    /// The token lacks an attribute.
    #[error("the token has no attribute {0}, which the subject is made of")]
    Missing(Variable),
    /// An attribute makes a part that no name has.
    #[error(transparent)]
    Wrong(#[from] InvalidName),
}

impl Condition {
    /// Whether it holds for a user.
    pub fn holds(&self, user: &Attributes) -> bool {
        let ConditionFields {
            variable,
            operator,
            value,
        } = &self.0;
        let found = user.get(variable).map(String::as_str);
        let wanted = value.as_deref();
        match operator {
            Comparison::Exist => found.is_some(),
            Comparison::ExistNot => found.is_none(),
            Comparison::Is => found.is_some() && found == wanted,
            Comparison::IsNot => found != wanted,
        }
    }
}

impl SubjectPattern {
    /// The subject of a user.
    ///
    /// # Errors
    /// The first attribute that the user has not, or a value that no name has.
    pub fn subject(&self, user: &Attributes) -> Result<DistinguishedName, NoName> {
        let missing = self
            .variables()
            .into_iter()
            .find(|one| !user.contains_key(one));
        if let Some(missing) = missing {
            return Err(NoName::Missing(missing.clone()));
        }
        Ok(self.fill(|variable| user.get(variable).map(String::as_str))?)
    }
}

impl NamePart {
    /// All of them, in the order of names.
    pub const ALL: [Self; 7] = [
        Self::Cn,
        Self::Email,
        Self::L,
        Self::O,
        Self::Ou,
        Self::St,
        Self::C,
    ];

    /// As it stands in names.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cn => "CN",
            Self::Email => "EMAIL",
            Self::L => "L",
            Self::O => "O",
            Self::Ou => "OU",
            Self::St => "ST",
            Self::C => "C",
        }
    }
}

impl SubjectRules {
    /// The subject of a user: by the first rule that holds.
    ///
    /// # Errors
    /// When an attribute is missing that the subject of this rule is made of.
    pub fn subject(&self, user: &Attributes) -> Result<Sampled, NoSubject> {
        let held = self.rules.iter().position(|one| one.condition.holds(user));
        let rule = held.unwrap_or(self.rules.len());
        let pattern = self
            .rules
            .get(rule)
            .map_or(&self.fallback.subject_pattern, |one| &one.subject_pattern);
        match pattern.subject(user) {
            Ok(subject) => Ok(Sampled { rule, subject }),
            Err(reason) => Err(NoSubject { rule, reason }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(attributes: &[(&str, &str)]) -> Attributes {
        let read = |(name, value): &(&str, &str)| (name.parse().unwrap(), (*value).to_owned());
        attributes.iter().map(read).collect()
    }

    #[test]
    fn the_first_rule_that_holds_gives_the_subject() {
        let json = r#"{"rules": [
            {"description": "", "condition": {"variable": "mail", "operator": "exist_not"},
             "subjectPattern": {"CN": "robot"}},
            {"description": "", "condition": {"variable": "kind", "operator": "is", "value": "x"},
             "subjectPattern": {"CN": "${name}", "EMAIL": "${mail}"}},
            {"description": "", "condition": {"variable": "kind", "operator": "is_not", "value": "y"},
             "subjectPattern": {"CN": "${mail}, too"}}],
            "fallback": {"description": "", "subjectPattern": {"CN": "${name}"}}}"#;
        let rules: SubjectRules = serde_json::from_str(json).unwrap();
        for (attributes, rule, subject) in [
            (&[("name", "n")][..], 0, "CN=robot"),
            (
                &[("mail", "m@x"), ("kind", "x"), ("name", "n")],
                1,
                "CN=n,EMAIL=m@x",
            ),
            (&[("mail", "m@x"), ("kind", "z")], 2, "CN=m@x\\, too"),
            (&[("mail", "m@x")], 2, "CN=m@x\\, too"),
            (&[("mail", "m@x"), ("kind", "y"), ("name", "n")], 3, "CN=n"),
        ] {
            let sampled = rules.subject(&user(attributes)).unwrap();
            assert_eq!(
                (sampled.rule, sampled.subject.to_string().as_str()),
                (rule, subject)
            );
        }
        let refused = rules
            .subject(&user(&[("mail", "m@x"), ("kind", "x")]))
            .unwrap_err();
        let name = "name".parse().unwrap();
        assert_eq!((refused.rule, refused.reason), (1, NoName::Missing(name)));
        let wrong = [("mail", "none"), ("kind", "x"), ("name", "n")];
        let refused = rules.subject(&user(&wrong)).unwrap_err();
        assert_eq!(refused.reason, NoName::Wrong(InvalidName::Email));
    }
}
