//! What seals and opens backups, as commands take it. Never an argument, which every user of the
//! host could see.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use underpass_shared::api::management::{PASSPHRASE_LEN_MAX, PASSPHRASE_LEN_MIN};
use underpass_shared::secret::Secret;

/// Where the passphrase is looked for when no file is named.
const VARIABLE: &str = "UNDERPASS_BACKUP_PASSPHRASE";
/// Bytes of a file with a private key: comments and one line.
const KEY_FILE_MAX: u64 = 64 * 1024;

/// Where the passphrase comes from.
#[derive(Args, Clone, Debug)]
pub struct Passphrase {
    /// File with the passphrase in its only line. Without it the passphrase is taken from
    /// UNDERPASS_BACKUP_PASSPHRASE, or asked for.
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
}

/// What opens a backup.
#[derive(Args, Clone, Debug)]
pub struct Opening {
    #[command(flatten)]
    pub(super) passphrase: Passphrase,
    /// File of age-keygen with the private key of one of the backup's recipients.
    #[arg(long, value_name = "FILE", conflicts_with = "passphrase_file")]
    pub(super) identity: Option<PathBuf>,
}

impl Passphrase {
    /// The passphrase; one for a new backup is asked for twice and must be long enough.
    pub(super) fn get(&self, is_new: bool) -> anyhow::Result<Secret> {
        let found = match (&self.passphrase_file, std::env::var(VARIABLE)) {
            (Some(path), _) => one_line(&read(path)?),
            (None, Ok(text)) => Secret::new(text),
            (None, Err(std::env::VarError::NotUnicode(_))) => bail!("{VARIABLE} is not UTF-8"),
            (None, Err(std::env::VarError::NotPresent)) => ask(is_new)?,
        };
        let text = found.expose();
        ensure!(
            !is_new || text.chars().count() >= PASSPHRASE_LEN_MIN,
            "the passphrase must have at least {PASSPHRASE_LEN_MIN} characters"
        );
        ensure!(
            (1..=PASSPHRASE_LEN_MAX).contains(&text.len()),
            "the passphrase must have 1 to {PASSPHRASE_LEN_MAX} bytes"
        );
        Ok(found)
    }
}

impl Opening {
    /// The name of the part of a form, and what is in it.
    pub(super) fn get(&self) -> anyhow::Result<(&'static str, Secret)> {
        match &self.identity {
            Some(path) => Ok(("identity", read(path)?)),
            None => Ok(("password", self.passphrase.get(false)?)),
        }
    }
}

fn read(path: &Path) -> anyhow::Result<Secret> {
    let unread = || format!("cannot read {}", path.display());
    let mut text = String::new();
    let file = File::open(path).with_context(unread)?;
    file.take(KEY_FILE_MAX)
        .read_to_string(&mut text)
        .with_context(unread)?;
    Ok(Secret::new(text))
}

fn one_line(text: &Secret) -> Secret {
    Secret::new(text.expose().trim_end_matches(['\r', '\n']).to_owned())
}

fn ask(is_new: bool) -> anyhow::Result<Secret> {
    let prompt = |text: &str| -> anyhow::Result<Secret> {
        let typed = rpassword::prompt_password(text).with_context(|| {
            format!("cannot ask for the passphrase; give --passphrase-file, or {VARIABLE} in the environment")
        })?;
        Ok(Secret::new(typed))
    };
    let first = prompt("Passphrase: ")?;
    if is_new {
        ensure!(prompt("Again: ")? == first, "the passphrases differ");
    }
    Ok(first)
}
