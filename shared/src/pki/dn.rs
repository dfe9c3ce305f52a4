//! Names of certificates' subjects, as people write them (RFC 4514): the most specific part first.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use x509_parser::objects::{oid_registry, oid2abbrev};
use x509_parser::x509::X509Name;

use crate::id::serde_as_text;
use crate::schema::schema;

/// Bytes of one value (RFC 5280, upper bounds of the attribute types).
const VALUE_LEN_MAX: usize = 64;
/// Bytes of an e-mail address in a name.
const EMAIL_LEN_MAX: usize = 255;
/// Characters that stand for something else in a name.
const SPECIAL: &[char] = &[',', '+', '"', '\\', '<', '>', ';', '='];

/// What a part of a name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Attribute {
    CommonName,
    Email,
    Locality,
    Organization,
    OrganizationalUnit,
    State,
    Country,
}

impl Attribute {
    const ALL: [(&'static str, Self); 9] = [
        ("CN", Self::CommonName),
        ("EMAIL", Self::Email),
        ("L", Self::Locality),
        ("O", Self::Organization),
        ("OU", Self::OrganizationalUnit),
        ("ST", Self::State),
        ("C", Self::Country),
        // Other spellings that are read.
        ("EMAILADDRESS", Self::Email),
        ("S", Self::State),
    ];

    fn read(text: &str) -> Option<Self> {
        let mut all = Self::ALL.iter();
        let found = all.find(|(name, _)| name.eq_ignore_ascii_case(text))?;
        Some(found.1)
    }

    /// By its short name in the registry of the parser.
    pub(super) fn of_certificate(name: &str) -> Option<Self> {
        Self::read(name)
    }

    /// As it stands in names.
    pub fn as_str(self) -> &'static str {
        let mut all = Self::ALL.iter();
        all.find(|(_, one)| *one == self)
            .map_or("", |found| found.0)
    }
}

/// A subject's name, for a request or a certificate that is to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DistinguishedName(Vec<(Attribute, String)>);

/// A text that is no such name.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum InvalidName {
    /// No part at all.
    #[error("must be a name such as CN=connector.example.com,O=Example,C=DE")]
    Empty,
    /// A part without `=`, or with two.
    #[error(
        "{0:?} must have the form NAME=value; write a comma, plus or equals sign in a value with a backslash before it"
    )]
    Part(String),
    /// An attribute that is not known.
    #[error("{0:?} is unknown; known are CN, EMAIL, L, O, OU, ST and C")]
    Attribute(String),
    /// An attribute that occurs twice.
    #[error("{0} occurs twice")]
    Twice(&'static str),
    /// An empty or too long value, or one with control characters.
    #[error("the value of {0} must have 1 to {1} bytes and no control characters")]
    Value(&'static str, usize),
    /// A country that is none.
    #[error("the value of C must be the two letters of a country")]
    Country,
    /// An e-mail address that is not ASCII.
    #[error("the value of EMAIL must be an ASCII address with an @")]
    Email,
}

impl DistinguishedName {
    /// A name of parts, the most specific first.
    ///
    /// # Errors
    /// When there is none, one occurs twice or has a wrong value.
    pub fn of(parts: Vec<(Attribute, String)>) -> Result<Self, InvalidName> {
        if parts.is_empty() {
            return Err(InvalidName::Empty);
        }
        for (i, (attribute, value)) in parts.iter().enumerate() {
            check(*attribute, value)?;
            if parts.iter().skip(i + 1).any(|(one, _)| one == attribute) {
                return Err(InvalidName::Twice(attribute.as_str()));
            }
        }
        Ok(Self(parts))
    }

    /// The parts, the most specific first.
    pub fn parts(&self) -> &[(Attribute, String)] {
        &self.0
    }
}

impl FromStr for DistinguishedName {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts: Vec<(Attribute, String)> = vec![];
        for part in split(text, ',') {
            if part.trim().is_empty() {
                return Err(InvalidName::Empty);
            }
            let mut sides = split(part, '=');
            let (Some(name), Some(value), None) = (sides.next(), sides.next(), sides.next()) else {
                return Err(InvalidName::Part(part.trim().to_owned()));
            };
            let name = name.trim();
            let attribute = Attribute::read(name);
            let attribute = attribute.ok_or_else(|| InvalidName::Attribute(name.to_owned()))?;
            let value = unescaped(value.trim());
            check(attribute, &value)?;
            if parts.iter().any(|(one, _)| *one == attribute) {
                return Err(InvalidName::Twice(attribute.as_str()));
            }
            parts.push((attribute, value));
        }
        Ok(Self(parts))
    }
}

fn check(attribute: Attribute, value: &str) -> Result<(), InvalidName> {
    let most = if attribute == Attribute::Email {
        EMAIL_LEN_MAX
    } else {
        VALUE_LEN_MAX
    };
    let name = attribute.as_str();
    if value.is_empty() || value.len() > most || value.chars().any(char::is_control) {
        return Err(InvalidName::Value(name, most));
    }
    let letters = value.len() == 2 && value.bytes().all(|b| b.is_ascii_alphabetic());
    if attribute == Attribute::Country && !letters {
        return Err(InvalidName::Country);
    }
    if attribute == Attribute::Email && !(value.is_ascii() && value.contains('@')) {
        return Err(InvalidName::Email);
    }
    Ok(())
}

/// The pieces between separators that no backslash stands before.
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut escaped = false;
    text.split(move |c: char| {
        let here = c == separator && !escaped;
        escaped = c == '\\' && !escaped;
        here
    })
}

fn unescaped(text: &str) -> String {
    let mut chars = text.chars();
    let mut out = String::with_capacity(text.len());
    while let Some(c) = chars.next() {
        out.push(if c == '\\' {
            chars.next().unwrap_or(c)
        } else {
            c
        });
    }
    out
}

fn write_part(f: &mut impl fmt::Write, first: bool, name: &str, value: &str) -> fmt::Result {
    if !first {
        f.write_char(',')?;
    }
    write!(f, "{name}=")?;
    value.chars().try_for_each(|c| {
        if SPECIAL.contains(&c) {
            f.write_char('\\')?;
        }
        f.write_char(c)
    })
}

impl fmt::Display for DistinguishedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = self.0.iter().enumerate();
        parts.try_for_each(|(i, (name, value))| write_part(f, i == 0, name.as_str(), value))
    }
}

serde_as_text!(DistinguishedName);
schema!(DistinguishedName = {
    "type": "string",
    "minLength": 3,
    "description": "A subject's name such as CN=connector.example.com,O=Example,C=DE (RFC 4514), each of CN, EMAIL, L, O, OU, ST and C at most once.",
});

/// The name in a certificate, as people write it.
pub fn text(name: &X509Name<'_>) -> String {
    let mut out = String::new();
    let parts: Vec<_> = name.iter_attributes().collect();
    for (i, part) in parts.into_iter().rev().enumerate() {
        let oid = part.attr_type();
        let name = match oid2abbrev(oid, oid_registry()) {
            Ok(name) if name.eq_ignore_ascii_case("email") => "EMAIL".to_owned(),
            Ok(name) => name.to_owned(),
            Err(_) => oid.to_id_string(),
        };
        let value = part.as_str().map_or_else(
            |_| String::from_utf8_lossy(part.as_slice()).into_owned(),
            str::to_owned,
        );
        write_part(&mut out, i == 0, &name, &value).expect("a text takes everything");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_shown_alike() {
        for (text, shown) in [
            ("CN=a", "CN=a"),
            ("cn = a b , O=x\\, y,C=de", "CN=a b,O=x\\, y,C=de"),
            (
                "CN=a\\=b\\\\c,emailAddress=a@b.c",
                "CN=a\\=b\\\\c,EMAIL=a@b.c",
            ),
            ("CN=ä,S=Bayern", "CN=ä,ST=Bayern"),
        ] {
            let name: DistinguishedName = text.parse().unwrap();
            assert_eq!(name.to_string(), shown);
            assert_eq!(shown.parse::<DistinguishedName>().unwrap(), name);
        }
    }

    #[test]
    fn wrong_names_are_named() {
        use InvalidName as E;
        let long = format!("CN={}", "x".repeat(65));
        for (text, error) in [
            ("", E::Empty),
            ("CN=a,", E::Empty),
            ("example", E::Part("example".to_owned())),
            ("CN=a=b", E::Part("CN=a=b".to_owned())),
            ("CNN=a", E::Attribute("CNN".to_owned())),
            ("CN=a,CN=b", E::Twice("CN")),
            ("CN=", E::Value("CN", 64)),
            (long.as_str(), E::Value("CN", 64)),
            ("CN=a\nb", E::Value("CN", 64)),
            ("C=Germany", E::Country),
            ("EMAIL=a", E::Email),
        ] {
            assert_eq!(text.parse::<DistinguishedName>(), Err(error), "{text}");
        }
    }
}
