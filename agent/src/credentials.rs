//! What the agent proves itself with to a gateway: one sealed value per enrolment.

use std::path::Path;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use underpass_runtime::pki::CertificateInfo;
use underpass_runtime::tls::{ClientTls, Credential};
use underpass_shared::id::InstanceId;
use underpass_shared::protocol::role::Role;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::vault::{Vault, VaultError};

/// A client key with its certificate and the gateway's CA certificates. Secret.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Credentials {
    /// PKCS#8 private key, PEM.
    pub key: String,
    /// Client certificate, PEM.
    pub certificate: String,
    /// The gateway's CA certificates, PEM.
    pub ca_bundle: String,
}

/// Where credentials are kept: sealed in `secrets/` of the data directory.
#[derive(Clone, Debug)]
pub struct CredentialStore(Vault);

impl CredentialStore {
    /// The store of a data directory.
    pub fn new(data_dir: &Path) -> Self {
        Self(Vault::new(data_dir))
    }

    /// Reads the credentials of an enrolment.
    ///
    /// # Errors
    /// When they are missing or damaged.
    pub fn load(&self, instance: InstanceId) -> anyhow::Result<Credentials> {
        match self.0.read(&name(instance)) {
            Ok(json) => parse(instance, &json),
            Err(error @ VaultError::Missing(_)) => Err(error).context("enrol the agent again"),
            Err(error) => Err(error.into()),
        }
    }

    /// The credentials of an enrolment, which may be gone.
    ///
    /// # Errors
    /// When they cannot be read, or are damaged.
    pub fn find(&self, instance: InstanceId) -> anyhow::Result<Option<Credentials>> {
        match self.0.read(&name(instance)) {
            Ok(json) => parse(instance, &json).map(Some),
            Err(VaultError::Missing(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Replaces the credentials of an enrolment, all of them at once.
    ///
    /// # Errors
    /// When they cannot be written; the old ones are then still there.
    pub fn save(&self, instance: InstanceId, credentials: &Credentials) -> anyhow::Result<()> {
        let json = Zeroizing::new(serde_json::to_vec(credentials)?);
        Ok(self.0.write(&name(instance), &json)?)
    }

    /// Deletes the credentials of an enrolment.
    ///
    /// # Errors
    /// When they cannot be deleted; that they are not there is none.
    pub fn delete(&self, instance: InstanceId) -> anyhow::Result<()> {
        self.0.remove(&lineage(instance))?;
        Ok(self.0.remove(&name(instance))?)
    }

    /// The process that a gateway knew last for an enrolment; none where there was none, or where
    /// it cannot be read: the gateway then sees a process that goes on from no other.
    pub fn last_process(&self, instance: InstanceId) -> Option<Uuid> {
        let value = self.0.read(&lineage(instance)).ok()?;
        std::str::from_utf8(&value).ok()?.parse().ok()
    }

    /// Keeps which process a gateway knows for an enrolment; none where it took another for it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep_process(&self, instance: InstanceId, process: Option<Uuid>) -> anyhow::Result<()> {
        let name = lineage(instance);
        match process {
            Some(process) => self.0.write(&name, process.to_string().as_bytes())?,
            None => self.0.remove(&name)?,
        }
        Ok(())
    }
}

/// Not in backups: what is restored elsewhere goes on from no other process.
fn lineage(instance: InstanceId) -> String {
    format!("{instance}.process")
}

fn parse(instance: InstanceId, json: &[u8]) -> anyhow::Result<Credentials> {
    let what = || format!("the credentials of instance {instance} are damaged");
    serde_json::from_slice(json).with_context(what)
}

/// The name of the value of an enrolment.
pub(crate) fn name(instance: InstanceId) -> String {
    format!("{instance}.json")
}

impl Credentials {
    /// TLS in a role that presents the client certificate.
    ///
    /// # Errors
    /// When the key or a certificate cannot be used.
    pub fn tls(&self, role: Role) -> anyhow::Result<ClientTls> {
        let credential = Credential {
            chain: &self.certificate,
            key: &self.key,
        };
        let presented = (role != Role::Enrol).then_some(credential);
        Ok(ClientTls::new(&self.ca_bundle, presented, role)?)
    }

    /// Validity and key of the client certificate.
    ///
    /// # Errors
    /// When it does not parse.
    pub fn info(&self) -> anyhow::Result<CertificateInfo> {
        Ok(CertificateInfo::from_pem(&self.certificate)?)
    }
}
