//! Scheduled backups in a folder: written whole or not at all, and the old ones deleted.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use thiserror::Error;
use underpass_runtime::file;
use underpass_shared::config::FolderPath;

use super::files::FileName;

/// Why there is no backup in a folder.
#[derive(Debug, Error)]
pub(crate) enum StoreError<E: std::error::Error + 'static> {
    /// The path is of another system.
    #[error("{0} is no absolute path on this system")]
    Relative(FolderPath),
    /// It cannot be looked at.
    #[error("the folder {path} cannot be used")]
    Folder {
        /// Where it should be.
        path: FolderPath,
        /// Why not.
        source: io::Error,
    },
    /// It is a file.
    #[error("{0} is no folder")]
    File(FolderPath),
    /// It cannot be written.
    #[error("cannot write to the folder {path}")]
    Write {
        /// Which folder.
        path: FolderPath,
        /// Why not.
        source: io::Error,
    },
    /// What was written is no good backup.
    #[error("what was written cannot be restored")]
    Bad(#[source] E),
}

/// Puts a backup into a folder. It is written beside its place, read again and checked; only then
/// it gets its name. What fails leaves nothing behind.
pub(crate) fn store<T, E: std::error::Error + 'static>(
    folder: &FolderPath,
    name: &str,
    archive: impl Read,
    check: impl FnOnce(&mut File) -> Result<T, E>,
) -> Result<T, StoreError<E>> {
    let dir = usable(folder)?;
    let unwritten = |source| StoreError::Write {
        path: folder.clone(),
        source,
    };
    let mut checked = None;
    let placed = file::place(&dir.join(name), archive, |written| {
        let found = check(written);
        let fine = found.is_ok();
        checked = Some(found);
        fine
    });
    let placed = placed.map_err(unwritten)?;
    match checked {
        Some(Ok(found)) if placed => Ok(found),
        Some(Err(error)) => Err(StoreError::Bad(error)),
        Some(Ok(_)) | None => Err(unwritten(io::ErrorKind::NotFound.into())),
    }
}

fn usable<E: std::error::Error>(folder: &FolderPath) -> Result<PathBuf, StoreError<E>> {
    let dir = Path::new(folder.as_str());
    if !dir.is_absolute() {
        return Err(StoreError::Relative(folder.clone()));
    }
    match fs::metadata(dir) {
        Ok(found) if found.is_dir() => Ok(dir.to_owned()),
        Ok(_file) => Err(StoreError::File(folder.clone())),
        Err(source) => Err(StoreError::Folder {
            path: folder.clone(),
            source,
        }),
    }
}

/// Deletes the backups of a schedule but for the newest, and what was never finished. Nothing else
/// there is touched, and neither is `stored`, which was just made: where the clock was ahead once,
/// others have later names.
///
/// # Errors
/// When something cannot be deleted; the rest is.
pub(crate) fn tidy(
    folder: &FolderPath,
    files: &FileName,
    keep: usize,
    stored: Option<&str>,
) -> io::Result<()> {
    let dir = Path::new(folder.as_str());
    let (mut backups, mut gone) = (vec![], vec![]);
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        if !entry.file_type()?.is_file() {
            continue;
        }
        if files.is_unfinished(name) {
            gone.push(name.to_owned());
        } else if files.is_backup(name) && stored != Some(name) {
            backups.push(name.to_owned());
        }
    }
    // Their names end with their times.
    backups.sort_unstable_by(|a, b| b.cmp(a));
    let others = keep.saturating_sub(usize::from(stored.is_some()));
    gone.extend(backups.into_iter().skip(others));
    let mut failed = None;
    for name in gone {
        if let Err(error) = fs::remove_file(dir.join(name)) {
            failed = Some(error);
        }
    }
    failed.map_or(Ok(()), Err)
}
