//! Folders of small text files that people keep under version control.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs::{self, DirEntry};
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::file;

/// How deep folders are in one another; a configuration has six levels.
const DEPTH_MAX: usize = 8;
/// Most files; a document of the largest size has fewer parts.
const FILES_MAX: usize = 200_000;
/// Most bytes of all files together: the largest document with its names.
const LEN_MAX: u64 = 128 * 1024 * 1024;
/// The end of the names of files that are read and written. All others are left alone.
const SUFFIX: &str = "json";

/// Texts by paths with `/` between their parts.
pub type Texts = BTreeMap<String, String>;

/// Why a folder cannot be read or written.
#[derive(Debug, Error)]
pub enum TreeError {
    /// The file system does not let it.
    #[error("cannot use {}", .path.display())]
    File {
        /// What.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is a link, or a device: what is behind it is not ours.
    #[error("{} is neither a file nor a folder", .0.display())]
    Kind(PathBuf),
    /// Its name is no text.
    #[error("the name of {} is no text", .0.display())]
    Name(PathBuf),
    /// There is too much.
    #[error("{} has more than {FILES_MAX} files, {DEPTH_MAX} levels or {LEN_MAX} bytes", .0.display())]
    TooLarge(PathBuf),
    /// There is something else.
    #[error("{} is not empty, and has no {marker}; name a folder of its own", .path.display())]
    Foreign {
        /// The folder.
        path: PathBuf,
        /// The file that would say that it is one of ours.
        marker: String,
    },
}

/// What was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Files that are new or changed.
    pub written: Vec<String>,
    /// Files that are gone.
    pub removed: Vec<String>,
    /// How many files are as they were.
    pub unchanged: usize,
}

/// Reads all files of a folder whose names end in `.json`. What begins with a dot is left out.
///
/// # Errors
/// When something cannot be read, is a link, or is too large.
pub fn read(folder: &Path) -> Result<Texts, TreeError> {
    let mut walk = Walk {
        root: folder,
        texts: Texts::new(),
        len: 0,
    };
    walk.folder(folder, "", 0)?;
    Ok(walk.texts)
}

/// Makes a folder hold these files and no other ones whose names end in `.json`. Files that are
/// right are not touched, and neither is what has other names. A folder that holds something
/// without the file `marker` is left alone.
///
/// # Errors
/// When something cannot be read or written, or the folder is somebody else's.
pub fn write(folder: &Path, texts: &Texts, marker: &str) -> Result<Written, TreeError> {
    file::private_dir(folder).map_err(|source| failed(folder, source))?;
    let present = read(folder)?;
    if !present.contains_key(marker) && !entries(folder)?.is_empty() {
        let (path, marker) = (folder.to_owned(), marker.to_owned());
        return Err(TreeError::Foreign { path, marker });
    }
    let mut done = Written::default();
    // First what says whose folder this is.
    let first = texts.get_key_value(marker);
    let others = texts.iter().filter(|(path, _)| *path != marker);
    for (path, text) in first.into_iter().chain(others) {
        if present.get(path) == Some(text) {
            done.unchanged += 1;
            continue;
        }
        let full = folder.join(path);
        if let Some(parent) = full.parent() {
            file::private_dir(parent).map_err(|source| failed(parent, source))?;
        }
        file::replace(&full, text.as_bytes()).map_err(|source| failed(&full, source))?;
        done.written.push(path.clone());
    }
    let mut emptied = BTreeSet::new();
    for path in present.keys().filter(|path| !texts.contains_key(*path)) {
        let full = folder.join(path);
        fs::remove_file(&full).map_err(|source| failed(&full, source))?;
        done.removed.push(path.clone());
        let parents = Path::new(path).ancestors().skip(1);
        emptied.extend(
            parents
                .filter(|one| *one != Path::new(""))
                .map(Path::to_owned),
        );
    }
    // The deepest first. One that is not empty stays.
    for path in emptied.iter().rev() {
        let full = folder.join(path);
        if fs::read_dir(&full).is_ok_and(|mut inside| inside.next().is_none()) {
            fs::remove_dir(&full).map_err(|source| failed(&full, source))?;
        }
    }
    Ok(done)
}

fn failed(path: &Path, source: io::Error) -> TreeError {
    let path = path.to_owned();
    TreeError::File { path, source }
}

/// What is in a folder, but for what begins with a dot.
fn entries(folder: &Path) -> Result<Vec<DirEntry>, TreeError> {
    let wrong = |source| failed(folder, source);
    let mut found = vec![];
    for entry in fs::read_dir(folder).map_err(wrong)? {
        let entry = entry.map_err(wrong)?;
        if !entry.file_name().as_encoded_bytes().starts_with(b".") {
            found.push(entry);
        }
    }
    Ok(found)
}

struct Walk<'a> {
    root: &'a Path,
    texts: Texts,
    len: u64,
}

impl Walk<'_> {
    fn folder(&mut self, folder: &Path, before: &str, depth: usize) -> Result<(), TreeError> {
        let too_large = || TreeError::TooLarge(self.root.to_owned());
        if depth >= DEPTH_MAX {
            return Err(too_large());
        }
        for entry in entries(folder)? {
            let path = entry.path();
            let wrong = |source| failed(&path, source);
            // Of the entry itself: links are not followed.
            let kind = entry.file_type().map_err(wrong)?;
            let is_ours = path.extension() == Some(OsStr::new(SUFFIX));
            if !kind.is_dir() && !is_ours {
                continue;
            }
            let name = entry.file_name();
            let name = name.to_str().ok_or_else(|| TreeError::Name(path.clone()))?;
            let inner = format!("{before}{name}");
            if kind.is_dir() {
                self.folder(&path, &format!("{inner}/"), depth + 1)?;
                continue;
            }
            if !kind.is_file() {
                return Err(TreeError::Kind(path));
            }
            self.len += entry.metadata().map_err(wrong)?.len();
            if self.len > LEN_MAX || self.texts.len() >= FILES_MAX {
                return Err(TreeError::TooLarge(self.root.to_owned()));
            }
            let text = fs::read_to_string(&path).map_err(wrong)?;
            self.texts.insert(inner, text);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARKER: &str = "marker.json";

    fn texts(all: &[(&str, &str)]) -> Texts {
        let all = all.iter();
        all.map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
            .collect()
    }

    #[test]
    fn a_folder_holds_what_was_written_last_and_keeps_what_is_not_ours() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("a/b");
        let first = texts(&[(MARKER, "1"), ("x/y/1.json", "one"), ("x/2.json", "two")]);
        let done = write(&folder, &first, MARKER).unwrap();
        assert_eq!((done.written.len(), done.removed.len()), (3, 0));
        assert_eq!(read(&folder).unwrap(), first);
        fs::create_dir(folder.join(".git")).unwrap();
        file::replace(&folder.join(".git/x.json"), b"own").unwrap();
        file::replace(&folder.join("x/README.md"), b"own").unwrap();
        let second = texts(&[(MARKER, "1"), ("x/2.json", "2")]);
        let done = write(&folder, &second, MARKER).unwrap();
        assert_eq!(done.written, ["x/2.json"]);
        assert_eq!(
            (&*done.removed, done.unchanged),
            (&["x/y/1.json".to_owned()][..], 1)
        );
        assert_eq!(read(&folder).unwrap(), second);
        assert!(!folder.join("x/y").exists());
        for kept in [".git/x.json", "x/README.md"] {
            assert!(folder.join(kept).exists(), "{kept}");
        }
    }

    #[test]
    fn folders_of_somebody_else_are_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        file::replace(&dir.path().join("package.json"), b"{}").unwrap();
        let refused = write(dir.path(), &texts(&[(MARKER, "1")]), MARKER);
        assert!(
            matches!(refused, Err(TreeError::Foreign { .. })),
            "{refused:?}"
        );
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_not_followed_and_depth_is_limited() {
        let dir = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/etc/hostname", dir.path().join("a.json")).unwrap();
        assert!(matches!(read(dir.path()), Err(TreeError::Kind(_))));
        fs::remove_file(dir.path().join("a.json")).unwrap();
        let deep = dir.path().join("1/2/3/4/5/6/7/8/9");
        fs::create_dir_all(&deep).unwrap();
        assert!(matches!(read(dir.path()), Err(TreeError::TooLarge(_))));
        assert!(matches!(
            read(&dir.path().join("none")),
            Err(TreeError::File { .. })
        ));
    }
}
