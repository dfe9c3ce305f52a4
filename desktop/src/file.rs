//! Files of the operator: chosen, read and written beside the frames, never between them.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use egui::Context;
use underpass_fleet::remote::Remote;
use underpass_fleet::slot::Slot;
use underpass_runtime::{clock, file};

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Where it is.
    pub path: PathBuf,
    /// What it holds.
    pub bytes: Vec<u8>,
}

/// Which file the operator is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Pick<'a> {
    /// The title of the system's dialog.
    pub title: &'a str,
    /// What such files are called.
    pub kind: &'a str,
    /// How their names end.
    pub extensions: &'a [&'a str],
    /// For files to be written: the name that is proposed.
    pub save_as: Option<&'a str>,
}

/// Lets the operator choose a file in the system's own dialog. Where the system has none, nothing
/// comes: fields for a path are always beside it.
pub fn pick(ctx: &Context, pick: &Pick<'_>, into: &Slot<PathBuf>) {
    let mut dialog = rfd::AsyncFileDialog::new().set_title(pick.title);
    if !pick.extensions.is_empty() {
        dialog = dialog.add_filter(pick.kind, pick.extensions);
    }
    // The dialog is made here because macOS wants that on the main thread.
    match pick.save_as {
        Some(name) => {
            let chosen = dialog.set_file_name(name).save_file();
            beside(ctx, into, move || {
                Ok(pollster::block_on(chosen).map(|one| one.path().to_owned()))
            });
        }
        None => {
            let chosen = dialog.pick_file();
            beside(ctx, into, move || {
                Ok(pollster::block_on(chosen).map(|one| one.path().to_owned()))
            });
        }
    }
}

/// Lets the operator choose a folder in the system's own dialog.
pub fn pick_folder(ctx: &Context, title: &str, into: &Slot<PathBuf>) {
    let chosen = rfd::AsyncFileDialog::new().set_title(title).pick_folder();
    beside(ctx, into, move || {
        Ok(pollster::block_on(chosen).map(|one| one.path().to_owned()))
    });
}

/// Reads a file of at most `limit` bytes.
pub fn open(ctx: &Context, path: PathBuf, limit: u64, into: &Slot<Opened>) {
    beside(ctx, into, move || read(path, limit).map(Some));
}

/// Reads a file of at most `limit` bytes, and what it holds.
pub fn open_as<T: Send + Sync + 'static>(
    ctx: &Context,
    path: PathBuf,
    limit: u64,
    parse: impl FnOnce(&[u8]) -> Result<T, String> + Send + 'static,
    into: &Slot<T>,
) {
    beside(ctx, into, move || {
        parse(&read(path, limit)?.bytes).map(Some)
    });
}

/// Finds something in a file, of which no more is in memory than that needs.
pub fn find_in<T: Send + Sync + 'static>(
    ctx: &Context,
    path: PathBuf,
    find: impl FnOnce(PathBuf, File) -> Result<T, String> + Send + 'static,
    into: &Slot<T>,
) {
    beside(ctx, into, move || {
        let file = file_at(&path)?;
        find(path, file).map(Some)
    });
}

/// Writes a file as a whole; one that is there already stays unless it may be replaced.
pub fn save(
    ctx: &Context,
    path: PathBuf,
    bytes: impl AsRef<[u8]> + Send + 'static,
    replace: bool,
    into: &Slot<PathBuf>,
) {
    beside(ctx, into, move || {
        write(path, bytes.as_ref(), replace).map(Some)
    });
}

fn read(path: PathBuf, limit: u64) -> Result<Opened, String> {
    let found = file_at(&path)?;
    let mut bytes = vec![];
    let all = found.take(limit + 1).read_to_end(&mut bytes);
    all.map_err(|error| unread(&path, &error))?;
    if u64::try_from(bytes.len()).is_ok_and(|len| len > limit) {
        return Err(format!("{} has more than {limit} bytes", path.display()));
    }
    Ok(Opened { path, bytes })
}

/// A file to read, which is a file indeed.
fn file_at(path: &Path) -> Result<File, String> {
    let failed = |error| unread(path, &error);
    let found = File::open(path).map_err(failed)?;
    let is_file = found.metadata().map_err(failed)?.is_file();
    if !is_file {
        return Err(format!("{} is not a file", path.display()));
    }
    Ok(found)
}

fn unread(path: &Path, error: &std::io::Error) -> String {
    format!("cannot read {}: {error}", path.display())
}

fn write(path: PathBuf, bytes: &[u8], replace: bool) -> Result<PathBuf, String> {
    let shown = path.display().to_string();
    if !replace && path.exists() {
        return Err(format!("{shown} exists already; choose another name"));
    }
    if path
        .parent()
        .is_some_and(|folder| folder != Path::new("") && !folder.is_dir())
    {
        return Err(format!("the folder of {shown} does not exist"));
    }
    file::replace(&path, bytes).map_err(|error| format!("cannot write {shown}: {error}"))?;
    Ok(path)
}

/// Works on a thread of its own; nothing comes where the operator chose nothing.
fn beside<T: Send + Sync + 'static>(
    ctx: &Context,
    into: &Slot<T>,
    work: impl FnOnce() -> Result<Option<T>, String> + Send + 'static,
) {
    into.set(Remote::Loading { previous: None });
    let (ctx, filled) = (ctx.clone(), into.clone());
    let spawned = std::thread::Builder::new()
        .name("file".to_owned())
        .spawn(move || {
            filled.set(match work() {
                Ok(Some(value)) => Remote::ready(value, clock::wall_ms()),
                Ok(None) => Remote::NotRequested,
                Err(reason) => Remote::NotRequested.failed(reason),
            });
            ctx.request_repaint();
        });
    if let Err(error) = spawned {
        into.set(Remote::NotRequested.failed(format!("cannot begin: {error}")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_written_once_and_read_up_to_a_limit() {
        let folder = std::env::temp_dir().join(format!("underpass-file-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("a.pem");
        drop(std::fs::remove_file(&path));
        write(path.clone(), b"one", false).unwrap();
        assert!(
            write(path.clone(), b"two", false)
                .unwrap_err()
                .contains("exists already")
        );
        write(path.clone(), b"three", true).unwrap();
        assert_eq!(read(path.clone(), 5).unwrap().bytes, b"three");
        assert!(read(path, 4).unwrap_err().contains("more than 4 bytes"));
        assert!(read(folder.clone(), 4).unwrap_err().contains("not a file"));
        assert!(
            read(folder.join("b"), 4)
                .unwrap_err()
                .contains("cannot read")
        );
        let missing = folder.join("no").join("a.pem");
        assert!(
            write(missing, b"", false)
                .unwrap_err()
                .contains("the folder")
        );
        std::fs::remove_dir_all(folder).unwrap();
    }
}
