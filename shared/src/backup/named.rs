//! What a document names of the values that are kept beside it.

use std::collections::BTreeSet;

use crate::config::Document;
use crate::id::{CredentialId, InstanceId};
use crate::pki::chain::CertificateUse;

/// The values that a document names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// Enrolments of subaccounts.
    pub enrolments: BTreeSet<InstanceId>,
    /// Passwords, hashes of passwords, and secret parts of webhooks and logins for backups.
    pub passwords: BTreeSet<CredentialId>,
    /// Private keys of the agent's own certificates, but for those of the host.
    pub keys: BTreeSet<CredentialId>,
    /// Private keys of the certificate that the management API of this host shows.
    pub host_keys: BTreeSet<CredentialId>,
}

impl Named {
    /// Those of a document.
    pub fn of(document: &Document) -> Self {
        let connector = document.connector();
        let proxy = connector.proxy().and_then(|proxy| proxy.login());
        let logins = [proxy, connector.email.login()].into_iter().flatten();
        let hashes = connector.monitoring_users.as_slice().iter();
        let passwords = logins
            .map(|(_, id)| id)
            .chain(hashes.map(|one| one.password))
            .chain(connector.webhooks.secrets())
            .chain(connector.backup_schedules.secrets());
        let host = CertificateUse::Ui;
        let certificates = &connector.certificates;
        let others = CertificateUse::ALL.into_iter().filter(|one| *one != host);
        Self {
            enrolments: (document.subaccounts().iter())
                .map(|one| one.own().instance)
                .collect(),
            passwords: passwords.collect(),
            keys: others
                .flat_map(|one| certificates.get(one).keys())
                .collect(),
            host_keys: certificates.get(host).keys().collect(),
        }
    }

    /// All but the enrolments.
    pub fn values(&self) -> impl Iterator<Item = CredentialId> {
        let keys = self.keys.iter().chain(&self.host_keys);
        self.passwords.iter().chain(keys).copied()
    }
}
