//! The subject of a client's certificate: compared part by part, never as one text.

use x509_parser::objects::{oid_registry, oid2abbrev};
use x509_parser::prelude::{FromDer as _, X509Certificate};
use x509_parser::x509::X509Name;

use super::dn::{self, Attribute, DistinguishedName};

/// Whose a certificate is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The most specific part first. Attributes and values that cannot be read are equal to nothing.
    parts: Vec<Option<(Attribute, String)>>,
    /// Whether no part has several attributes.
    flat: bool,
    text: String,
}

impl Subject {
    /// The subject of a DER certificate; nothing where that cannot be read, is empty, or could
    /// not be shown as one line.
    pub fn of(der: &[u8]) -> Option<Self> {
        let (_, parsed) = X509Certificate::from_der(der).ok()?;
        let name = parsed.subject();
        let text = dn::text(name);
        if text.is_empty() || text.chars().any(char::is_control) {
            return None;
        }
        Some(Self {
            parts: parts(name),
            flat: name.iter_rdn().all(|part| part.iter().count() == 1),
            text,
        })
    }

    /// As people write it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it is exactly this name: the same parts in the same order and nothing else.
    pub fn is(&self, name: &DistinguishedName) -> bool {
        let own = self.parts.iter().map(Option::as_ref);
        self.flat && own.eq(name.parts().iter().map(Some))
    }

    /// Whether one of its attributes is exactly this.
    pub fn has(&self, attribute: Attribute, value: &str) -> bool {
        let mut own = self.parts.iter().flatten();
        own.any(|(one, text)| *one == attribute && text == value)
    }
}

fn parts(name: &X509Name<'_>) -> Vec<Option<(Attribute, String)>> {
    let all: Vec<_> = name.iter_attributes().collect();
    let read = |part: &&x509_parser::x509::AttributeTypeAndValue<'_>| {
        let known = oid2abbrev(part.attr_type(), oid_registry()).ok()?;
        let attribute = Attribute::of_certificate(known)?;
        let value = part.as_str().ok()?;
        Some((attribute, value.to_owned()))
    };
    all.iter().rev().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(parts: &[Option<(Attribute, &str)>], flat: bool) -> Subject {
        let own = |one: &Option<(Attribute, &str)>| one.map(|(a, text)| (a, text.to_owned()));
        Subject {
            parts: parts.iter().map(own).collect(),
            flat,
            text: "x".to_owned(),
        }
    }

    #[test]
    fn a_name_is_equal_as_a_whole_and_attributes_one_by_one() {
        use Attribute::{CommonName as CN, Organization as O, OrganizationalUnit as OU};
        let name: DistinguishedName = "CN=anna,O=Example".parse().unwrap();
        let own = subject(&[Some((CN, "anna")), Some((O, "Example"))], true);
        assert!(own.is(&name));
        for other in [
            subject(&[Some((CN, "anna"))], true),
            subject(&[Some((O, "Example")), Some((CN, "anna"))], true),
            subject(&[Some((CN, "Anna")), Some((O, "Example"))], true),
            subject(&[Some((CN, "anna")), None, Some((O, "Example"))], true),
            subject(&[Some((CN, "anna")), Some((O, "Example"))], false),
            subject(&[Some((CN, "anna,O=Example"))], true),
        ] {
            assert!(!other.is(&name), "{other:?}");
        }
        let units = subject(&[Some((OU, "IT")), Some((OU, "Operations")), None], true);
        assert!(units.has(OU, "Operations") && units.has(OU, "IT"));
        assert!(!units.has(O, "IT") && !units.has(OU, "it") && !units.has(OU, ""));
        assert_eq!(Subject::of(b"no certificate"), None);
    }
}
