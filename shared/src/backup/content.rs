//! The sealed content of an agent's backup: everything that another host needs to be this agent.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use thiserror::Error;
use zeroize::Zeroizing;

use super::kept::KeptSecret;
use crate::audit::{Anchor, PublicKey};
use crate::config::{Delta, Document, Revision};
use crate::id::{AgentId, CredentialId, InstanceId, OperatorId};
use crate::strict;

/// The layout of contents that this build writes, and the newest that it reads.
pub const CONTENT_FORMAT: u32 = 1;
/// Revisions of the history that a backup has if nobody says otherwise.
pub const REVISIONS_DEFAULT: usize = 20;
/// The most revisions of the history that a backup may have.
pub const REVISIONS_MAX: usize = 1_000;

/// Everything that another host needs to be this agent. Secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Content {
    /// The layout of this.
    pub format: u32,
    /// The agent by its identity.
    pub instance: AgentId,
    /// When it was made, milliseconds UTC.
    pub created_at_ms: i64,
    /// The version of the agent that made it.
    pub product_version: String,
    /// Which state of the document it is.
    pub revision: Revision,
    /// The document as of that revision, as operators read it.
    pub document: Box<RawValue>,
    /// The newest revisions, newest first, and the way back from each.
    pub revisions: Vec<Past>,
    /// Passwords and keys of certificates that the document names, without those of the host.
    pub secrets: Values,
    /// What the agent proves itself with, by subaccount: one for each in the document.
    pub enrolments: BTreeMap<InstanceId, Enrolment>,
    /// What of the two was missing already when the backup was made.
    #[serde(default, skip_serializing_if = "Absent::is_empty")]
    pub absent: Absent,
    /// The small certificate authority that the agent is known by.
    pub identity: IdentityKey,
    /// What is known of operators beside the document.
    pub operators: BTreeMap<OperatorId, SeenOperator>,
    /// Where the audit log stood; none where there was no record yet.
    pub audit: Option<AuditHead>,
    /// What belongs to the host rather than to the agent; only where it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<Machine>,
}

/// A revision and the steps that take it back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Past {
    /// Who made it when and why.
    pub revision: Revision,
    /// The steps from it to the revision before.
    pub inverse: Delta,
}

/// Values of the secret store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Values {
    /// Passwords, and the hashes of passwords of monitoring users.
    pub passwords: BTreeMap<CredentialId, KeptSecret>,
    /// Private keys of the agent's own certificates, PEM.
    pub keys: BTreeMap<CredentialId, KeptSecret>,
}

impl Values {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.passwords.len() + self.keys.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A client key with its certificate and the gateway's CA certificates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Enrolment {
    /// PKCS#8 private key, PEM.
    pub key: KeptSecret,
    /// Client certificate, PEM.
    pub certificate: String,
    /// The gateway's CA certificates, PEM.
    pub ca_bundle: String,
}

/// The key of the agent's identity and its certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IdentityKey {
    /// PKCS#8 private key, PEM.
    pub key: KeptSecret,
    /// The certificate, PEM.
    pub chain: String,
}

/// What is known of one operator beside the document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SeenOperator {
    /// When the newest certificate ends, milliseconds UTC.
    pub not_after_ms: Option<i64>,
    /// When the operator last asked for something, milliseconds UTC.
    pub last_seen_ms: Option<i64>,
}

/// Where an audit log stood, so that it cannot be written anew behind this place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuditHead {
    /// The newest record, as `audit verify` takes it.
    #[serde(with = "as_text")]
    pub newest: Anchor,
    /// What the log's signatures are checked with.
    pub public_key: PublicKey,
}

/// What belongs to the host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Machine {
    /// Where the management API was to listen.
    pub listen: Vec<SocketAddr>,
    /// Keys of the certificate that the management API shows, PEM, where the document names one.
    pub keys: BTreeMap<CredentialId, KeptSecret>,
}

/// Values that the document names and the agent did not have any longer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Absent {
    /// Passwords and keys.
    pub values: BTreeSet<CredentialId>,
    /// Enrolments.
    pub enrolments: BTreeSet<InstanceId>,
}

impl Absent {
    /// Whether nothing was missing.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty() && self.enrolments.is_empty()
    }
}

/// A content that cannot be read or written.
#[derive(Debug, Error)]
pub enum ContentError {
    /// A newer release wrote it.
    #[error(
        "the content has format {found}, written by version {version}; this agent of version {own} reads up to {CONTENT_FORMAT}"
    )]
    TooNew {
        /// The format found.
        found: u32,
        /// The release that wrote it.
        version: String,
        /// The release that reads it.
        own: String,
    },
    /// It breaks the rules of its format.
    #[error("the content is not valid at {place}")]
    Invalid {
        /// Where.
        place: String,
        /// The rule.
        #[source]
        source: serde_json::Error,
    },
    /// It does not serialise.
    #[error("the content cannot be written")]
    Write(#[source] serde_json::Error),
}

/// The fields that every version of the content has.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FormatOnly {
    format: u32,
    #[serde(default)]
    product_version: String,
}

impl Content {
    /// Reads what [`Content::write`] wrote. `own` is the version of the program that reads.
    ///
    /// # Errors
    /// When a newer release wrote it, or it breaks the rules of its format.
    pub fn read(json: &[u8], own: &str) -> Result<Self, ContentError> {
        let invalid = |place: String, source| ContentError::Invalid { place, source };
        let head: FormatOnly =
            serde_json::from_slice(json).map_err(|error| invalid(".".to_owned(), error))?;
        if head.format > CONTENT_FORMAT {
            return Err(ContentError::TooNew {
                found: head.format,
                version: head.product_version,
                own: own.to_owned(),
            });
        }
        strict::read(json).map_err(|wrong| invalid(wrong.place, wrong.rule))
    }

    /// Writes it as JSON, into memory that is wiped.
    ///
    /// # Errors
    /// When it does not serialise, which it does.
    pub fn write(&self) -> Result<Zeroizing<Vec<u8>>, ContentError> {
        // Counted first: a buffer that grows leaves copies behind that nobody wipes.
        let mut json = Zeroizing::new(Vec::with_capacity(json_len(self)?));
        put(self, &mut *json).map_err(ContentError::Write)?;
        Ok(json)
    }

    /// Writes it as JSON to where it is sealed piece by piece.
    ///
    /// # Errors
    /// When it cannot be written there.
    pub fn write_to(&self, to: &mut dyn io::Write) -> io::Result<()> {
        put(self, to).map_err(io::Error::from)
    }

    /// A document as the content holds it.
    ///
    /// # Errors
    /// When it does not serialise, which it does.
    pub fn document_of(document: &Document) -> Result<Box<RawValue>, ContentError> {
        RawValue::from_string(document.to_json()).map_err(ContentError::Write)
    }
}

/// Bytes of a part as JSON.
///
/// # Errors
/// When it does not serialise, which it does.
pub fn json_len(part: &impl Serialize) -> Result<usize, ContentError> {
    let mut count = Count(0);
    put(part, &mut count).map_err(ContentError::Write)?;
    Ok(count.0)
}

/// Writes a part to wherever it goes; for each kind of place of its own, all would be compiled anew.
fn put(part: &impl Serialize, to: &mut dyn io::Write) -> serde_json::Result<()> {
    serde_json::to_writer(to, part)
}

/// Counts what is written.
struct Count(usize);

impl io::Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Values that have a text of their own.
mod as_text {
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(value: &impl Display, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(value)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>, T: FromStr<Err: Display>>(
        from: D,
    ) -> Result<T, D::Error> {
        String::deserialize(from)?
            .parse()
            .map_err(de::Error::custom)
    }
}
