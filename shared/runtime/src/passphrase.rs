//! The passphrase of a backup, as commands take it. Never an argument, which every user of the host
//! could see.

use std::env::{self, VarError};
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use thiserror::Error;
use underpass_shared::secret::Secret;

/// Where it is looked for when no file is named.
const VARIABLE: &str = "UNDERPASS_BACKUP_PASSPHRASE";
/// Bytes of a file with a secret: a private key with comments is the longest.
const FILE_MAX: u64 = 64 * 1024;

/// Why there is no passphrase.
#[derive(Debug, Error)]
pub enum PassphraseError {
    /// The file.
    #[error("cannot read {}", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The variable.
    #[error("{VARIABLE} is not UTF-8")]
    Variable,
    /// Nobody is there to type it.
    #[error(
        "cannot ask for the passphrase; give --passphrase-file, or {VARIABLE} in the environment"
    )]
    Terminal(#[source] io::Error),
    /// It was typed twice.
    #[error("the passphrases differ")]
    Differ,
}

/// The passphrase: from the only line of the file, else from the environment, else asked for. One
/// for a new backup is asked for twice.
pub fn find(file: Option<&Path>, is_new: bool) -> Result<Secret, PassphraseError> {
    match (file, env::var(VARIABLE)) {
        (Some(path), _) => {
            let text = read(path)?;
            let line = text.expose().trim_end_matches(['\r', '\n']);
            Ok(Secret::new(line.to_owned()))
        }
        (None, Ok(text)) => Ok(Secret::new(text)),
        (None, Err(VarError::NotUnicode(_))) => Err(PassphraseError::Variable),
        (None, Err(VarError::NotPresent)) => ask(is_new),
    }
}

/// A secret in a file, as far as any secret goes.
pub fn read(path: &Path) -> Result<Secret, PassphraseError> {
    let failed = |source| PassphraseError::File {
        path: path.to_owned(),
        source,
    };
    let mut text = String::new();
    let file = File::open(path).map_err(failed)?;
    let read = file.take(FILE_MAX).read_to_string(&mut text);
    let text = Secret::new(text);
    read.map_err(failed)?;
    Ok(text)
}

fn ask(is_new: bool) -> Result<Secret, PassphraseError> {
    let prompt = |text: &str| -> Result<Secret, PassphraseError> {
        let typed = rpassword::prompt_password(text).map_err(PassphraseError::Terminal)?;
        Ok(Secret::new(typed))
    };
    let first = prompt("Passphrase: ")?;
    if is_new && prompt("Again: ")? != first {
        return Err(PassphraseError::Differ);
    }
    Ok(first)
}
