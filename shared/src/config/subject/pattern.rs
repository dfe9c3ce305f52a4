//! Patterns of names in certificates: text in which `${variable}` stands for an attribute of a token.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::config::invalid::Invalid;
use crate::config::limits::{SUBJECT_PATTERN_LEN_MAX, VARIABLE_LEN_MAX};
use crate::id::serde_as_text;
use crate::pki::dn::{Attribute, DistinguishedName, InvalidName};
use crate::schema::schema;

/// The name of an attribute.
macro_rules! variable {
    () => {
        "[A-Za-z0-9._:/-]{1,256}"
    };
}

/// A character that is no part of a variable.
macro_rules! plain {
    () => {
        "[^$\\u0000-\\u001f\\u007f-\\u009f]"
    };
}

/// A pattern, or nothing.
const PATTERN: &str = concat!("^(", plain!(), "|\\$\\{", variable!(), "\\})*$");
/// The pattern of a country, or nothing.
const COUNTRY: &str = concat!(
    "^([A-Za-z]{2}|",
    plain!(),
    "*\\$\\{",
    variable!(),
    "\\}(",
    plain!(),
    "|\\$\\{",
    variable!(),
    "\\})*)?$"
);

/// The name of an attribute of a token, such as `mail` or `cp.origin`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Variable(Arc<str>);

/// A text that names no attribute.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("variable must have 1 to {VARIABLE_LEN_MAX} characters of A-Z a-z 0-9 . _ : / -")]
pub struct InvalidVariable(());

impl Variable {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Variable {
    type Err = InvalidVariable;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b':' | b'/' | b'-'));
        if !fits || !(1..=VARIABLE_LEN_MAX).contains(&text.len()) {
            return Err(InvalidVariable(()));
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

serde_as_text!(Variable);

schema!(Variable = { "type": "string", "pattern": concat!("^", variable!(), "$") });

/// A piece of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(Box<str>),
    Variable(Variable),
}

/// What one part of a name is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(Arc<[Piece]>);

/// A text that is no pattern.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum InvalidPattern {
    /// Empty or too long.
    #[error("pattern must have 1 to {SUBJECT_PATTERN_LEN_MAX} bytes")]
    Length,
    /// Line breaks and the like.
    #[error("pattern must not contain control characters")]
    Control,
    /// `$` that begins no variable.
    #[error("pattern has a $ that begins no ${{variable}}")]
    Open,
    /// Something else than a name between the braces.
    #[error("pattern has a wrong ${{variable}}: {0}")]
    Variable(#[from] InvalidVariable),
}

impl Pattern {
    /// The attributes that it needs.
    pub fn variables(&self) -> impl Iterator<Item = &Variable> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Text(_) => None,
            Piece::Variable(variable) => Some(variable),
        })
    }

    /// The text with each variable replaced; None where a value is missing.
    pub fn fill<'v>(&self, value: impl Fn(&Variable) -> Option<&'v str>) -> Option<String> {
        let piece = |piece: &Piece| match piece {
            Piece::Text(text) => Some(text.to_string()),
            Piece::Variable(variable) => value(variable).map(str::to_owned),
        };
        self.0.iter().map(piece).collect()
    }
}

impl FromStr for Pattern {
    type Err = InvalidPattern;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if !(1..=SUBJECT_PATTERN_LEN_MAX).contains(&text.len()) {
            return Err(InvalidPattern::Length);
        }
        if text.chars().any(char::is_control) {
            return Err(InvalidPattern::Control);
        }
        let mut pieces = vec![];
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('$') {
            let braced = after
                .strip_prefix('{')
                .and_then(|after| after.split_once('}'));
            let (name, after) = braced.ok_or(InvalidPattern::Open)?;
            if !before.is_empty() {
                pieces.push(Piece::Text(before.into()));
            }
            pieces.push(Piece::Variable(name.parse()?));
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.into()));
        }
        Ok(Self(pieces.into()))
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|piece| match piece {
            Piece::Text(text) => f.write_str(text),
            Piece::Variable(variable) => write!(f, "${{{variable}}}"),
        })
    }
}

serde_as_text!(Pattern);

/// A part of a subject's distinguished name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the names say it")]
pub enum NamePart {
    Cn,
    Email,
    L,
    O,
    Ou,
    St,
    C,
}

impl NamePart {
    const fn attribute(self) -> Attribute {
        match self {
            Self::Cn => Attribute::CommonName,
            Self::Email => Attribute::Email,
            Self::L => Attribute::Locality,
            Self::O => Attribute::Organization,
            Self::Ou => Attribute::OrganizationalUnit,
            Self::St => Attribute::State,
            Self::C => Attribute::Country,
        }
    }
}

/// The pattern of a whole subject; at least one part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<NamePart, String>")]
pub struct SubjectPattern(BTreeMap<NamePart, Pattern>);

impl JsonSchema for SubjectPattern {
    fn schema_name() -> Cow<'static, str> {
        "SubjectPattern".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let most = SUBJECT_PATTERN_LEN_MAX;
        let text = json_schema!({ "type": "string", "pattern": PATTERN, "maxLength": most });
        let country = json_schema!({ "type": "string", "pattern": COUNTRY, "maxLength": most });
        let filled = |name: &str| json_schema!({ "properties": { name: { "minLength": 1 } }, "required": [name] });
        let some = ["CN", "EMAIL", "L", "O", "OU", "ST", "C"].map(filled);
        json_schema!({
            "type": "object",
            "properties": { "CN": text, "EMAIL": text, "L": text, "O": text, "OU": text,
                            "ST": text, "C": country },
            "additionalProperties": false,
            "anyOf": some,
        })
    }
}

impl TryFrom<BTreeMap<NamePart, String>> for SubjectPattern {
    type Error = Invalid;

    /// An empty part is one that is not there.
    fn try_from(parts: BTreeMap<NamePart, String>) -> Result<Self, Self::Error> {
        let filled = parts.into_iter().filter(|(_, text)| !text.is_empty());
        let parsed = filled.map(|(part, text)| {
            let field = format!("{part:?}").to_uppercase();
            let pattern: Pattern = text
                .parse()
                .map_err(|rule: InvalidPattern| Invalid::new(&field, rule.to_string()))?;
            let country = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
            if part == NamePart::C && pattern.variables().next().is_none() && !country {
                let rule = "must be a country's two letters, or have a ${variable}";
                return Err(Invalid::new(field, rule));
            }
            Ok((part, pattern))
        });
        let parts: BTreeMap<NamePart, Pattern> = parsed.collect::<Result<_, _>>()?;
        if parts.is_empty() {
            let rule = "must have at least one of CN, EMAIL, L, O, OU, ST and C";
            return Err(Invalid::new("subjectPattern", rule));
        }
        Ok(Self(parts))
    }
}

impl SubjectPattern {
    /// A subject that has only a common name.
    pub fn common_name(pattern: Pattern) -> Self {
        Self(BTreeMap::from([(NamePart::Cn, pattern)]))
    }

    /// The patterns of its parts.
    pub fn parts(&self) -> impl Iterator<Item = (NamePart, &Pattern)> {
        self.0.iter().map(|(part, pattern)| (*part, pattern))
    }

    /// The name with each variable replaced.
    ///
    /// # Errors
    /// When a value is missing, or makes a part that no name has.
    pub fn fill<'v>(
        &self,
        value: impl Fn(&Variable) -> Option<&'v str>,
    ) -> Result<DistinguishedName, InvalidName> {
        let filled = self.0.iter().map(|(part, pattern)| {
            // What is missing is empty, which no part is.
            let text = pattern.fill(&value).unwrap_or_default();
            (part.attribute(), text)
        });
        DistinguishedName::of(filled.collect())
    }

    /// The attributes that it needs.
    pub fn variables(&self) -> BTreeSet<&Variable> {
        self.0.values().flat_map(Pattern::variables).collect()
    }
}
