//! What opens the backup that a migration starts from.

use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use clap::Args;
use underpass_fleet::backup::Opener;
use underpass_shared::secret::Secret;

use super::super::output::is_attended;
use super::super::read;

/// A passphrase or a private key.
#[derive(Args, Debug, Default)]
pub(super) struct Opening {
    /// A file with the passphrase of the backup; it is asked for otherwise.
    #[arg(long, value_name = "FILE")]
    backup_passphrase_file: Option<PathBuf>,
    /// A file of age-keygen with the private key that the backup is sealed to.
    #[arg(long, value_name = "FILE", conflicts_with = "backup_passphrase_file")]
    backup_identity_file: Option<PathBuf>,
}

impl Opening {
    /// What opens it; somebody is asked where no file is named.
    pub(super) fn get(&self) -> anyhow::Result<Opener> {
        if let Some(file) = &self.backup_identity_file {
            return Ok(Opener::Identity(Secret::new(read(file)?)));
        }
        if let Some(file) = &self.backup_passphrase_file {
            let text = Secret::new(read(file)?);
            let text = text.expose().trim_end_matches(['\r', '\n']);
            return Ok(Opener::Passphrase(Secret::new(text.to_owned())));
        }
        ensure!(
            is_attended(),
            "nobody is there to be asked; name a file with the passphrase by \
             --backup-passphrase-file, or with the private key by --backup-identity-file"
        );
        let asked = rpassword::prompt_password("Passphrase of the backup: ");
        let asked = asked.context("cannot ask for the passphrase")?;
        Ok(Opener::Passphrase(Secret::new(asked)))
    }
}
