//! Putting a backup back, all of it or nothing.
//!
//! Everything is checked and written beside the present state first. One rename then decides; what
//! follows it is repeated by the next start if it is interrupted.

use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use underpass_runtime::archive::{self, Key, Limits};
use underpass_runtime::file;
use underpass_shared::backup::Manifest;
use underpass_shared::secret::Secret;

use super::content::{self, Content, FOLDERS};
use super::{PRODUCT, instance};
use crate::certificates::Certificates;
use crate::commands::STATE_FILE;
use crate::directory::Directory;
use crate::lock::{self, Lock};
use crate::state::{State, StoreClock};
use crate::token::SigningKeys;

/// Where the new state is made.
const NEW: &str = "restore-new";
/// Its name from the moment on from which it counts.
const DECIDED: &str = "restore-decided";
/// What SQLite keeps beside a database; it belongs to the old one.
const SIDE_FILES: [&str; 3] = ["state.db-wal", "state.db-shm", "state.db-journal"];
/// What may be in a directory that counts as empty.
const IGNORED: [&str; 2] = [lock::FILE, "lost+found"];

/// Restores an archive into a data directory, which must be empty unless `force`.
///
/// # Errors
/// What is wrong with the archive, the passphrase or the directory; nothing has changed then.
pub async fn restore(
    data_dir: &Path,
    archive: &[u8],
    passphrase: &Secret,
    force: bool,
) -> anyhow::Result<Manifest> {
    let key = Key::Passphrase(passphrase.clone());
    let (manifest, bytes) = archive::open(archive, PRODUCT, &key, Limits::default())?;
    put_back(data_dir, &manifest, &bytes, force).await?;
    Ok(manifest)
}

/// Restores the content of an archive.
pub(super) async fn put_back(
    data_dir: &Path,
    manifest: &Manifest,
    bytes: &[u8],
    force: bool,
) -> anyhow::Result<()> {
    let content: Content =
        serde_json::from_slice(bytes).context("the content of payload.age does not parse")?;
    ensure!(
        content.instance == manifest.instance && content.created_at_ms == manifest.created_at_ms,
        "MANIFEST.json does not belong to payload.age"
    );
    content::check_files(&content.files).context("the content of payload.age is not valid")?;
    let existed = data_dir.exists();
    let restored = into_directory(data_dir, content, force).await;
    if restored.is_err() && !existed {
        // Made by us and empty again; the first error is the one to report.
        drop(std::fs::remove_dir_all(data_dir));
    }
    restored
}

async fn into_directory(data_dir: &Path, content: Content, force: bool) -> anyhow::Result<()> {
    let unusable = || format!("cannot use {}", data_dir.display());
    if !force && !is_empty(data_dir).with_context(unusable)? {
        bail!(
            "{} is not empty; restore into an empty directory, or replace what is there with \
             --force (back it up first)",
            data_dir.display()
        );
    }
    file::private_dir(data_dir).with_context(unusable)?;
    let _lock = Lock::take(data_dir)?;
    finish(data_dir)?;
    let new = data_dir.join(NEW);
    clear(&new).with_context(unusable)?;
    if let Err(error) = stage(&new, content).await {
        // The first error is the one to report; the next restore clears it too.
        drop(clear(&new));
        return Err(error);
    }
    std::fs::rename(&new, data_dir.join(DECIDED)).with_context(unusable)?;
    file::sync_parent(&data_dir.join(DECIDED)).with_context(unusable)?;
    finish(data_dir)
}

/// Makes the whole state in a folder of its own and opens it as a server would.
async fn stage(new: &Path, content: Content) -> anyhow::Result<()> {
    let Content {
        instance: named,
        rows,
        files,
        ..
    } = content;
    file::private_dir(new)?;
    content::write_files(new, &files)?;
    let state = State::sqlite(&new.join(STATE_FILE), StoreClock::system())?;
    Directory::import(&state, rows).await?;
    Directory::open(state).await?;
    Certificates::open(new)?;
    SigningKeys::load(new)?;
    ensure!(
        instance(new)? == named,
        "the CA is not the one that the backup is of"
    );
    Ok(())
}

/// Brings a restore that was decided to its end; without one it does nothing.
///
/// # Errors
/// When files cannot be moved; the next call goes on.
pub fn finish(data_dir: &Path) -> anyhow::Result<()> {
    let decided = data_dir.join(DECIDED);
    if !decided.exists() {
        return Ok(());
    }
    let failed = || format!("cannot finish the restore in {}", decided.display());
    move_in(data_dir, &decided).with_context(failed)
}

fn move_in(data_dir: &Path, decided: &Path) -> io::Result<()> {
    let database = decided.join(STATE_FILE);
    if database.exists() {
        for name in SIDE_FILES {
            remove_file(&data_dir.join(name))?;
        }
        std::fs::rename(&database, data_dir.join(STATE_FILE))?;
    }
    for folder in FOLDERS {
        if decided.join(folder).exists() {
            clear(&data_dir.join(folder))?;
            std::fs::rename(decided.join(folder), data_dir.join(folder))?;
        }
    }
    // Where the server of the old state was.
    remove_file(&data_dir.join("addresses.json"))?;
    file::sync_parent(decided)?;
    clear(decided)
}

/// Refuses to work on a state that is half an old and half a restored one.
///
/// # Errors
/// When a restore was interrupted.
pub fn refuse_unfinished(data_dir: &Path) -> anyhow::Result<()> {
    ensure!(
        !data_dir.join(DECIDED).exists(),
        "a restore in {} was interrupted; start the gateway, which brings it to its end",
        data_dir.display()
    );
    Ok(())
}

fn is_empty(data_dir: &Path) -> io::Result<bool> {
    let entries = match std::fs::read_dir(data_dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let name: PathBuf = entry?.file_name().into();
        if !IGNORED.iter().any(|ignored| name == Path::new(ignored)) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn clear(folder: &Path) -> io::Result<()> {
    absent_is_fine(std::fs::remove_dir_all(folder))
}

fn remove_file(path: &Path) -> io::Result<()> {
    absent_is_fine(std::fs::remove_file(path))
}

fn absent_is_fine(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
