//! The gateway's own keys and certificates: its CA, made at first start, and its server certificates.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use underpass_runtime::pki::{Authority, CertificateInfo, Lifetime, PrivateKey};
use underpass_runtime::tls::Credential;
use underpass_runtime::{clock, file};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// What the gateway's own CA is called.
const CA_NAME: &str = "Underpass gateway CA";
/// Life of the CA that agents pin at enrolment.
const CA_LIFE: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);
/// Life of the server certificates, which are made anew at each start and at half of their life.
pub const SERVER_LIFE: Duration = DAY.saturating_mul(90);
/// Life of an agent's client certificate.
pub const AGENT_LIFE: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Further CAs beside the one that signs, while one takes over from another.
const OTHER_CAS: &str = "ca-others.pem";
/// How long after its expiry an agent may still renew by proof of its newest key.
pub const LATE_RENEWAL: Duration = DAY.saturating_mul(60);

/// The gateway's certificate authority and what it signs for the gateway itself.
pub struct Certificates {
    authority: Authority,
    ca_path: PathBuf,
    others: String,
}

/// A server's key and chain, both PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerCredential {
    /// The certificate chain.
    pub chain: String,
    /// The private key. Secret.
    pub key: String,
}

impl ServerCredential {
    /// As TLS takes it.
    pub fn credential(&self) -> Credential<'_> {
        Credential {
            chain: &self.chain,
            key: &self.key,
        }
    }
}

/// Where the CA certificate of a data directory is; it is public.
pub fn ca_path(data_dir: &Path) -> PathBuf {
    data_dir.join("tls").join("ca.pem")
}

impl Certificates {
    /// Loads the CA of a data directory, or makes it at first start.
    ///
    /// # Errors
    /// When files cannot be read or written, or do not fit each other.
    pub fn open(data_dir: &Path) -> anyhow::Result<Self> {
        let ca_path = ca_path(data_dir);
        let key_path = ca_path.with_file_name("ca-key.pem");
        if let Some(folder) = ca_path.parent() {
            file::private_dir(folder)
                .with_context(|| format!("cannot create {}", folder.display()))?;
        }
        let is_there = |path: &Path| {
            let found = path.try_exists();
            found.with_context(|| format!("cannot look for {}", path.display()))
        };
        let read = |path: &Path| {
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
        };
        let read_key = || {
            PrivateKey::from_pem(&read(&key_path)?)
                .with_context(|| format!("{} is no private key", key_path.display()))
        };
        if !is_there(&ca_path)? {
            // The key first, and never another in its place: a certificate can be made anew.
            if !is_there(&key_path)? {
                file::replace(&key_path, PrivateKey::generate()?.to_pem().as_bytes())?;
            }
            let authority = Authority::of_key(CA_NAME, lifetime(CA_LIFE), &read_key()?)?;
            file::replace(&ca_path, authority.certificate().as_bytes())?;
        }
        let key = read_key()?;
        let authority = Authority::load(&read(&ca_path)?, &key)
            .with_context(|| format!("{} cannot be used as CA", ca_path.display()))?;
        let others = others(&ca_path.with_file_name(OTHER_CAS))?;
        Ok(Self {
            authority,
            ca_path,
            others,
        })
    }

    /// The CA itself.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// All CAs that agents trust and whose certificates they may present, PEM: the one that signs and
    /// those that did or will.
    pub fn bundle(&self) -> String {
        format!("{}{}", self.authority.certificate(), self.others)
    }

    /// Where the CA certificate is.
    pub fn ca_path(&self) -> &Path {
        &self.ca_path
    }

    /// Makes a server certificate for a host name with a fresh key.
    ///
    /// # Errors
    /// When the name is no host name.
    pub fn server(&self, names: &[String], now_ms: i64) -> anyhow::Result<ServerCredential> {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let lifetime = Lifetime {
            now_ms,
            valid: SERVER_LIFE,
        };
        let key = PrivateKey::generate()?;
        let leaf = self
            .authority
            .server(&names, &key, lifetime)
            .with_context(|| format!("cannot make a certificate for {names:?}"))?;
        // The CA goes along: an agent that enrols knows only its fingerprint.
        let chain = format!("{leaf}{}", self.authority.certificate());
        Ok(ServerCredential {
            chain,
            key: key.to_pem(),
        })
    }
}

/// Reads further CAs, of which each must be a certificate. Most gateways have none.
fn others(path: &Path) -> anyhow::Result<String> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(String::new()),
        Err(error) => {
            return Err(error).with_context(|| format!("cannot read {}", path.display()));
        }
    };
    underpass_runtime::tls::check_bundle(&text)
        .with_context(|| format!("{} must hold CA certificates, PEM", path.display()))?;
    Ok(text)
}

/// SHA-256 of a CA certificate file's content, as enrolment tokens carry it.
///
/// # Errors
/// When the file is missing or no certificate.
pub fn fingerprint(ca_path: &Path) -> anyhow::Result<[u8; 32]> {
    let pem = std::fs::read_to_string(ca_path).with_context(|| {
        format!(
            "cannot read {}; start the gateway once with `underpass-gateway serve`",
            ca_path.display()
        )
    })?;
    Ok(CertificateInfo::from_pem(&pem)?.fingerprint)
}

/// A lifetime that starts now.
pub fn lifetime(valid: Duration) -> Lifetime {
    Lifetime {
        now_ms: clock::wall_ms(),
        valid,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ca_whose_certificate_is_lost_keeps_its_key() {
        let folder = tempfile::tempdir().unwrap();
        let first = Certificates::open(folder.path()).unwrap();
        let of_first = CertificateInfo::from_pem(first.authority().certificate()).unwrap();
        std::fs::remove_file(first.ca_path()).unwrap();
        let again = Certificates::open(folder.path()).unwrap();
        let of_again = CertificateInfo::from_pem(again.authority().certificate()).unwrap();
        assert_eq!(of_again.spki_hash, of_first.spki_hash);
        assert_ne!(of_again.fingerprint, of_first.fingerprint);
    }

    #[test]
    fn a_ca_without_its_key_or_with_another_is_refused_and_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let ca = Certificates::open(folder.path()).unwrap();
        let certificate = ca.authority().certificate().to_owned();
        let key_path = ca.ca_path().with_file_name("ca-key.pem");
        let refusal = || {
            let error = Certificates::open(folder.path()).err();
            format!("{:#}", error.expect("it is refused"))
        };
        std::fs::remove_file(&key_path).unwrap();
        assert!(refusal().starts_with(&format!("cannot read {}", key_path.display())));
        let other = PrivateKey::generate().unwrap().to_pem();
        file::replace(&key_path, other.as_bytes()).unwrap();
        assert!(refusal().ends_with("the certificate and the private key do not belong together"));
        assert_eq!(std::fs::read_to_string(ca.ca_path()).unwrap(), certificate);
        assert_eq!(std::fs::read_to_string(&key_path).unwrap(), other);
    }
}
