//! Which certificates end soon: those of subaccounts, the agent's own, and trusted ones.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::chain::CertificateUse;
use crate::config::{Certificate, Document, SubaccountKey};

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;
/// How many days before its end a certificate counts as ending, which a person has to renew.
pub const EXPIRING_DAYS: i64 = 30;

/// What a certificate is for.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum CertificateKind {
    /// What the agent is for a gateway; renewed by itself.
    Subaccount,
    /// What back ends see that ask for a client certificate.
    System,
    /// What signs the short-lived certificates of users.
    PpCa,
    /// What the management API shows.
    Ui,
    /// An entry of the back ends' trust store.
    Trusted,
}

/// How far the end is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum ExpiryLevel {
    /// Far.
    Ok,
    /// Near.
    Expiring,
    /// Past.
    Expired,
}

/// When a certificate ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Expiry {
    /// What it is for.
    pub kind: CertificateKind,
    /// Which one: the alias of a trusted one, the subaccount, else its subject.
    pub name: String,
    /// Whose it is.
    #[serde(rename = "subjectDN")]
    pub subject_dn: String,
    /// Its end, milliseconds UTC.
    pub not_after_time_stamp: i64,
    /// Whole days until then; negative when it is past.
    pub days_left: i64,
    /// How far that is.
    pub level: ExpiryLevel,
}

impl fmt::Display for Expiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name, days_left, ..
        } = self;
        match self.kind {
            CertificateKind::Subaccount => write!(f, "the certificate for subaccount {name}")?,
            CertificateKind::System => write!(f, "the {}", CertificateUse::System)?,
            CertificateKind::PpCa => write!(f, "the {}", CertificateUse::PpCa)?,
            CertificateKind::Ui => write!(f, "the {}", CertificateUse::Ui)?,
            CertificateKind::Trusted => write!(f, "the trusted certificate {name}")?,
        }
        match (self.level, days_left) {
            (ExpiryLevel::Expired, _) => f.write_str(" is expired"),
            (_, 0) => f.write_str(" ends within a day"),
            (_, 1) => f.write_str(" ends in 1 day"),
            (_, days) => write!(f, " ends in {days} days"),
        }
    }
}

/// The certificate of an enrolment, which is not in the document.
#[derive(Clone, Debug)]
pub struct Enrolled {
    /// Of which subaccount.
    pub key: SubaccountKey,
    /// Its subject.
    pub subject_dn: String,
    /// Start of validity, milliseconds UTC.
    pub not_before_ms: i64,
    /// End of validity, milliseconds UTC.
    pub not_after_ms: i64,
}

/// All certificates with their ends at the time `now_ms` (UTC), the next one to end first.
pub fn expiries(document: &Document, enrolled: &[Enrolled], now_ms: i64) -> Vec<Expiry> {
    let connector = document.connector();
    let own = CertificateUse::ALL.into_iter().filter_map(|one| {
        let (chain, _) = connector.certificates.get(one).certificate()?;
        let kind = match one {
            CertificateUse::System => CertificateKind::System,
            CertificateUse::PpCa => CertificateKind::PpCa,
            CertificateUse::Ui => CertificateKind::Ui,
        };
        // A chain ends with the first of its certificates that does.
        let first = chain.first()?.summary();
        let end = chain.iter().map(|one| one.summary().not_after_ms).min()?;
        Some((kind, first.subject.clone(), first.subject, end))
    });
    let trusted = connector.backend_trust.certificates().iter().map(|entry| {
        let summary = Certificate::summary(&entry.certificate);
        let (name, end) = (entry.alias.to_string(), summary.not_after_ms);
        (CertificateKind::Trusted, name, summary.subject, end)
    });
    let by_hand = own.chain(trusted).map(|(kind, name, subject_dn, end)| {
        let near = end - EXPIRING_DAYS * DAY_MS;
        expiry(kind, (name, subject_dn), end, near, now_ms)
    });
    // Renewal is due at half of the life; with a quarter left something keeps it from happening.
    let by_itself = enrolled.iter().map(|one| {
        let near = one.not_after_ms - (one.not_after_ms - one.not_before_ms) / 4;
        let names = (one.key.to_string(), one.subject_dn.clone());
        expiry(
            CertificateKind::Subaccount,
            names,
            one.not_after_ms,
            near,
            now_ms,
        )
    });
    let mut all: Vec<Expiry> = by_hand.chain(by_itself).collect();
    all.sort_by_key(|one| one.not_after_time_stamp);
    all
}

fn expiry(
    kind: CertificateKind,
    (name, subject_dn): (String, String),
    end: i64,
    near: i64,
    now_ms: i64,
) -> Expiry {
    let level = if now_ms > end {
        ExpiryLevel::Expired
    } else if now_ms >= near {
        ExpiryLevel::Expiring
    } else {
        ExpiryLevel::Ok
    };
    Expiry {
        kind,
        name,
        subject_dn,
        not_after_time_stamp: end,
        days_left: (end - now_ms).div_euclid(DAY_MS),
        level,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tests::key;

    const CERTIFICATE: &str = include_str!("expiry/sample.pem");

    #[test]
    fn ends_are_told_by_their_distance() {
        let document = serde_json::json!({"schema": 1, "connector": {"backendTrust":
            {"certificates": [{"alias": "corp", "certificate": CERTIFICATE}]}}});
        let document = Document::from_json(&document.to_string()).unwrap();
        let end = document.connector().backend_trust.certificates()[0]
            .certificate
            .summary()
            .not_after_ms;
        let enrolled = Enrolled {
            key: key(1),
            subject_dn: "CN=agent".to_owned(),
            not_before_ms: end - 8 * DAY_MS,
            not_after_ms: end,
        };
        let levels = |left: i64| {
            let all = expiries(&document, std::slice::from_ref(&enrolled), end - left);
            let level = |kind| all.iter().find(|one| one.kind == kind).unwrap().level;
            (
                level(CertificateKind::Trusted),
                level(CertificateKind::Subaccount),
            )
        };
        use ExpiryLevel as L;
        assert_eq!(levels(EXPIRING_DAYS * DAY_MS + 1), (L::Ok, L::Ok));
        assert_eq!(levels(EXPIRING_DAYS * DAY_MS), (L::Expiring, L::Ok));
        assert_eq!(levels(2 * DAY_MS), (L::Expiring, L::Expiring));
        assert_eq!(levels(0), (L::Expiring, L::Expiring));
        assert_eq!(levels(-1), (L::Expired, L::Expired));
        let told = |left: i64| expiries(&document, &[], end - left)[0].to_string();
        assert_eq!(
            told(3 * DAY_MS),
            "the trusted certificate corp ends in 3 days"
        );
        assert_eq!(
            told(DAY_MS - 1),
            "the trusted certificate corp ends within a day"
        );
        assert_eq!(told(-1), "the trusted certificate corp is expired");
        assert_eq!(expiries(&document, &[], end + DAY_MS)[0].days_left, -1);
    }
}
