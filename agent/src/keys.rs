//! Keys of the agent with their certificates: one sealed value each.

use std::path::Path;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use underpass_runtime::tls::Credential;
use zeroize::Zeroizing;

use crate::vault::{Vault, VaultError};

/// What a key is for; the name of its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The authority that is the agent's identity.
    Identity,
}

impl Purpose {
    pub(crate) const fn file(self) -> &'static str {
        match self {
            Self::Identity => "identity.json",
        }
    }
}

/// A private key and its certificate chain, both PEM. Secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeptKey {
    /// PKCS#8 private key.
    pub key: String,
    /// The certificate, then its issuers.
    pub chain: String,
}

impl KeptKey {
    /// As TLS takes it.
    pub fn credential(&self) -> Credential<'_> {
        Credential {
            chain: &self.chain,
            key: &self.key,
        }
    }
}

/// Where keys are kept: sealed in `secrets/` of the data directory.
#[derive(Clone, Debug)]
pub struct KeyStore(Vault);

impl KeyStore {
    /// The store of a data directory.
    pub fn new(data_dir: &Path) -> Self {
        Self(Vault::new(data_dir))
    }

    /// The store behind an open vault.
    pub const fn of(vault: Vault) -> Self {
        Self(vault)
    }

    /// Reads a key; none where there is none.
    ///
    /// # Errors
    /// When it cannot be read or is damaged.
    pub fn load(&self, purpose: Purpose) -> anyhow::Result<Option<KeptKey>> {
        let json = match self.0.read(purpose.file()) {
            Ok(json) => json,
            Err(VaultError::Missing(_)) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let kept = serde_json::from_slice(&json);
        let kept = kept.with_context(|| format!("secrets/{} is damaged", purpose.file()))?;
        Ok(Some(kept))
    }

    /// Keeps a key in place of the one that was there.
    ///
    /// # Errors
    /// When it cannot be written; the old one is then still there.
    pub fn save(&self, purpose: Purpose, kept: &KeptKey) -> anyhow::Result<()> {
        let json = Zeroizing::new(serde_json::to_vec(kept)?);
        Ok(self.0.write(purpose.file(), &json)?)
    }
}
