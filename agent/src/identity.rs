//! Who this agent is for those who administer it: a small certificate authority of its own.
//!
//! It is made at the first start, never exchanged, and travels in backups. Clients that were
//! paired know the agent by it, whatever host it runs on and whatever certificate it shows to
//! others.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use underpass_runtime::pki::{Authority, CertificateInfo, Lifetime, PrivateKey};
use underpass_runtime::{file, net, random};
use underpass_shared::id::{AgentId, OperatorId};
use underpass_shared::pki::operator::OperatorIdentity;

use crate::keys::{KeptKey, KeyStore, Purpose};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Life of the identity. Longer than any agent lives: an identity that ends would lock out all who
/// know the agent by it.
const IDENTITY_LIFE: Duration = DAY.saturating_mul(50 * 365);
/// Life of the server certificates that the agent makes for itself, anew at every start and at
/// half of their life.
pub const SERVER_LIFE: Duration = DAY.saturating_mul(90);
/// Life of an operator's client certificate; the client renews it at half of it.
pub const OPERATOR_LIFE: Duration = DAY.saturating_mul(90);

/// The agent's identity.
pub struct Identity {
    authority: Authority,
    id: AgentId,
    fingerprint: [u8; 32],
}

impl Identity {
    /// Loads the identity of a data directory, or makes it at the first start.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub fn open(data_dir: &Path, now_ms: i64) -> anyhow::Result<Self> {
        let keys = KeyStore::new(data_dir);
        let kept = match keys.load(Purpose::Identity)? {
            Some(kept) => kept,
            None => {
                // Only for people: the name that counts follows from the certificate.
                let name = format!("Underpass agent {}", random::id());
                let (authority, key) = Authority::create(&name, lifetime(now_ms, IDENTITY_LIFE))?;
                let kept = KeptKey {
                    key: key.to_pem(),
                    chain: authority.certificate().to_owned(),
                };
                keys.save(Purpose::Identity, &kept)?;
                kept
            }
        };
        let key = PrivateKey::from_pem(&kept.key).context("the agent's identity is damaged")?;
        let authority = Authority::load(&kept.chain, &key)?;
        let fingerprint = CertificateInfo::from_pem(&kept.chain)?.fingerprint;
        publish(data_dir, &kept.chain)?;
        Ok(Self {
            authority,
            id: AgentId::of_authority(&fingerprint),
            fingerprint,
        })
    }

    /// The agent's id, which follows from the identity.
    pub const fn id(&self) -> AgentId {
        self.id
    }

    /// SHA-256 of the authority's certificate: what clients pin.
    pub const fn fingerprint(&self) -> &[u8; 32] {
        &self.fingerprint
    }

    /// The authority's certificate, PEM. Public.
    pub fn certificate(&self) -> &str {
        self.authority.certificate()
    }

    /// A server certificate for the agent's own name, with a fresh key.
    ///
    /// # Errors
    /// When the key cannot be made.
    pub fn own_server(&self, now_ms: i64) -> anyhow::Result<KeptKey> {
        self.server(&[&self.id.server_name()], now_ms)
    }

    /// A server certificate for the names of this host, with a fresh key.
    ///
    /// # Errors
    /// When the key cannot be made.
    pub fn host_server(&self, now_ms: i64) -> anyhow::Result<KeptKey> {
        let fixed = ["localhost", "127.0.0.1", "::1"];
        let name = net::host_name().unwrap_or_default();
        let names = [&[name.as_str()], fixed.as_slice()].concat();
        // A host may have a name that no certificate can.
        self.server(&names, now_ms)
            .or_else(|_name| self.server(&fixed, now_ms))
    }

    fn server(&self, names: &[&str], now_ms: i64) -> anyhow::Result<KeptKey> {
        let key = PrivateKey::generate()?;
        let leaf = self
            .authority
            .server(names, &key, lifetime(now_ms, SERVER_LIFE))?;
        // The authority goes along: who pairs knows only its hash.
        Ok(KeptKey {
            key: key.to_pem(),
            chain: format!("{leaf}{}", self.authority.certificate()),
        })
    }

    /// A client certificate for an operator's signing request, PEM.
    ///
    /// # Errors
    /// When the request is none, or its key too weak.
    pub fn operator(
        &self,
        request: &str,
        id: OperatorId,
        now_ms: i64,
    ) -> Result<String, underpass_runtime::pki::PkiError> {
        let lifetime = lifetime(now_ms, OPERATOR_LIFE);
        self.authority
            .operator(request, OperatorIdentity(id), lifetime)
    }
}

/// Where the certificate of the identity is for scripts: what `curl --cacert` takes.
pub fn certificate_path(data_dir: &Path) -> std::path::PathBuf {
    data_dir.join("tls").join("identity.pem")
}

fn publish(data_dir: &Path, certificate: &str) -> anyhow::Result<()> {
    let path = certificate_path(data_dir);
    if std::fs::read_to_string(&path).is_ok_and(|found| found == certificate) {
        return Ok(());
    }
    let folder = path.parent().unwrap_or(data_dir);
    file::private_dir(folder)
        .and_then(|()| file::replace(&path, certificate.as_bytes()))
        .with_context(|| format!("cannot write {}", path.display()))
}

const fn lifetime(now_ms: i64, valid: Duration) -> Lifetime {
    Lifetime { now_ms, valid }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_is_made_once_and_stays() {
        let dir = tempfile::tempdir().unwrap();
        let first = Identity::open(dir.path(), 1_700_000_000_000).unwrap();
        let again = Identity::open(dir.path(), 1_800_000_000_000).unwrap();
        assert_eq!(first.id(), again.id());
        assert_eq!(first.certificate(), again.certificate());
        let published = std::fs::read_to_string(certificate_path(dir.path())).unwrap();
        assert_eq!(published, first.certificate());
        let other = tempfile::tempdir().unwrap();
        let other = Identity::open(other.path(), 1_700_000_000_000).unwrap();
        assert_ne!(first.id(), other.id());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let key = dir.path().join("secrets/identity.json");
            let mode = std::fs::metadata(key).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn a_damaged_identity_is_not_replaced_by_another() {
        let dir = tempfile::tempdir().unwrap();
        Identity::open(dir.path(), 1_700_000_000_000).unwrap();
        let path = dir.path().join("secrets/identity.json");
        file::replace(&path, b"{").unwrap();
        let error = Identity::open(dir.path(), 0).err().unwrap().to_string();
        assert!(error.contains("is damaged"), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), b"{");
    }
}
