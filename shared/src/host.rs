//! Hosts, ports and addresses, virtual and internal: parse and display, nothing else.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::num::NonZeroU16;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::id::serde_as_text;
use crate::protocol::internal::is_reserved;
use crate::schema::{
    COOKIE_DOMAIN, INTERNAL_ADDRESS, INTERNAL_HOST, VIRTUAL_ADDRESS, VIRTUAL_HOST, schema,
};

/// Longest host name in bytes (RFC 1035).
pub const HOST_LEN_MAX: usize = 253;
/// The port of an `http` URL that names none.
const HTTP_PORT: u16 = 80;
/// Longest label of a host name in bytes (RFC 1035).
const LABEL_LEN_MAX: usize = 63;

/// A text that is no host, port or address.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum InvalidAddress {
    /// The host is no name and no address.
    #[error(
        "host must be a name of labels with A-Z a-z 0-9 _ - between dots, at most 253 characters, or an IP address"
    )]
    Host,
    /// A name by which gateway and agent speak to each other.
    #[error("host must not be underpass.internal or a name below it, which are Underpass's own")]
    Reserved,
    /// A name that some resolvers would read as a number.
    #[error("host must not end in a number unless it is a plain IPv4 address such as 10.0.0.1")]
    Number,
    /// No port where one is needed.
    #[error("port is missing: write host:port")]
    PortMissing,
    /// The port is no number between 1 and 65535.
    #[error("port must be a number between 1 and 65535")]
    Port,
    /// An IPv6 address without brackets, or brackets around something else.
    #[error("an IPv6 address stands in brackets, such as [::1]:443")]
    Brackets,
}

/// Cuts `host[:port]` at the port; brackets of an IPv6 address are removed.
pub(crate) fn split_port(text: &str) -> Result<(&str, Option<&str>), InvalidAddress> {
    if let Some(rest) = text.strip_prefix('[') {
        let (host, rest) = rest.split_once(']').ok_or(InvalidAddress::Brackets)?;
        if !host.contains(':') {
            return Err(InvalidAddress::Brackets);
        }
        return match rest.strip_prefix(':') {
            Some(port) => Ok((host, Some(port))),
            None if rest.is_empty() => Ok((host, None)),
            None => Err(InvalidAddress::PortMissing),
        };
    }
    match text.split_once(':') {
        Some((_, port)) if port.contains(':') => Err(InvalidAddress::Brackets),
        Some((host, port)) => Ok((host, Some(port))),
        None => Ok((text, None)),
    }
}

/// The port of an `http` URL. [`http::Uri::port_u16`] takes what is no port for none at all, and a
/// sign or leading zeros for nothing special.
///
/// # Errors
/// When the URL has no plain `host[:port]`.
pub fn port_of(url: &http::Uri) -> Result<u16, InvalidAddress> {
    let authority = url.authority().map_or("", |authority| authority.as_str());
    Ok(host_and_port(authority)?.1)
}

/// The host, with the brackets of an IPv6 address, and the port of an `http` URL's authority.
///
/// # Errors
/// When it is no plain `host[:port]`.
pub fn host_and_port(authority: &str) -> Result<(&str, u16), InvalidAddress> {
    let bytes = authority.as_bytes();
    let end = match bytes.first() {
        Some(b'[') => memchr::memchr(b']', bytes).map(|end| end + 1),
        _ => Some(memchr::memchr(b':', bytes).unwrap_or(bytes.len())),
    };
    // In front of an at sign stands a user.
    let end = end.filter(|&end| end > 0 && memchr::memchr(b'@', bytes).is_none());
    let (host, behind) = authority.split_at(end.ok_or(InvalidAddress::Host)?);
    if behind.is_empty() {
        return Ok((host, HTTP_PORT));
    }
    let port = behind.strip_prefix(':').ok_or(InvalidAddress::Port)?;
    Ok((host, port.parse::<Port>()?.get()))
}

fn check_name(text: &str) -> Result<(), InvalidAddress> {
    let fits = |label: &str| {
        (1..=LABEL_LEN_MAX).contains(&label.len())
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
    };
    if text.len() > HOST_LEN_MAX || !text.split('.').all(fits) {
        return Err(InvalidAddress::Host);
    }
    Ok(())
}

/// Whether a resolver might take the name for a number, as `0x7f.1` or `2130706433`.
fn ends_in_number(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or_default();
    last.bytes().all(|b| b.is_ascii_digit())
        || last
            .strip_prefix("0x")
            .is_some_and(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))
}

macro_rules! host_text {
    ($name:ident) => {
        impl $name {
            /// The text in lower case, an IPv6 address without brackets.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                if self.0.contains(':') {
                    write!(f, "[{}]", self.0)
                } else {
                    f.write_str(&self.0)
                }
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        serde_as_text!($name);
    };
}

/// A host name as cloud applications know it; it need not exist anywhere.
///
/// Host names do not differ by case, so the text is kept in lower case.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VirtualHost(Arc<str>);

host_text!(VirtualHost);
schema!(VirtualHost = {
    "type": "string",
    "pattern": VIRTUAL_HOST,
    "maxLength": HOST_LEN_MAX,
    "description": "A host name as cloud applications know it; it need not exist anywhere.",
});

impl FromStr for VirtualHost {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        check_name(text)?;
        if is_reserved(text) {
            return Err(InvalidAddress::Reserved);
        }
        Ok(Self(text.to_ascii_lowercase().into()))
    }
}

/// A host name or IP address inside the company network.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InternalHost(Arc<str>);

host_text!(InternalHost);
schema!(InternalHost = {
    "type": "string",
    "pattern": INTERNAL_HOST,
    "maxLength": HOST_LEN_MAX,
    "description": "A host name or IP address inside the company network.",
});

impl FromStr for InternalHost {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let inner = text
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'));
        if let Some(address) = inner.or(text.contains(':').then_some(text)) {
            let address = address
                .parse::<Ipv6Addr>()
                .or(Err(InvalidAddress::Brackets))?;
            return Ok(Self(address.to_string().into()));
        }
        check_name(text)?;
        let name = text.to_ascii_lowercase();
        if ends_in_number(&name) && name.parse::<Ipv4Addr>().is_err() {
            return Err(InvalidAddress::Number);
        }
        Ok(Self(name.into()))
    }
}

/// The domain of cookies, without the dot that may stand before it (RFC 6265 section 5.2.3).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CookieDomain(Arc<str>);

host_text!(CookieDomain);
schema!(CookieDomain = { "type": "string", "pattern": COOKIE_DOMAIN, "maxLength": HOST_LEN_MAX + 1 });

impl FromStr for CookieDomain {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let name = text.strip_prefix('.').unwrap_or(text);
        check_name(name)?;
        Ok(Self(name.to_ascii_lowercase().into()))
    }
}

/// A TCP port, never 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Port(NonZeroU16);

schema!(Port = { "type": "integer", "minimum": 1, "maximum": u16::MAX });

impl Port {
    /// 443.
    pub const HTTPS: Self = Self(NonZeroU16::new(443).expect("443 is not 0"));

    /// The number.
    pub const fn get(self) -> u16 {
        self.0.get()
    }
}

impl TryFrom<u16> for Port {
    type Error = InvalidAddress;

    fn try_from(number: u16) -> Result<Self, Self::Error> {
        NonZeroU16::new(number)
            .map(Self)
            .ok_or(InvalidAddress::Port)
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for Port {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // The number parser would take a plus sign and leading zeros.
        let digits = text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
        match text.parse() {
            Ok(number) if digits => Ok(Self(number)),
            Ok(_) | Err(_) => Err(InvalidAddress::Port),
        }
    }
}

macro_rules! address {
    ($($(#[$doc:meta])* $name:ident: $host:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name {
            /// The host.
            pub host: $host,
            /// The port.
            pub port: Port,
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}:{}", self.host, self.port)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidAddress;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let (host, port) = split_port(text)?;
                Ok(Self {
                    host: host.parse()?,
                    port: port.ok_or(InvalidAddress::PortMissing)?.parse()?,
                })
            }
        }

        serde_as_text!($name);
    )+};
}

address! {
    /// What a cloud application asks for.
    VirtualAddress: VirtualHost,
    /// Where a mapped system really is.
    InternalAddress: InternalHost,
}

schema!(
    VirtualAddress = {
        "type": "string",
        "pattern": VIRTUAL_ADDRESS,
        "description": "What a cloud application asks for, as host:port.",
    },
    InternalAddress = {
        "type": "string",
        "pattern": INTERNAL_ADDRESS,
        "description": "Where a mapped system really is, as host:port.",
    },
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_survive_a_round_trip() {
        for (text, shown) in [
            ("Erp.Corp:44300", "erp.corp:44300"),
            ("my_host:80", "my_host:80"),
            ("10.1.2.3:1", "10.1.2.3:1"),
            ("[FE80::0:1]:65535", "[fe80::1]:65535"),
        ] {
            let address: InternalAddress = text.parse().unwrap();
            assert_eq!(address.to_string(), shown);
            let json = serde_json::to_string(&address).unwrap();
            assert_eq!(
                serde_json::from_str::<InternalAddress>(&json).unwrap(),
                address
            );
        }
        let address: VirtualAddress = "ERP:443".parse().unwrap();
        assert_eq!(address.to_string(), "erp:443");
    }

    #[test]
    fn wrong_addresses_name_the_rule() {
        for (text, rule) in [
            ("", InvalidAddress::Host),
            ("erp", InvalidAddress::PortMissing),
            ("erp:", InvalidAddress::Port),
            ("erp:0", InvalidAddress::Port),
            ("erp:+80", InvalidAddress::Port),
            ("erp:080", InvalidAddress::Port),
            ("erp:65536", InvalidAddress::Port),
            (":80", InvalidAddress::Host),
            ("a..b:80", InvalidAddress::Host),
            (".a:80", InvalidAddress::Host),
            ("a.:80", InvalidAddress::Host),
            ("a b:80", InvalidAddress::Host),
            ("user@a:80", InvalidAddress::Host),
            ("ä:80", InvalidAddress::Host),
            ("::1:80", InvalidAddress::Brackets),
            ("[::1:80", InvalidAddress::Brackets),
            ("[erp]:80", InvalidAddress::Brackets),
            ("[::1]80", InvalidAddress::PortMissing),
            ("2130706433:80", InvalidAddress::Number),
            ("0x7f.1:80", InvalidAddress::Number),
            ("127.1:80", InvalidAddress::Number),
            ("010.0.0.1:80", InvalidAddress::Number),
            ("a.0x:80", InvalidAddress::Number),
        ] {
            assert_eq!(text.parse::<InternalAddress>(), Err(rule), "{text}");
        }
        let long = format!("{}:80", vec!["a".repeat(63); 4].join("."));
        assert_eq!(long.parse::<InternalAddress>(), Err(InvalidAddress::Host));
        let label = format!("{}:80", "a".repeat(64));
        assert_eq!(label.parse::<InternalAddress>(), Err(InvalidAddress::Host));
        assert!("[::1]:80".parse::<VirtualAddress>().is_err());
    }

    #[test]
    fn ports_of_urls_are_plain_or_wrong() {
        for (url, port) in [
            ("http://erp/a", Ok(80)),
            ("http://erp:8080", Ok(8080)),
            ("http://[::1]:81/", Ok(81)),
            ("http://[::1]/", Ok(80)),
            ("/a", Err(InvalidAddress::Host)),
            ("http://u:p@erp:80/", Err(InvalidAddress::Host)),
            ("http://erp:/", Err(InvalidAddress::Port)),
            ("http://erp:+80/", Err(InvalidAddress::Port)),
            ("http://erp:080/", Err(InvalidAddress::Port)),
            ("http://erp:0/", Err(InvalidAddress::Port)),
            ("http://erp:99999/", Err(InvalidAddress::Port)),
            ("http://erp:x/", Err(InvalidAddress::Port)),
        ] {
            // Some of these are no URL for the parser either.
            if let Ok(parsed) = url.parse() {
                assert_eq!(port_of(&parsed), port, "{url}");
            } else {
                assert!(port.is_err(), "{url}");
            }
        }
    }

    #[test]
    fn hosts_of_urls_keep_their_brackets() {
        for (authority, host) in [
            ("erp", Ok(("erp", 80))),
            ("ERP:8080", Ok(("ERP", 8080))),
            ("[::1]", Ok(("[::1]", 80))),
            ("[::1]:81", Ok(("[::1]", 81))),
            ("", Err(InvalidAddress::Host)),
            (":80", Err(InvalidAddress::Host)),
            ("[::1", Err(InvalidAddress::Host)),
            ("[::1]81", Err(InvalidAddress::Port)),
            ("erp:80:81", Err(InvalidAddress::Port)),
            ("user@erp", Err(InvalidAddress::Host)),
            ("[::1]@erp", Err(InvalidAddress::Host)),
        ] {
            assert_eq!(host_and_port(authority), host, "{authority}");
        }
    }

    #[test]
    fn ports_are_numbers_in_json() {
        assert_eq!(serde_json::to_string(&Port::HTTPS).unwrap(), "443");
        assert!(serde_json::from_str::<Port>("0").is_err());
        assert_eq!(Port::try_from(0), Err(InvalidAddress::Port));
    }
}
