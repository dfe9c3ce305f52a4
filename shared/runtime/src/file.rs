//! Private files that are replaced as a whole or not at all.

use std::borrow::Cow;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// The extension of files that are still being written, or were when a process ended.
pub const TEMPORARY: &str = "tmp";

/// Replaces `path` by `content`: after a crash it holds the old or the new content, never a mix.
///
/// The file is readable by its owner only.
///
/// # Errors
/// Any failure of the file system; the old file is then still there.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    swap(path, content, Durability::OutlastsTheHost)?;
    sync_dir(path)
}

/// Replaces `path` by `content` for whoever reads it while this process runs: it always holds the
/// old or the new content, but after a crash of the host it may hold anything. Waits for no disk.
///
/// The file is readable by its owner only.
///
/// # Errors
/// Any failure of the file system; the old file is then still there.
pub fn show(path: &Path, content: &[u8]) -> io::Result<()> {
    swap(path, content, Durability::EndsWithTheHost)
}

/// Puts `content` at `path` if `is_good` says so of what can be read back from the disk. Whether
/// it did; after a crash there is all of it or nothing.
///
/// The file is readable by its owner only.
///
/// # Errors
/// Any failure of the file system; nothing is left then.
pub fn place(path: &Path, content: &[u8], is_good: impl FnOnce(&[u8]) -> bool) -> io::Result<bool> {
    let temporary = temporary_beside(path);
    let written = write_new(&temporary, content, Durability::OutlastsTheHost);
    let good = written
        .and_then(|()| fs::read(&temporary))
        .map(|written| is_good(&written));
    let placed = match good {
        Ok(true) => fs::rename(&temporary, path).map(|()| true),
        other => other,
    };
    if !matches!(placed, Ok(true)) {
        // The first error is the one to report.
        drop(fs::remove_file(&temporary));
        return placed;
    }
    sync_dir(path).map(|()| true)
}

#[derive(Clone, Copy)]
enum Durability {
    OutlastsTheHost,
    EndsWithTheHost,
}

fn swap(path: &Path, content: &[u8], durability: Durability) -> io::Result<()> {
    let temporary = temporary_beside(path);
    let written = write_new(&temporary, content, durability);
    let written = written.and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // The first error is the one to report.
        drop(fs::remove_file(&temporary));
    }
    written
}

/// Creates a directory that only its owner may enter, with its parents.
///
/// # Errors
/// Any failure of the file system.
pub fn private_dir(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    platform::owner_only_dir(&mut builder);
    builder.create(path)
}

/// Opens a file for its owner only, to read and write; creates it where it is missing.
///
/// # Errors
/// Any failure of the file system.
pub fn open_private(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    platform::owner_only(&mut options);
    options.open(path)
}

/// The name of a file for messages that also go to clients: in which folder of this host it lies
/// is not their business.
pub fn name(path: &Path) -> Cow<'_, str> {
    path.file_name().unwrap_or_default().to_string_lossy()
}

/// Makes a rename, creation or removal in the folder of `path` outlast a crash.
///
/// # Errors
/// Any failure of the file system.
pub fn sync_parent(path: &Path) -> io::Result<()> {
    sync_dir(path)
}

fn temporary_beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.{TEMPORARY}", std::process::id()));
    path.with_file_name(name)
}

fn write_new(path: &Path, content: &[u8], durability: Durability) -> io::Result<()> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    platform::owner_only(&mut options);
    let mut file = options.open(path)?;
    file.write_all(content)?;
    match durability {
        Durability::OutlastsTheHost => file.sync_all(),
        Durability::EndsWithTheHost => Ok(()),
    }
}

#[cfg(unix)]
fn sync_dir(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(not(unix))]
fn sync_dir(_path: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
mod platform {
    use std::fs::{DirBuilder, OpenOptions};
    use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};

    pub(super) fn owner_only(options: &mut OpenOptions) {
        options.mode(0o600);
    }

    pub(super) fn owner_only_dir(builder: &mut DirBuilder) {
        builder.mode(0o700);
    }
}

#[cfg(not(unix))]
mod platform {
    use std::fs::{DirBuilder, OpenOptions};

    // A service's data directory inherits an access list for its account alone.
    pub(super) fn owner_only(_options: &mut OpenOptions) {}

    pub(super) fn owner_only_dir(_builder: &mut DirBuilder) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_replaced_and_nothing_is_left_beside() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        replace(&path, b"one").unwrap();
        replace(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        show(&path, b"three").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"three");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn only_what_can_be_read_back_and_is_good_gets_its_place() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        assert!(!place(&path, b"bad", |written| written != b"bad").unwrap());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
        assert!(place(&path, b"good", |written| written == b"good").unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"good");
        assert!(place(&dir.path().join("none/file"), b"x", |_| true).is_err());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_failed_replacement_keeps_the_old_content() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("taken");
        fs::create_dir(&path).unwrap();
        assert!(replace(&path, b"x").is_err());
        assert!(show(&path, b"x").is_err());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
