//! Passwords of the agent: one private file each, named by its id in the document.

use std::io::{BufRead, IsTerminal, Read as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use underpass_runtime::file;
use underpass_shared::id::CredentialId;
use underpass_shared::secret::Secret;

/// Bytes of a password; proxies take far shorter ones.
const PASSWORD_LEN_MAX: usize = 1_024;

/// Where passwords are kept: `secrets/` of the data directory, beside the client keys.
#[derive(Clone, Debug)]
pub struct SecretStore(PathBuf);

impl SecretStore {
    /// The store of a data directory.
    pub fn new(data_dir: &Path) -> Self {
        Self(data_dir.join("secrets"))
    }

    /// Reads a password.
    ///
    /// # Errors
    /// When it is missing or cannot be read.
    pub fn load(&self, id: CredentialId) -> anyhow::Result<Secret> {
        let path = self.path(id);
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}; set the password again", path.display()))?;
        Ok(Secret::new(text))
    }

    /// Keeps a password. A changed one needs a new id, so that its users notice.
    ///
    /// # Errors
    /// When it breaks the rules of [`check`], or cannot be written.
    pub fn save(&self, id: CredentialId, secret: &Secret) -> anyhow::Result<()> {
        check(secret)?;
        let path = self.path(id);
        file::private_dir(&self.0)
            .and_then(|()| file::replace(&path, secret.expose().as_bytes()))
            .with_context(|| format!("cannot write {}", path.display()))
    }

    /// Forgets a password; one that is not there is forgotten already.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove(&self, id: CredentialId) -> anyhow::Result<()> {
        let path = self.path(id);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("cannot remove {}", path.display()))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn path(&self, id: CredentialId) -> PathBuf {
        self.0.join(format!("{id}.password"))
    }
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
    fn passwords_are_private_and_can_be_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let store = SecretStore::new(dir.path());
        let id: CredentialId = "0190a5a2-6d0e-7cc0-8000-000000000001".parse().unwrap();
        assert!(store.load(id).is_err());
        let secret = Secret::new("pässword".to_owned());
        store.save(id, &secret).unwrap();
        assert_eq!(store.load(id).unwrap(), secret);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(&store.path(id)), 0o600);
            assert_eq!(mode(&store.0), 0o700);
        }
        store.remove(id).unwrap();
        store.remove(id).unwrap();
        assert!(store.load(id).is_err());
    }

    #[test]
    fn unusable_passwords_are_refused() {
        for text in ["", "a\r\nb", &"x".repeat(PASSWORD_LEN_MAX + 1)] {
            assert!(check(&Secret::new(text.to_owned())).is_err(), "{text:?}");
        }
    }
}
