//! What seals and opens backups, as commands take it. Never an argument, which every user of the
//! host could see.

use std::path::PathBuf;

use anyhow::ensure;
use clap::Args;
use underpass_runtime::passphrase;
use underpass_shared::api::management::{PASSPHRASE_LEN_MAX, PASSPHRASE_LEN_MIN};
use underpass_shared::secret::Secret;

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
        let found = passphrase::find(self.passphrase_file.as_deref(), is_new)?;
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
            Some(path) => Ok(("identity", passphrase::read(path)?)),
            None => Ok(("password", self.passphrase.get(false)?)),
        }
    }
}
