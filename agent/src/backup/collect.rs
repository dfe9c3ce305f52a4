//! Everything that makes this agent, as of one revision.

use std::net::SocketAddr;
use std::sync::Arc;

use underpass_runtime::clock;
use underpass_shared::backup::{
    Absent, AuditHead, CONTENT_FORMAT, Content, Enrolment, IdentityKey, KeptSecret, Machine, Named,
    Past, SeenOperator, Values, json_len,
};
use underpass_shared::config::Document;
use underpass_shared::secret::Secret;

use super::error::BackupError;
use super::{ARCHIVE_MAX, VERSION};
use crate::audit::Audit;
use crate::credentials::{CredentialStore, Credentials};
use crate::keys::{KeptKey, KeyStore, Purpose};
use crate::operators::Operators;
use crate::secrets::SecretStore;
use crate::store::{Snapshot, Store};
use crate::vault::Vault;

/// How often values are read again because the configuration changed meanwhile.
const TRIES_MAX: usize = 10;

/// What a backup is collected from. Clones are the same.
#[derive(Clone)]
pub struct Sources {
    /// The document and its history.
    pub store: Store,
    /// Passwords and keys.
    pub secrets: SecretStore,
    /// Client certificates.
    pub credentials: CredentialStore,
    /// The agent's identity, and what is known of operators.
    pub operators: Operators,
    /// All sealed values.
    pub vault: Vault,
    /// The audit log.
    pub audit: Audit,
    /// Where the management API listens.
    pub listen: Vec<SocketAddr>,
}

/// What a backup is to have beside the present state.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// How many of the newest revisions.
    pub history: usize,
    /// Whether what belongs to the host.
    pub machine: bool,
}

/// What is read of the vault for one document.
#[derive(Default)]
struct Sealed {
    values: Values,
    host_keys: Vec<(underpass_shared::id::CredentialId, KeptSecret)>,
    enrolments: Vec<(underpass_shared::id::InstanceId, Enrolment)>,
    absent: Absent,
}

impl Sources {
    /// Collects the content of a backup.
    ///
    /// # Errors
    /// When something cannot be read. What is merely gone is named in the content.
    pub async fn collect(&self, wanted: Wanted) -> Result<Content, BackupError> {
        let (snapshot, sealed) = self.state(wanted).await?;
        let revisions = self.history(&snapshot, wanted.history).await?;
        let sources = self.clone();
        let rest = blocking(move || {
            let identity = sources.operators.identity().map_err(BackupError::Secret)?;
            let key = KeyStore::of(sources.vault.clone()).load(Purpose::Identity);
            let key = key.map_err(BackupError::Secret)?;
            let gone = || BackupError::Secret(anyhow::anyhow!("the agent's identity is gone"));
            Ok((identity.id(), key.ok_or_else(gone)?, sources.audit_head()?))
        });
        let (instance, KeptKey { key, chain }, audit) = rest.await?;
        let known = self.operators.records.all();
        let operators = known.into_iter().map(|(id, one)| {
            let seen = SeenOperator {
                not_after_ms: one.not_after_ms,
                last_seen_ms: one.last_seen_ms,
            };
            (id, seen)
        });
        let machine = wanted.machine.then(|| Machine {
            listen: self.listen.clone(),
            keys: sealed.host_keys.into_iter().collect(),
        });
        Ok(Content {
            format: CONTENT_FORMAT,
            instance,
            created_at_ms: clock::wall_ms(),
            product_version: VERSION.to_owned(),
            revision: snapshot.revision().clone(),
            document: Content::document_of(snapshot.document()).map_err(BackupError::Content)?,
            revisions,
            secrets: sealed.values,
            enrolments: sealed.enrolments.into_iter().collect(),
            absent: sealed.absent,
            identity: IdentityKey {
                key: KeptSecret::new(key),
                chain,
            },
            operators: operators.collect(),
            audit,
            machine,
        })
    }

    /// A state with exactly its values. A change writes new ones before and removes old ones
    /// after, so one of a state that is no longer the present one may be gone.
    async fn state(&self, wanted: Wanted) -> Result<(Arc<Snapshot>, Sealed), BackupError> {
        for _ in 0..TRIES_MAX {
            let snapshot = self.store.current();
            if let Some(problem) = snapshot.problem() {
                return Err(BackupError::Problem(Arc::clone(problem)));
            }
            let (sources, document) = (self.clone(), Arc::clone(snapshot.document()));
            let read = blocking(move || {
                let sealed = sources.sealed(&document, wanted.machine);
                sealed.map_err(BackupError::Secret)
            });
            let sealed = read.await?;
            let number = snapshot.revision().number;
            if sealed.absent.is_empty() || self.store.current().revision().number == number {
                return Ok((snapshot, sealed));
            }
        }
        Err(BackupError::Restless)
    }

    fn sealed(&self, document: &Document, machine: bool) -> anyhow::Result<Sealed> {
        let named = Named::of(document);
        let mut sealed = Sealed::default();
        let kept = |secret: Secret| KeptSecret(secret);
        for id in named.passwords {
            match self.secrets.find(id)? {
                Some(password) => drop(sealed.values.passwords.insert(id, kept(password))),
                None => drop(sealed.absent.values.insert(id)),
            }
        }
        for id in named.keys {
            match self.secrets.find_key(id)? {
                Some(key) => drop(sealed.values.keys.insert(id, kept(key))),
                None => drop(sealed.absent.values.insert(id)),
            }
        }
        for id in named.host_keys.into_iter().filter(|_| machine) {
            match self.secrets.find_key(id)? {
                Some(key) => sealed.host_keys.push((id, kept(key))),
                None => drop(sealed.absent.values.insert(id)),
            }
        }
        for id in named.enrolments {
            match self.credentials.find(id)? {
                Some(credentials) => sealed.enrolments.push((id, enrolment(credentials))),
                None => drop(sealed.absent.enrolments.insert(id)),
            }
        }
        Ok(sealed)
    }

    /// The newest revisions up to a state, as far as the history reaches.
    async fn history(&self, snapshot: &Snapshot, most: usize) -> Result<Vec<Past>, BackupError> {
        let mut revisions = vec![];
        let mut left = ARCHIVE_MAX;
        let newest = snapshot.revision().number;
        for number in (1..=newest).rev().take(most) {
            let steps = self.store.steps(number).await;
            let Some(steps) = steps.map_err(BackupError::History)? else {
                break;
            };
            let past = Past {
                revision: steps.revision,
                inverse: steps.inverse,
            };
            let len = json_len(&past).map_err(BackupError::Content)?;
            left = left.checked_sub(len).ok_or(BackupError::TooLarge)?;
            revisions.push(past);
        }
        Ok(revisions)
    }

    fn audit_head(&self) -> Result<Option<AuditHead>, BackupError> {
        let Some(newest) = self.audit.newest().map_err(BackupError::Audit)? else {
            return Ok(None);
        };
        let key = self.audit.public_key().map_err(BackupError::AuditKey)?;
        Ok(key.map(|public_key| AuditHead { newest, public_key }))
    }
}

fn enrolment(credentials: Credentials) -> Enrolment {
    let Credentials {
        key,
        certificate,
        ca_bundle,
    } = credentials;
    Enrolment {
        key: KeptSecret::new(key),
        certificate,
        ca_bundle,
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BackupError> + Send + 'static,
) -> Result<T, BackupError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or(Err(BackupError::Panicked))
}
