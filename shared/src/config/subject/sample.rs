//! Which subject a user gets: the rules applied to the attributes of a token.

use std::collections::BTreeMap;

use thiserror::Error;

use super::{
    Comparison, Condition, ConditionFields, NamePart, Pattern, SubjectPattern, SubjectRules,
    Variable,
};
use crate::pki::dn::write_part;

/// What a token says of its user, by name.
pub type Attributes = BTreeMap<Variable, String>;

/// The subject of a user, and the rule that gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sampled {
    /// The place of the rule; as many as there are rules where none held.
    pub rule: usize,
    /// The subject (RFC 4514).
    pub subject: String,
}

/// Why a user gets no certificate.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("the token has no attribute {missing}, which the subject is made of")]
pub struct NoSubject {
    /// The place of the rule; as many as there are rules where none held.
    pub rule: usize,
    /// The attribute.
    pub missing: Variable,
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
    /// The subject of a user (RFC 4514), the common name first.
    ///
    /// # Errors
    /// The first attribute that the user has not.
    pub fn subject(&self, user: &Attributes) -> Result<String, Variable> {
        let mut out = String::new();
        for (place, (part, pattern)) in self.parts().enumerate() {
            let value = filled(pattern, user)?;
            write_part(&mut out, place == 0, part.as_str(), &value)
                .expect("a text takes everything");
        }
        Ok(out)
    }
}

fn filled(pattern: &Pattern, user: &Attributes) -> Result<String, Variable> {
    let known = |variable: &Variable| user.get(variable).map(String::as_str);
    pattern.fill(known).ok_or_else(|| {
        let missing = pattern.variables().find(|one| !user.contains_key(one));
        missing.cloned().expect("something is missing")
    })
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
            Err(missing) => Err(NoSubject { rule, missing }),
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
                &[("mail", "m"), ("kind", "x"), ("name", "n")],
                1,
                "CN=n,EMAIL=m",
            ),
            (&[("mail", "m"), ("kind", "z")], 2, "CN=m\\, too"),
            (&[("mail", "m")], 2, "CN=m\\, too"),
            (&[("mail", "m"), ("kind", "y"), ("name", "n")], 3, "CN=n"),
        ] {
            let subject = subject.to_owned();
            assert_eq!(
                rules.subject(&user(attributes)),
                Ok(Sampled { rule, subject })
            );
        }
        let refused = rules
            .subject(&user(&[("mail", "m"), ("kind", "x")]))
            .unwrap_err();
        assert_eq!((refused.rule, refused.missing.as_str()), (1, "name"));
    }
}
