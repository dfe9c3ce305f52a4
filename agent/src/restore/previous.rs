//! What a restore took away, kept so that it can be taken back.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use underpass_shared::backup::{Enrolment, IdentityKey, KeptSecret, Named};
use underpass_shared::config::Document;
use underpass_shared::id::{CredentialId, InstanceId};
use zeroize::Zeroizing;

use super::journal::Value;
use crate::credentials;
use crate::keys::Purpose;
use crate::secrets;
use crate::vault::{Vault, VaultError};

/// The value that keeps it.
const PREVIOUS: &str = "restore-previous.json";
/// The layout of it that this version writes, and the newest that it reads.
const LAYOUT: u32 = 1;

/// Values beside a document.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Values {
    pub(crate) passwords: BTreeMap<CredentialId, KeptSecret>,
    pub(crate) keys: BTreeMap<CredentialId, KeptSecret>,
    pub(crate) enrolments: BTreeMap<InstanceId, Enrolment>,
    pub(crate) identity: Option<IdentityKey>,
}

/// What was before a restore.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Previous {
    layout: u32,
    /// The revision that the restore made; none where the document stayed.
    pub(crate) revision: Option<u64>,
    /// When, milliseconds UTC.
    pub(crate) time_ms: i64,
    /// Whether operators may come back with it.
    pub(crate) operators: bool,
    /// What the document of before needs.
    pub(crate) values: Values,
}

impl Previous {
    /// Of a state that is about to be replaced.
    pub(crate) const fn new(
        revision: Option<u64>,
        time_ms: i64,
        operators: bool,
        values: Values,
    ) -> Self {
        Self {
            layout: LAYOUT,
            revision,
            time_ms,
            operators,
            values,
        }
    }

    /// As a value that can be kept.
    pub(crate) fn to_value(&self) -> anyhow::Result<Value> {
        Ok(Value {
            name: PREVIOUS.to_owned(),
            content: Zeroizing::new(serde_json::to_vec(self)?),
        })
    }

    /// What was before the last restore; none where there was none, or it was taken back.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn load(vault: &Vault) -> anyhow::Result<Option<Self>> {
        let Some(previous): Option<Self> = read(vault, PREVIOUS)? else {
            return Ok(None);
        };
        anyhow::ensure!(
            previous.layout <= LAYOUT,
            "a newer version restored last; the way back needs that version"
        );
        Ok(Some(previous))
    }
}

impl Values {
    /// What a document needs, as far as it is there, with the agent's identity.
    ///
    /// # Errors
    /// When a value that is there cannot be read.
    pub(crate) fn of(document: &Document, vault: &Vault) -> anyhow::Result<Self> {
        let named = Named::of(document);
        let keys: BTreeSet<_> = named.keys.union(&named.host_keys).copied().collect();
        let mut values = Self {
            identity: read(vault, Purpose::Identity.file())?,
            ..Self::default()
        };
        for id in named.passwords {
            if let Some(secret) = text(vault, &secrets::password(id))? {
                values.passwords.insert(id, secret);
            }
        }
        for id in keys {
            if let Some(secret) = text(vault, &secrets::key(id))? {
                values.keys.insert(id, secret);
            }
        }
        for instance in named.enrolments {
            if let Some(enrolment) = read(vault, &credentials::name(instance))? {
                values.enrolments.insert(instance, enrolment);
            }
        }
        Ok(values)
    }

    /// As values that can be kept.
    pub(crate) fn to_values(&self) -> anyhow::Result<Vec<Value>> {
        let value = |name: String, content: Vec<u8>| Value {
            name,
            content: Zeroizing::new(content),
        };
        let secret = |secret: &KeptSecret| secret.expose().as_bytes().to_vec();
        let passwords = self.passwords.iter();
        let passwords = passwords.map(|(id, one)| value(secrets::password(*id), secret(one)));
        let keys = self.keys.iter();
        let keys = keys.map(|(id, one)| value(secrets::key(*id), secret(one)));
        let mut all: Vec<Value> = passwords.chain(keys).collect();
        for (instance, enrolment) in &self.enrolments {
            let json = serde_json::to_vec(enrolment)?;
            all.push(value(credentials::name(*instance), json));
        }
        if let Some(identity) = &self.identity {
            let json = serde_json::to_vec(identity)?;
            all.push(value(Purpose::Identity.file().to_owned(), json));
        }
        Ok(all)
    }
}

fn bytes(vault: &Vault, name: &str) -> anyhow::Result<Option<Zeroizing<Vec<u8>>>> {
    match vault.read(name) {
        Ok(content) => Ok(Some(content)),
        Err(VaultError::Missing(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn text(vault: &Vault, name: &str) -> anyhow::Result<Option<KeptSecret>> {
    let Some(content) = bytes(vault, name)? else {
        return Ok(None);
    };
    let text = std::str::from_utf8(&content).with_context(|| format!("{name} is damaged"))?;
    Ok(Some(KeptSecret::new(text.to_owned())))
}

fn read<T: DeserializeOwned>(vault: &Vault, name: &str) -> anyhow::Result<Option<T>> {
    let Some(content) = bytes(vault, name)? else {
        return Ok(None);
    };
    let parsed = serde_json::from_slice(&content);
    parsed
        .map(Some)
        .with_context(|| format!("{name} is damaged"))
}
