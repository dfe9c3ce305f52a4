//! Certificates by how near their end is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::MONITORING_VERSION;
use crate::config::{Certificate, SubaccountKey};
use crate::id::{RegionHost, SubaccountId};
use crate::pki::chain::CertificateUse;
use crate::pki::expiry::ExpiryLevel;

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// What a certificate is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum MonitoredCertificateType {
    /// What the management API shows.
    #[serde(rename = "UI")]
    Ui,
    /// What back ends see that ask for a client certificate.
    System,
    /// What signs the short-lived certificates of users.
    #[serde(rename = "CA")]
    Ca,
    /// What the agent is for a gateway.
    #[serde(rename = "subaccount")]
    Subaccount,
}

impl From<CertificateUse> for MonitoredCertificateType {
    fn from(one: CertificateUse) -> Self {
        match one {
            CertificateUse::Ui => Self::Ui,
            CertificateUse::System => Self::System,
            CertificateUse::PpCa => Self::Ca,
        }
    }
}

/// A certificate whose key the agent has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MonitoredCertificate {
    /// What it is for.
    #[serde(rename = "type")]
    pub kind: MonitoredCertificateType,
    /// Its end, milliseconds UTC.
    pub valid_to: i64,
    /// Whose it is.
    #[serde(rename = "subjectDN")]
    pub subject_dn: String,
    /// Who issued it.
    #[serde(rename = "issuerDN")]
    pub issuer_dn: String,
    /// Its number at the issuer, hexadecimal with colons.
    pub serial_number: String,
    /// Of which subaccount; only with those of subaccounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subaccount_name: Option<SubaccountId>,
    /// At which gateway; only with those of subaccounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subaccount_region: Option<RegionHost>,
}

impl MonitoredCertificate {
    /// Shows a chain, whose end is the first that one of its certificates has; nothing of none.
    pub fn of_chain(kind: MonitoredCertificateType, chain: &[Certificate]) -> Option<Self> {
        let ends = chain.iter().map(|one| one.summary().not_after_ms);
        let summary = chain.first()?.summary();
        Some(Self {
            kind,
            valid_to: ends.min()?,
            subject_dn: summary.subject,
            issuer_dn: summary.issuer,
            serial_number: summary.serial_number,
            subaccount_name: None,
            subaccount_region: None,
        })
    }

    /// Shows the certificate of an enrolment.
    pub fn of_subaccount(key: &SubaccountKey, certificate: &Certificate) -> Self {
        let summary = certificate.summary();
        Self {
            kind: MonitoredCertificateType::Subaccount,
            valid_to: summary.not_after_ms,
            subject_dn: summary.subject,
            issuer_dn: summary.issuer,
            serial_number: summary.serial_number,
            subaccount_name: Some(key.subaccount),
            subaccount_region: Some(key.region_host.clone()),
        }
    }

    fn level(&self, near_ms: i64, now_ms: i64) -> ExpiryLevel {
        if now_ms > self.valid_to {
            ExpiryLevel::Expired
        } else if self.valid_to.saturating_sub(now_ms) < near_ms {
            ExpiryLevel::Expiring
        } else {
            ExpiryLevel::Ok
        }
    }
}

/// When an end is near, in ms before it: so many days, but for what is renewed by itself no more
/// than a quarter of its life, as it would always be near else.
pub fn near_ms(days: u32, renewed: Option<&Certificate>) -> i64 {
    let days = i64::from(days).saturating_mul(DAY_MS);
    renewed.map_or(days, |certificate| {
        let summary = certificate.summary();
        days.min(summary.not_after_ms.saturating_sub(summary.not_before_ms) / 4)
    })
}

/// Certificates by how near their end is, each list with the next one to end first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CertificatesByEnd {
    /// Whose end is past.
    pub expired: Vec<MonitoredCertificate>,
    /// Whose end is nearer than the days that the settings of alerts name.
    pub expiring: Vec<MonitoredCertificate>,
    /// All others.
    pub ok: Vec<MonitoredCertificate>,
    /// The version of the call.
    pub version: u32,
}

impl CertificatesByEnd {
    /// Sorts certificates at the time `now_ms` (UTC), each with how many ms before its end that is
    /// near.
    pub fn sort(mut all: Vec<(MonitoredCertificate, i64)>, now_ms: i64) -> Self {
        all.sort_by_key(|(one, _)| one.valid_to);
        let mut sorted = Self {
            version: MONITORING_VERSION,
            ..Self::default()
        };
        for (one, near_ms) in all {
            match one.level(near_ms, now_ms) {
                ExpiryLevel::Expired => sorted.expired.push(one),
                ExpiryLevel::Expiring => sorted.expiring.push(one),
                ExpiryLevel::Ok => sorted.ok.push(one),
            }
        }
        sorted
    }

    /// One of the lists.
    pub fn list(self, level: ExpiryLevel) -> Vec<MonitoredCertificate> {
        match level {
            ExpiryLevel::Expired => self.expired,
            ExpiryLevel::Expiring => self.expiring,
            ExpiryLevel::Ok => self.ok,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CERTIFICATE: &str = include_str!("../../../pki/expiry/sample.pem");

    #[test]
    fn ends_are_told_by_the_days_of_the_settings() {
        let one = |valid_to| MonitoredCertificate {
            kind: MonitoredCertificateType::Ui,
            valid_to,
            subject_dn: String::new(),
            issuer_dn: String::new(),
            serial_number: String::new(),
            subaccount_name: None,
            subaccount_region: None,
        };
        let now = 1_700_000_000_000;
        let ends = [now - 1, now, now + 7 * DAY_MS - 1, now + 7 * DAY_MS];
        let near = near_ms(7, None);
        let all = ends.map(|end| (one(end), near)).into_iter().rev();
        let sorted = CertificatesByEnd::sort(all.collect(), now);
        let ends_of = |list: &[MonitoredCertificate]| -> Vec<i64> {
            list.iter().map(|one| one.valid_to).collect()
        };
        assert_eq!(ends_of(&sorted.expired), [ends[0]]);
        assert_eq!(ends_of(&sorted.expiring), [ends[1], ends[2]]);
        assert_eq!(ends_of(&sorted.list(ExpiryLevel::Ok)), [ends[3]]);
        let renewed: Certificate = CERTIFICATE.parse().unwrap();
        let summary = renewed.summary();
        let quarter = (summary.not_after_ms - summary.not_before_ms) / 4;
        assert_eq!(near_ms(u32::MAX, Some(&renewed)), quarter);
        assert_eq!(near_ms(1, Some(&renewed)), DAY_MS);
    }
}
