//! TLS by the present trust store, made ready once per change of it.

use std::sync::{Arc, Mutex, PoisonError};

use underpass_runtime::tls::{BackendTls, TrustStore};
use underpass_shared::config::{BackendTrust, Connector, Part};
use underpass_shared::hash::Hash256;

/// The rules of the trust store that was asked for last.
#[derive(Default)]
pub(super) struct TlsRules(Mutex<Option<Compiled>>);

struct Compiled {
    connector: Hash256,
    trust: BackendTrust,
    generation: u64,
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
    /// The rules for a mapping that lets common names name the back end, or does not.
    pub(super) fn of(&self, connector: &Part<Connector>, by_common_name: bool) -> Rules {
        let mut current = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let compiled = match current.take() {
            Some(same) if same.connector == connector.hash() => same,
            Some(same) if same.trust == *connector.backend_trust() => Compiled {
                connector: connector.hash(),
                ..same
            },
            other => Compiled::new(connector, other.map_or(0, |old| old.generation + 1)),
        };
        let tls = if by_common_name {
            compiled.by_common_name.clone()
        } else {
            compiled.by_alternative_name.clone()
        };
        let generation = compiled.generation;
        *current = Some(compiled);
        Rules { generation, tls }
    }
}

impl Compiled {
    fn new(connector: &Part<Connector>, generation: u64) -> Self {
        let trust = connector.backend_trust();
        let store = if trust.trust_all_backends() {
            TrustStore::all()
        } else {
            let entries = trust.certificates().iter();
            TrustStore::new(entries.map(|entry| entry.certificate.der()))
        };
        let store = Arc::new(store);
        Self {
            connector: connector.hash(),
            trust: trust.clone(),
            generation,
            by_alternative_name: BackendTls::new(Arc::clone(&store), false),
            by_common_name: BackendTls::new(store, true),
        }
    }
}

#[cfg(test)]
mod tests {
    use underpass_shared::config::ConnectorFields;

    use super::*;

    fn connector(trust_all: bool, targets: &[&str]) -> Part<Connector> {
        let fields = ConnectorFields {
            backend_trust: BackendTrust::new(trust_all, vec![]).unwrap(),
            allowed_targets: targets.iter().map(|rule| rule.parse().unwrap()).collect(),
            ..ConnectorFields::default()
        };
        Part::new(fields.try_into().unwrap())
    }

    #[test]
    fn only_a_change_of_trust_makes_new_rules() {
        let rules = TlsRules::default();
        let generation = |connector| rules.of(&connector, false).generation;
        let first = generation(connector(false, &[]));
        assert_eq!(generation(connector(false, &[])), first);
        assert_eq!(generation(connector(false, &["10.0.0.0/8"])), first);
        let second = generation(connector(true, &["10.0.0.0/8"]));
        assert_ne!(second, first);
        // The same trust as once before is still another set of rules.
        let third = generation(connector(false, &[]));
        assert!(third != first && third != second);
    }
}
