//! `backup` and `restore`.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, ensure};
use serde::Serialize;
use underpass_runtime::archive::ARCHIVE_MAX;
use underpass_runtime::{file, passphrase};
use underpass_shared::backup::Manifest;
use underpass_shared::secret::Secret;

use super::Work;
use crate::backup;
use crate::cli::{Backup, Passphrase, Restore};

/// The archive may lie about for years and be tried at leisure.
const PASSPHRASE_MIN: usize = 8;
/// Longer ones are a mistaken file.
const PASSPHRASE_MAX: usize = 1_024;

#[derive(Serialize)]
struct Done<'a> {
    file: &'a Path,
    #[serde(flatten)]
    manifest: &'a Manifest,
}

pub(super) async fn create(mut work: Work<'_>, options: &Backup) -> anyhow::Result<()> {
    let directory = work.existing().await?;
    ensure!(
        !options.file.exists(),
        "{} exists; give another name or remove it",
        options.file.display()
    );
    let passphrase = passphrase(&options.passphrase, true)?;
    let data_dir = &work.global.data_dir;
    let (manifest, archive) =
        backup::create(data_dir, &directory, &passphrase, work.now_ms).await?;
    file::replace(&options.file, &archive)
        .with_context(|| format!("cannot write {}", options.file.display()))?;
    let done = Done {
        file: &options.file,
        manifest: &manifest,
    };
    let name = options.file.display();
    work.answer(&done, |out| {
        writeln!(out, "{name}: the whole gateway, {} bytes.", archive.len())?;
        writeln!(
            out,
            "Keep the passphrase: without it the archive is worth nothing."
        )
    })
}

pub(super) async fn restore(mut work: Work<'_>, options: &Restore) -> anyhow::Result<()> {
    let archive = read(&options.file)?;
    let passphrase = passphrase(&options.passphrase, false)?;
    let data_dir = &work.global.data_dir;
    let restored = backup::restore::restore(data_dir, &archive, &passphrase, options.force).await;
    let manifest = restored.with_context(|| {
        format!(
            "{} is not restored, nothing changed",
            options.file.display()
        )
    })?;
    let done = Done {
        file: &options.file,
        manifest: &manifest,
    };
    let name = work.global.data_dir.display();
    work.answer(&done, |out| {
        writeln!(
            out,
            "{name}: restored. Start the gateway on the addresses that it had."
        )?;
        writeln!(
            out,
            "What was revoked or removed after the backup is back; revoke or remove it again."
        )
    })
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let unread = || format!("cannot read {}", path.display());
    let file = File::open(path).with_context(unread)?;
    let mut bytes = Vec::new();
    let limit = u64::try_from(ARCHIVE_MAX)?.saturating_add(1);
    file.take(limit)
        .read_to_end(&mut bytes)
        .with_context(unread)?;
    Ok(bytes)
}

fn passphrase(options: &Passphrase, is_new: bool) -> anyhow::Result<Secret> {
    let found = passphrase::find(options.passphrase_file.as_deref(), is_new)?;
    let length = found.expose().chars().count();
    ensure!(
        !is_new || length >= PASSPHRASE_MIN,
        "the passphrase must have at least {PASSPHRASE_MIN} characters"
    );
    ensure!(
        (1..=PASSPHRASE_MAX).contains(&length),
        "the passphrase must have 1 to {PASSPHRASE_MAX} characters"
    );
    Ok(found)
}
