//! TLS by the present trust store and system certificate, made ready once per change of them.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use underpass_runtime::tls::{BackendTls, ClientIdentity, Credential, TrustStore};
use underpass_shared::config::{BackendTrust, Certificate, Connector, Mapping, Part};
use underpass_shared::hash::Hash256;
use underpass_shared::id::CredentialId;
use underpass_shared::pki::chain::CertificateUse;

use crate::secrets::SecretStore;

/// The rules of the trust store and system certificate that were asked for last.
pub(super) struct TlsRules {
    secrets: SecretStore,
    last: Mutex<Option<Compiled>>,
}

struct Compiled {
    connector: Hash256,
    trust: BackendTrust,
    system: Option<(Vec<Certificate>, CredentialId)>,
    generation: u64,
    offering: Both,
    silent: Both,
}

/// The rules for both ways to name a back end.
struct Both {
    by_alternative_name: BackendTls,
    by_common_name: BackendTls,
}

/// One set of rules. A connection that was made by others has another generation.
#[derive(Clone)]
pub(super) struct Rules {
    pub(super) generation: u64,
    pub(super) tls: BackendTls,
}

impl TlsRules {
    /// No rules yet; keys of certificates will come from `secrets`.
    pub(super) fn new(secrets: SecretStore) -> Self {
        let last = Mutex::default();
        Self { secrets, last }
    }

    /// The rules for a mapping: whether common names may name the back end, and whether it may see
    /// the system certificate.
    pub(super) fn of(&self, connector: &Part<Connector>, mapping: &Mapping) -> Rules {
        let mut current = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let compiled = match current.take() {
            Some(same) if same.connector == connector.hash() => same,
            Some(same) if same.fits(connector) => Compiled {
                connector: connector.hash(),
                ..same
            },
            other => {
                let generation = other.map_or(0, |old| old.generation + 1);
                Compiled::new(connector, generation, &self.secrets)
            }
        };
        let both = if mapping.authentication_mode.offers_system_certificate() {
            &compiled.offering
        } else {
            &compiled.silent
        };
        let tls = if mapping.certificate_name_by_common_name {
            both.by_common_name.clone()
        } else {
            both.by_alternative_name.clone()
        };
        let generation = compiled.generation;
        *current = Some(compiled);
        Rules { generation, tls }
    }
}

fn system(connector: &Connector) -> Option<(&[Certificate], CredentialId)> {
    let certificates = &connector.certificates;
    certificates.get(CertificateUse::System).certificate()
}

/// What back ends see that ask for a certificate. One whose key is gone cannot be shown; they then
/// say that it is missing.
fn identity(connector: &Connector, secrets: &SecretStore) -> Option<ClientIdentity> {
    let (chain, key) = system(connector)?;
    let load = || {
        let key = secrets.load_key(key)?;
        let chain: String = chain.iter().map(ToString::to_string).collect();
        let credential = Credential {
            chain: &chain,
            key: key.expose(),
        };
        ClientIdentity::new(credential).context("the system certificate cannot be used")
    };
    match load() {
        Ok(identity) => Some(identity),
        Err(error) => {
            let error = format!("{error:#}");
            tracing::error!(error, "no back end gets the system certificate");
            None
        }
    }
}

impl Compiled {
    fn new(connector: &Part<Connector>, generation: u64, secrets: &SecretStore) -> Self {
        let trust = connector.backend_trust();
        let store = if trust.trust_all_backends() {
            TrustStore::all()
        } else {
            let entries = trust.certificates().iter();
            TrustStore::new(entries.map(|entry| entry.certificate.der()))
        };
        let store = Arc::new(store);
        let identity = identity(connector, secrets);
        Self {
            connector: connector.hash(),
            trust: trust.clone(),
            system: system(connector).map(|(chain, key)| (chain.to_vec(), key)),
            generation,
            offering: Both::new(&store, identity.as_ref()),
            silent: Both::new(&store, None),
        }
    }

    fn fits(&self, connector: &Connector) -> bool {
        let own = self.system.as_ref();
        let own = own.map(|(chain, key)| (chain.as_slice(), *key));
        self.trust == *connector.backend_trust() && own == system(connector)
    }
}

impl Both {
    fn new(store: &Arc<TrustStore>, identity: Option<&ClientIdentity>) -> Self {
        Self {
            by_alternative_name: BackendTls::new(Arc::clone(store), false, identity),
            by_common_name: BackendTls::new(Arc::clone(store), true, identity),
        }
    }
}

#[cfg(test)]
mod tests {
    use underpass_runtime::clock;
    use underpass_runtime::pki::{KeyType, OwnKey, Subject};
    use underpass_shared::config::{
        BackendType, ConnectorFields, MappingFields, OwnCertificateFields, OwnCertificates,
        Protocol,
    };

    use super::*;

    fn connector(trust_all: bool, targets: &[&str], own: &OwnCertificates) -> Part<Connector> {
        let fields = ConnectorFields {
            backend_trust: BackendTrust::new(trust_all, vec![]).unwrap(),
            allowed_targets: targets.iter().map(|rule| rule.parse().unwrap()).collect(),
            certificates: own.clone(),
            ..ConnectorFields::default()
        };
        Part::new(fields.try_into().unwrap())
    }

    fn system_certificate(id: &str, pending: Option<&str>) -> OwnCertificates {
        let key = OwnKey::generate(KeyType::EcdsaP256).unwrap();
        let subject = Subject {
            name: "CN=x".parse().unwrap(),
            alt_names: vec![],
        };
        let one = CertificateUse::System;
        let pem = key.self_signed(&subject, one, clock::wall_ms()).unwrap();
        let fields = OwnCertificateFields {
            chain: Certificate::list(&pem).unwrap(),
            key: Some(id.parse().unwrap()),
            pending_key: pending.map(|id| id.parse().unwrap()),
        };
        OwnCertificates::default().with(one, fields).unwrap()
    }

    #[test]
    fn only_a_change_of_trust_or_of_the_system_certificate_makes_new_rules() {
        const IDS: [&str; 2] = [
            "0190a5a2-6d0e-7cc0-8000-000000000001",
            "0190a5a2-6d0e-7cc0-8000-000000000002",
        ];
        let dir = tempfile::tempdir().unwrap();
        let rules = TlsRules::new(SecretStore::new(dir.path()));
        let mapping = MappingFields::closed(
            "a:443".parse().unwrap(),
            "b:443".parse().unwrap(),
            Protocol::Https,
            BackendType::NonSap,
        );
        let mapping = Mapping::try_from(mapping).unwrap();
        let generation = |connector| rules.of(&connector, &mapping).generation;
        let none = OwnCertificates::default();
        let first = generation(connector(false, &[], &none));
        assert_eq!(generation(connector(false, &[], &none)), first);
        assert_eq!(generation(connector(false, &["10.0.0.0/8"], &none)), first);
        let second = generation(connector(true, &["10.0.0.0/8"], &none));
        assert_ne!(second, first);
        // The same trust as once before is still another set of rules.
        let third = generation(connector(false, &[], &none));
        assert!(third != first && third != second);
        let own = system_certificate(IDS[0], None);
        let fourth = generation(connector(false, &[], &own));
        assert_ne!(fourth, third);
        // A request that waits concerns no back end.
        let mut fields: OwnCertificateFields = own.get(CertificateUse::System).clone().into();
        fields.pending_key = Some(IDS[1].parse().unwrap());
        let waiting = own.with(CertificateUse::System, fields).unwrap();
        assert_eq!(generation(connector(false, &[], &waiting)), fourth);
        assert_ne!(generation(connector(false, &[], &none)), fourth);
    }
}
