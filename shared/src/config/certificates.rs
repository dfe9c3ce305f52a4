//! The agent's own certificates. Their private keys are in the secret store, by their ids.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::invalid::Invalid;
use super::limits::CHAIN_LEN_MAX;
use super::trust::Certificate;
use crate::id::CredentialId;
use crate::pki::chain::{self, CertificateUse};
use crate::schema::schema_like;

/// One of the agent's certificates, before its checks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct OwnCertificateFields {
    /// The certificate, then its issuers; empty where there is none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = CHAIN_LEN_MAX))]
    pub chain: Vec<Certificate>,
    /// The private key of the certificate in the secret store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<CredentialId>,
    /// The private key of a request that waits for its certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pending_key: Option<CredentialId>,
}

/// One of the agent's certificates with its key, a request that waits for one, both or neither.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "OwnCertificateFields", into = "OwnCertificateFields")]
pub struct OwnCertificate(OwnCertificateFields);

schema_like!(OwnCertificate = OwnCertificateFields);

impl TryFrom<OwnCertificateFields> for OwnCertificate {
    type Error = Invalid;

    fn try_from(fields: OwnCertificateFields) -> Result<Self, Self::Error> {
        match (fields.chain.is_empty(), fields.key) {
            (true, Some(_)) => Err(Invalid::new("chain", "is missing beside the key")),
            (false, None) => Err(Invalid::new("key", "is missing beside the chain")),
            (_, Some(key)) if fields.pending_key == Some(key) => {
                let rule = "must not be the key of the certificate";
                Err(Invalid::new("pendingKey", rule))
            }
            (true, None) | (false, Some(_)) => Ok(Self(fields)),
        }
    }
}

impl From<OwnCertificate> for OwnCertificateFields {
    fn from(own: OwnCertificate) -> Self {
        own.0
    }
}

impl OwnCertificate {
    /// The certificate with its issuers, and its key.
    pub fn certificate(&self) -> Option<(&[Certificate], CredentialId)> {
        Some((&self.0.chain, self.0.key?))
    }

    /// The key of a request that waits for its certificate.
    pub const fn pending_key(&self) -> Option<CredentialId> {
        self.0.pending_key
    }

    /// The keys that must be in the secret store.
    pub fn keys(&self) -> impl Iterator<Item = CredentialId> {
        self.0.key.into_iter().chain(self.0.pending_key)
    }

    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// All of them, before their checks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(rename = "OwnCertificates")]
struct Fields {
    /// What back ends see that ask for a client certificate.
    #[serde(skip_serializing_if = "OwnCertificate::is_default")]
    system: OwnCertificate,
    /// What signs the short-lived certificates of users.
    #[serde(skip_serializing_if = "OwnCertificate::is_default")]
    pp_ca: OwnCertificate,
    /// What the management API shows.
    #[serde(skip_serializing_if = "OwnCertificate::is_default")]
    ui: OwnCertificate,
}

/// The agent's own certificates.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Fields", into = "Fields")]
pub struct OwnCertificates(Fields);

schema_like!(OwnCertificates = Fields);

impl TryFrom<Fields> for OwnCertificates {
    type Error = Invalid;

    fn try_from(fields: Fields) -> Result<Self, Self::Error> {
        let all = Self(fields);
        let mut keys = vec![];
        for one in CertificateUse::ALL {
            if let Some((certificates, _)) = all.get(one).certificate() {
                let checked = chain::check(certificates, one);
                checked.map_err(|rule| {
                    Invalid::new(
                        format!("certificates.{}.chain", one.as_str()),
                        rule.to_string(),
                    )
                })?;
            }
            keys.extend(all.get(one).keys());
        }
        keys.sort_unstable();
        // Otherwise replacing one would take the key of another away.
        if keys.windows(2).any(|pair| pair.first() == pair.last()) {
            return Err(Invalid::new("certificates", "a key occurs twice"));
        }
        Ok(all)
    }
}

impl From<OwnCertificates> for Fields {
    fn from(all: OwnCertificates) -> Self {
        all.0
    }
}

impl OwnCertificates {
    /// One of them.
    pub const fn get(&self, one: CertificateUse) -> &OwnCertificate {
        match one {
            CertificateUse::System => &self.0.system,
            CertificateUse::PpCa => &self.0.pp_ca,
            CertificateUse::Ui => &self.0.ui,
        }
    }

    /// These with one replaced.
    ///
    /// # Errors
    /// Which rule the new one breaks.
    pub fn with(&self, one: CertificateUse, new: OwnCertificateFields) -> Result<Self, Invalid> {
        let mut fields = self.0.clone();
        let new = new.try_into()?;
        match one {
            CertificateUse::System => fields.system = new,
            CertificateUse::PpCa => fields.pp_ca = new,
            CertificateUse::Ui => fields.ui = new,
        }
        fields.try_into()
    }

    /// The keys that must be in the secret store.
    pub fn keys(&self) -> impl Iterator<Item = CredentialId> {
        CertificateUse::ALL
            .into_iter()
            .flat_map(|one| self.get(one).keys())
    }

    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
