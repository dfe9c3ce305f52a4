//! Private files that are replaced as a whole or not at all.

use std::borrow::Cow;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek as _, Write as _};
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

/// Puts what is read at `path` if `is_good` says so of what can be read back from the disk. Whether
/// it did; after a crash there is all of it or nothing.
///
/// The file is readable by its owner only.
///
/// # Errors
/// Any failure of the file system; nothing is left then.
pub fn place(
    path: &Path,
    mut content: impl Read,
    is_good: impl FnOnce(&mut File) -> bool,
) -> io::Result<bool> {
    let mut fresh = Fresh::beside(path)?;
    let file = fresh.file();
    io::copy(&mut content, file)?;
    file.sync_all()?;
    file.rewind()?;
    if !is_good(file) {
        return Ok(false);
    }
    fresh.keep().map(|()| true)
}

/// A file that gets its name once it is whole. Until then it lies beside its place, and is deleted
/// where nothing comes of it.
#[derive(Debug)]
pub struct Fresh {
    file: File,
    temporary: PathBuf,
    path: PathBuf,
    is_kept: bool,
}

impl Fresh {
    /// An empty one for `path`, readable by its owner only.
    ///
    /// # Errors
    /// Any failure of the file system.
    pub fn beside(path: &Path) -> io::Result<Self> {
        let temporary = temporary_beside(path);
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(true);
        owner_only(&mut options);
        Ok(Self {
            file: options.open(&temporary)?,
            temporary,
            path: path.to_owned(),
            is_kept: false,
        })
    }

    /// What is written, and read back.
    pub const fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Gives it its name, in place of what had it. After a crash there is all of it or what was
    /// there.
    ///
    /// # Errors
    /// Any failure of the file system; what was there is then still there.
    pub fn keep(mut self) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.temporary, &self.path)?;
        self.is_kept = true;
        sync_dir(&self.path)
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        if !self.is_kept {
            // Whatever failed before is what is told.
            drop(fs::remove_file(&self.temporary));
        }
    }
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
    owner_only(&mut options);
    options.open(path)
}

/// Opens a file without a name, for its owner only, in a folder that is made where it is missing. It
/// is gone with its last handle, however the process ends.
///
/// # Errors
/// Any failure of the file system.
pub fn nameless(folder: &Path) -> io::Result<File> {
    private_dir(folder)?;
    tempfile::tempfile_in(folder)
}

/// Deletes what is in a folder of [`nameless`] files. Some systems name them for a moment, and a
/// process that ends within it leaves one.
///
/// # Errors
/// Any failure of the file system but that there is no such folder.
pub fn clear(folder: &Path) -> io::Result<()> {
    match fs::read_dir(folder) {
        Ok(mut left) => left.try_for_each(|one| fs::remove_file(one?.path())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Whether something failed because there is no room on the disk.
pub fn is_full(error: &io::Error) -> bool {
    let full = [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded];
    full.contains(&error.kind())
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
    owner_only(&mut options);
    let mut file = options.open(path)?;
    file.write_all(content)?;
    match durability {
        Durability::OutlastsTheHost => file.sync_all(),
        Durability::EndsWithTheHost => Ok(()),
    }
}

/// Waits until the disk knows that `path` is in its folder, or is no longer. Where folders cannot
/// be waited for, the file system sees to it by itself.
///
/// # Errors
/// Any failure of the file system.
pub fn sync_dir(path: &Path) -> io::Result<()> {
    platform::sync_dir(path)
}

/// What is created by these options can be read and written by its owner only.
pub fn owner_only(options: &mut OpenOptions) {
    platform::owner_only(options);
}

#[cfg(unix)]
mod platform {
    use std::fs::{DirBuilder, File, OpenOptions};
    use std::io;
    use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
    use std::path::Path;

    pub(super) fn sync_dir(path: &Path) -> io::Result<()> {
        let parent = path.parent().filter(|p| !p.as_os_str().is_empty());
        File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
    }

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
    use std::io;
    use std::path::Path;

    #[expect(clippy::unnecessary_wraps, reason = "as on the other platforms")]
    pub(super) fn sync_dir(_path: &Path) -> io::Result<()> {
        Ok(())
    }

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
        let mut read = vec![];
        let bad = place(&path, &b"bad"[..], |file| {
            io::copy(file, &mut read).unwrap();
            false
        });
        assert!(!bad.unwrap());
        assert_eq!(read, b"bad");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
        assert!(place(&path, &b"good"[..], |_| true).unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"good");
        assert_eq!(fs::read(&path).unwrap(), b"good");
        assert!(place(&dir.path().join("none/file"), &b"x"[..], |_| true).is_err());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn nameless_files_leave_nothing_and_a_folder_of_them_is_cleared() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("passing");
        clear(&folder).unwrap();
        let mut file = nameless(&folder).unwrap();
        file.write_all(b"x").unwrap();
        #[cfg(unix)]
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
        drop(file);
        replace(&folder.join(".tmp1"), b"left").unwrap();
        clear(&folder).unwrap();
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
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
