//! Passwords and private keys of the agent: one sealed value each, named by its id in the document.

use std::io::{BufRead, IsTerminal, Read as _};
use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use underpass_shared::id::CredentialId;
use underpass_shared::secret::Secret;

use crate::vault::{Vault, VaultError};

/// Bytes of a password; proxies take far shorter ones.
const PASSWORD_LEN_MAX: usize = 1_024;

/// Where passwords and keys are kept: sealed in `secrets/` of the data directory, beside the
/// credentials of enrolments.
#[derive(Clone, Debug)]
pub struct SecretStore(Vault);

impl SecretStore {
    /// The store of a data directory.
    pub fn new(data_dir: &Path) -> Self {
        Self(Vault::new(data_dir))
    }

    /// Reads a password.
    ///
    /// # Errors
    /// When it is missing or cannot be read.
    pub fn load(&self, id: CredentialId) -> anyhow::Result<Secret> {
        match self.0.read(&password(id)) {
            Ok(value) => text(&value),
            Err(error @ VaultError::Missing(_)) => Err(error).context("set the password again"),
            Err(error) => Err(error.into()),
        }
    }

    /// Keeps a password. A changed one needs a new id, so that its users notice.
    ///
    /// # Errors
    /// When it breaks the rules of [`check`], or cannot be written.
    pub fn save(&self, id: CredentialId, secret: &Secret) -> anyhow::Result<()> {
        check(secret)?;
        Ok(self.0.write(&password(id), secret.expose().as_bytes())?)
    }

    /// Reads the private key of a certificate, PKCS#8 PEM.
    ///
    /// # Errors
    /// When it is missing or cannot be read.
    pub fn load_key(&self, id: CredentialId) -> anyhow::Result<Secret> {
        match self.0.read(&key(id)) {
            Ok(value) => text(&value),
            Err(error @ VaultError::Missing(_)) => {
                Err(error).context("the private key is gone; set the certificate again")
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Keeps the private key of a certificate. Another key needs another id.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save_key(&self, id: CredentialId, pem: &Secret) -> anyhow::Result<()> {
        Ok(self.0.write(&key(id), pem.expose().as_bytes())?)
    }

    /// A password that may be gone.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn find(&self, id: CredentialId) -> anyhow::Result<Option<Secret>> {
        self.found(&password(id))
    }

    /// A private key that may be gone.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn find_key(&self, id: CredentialId) -> anyhow::Result<Option<Secret>> {
        self.found(&key(id))
    }

    fn found(&self, name: &str) -> anyhow::Result<Option<Secret>> {
        match self.0.read(name) {
            Ok(value) => text(&value).map(Some),
            Err(VaultError::Missing(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Forgets a password or key; what is not there is forgotten already.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove(&self, id: CredentialId) -> anyhow::Result<()> {
        self.0.remove(&password(id))?;
        Ok(self.0.remove(&key(id))?)
    }
}

/// The name of the value of a password.
pub(crate) fn password(id: CredentialId) -> String {
    format!("{id}.password")
}

/// The name of the value of a private key.
pub(crate) fn key(id: CredentialId) -> String {
    format!("{id}.key")
}

fn text(value: &[u8]) -> anyhow::Result<Secret> {
    let text = std::str::from_utf8(value).context("the secret is damaged")?;
    Ok(Secret::new(text.to_owned()))
}

/// Whether a password can be used at all.
///
/// # Errors
/// When it is empty, too long or holds control characters, which no header can carry.
pub fn check(secret: &Secret) -> anyhow::Result<()> {
    let text = secret.expose();
    ensure!(!text.is_empty(), "the password is empty");
    ensure!(
        text.len() <= PASSWORD_LEN_MAX,
        "the password is longer than {PASSWORD_LEN_MAX} bytes"
    );
    ensure!(
        !text.chars().any(char::is_control),
        "the password holds control characters"
    );
    Ok(())
}

/// Takes a password from the environment, or one line of `input`; never from the command line.
///
/// # Errors
/// When there is none, `input` is a terminal, which would show it, or [`check`] refuses it.
pub fn read_password<R: BufRead + IsTerminal>(
    variable: &str,
    input: &mut R,
) -> anyhow::Result<Secret> {
    if let Some(value) = std::env::var_os(variable) {
        let Ok(value) = value.into_string() else {
            bail!("the password in {variable} is not UTF-8");
        };
        let secret = Secret::new(value);
        return check(&secret).map(|()| secret);
    }
    ensure!(
        !input.is_terminal(),
        "put the password into {variable}, or pipe it into this command"
    );
    let mut line = String::new();
    let most = u64::try_from(PASSWORD_LEN_MAX)? + 2;
    input.take(most).read_line(&mut line)?;
    let secret = Secret::new(line.trim_end_matches(['\r', '\n']).to_owned());
    check(&secret).with_context(|| format!("no password in {variable} and none piped in"))?;
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_and_keys_are_kept_apart_and_forgotten_together() {
        let dir = tempfile::tempdir().unwrap();
        let store = SecretStore::new(dir.path());
        let id: CredentialId = "0190a5a2-6d0e-7cc0-8000-000000000001".parse().unwrap();
        let missing = format!("{:#}", store.load(id).unwrap_err());
        assert!(missing.starts_with("set the password again"), "{missing}");
        let secret = |text: &str| Secret::new(text.to_owned());
        store.save(id, &secret("pässword")).unwrap();
        store.save_key(id, &secret("key")).unwrap();
        assert_eq!(store.load(id).unwrap(), secret("pässword"));
        assert_eq!(store.load_key(id).unwrap(), secret("key"));
        store.remove(id).unwrap();
        store.remove(id).unwrap();
        assert!(store.load(id).is_err());
        assert!(store.load_key(id).is_err());
    }

    #[test]
    fn unusable_passwords_are_refused() {
        for text in ["", "a\r\nb", &"x".repeat(PASSWORD_LEN_MAX + 1)] {
            assert!(check(&Secret::new(text.to_owned())).is_err(), "{text:?}");
        }
    }
}
