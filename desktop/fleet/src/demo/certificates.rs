//! The own certificates of a made-up agent. Their signatures are not right: their times were moved,
//! and nobody checks what nobody trusts.

use bytes::Bytes;
use underpass_runtime::pki::{KeyType, OwnKey, OwnKeyError, Subject};
use underpass_shared::api::management::{
    CertificateInput, CertificateOrigin, ImportInput, KeySize, Refusal, SignedInput, Verb, read,
};
use underpass_shared::config::{
    Certificate, ConnectorFields, Document, Invalid, OwnCertificateFields, OwnCertificates,
};
use underpass_shared::id::CredentialId;
use underpass_shared::pki::chain::{self, CertificateUse, ChainError};
use underpass_shared::secret::Secret;

use super::cast::Trouble;
use super::random::Dice;

const SYSTEM: &str = include_str!("system.pem");
const PP_CA: &str = include_str!("ppca.pem");
const UI: &str = include_str!("ui.pem");
const DAY_MS: i64 = 86_400_000;
/// How long ago they were made.
const AGE_MS: i64 = 90 * DAY_MS;

/// The certificates of an agent.
pub(super) fn own(
    dice: &mut Dice,
    trouble: Trouble,
    now_ms: i64,
) -> Result<OwnCertificates, Invalid> {
    let days = match trouble {
        Trouble::Expiring(days) => days,
        Trouble::Nothing
        | Trouble::TunnelDown
        | Trouble::AllDown
        | Trouble::Blocked
        | Trouble::Weak
        | Trouble::OnTrial
        | Trouble::Away
        | Trouble::Refused
        | Trouble::KeyChanged => 213,
    };
    let mut all = OwnCertificates::default();
    for (one, pem, days) in [
        (CertificateUse::System, SYSTEM, days),
        (CertificateUse::PpCa, PP_CA, 1_460),
        (CertificateUse::Ui, UI, 81),
    ] {
        let end = now_ms + days * DAY_MS + DAY_MS / 2;
        let fields = OwnCertificateFields {
            chain: vec![moved(pem, now_ms - AGE_MS, end)?],
            key: Some(CredentialId::from_uuid(dice.uuid())),
            pending_key: None,
        };
        all = all.with(one, fields)?;
    }
    Ok(all)
}

/// A client certificate of a subaccount (PEM).
pub(super) fn client(now_ms: i64) -> String {
    let made = moved(SYSTEM, now_ms - AGE_MS, now_ms + AGE_MS);
    made.map(|one| one.to_string()).unwrap_or_default()
}

/// A certificate with other times.
fn moved(pem: &str, from_ms: i64, to_ms: i64) -> Result<Certificate, Invalid> {
    /// Tag and length of a time in a certificate.
    const TIME: [u8; 2] = [0x17, 0x0d];
    let invalid = |error: &dyn std::fmt::Display| Invalid::new("certificate", error.to_string());
    let certificate: Certificate = pem.parse().map_err(|error| invalid(&error))?;
    let mut der = certificate.der().to_vec();
    let mut times = [from_ms, to_ms].map(utc_time).into_iter();
    let mut at = 0;
    while let Some(rest) = der.get_mut(at..) {
        let Some(found) = rest.windows(2).position(|two| two == TIME) else {
            break;
        };
        let Some(time) = times.next() else { break };
        if let Some(place) = rest.get_mut(found + 2..found + 15) {
            place.copy_from_slice(time.as_bytes());
        }
        at += found + 15;
    }
    Certificate::from_der(&der).map_err(|error| invalid(&error))
}

/// `YYMMDDhhmmssZ` (RFC 5280 section 4.1.2.5.1), good until 2049.
fn utc_time(ms: i64) -> String {
    let seconds = ms.div_euclid(1_000);
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Days since 0000-03-01 of the Gregorian calendar, in years that begin in March.
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute) = (second / 3_600, second / 60 % 60);
    format!(
        "{:02}{month:02}{day:02}{hour:02}{minute:02}{:02}Z",
        year.rem_euclid(100),
        second % 60
    )
}

/// A change of one of them: the document, why, and the answer.
pub(super) fn change(
    document: &Document,
    one: CertificateUse,
    verb: Verb,
    body: &[u8],
    now_ms: i64,
) -> Result<(Document, String, Bytes), Refusal> {
    let connector: ConnectorFields = (***document.connector()).clone().into();
    let mut own = OwnCertificateFields::from(connector.certificates.get(one).clone());
    let new_id = || CredentialId::from_uuid(uuid::Uuid::new_v4());
    let mut answer = Bytes::new();
    let reason = match verb {
        Verb::Post => {
            let input: CertificateInput = read(body)?;
            input.check()?;
            let key = OwnKey::generate(kind(input.key_size)).map_err(|error| failure(&error))?;
            let subject = Subject {
                name: input.subject_dn,
                alt_names: input.subject_alt_names,
            };
            match input.origin {
                CertificateOrigin::Csr => {
                    let made = key.request(&subject, one);
                    answer = made.map_err(|error| failure(&error))?.into();
                    own.pending_key = Some(new_id());
                    format!("made a request for the {one}")
                }
                CertificateOrigin::SelfSigned => {
                    let made = key.self_signed(&subject, one, now_ms);
                    let pem = made.map_err(|error| failure(&error))?;
                    own.chain = list(&pem, "certificate")?;
                    own.key = Some(new_id());
                    answer = pem.into();
                    format!("made a self-signed {one}")
                }
            }
        }
        Verb::Patch => {
            let input: SignedInput = read(body)?;
            let pending = own.pending_key.take();
            let none = || Refusal::illegal_state("no request waits for its certificate");
            own.key = Some(pending.ok_or_else(none)?);
            own.chain = list(&input.signed_certificate, "signedCertificate")?;
            format!("imported the signed {one}")
        }
        Verb::Put => {
            let input: ImportInput = read(body)?;
            let (Some(pem), Some(key)) = (input.certificate, input.private_key) else {
                let rule = "made-up agents open no key stores; give certificate and key as PEM";
                return Err(Refusal::invalid("pkcs12", rule));
            };
            let key = OwnKey::from_pem(&Secret::new(key));
            let key = key.map_err(|error| Refusal::invalid("privateKey", error.to_string()))?;
            let unfit = |error: ChainError| Refusal::invalid("certificate", error.to_string());
            own.chain = chain::ordered(&key.public(), list(&pem, "certificate")?).map_err(unfit)?;
            own.key = Some(new_id());
            format!("imported the {one}")
        }
        Verb::Delete | Verb::Get => {
            own = OwnCertificateFields::default();
            format!("removed the {one}")
        }
    };
    let fields = ConnectorFields {
        certificates: connector.certificates.with(one, own)?,
        ..connector
    };
    let document = document.with_connector(fields.try_into()?)?;
    Ok((document, reason, answer))
}

const fn kind(size: KeySize) -> KeyType {
    match size {
        KeySize::Ecdsa256 => KeyType::EcdsaP256,
        KeySize::Rsa2048 => KeyType::Rsa2048,
        KeySize::Rsa4096 => KeyType::Rsa4096,
    }
}

fn failure(error: &OwnKeyError) -> Refusal {
    Refusal::failure(error.to_string())
}

fn list(pem: &str, field: &str) -> Result<Vec<Certificate>, Refusal> {
    Certificate::list(pem).map_err(|error| Refusal::invalid(field, error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_moved_to_the_second() {
        assert_eq!(utc_time(1_772_443_805_000), "260302093005Z");
        assert_eq!(utc_time(951_782_400_000), "000229000000Z");
        let moved = moved(SYSTEM, 951_782_400_000, 1_772_443_805_000).unwrap();
        let summary = moved.summary();
        let times = (summary.not_before_ms, summary.not_after_ms);
        assert_eq!(times, (951_782_400_000, 1_772_443_805_000));
        assert_eq!(summary.key, "RSA 2048");
    }
}
