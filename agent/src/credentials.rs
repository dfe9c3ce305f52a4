//! What the agent proves itself with to a gateway: one private file per enrolment.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use underpass_runtime::file;
use underpass_runtime::pki::CertificateInfo;
use underpass_runtime::tls::{ClientTls, Credential};
use underpass_shared::id::InstanceId;
use underpass_shared::protocol::role::Role;

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

/// Where credentials are kept: `secrets/` of the data directory.
#[derive(Clone, Debug)]
pub struct CredentialStore(PathBuf);

impl CredentialStore {
    /// The store of a data directory.
    pub fn new(data_dir: &Path) -> Self {
        Self(data_dir.join("secrets"))
    }

    /// Reads the credentials of an enrolment.
    ///
    /// # Errors
    /// When they are missing or damaged.
    pub fn load(&self, instance: InstanceId) -> anyhow::Result<Credentials> {
        let path = self.path(instance);
        let json = std::fs::read(&path)
            .with_context(|| format!("cannot read {}; enrol the agent again", path.display()))?;
        serde_json::from_slice(&json).with_context(|| format!("{} is damaged", path.display()))
    }

    /// Replaces the credentials of an enrolment, all of them at once.
    ///
    /// # Errors
    /// When they cannot be written; the old ones are then still there.
    pub fn save(&self, instance: InstanceId, credentials: &Credentials) -> anyhow::Result<()> {
        let path = self.path(instance);
        file::private_dir(&self.0)
            .and_then(|()| file::replace(&path, &serde_json::to_vec(credentials)?))
            .with_context(|| format!("cannot write {}", path.display()))
    }

    /// Deletes the credentials of an enrolment.
    ///
    /// # Errors
    /// When they cannot be deleted; that they are not there is none.
    pub fn delete(&self, instance: InstanceId) -> anyhow::Result<()> {
        let path = self.path(instance);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("cannot delete {}", path.display()))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn path(&self, instance: InstanceId) -> PathBuf {
        self.0.join(format!("{instance}.json"))
    }
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
