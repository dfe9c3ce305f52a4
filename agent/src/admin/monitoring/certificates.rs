//! Certificates by how near their end is.

use underpass_runtime::clock;
use underpass_shared::api::management::Refusal;
use underpass_shared::api::management::monitoring::{
    CertificatesByEnd, MonitoredCertificate, near_ms,
};
use underpass_shared::config::{Certificate, Document};
use underpass_shared::pki::chain::CertificateUse;

use crate::admin::Admin;
use crate::credentials::CredentialStore;

impl Admin {
    /// The certificates whose keys the agent has, and the revision that they are of.
    pub(super) async fn certificates_by_end(&self) -> Result<(CertificatesByEnd, u64), Refusal> {
        let current = self.readable()?;
        let number = current.revision().number;
        let (credentials, made) = (self.credentials.clone(), self.operators.shown());
        // Opening the credentials of many subaccounts takes a while.
        let work = move || {
            let document = current.document();
            let thresholds = document.connector().alerting.thresholds;
            let days = thresholds.certificate_validity_days.get();
            let all = certificates(document, &credentials, &made, days);
            CertificatesByEnd::sort(all, clock::wall_ms())
        };
        let sorted = tokio::task::spawn_blocking(work).await;
        let sorted = sorted.map_err(|error| Refusal::failure(error.to_string()))?;
        Ok((sorted, number))
    }
}

/// Each with how many ms before its end that is near. `made` is what the management API shows while
/// nobody gave it another one.
fn certificates(
    document: &Document,
    credentials: &CredentialStore,
    made: &[Certificate],
    days: u32,
) -> Vec<(MonitoredCertificate, i64)> {
    let own = CertificateUse::ALL.into_iter().filter_map(|one| {
        let given = document.connector().certificates.get(one).certificate();
        let chain = match (given, one) {
            (Some((chain, _key)), _) => chain,
            (None, CertificateUse::Ui) => made,
            (None, CertificateUse::System | CertificateUse::PpCa) => return None,
        };
        let shown = MonitoredCertificate::of_chain(one.into(), chain)?;
        Some((shown, near_ms(days, None)))
    });
    // What an enrolment cannot show its tunnel tells.
    let enrolled = document.subaccounts().iter().filter_map(|one| {
        let credentials = credentials.load(one.own().instance).ok()?;
        let certificate: Certificate = credentials.certificate.parse().ok()?;
        let shown = MonitoredCertificate::of_subaccount(one.key(), &certificate);
        Some((shown, near_ms(days, Some(&certificate))))
    });
    own.chain(enrolled).collect()
}
