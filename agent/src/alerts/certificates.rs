//! Certificates that end.

use underpass_shared::alert::{Code, Condition};
use underpass_shared::config::{Certificate, Document, TrustedCertificate};
use underpass_shared::pki::expiry::{CertificateKind, Expiry, ExpiryLevel};

use super::condition;

const DAY_MS: i64 = 86_400_000;

/// A certificate with its end.
#[derive(Clone, Debug)]
pub(super) struct Ending {
    code: Code,
    entity: String,
    /// As a sentence begins.
    name: String,
    not_after_ms: i64,
    /// None where the setting says how many days before its end it is near; a certificate that is
    /// renewed by itself is near only when that fails.
    is_near: Option<bool>,
}

impl Ending {
    /// The certificate of an operator.
    pub(super) fn operator(name: &str, not_after_ms: i64) -> Self {
        Self {
            code: Code::OperatorCertificate,
            entity: name.to_owned(),
            name: format!("the certificate of operator {name}"),
            not_after_ms,
            is_near: None,
        }
    }

    fn trusted(entry: &TrustedCertificate, of: &str) -> Self {
        Self {
            code: Code::TrustCertificate,
            entity: format!("{}: {}", of, entry.alias),
            name: format!("the trusted certificate {} of {of}", entry.alias),
            not_after_ms: Certificate::summary(&entry.certificate).not_after_ms,
            is_near: None,
        }
    }

    fn known(expiry: &Expiry) -> Self {
        let name = &expiry.name;
        let (code, entity, called) = match expiry.kind {
            CertificateKind::Subaccount => (
                Code::SubaccountCertificate,
                name.clone(),
                format!("the certificate for subaccount {name}"),
            ),
            CertificateKind::System => (
                Code::SystemCertificate,
                name.clone(),
                "the system certificate".to_owned(),
            ),
            CertificateKind::PpCa => (
                Code::CaCertificate,
                name.clone(),
                "the CA certificate of principal propagation".to_owned(),
            ),
            CertificateKind::Ui => (
                Code::UiCertificate,
                name.clone(),
                "the certificate of the management API".to_owned(),
            ),
            CertificateKind::Trusted => (
                Code::TrustCertificate,
                format!("back ends: {name}"),
                format!("the trusted certificate {name} of back ends"),
            ),
        };
        let renewed = expiry.kind == CertificateKind::Subaccount;
        Self {
            code,
            entity,
            name: called,
            not_after_ms: expiry.not_after_time_stamp,
            is_near: renewed.then_some(expiry.level != ExpiryLevel::Ok),
        }
    }
}

/// All certificates but those of operators; `known` are those that the status tells of. Takes a
/// while, since certificates are read.
pub(super) fn all(document: &Document, known: &[Expiry]) -> Vec<Ending> {
    let connector = document.connector();
    let mail = connector.email_trust.as_slice().iter();
    let organisation = connector.organisation.authorities().iter();
    known
        .iter()
        .map(Ending::known)
        .chain(mail.map(|entry| Ending::trusted(entry, "mail servers")))
        .chain(organisation.map(|entry| Ending::trusted(entry, "the organisation")))
        .collect()
}

/// Those that end within so many days, or have ended.
pub(super) fn conditions(all: &[Ending], days: u32, now_ms: i64) -> Vec<Condition> {
    let near = all.iter().filter_map(|one| {
        let left = (one.not_after_ms - now_ms).div_euclid(DAY_MS);
        if !one.is_near.unwrap_or(left <= i64::from(days)) {
            return None;
        }
        let name = &one.name;
        let text = match left {
            ..0 => format!("{name} is expired"),
            0 => format!("{name} ends within a day"),
            1 => format!("{name} ends in 1 day"),
            left => format!("{name} ends in {left} days"),
        };
        Some(Condition {
            days_left: Some(left),
            ..condition(one.code, one.entity.clone(), text)
        })
    });
    near.collect()
}
