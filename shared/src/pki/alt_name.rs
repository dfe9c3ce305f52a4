//! Alternative names of a certificate that is to be made.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use x509_parser::prelude::{GeneralName, X509Certificate};

use crate::host::InternalHost;
use crate::schema::schema;

/// Bytes of one name.
const NAME_LEN_MAX: usize = 255;

/// An alternative name, by its type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "value", try_from = "Fields")]
pub enum AltName {
    /// A host name; its first label may be `*`.
    #[serde(rename = "DNS")]
    Dns(String),
    /// An address.
    #[serde(rename = "IP")]
    Ip(IpAddr),
    /// An e-mail address.
    #[serde(rename = "RFC822")]
    Email(String),
    /// A URI.
    #[serde(rename = "URI")]
    Uri(String),
}

schema!(AltName = {
    "type": "object",
    "properties": {
        "type": {"type": "string", "enum": ["DNS", "IP", "RFC822", "URI"]},
        "value": {"type": "string", "minLength": 1, "maxLength": NAME_LEN_MAX},
    },
    "required": ["type", "value"],
    "additionalProperties": false,
});

/// What is no alternative name.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum InvalidAltName {
    /// An unknown type.
    #[error("type must be DNS, IP, RFC822 or URI")]
    Type,
    /// No host name.
    #[error("value must be a host name such as connector.example.com or *.example.com")]
    Dns,
    /// No address.
    #[error("value must be an IPv4 or IPv6 address")]
    Ip,
    /// No e-mail address.
    #[error("value must be an ASCII e-mail address")]
    Email,
    /// No URI.
    #[error("value must be an ASCII URI with a scheme")]
    Uri,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    #[serde(rename = "type")]
    kind: String,
    value: String,
}

impl TryFrom<Fields> for AltName {
    type Error = InvalidAltName;

    fn try_from(Fields { kind, value }: Fields) -> Result<Self, Self::Error> {
        Self::new(&kind, &value)
    }
}

impl AltName {
    /// Reads a name of a type.
    ///
    /// # Errors
    /// When the type is unknown or the value is not of it.
    pub fn new(kind: &str, value: &str) -> Result<Self, InvalidAltName> {
        let graphic = value.len() <= NAME_LEN_MAX && value.bytes().all(|b| b.is_ascii_graphic());
        match kind.to_ascii_uppercase().as_str() {
            "DNS" => {
                let host = value.strip_prefix("*.").unwrap_or(value);
                let name = host.parse::<InternalHost>().is_ok() && host.parse::<IpAddr>().is_err();
                if !name {
                    return Err(InvalidAltName::Dns);
                }
                Ok(Self::Dns(value.to_ascii_lowercase()))
            }
            "IP" => value.parse().map(Self::Ip).or(Err(InvalidAltName::Ip)),
            "RFC822" => {
                let parts = value.split_once('@');
                let fits = parts.is_some_and(|(a, b)| !a.is_empty() && !b.is_empty());
                if !fits || !graphic {
                    return Err(InvalidAltName::Email);
                }
                Ok(Self::Email(value.to_owned()))
            }
            "URI" => {
                let scheme = value.split_once(':').map_or("", |(scheme, _)| scheme);
                let first = scheme
                    .bytes()
                    .next()
                    .is_some_and(|b| b.is_ascii_alphabetic());
                if !first || !graphic {
                    return Err(InvalidAltName::Uri);
                }
                Ok(Self::Uri(value.to_owned()))
            }
            _ => Err(InvalidAltName::Type),
        }
    }
}

/// The alternative names of a certificate of the types that are known here, as type and value.
pub(crate) fn of(certificate: &X509Certificate<'_>) -> Vec<(&'static str, String)> {
    let names = certificate.subject_alternative_name().ok().flatten();
    let names = names.map_or(&[][..], |found| found.value.general_names.as_slice());
    let shown = names.iter().filter_map(|name| {
        if let GeneralName::DNSName(name) = name {
            return Some(("DNS", (*name).to_owned()));
        }
        if let GeneralName::RFC822Name(address) = name {
            return Some(("RFC822", (*address).to_owned()));
        }
        if let GeneralName::URI(uri) = name {
            return Some(("URI", (*uri).to_owned()));
        }
        let GeneralName::IPAddress(bytes) = name else {
            return None;
        };
        let v4 = <[u8; 4]>::try_from(*bytes).map(IpAddr::from);
        let address = v4.or_else(|_| <[u8; 16]>::try_from(*bytes).map(IpAddr::from));
        Some(("IP", address.ok()?.to_string()))
    });
    shown.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked_by_their_type() {
        for (kind, value) in [
            ("DNS", "a.example"),
            ("dns", "*.example.com"),
            ("IP", "10.0.0.1"),
            ("IP", "::1"),
            ("RFC822", "a@b.c"),
            ("URI", "urn:x"),
        ] {
            let name = AltName::new(kind, value).unwrap();
            let json = serde_json::to_value(&name).unwrap();
            assert_eq!(json["value"], value);
            assert_eq!(serde_json::from_value::<AltName>(json).unwrap(), name);
        }
        use InvalidAltName as E;
        for (kind, value, error) in [
            ("DNS", "", E::Dns),
            ("DNS", "10.0.0.1", E::Dns),
            ("DNS", "a b", E::Dns),
            ("DNS", "*", E::Dns),
            ("IP", "a", E::Ip),
            ("RFC822", "a", E::Email),
            ("RFC822", "ä@b", E::Email),
            ("URI", "x", E::Uri),
            ("URI", "1:x", E::Uri),
            ("X400", "x", E::Type),
        ] {
            assert_eq!(AltName::new(kind, value), Err(error), "{kind} {value}");
        }
    }
}
