//! What is asked of a back end's own certificate, whoever issued it.

use std::net::IpAddr;

use rustls_pki_types::{ServerName, UnixTime};
use x509_parser::prelude::{FromDer as _, X509Certificate, X509Version};
use x509_parser::public_key::PublicKey;

use super::refused::CertificateRefused as Refused;

/// Bytes of the shortest RSA modulus: 2048 bits.
const RSA_LEN_MIN: usize = 256;

/// A certificate as the back end presents it.
pub(super) struct Leaf<'a>(X509Certificate<'a>);

impl<'a> Leaf<'a> {
    pub(super) fn parse(der: &'a [u8]) -> Result<Self, Refused> {
        match X509Certificate::from_der(der) {
            Ok(([], parsed)) if parsed.version() == X509Version::V3 => Ok(Self(parsed)),
            Ok(_) | Err(_) => Err(Refused::Unreadable),
        }
    }

    pub(super) fn check_key(&self) -> Result<(), Refused> {
        match self.0.public_key().parsed() {
            Ok(PublicKey::RSA(key)) => {
                let zeros = key.modulus.iter().take_while(|byte| **byte == 0).count();
                if key.modulus.len() - zeros < RSA_LEN_MIN {
                    return Err(Refused::WeakKey);
                }
                Ok(())
            }
            // The handshake knows which other kinds it can use.
            Ok(_) => Ok(()),
            Err(_) => Err(Refused::Unreadable),
        }
    }

    pub(super) fn check_time(&self, now: UnixTime) -> Result<(), Refused> {
        let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        if now < self.0.validity().not_before.timestamp() {
            return Err(Refused::NotYetValid);
        }
        if now > self.0.validity().not_after.timestamp() {
            return Err(Refused::Expired);
        }
        Ok(())
    }

    /// Whether it may serve: it says so, or says nothing.
    pub(super) fn check_purpose(&self) -> Result<(), Refused> {
        match self.0.extended_key_usage() {
            Ok(None) => Ok(()),
            Ok(Some(usage)) if usage.value.server_auth => Ok(()),
            Ok(Some(_)) => Err(Refused::Purpose),
            Err(_) => Err(Refused::Unreadable),
        }
    }

    /// Whether it has no alternative names at all and its common name is the host's.
    pub(super) fn common_name_is(&self, host: &ServerName<'_>) -> bool {
        if !matches!(self.0.subject_alternative_name(), Ok(None)) {
            return false;
        }
        let mut names = self.0.subject().iter_common_name();
        let (Some(name), None) = (names.next(), names.next()) else {
            return false;
        };
        let Ok(name) = name.as_str() else {
            return false;
        };
        match host {
            ServerName::DnsName(host) => covers(name, host.as_ref()),
            ServerName::IpAddress(host) => name.parse() == Ok(IpAddr::from(*host)),
            _ => false,
        }
    }
}

/// Whether a name, maybe with `*` as its first label, is that of a host.
fn covers(name: &str, host: &str) -> bool {
    if name.eq_ignore_ascii_case(host) {
        return true;
    }
    // As for alternative names: one whole label, and not the last but one.
    match (name.strip_prefix("*."), host.split_once('.')) {
        (Some(rest), Some((label, host))) => {
            !label.is_empty() && rest.contains('.') && rest.eq_ignore_ascii_case(host)
        }
        _ => false,
    }
}

/// Whether a certificate (DER) limits the names that may be issued below it; so does one that
/// does not parse.
pub(super) fn constrains_names(der: &[u8]) -> bool {
    match X509Certificate::from_der(der) {
        Ok((_, parsed)) => !matches!(parsed.name_constraints(), Ok(None)),
        Err(_) => true,
    }
}
