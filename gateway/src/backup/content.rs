//! What the sealed part holds: rows of the state and private files, as JSON.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};
use underpass_runtime::file;

use crate::commands::CA_CERTIFICATE_FILE;
use crate::directory::Row;
use crate::token::SIGNING_KEYS_FILE;

/// The folders of the data directory whose files belong to a backup.
pub(super) const FOLDERS: [&str; 2] = ["tls", "keys"];
/// Files without which a gateway would make itself a new identity.
const NEEDED: [&str; 3] = [CA_CERTIFICATE_FILE, "tls/ca-key.pem", SIGNING_KEYS_FILE];
/// Files of a gateway; real ones have fewer than ten.
const FILES_MAX: usize = 64;

/// The content of an archive. Secret.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Content {
    /// As in the manifest, which could be forged.
    pub(super) instance: String,
    /// As in the manifest, which could be forged.
    pub(super) created_at_ms: i64,
    /// The rows of the state.
    pub(super) rows: Vec<Row>,
    /// The text of files, by their path in the data directory.
    pub(super) files: BTreeMap<String, String>,
}

/// Reads the files of a data directory.
pub(super) fn read_files(data_dir: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    for folder in FOLDERS {
        let path = data_dir.join(folder);
        let unread = || format!("cannot read {}", path.display());
        for found in std::fs::read_dir(&path).with_context(unread)? {
            let found = found.with_context(unread)?;
            let name = found.file_name();
            let name = name.to_string_lossy();
            // A file on its way to be replaced is none of ours.
            if found.file_type().with_context(unread)?.is_file() && is_plain(&name) {
                let text = std::fs::read_to_string(found.path())
                    .with_context(|| format!("cannot read {}", found.path().display()))?;
                files.insert(format!("{folder}/{name}"), text);
            }
        }
    }
    check_files(&files)?;
    Ok(files)
}

/// Checks that the files are such as this program writes, and all that it needs.
pub(super) fn check_files(files: &BTreeMap<String, String>) -> anyhow::Result<()> {
    ensure!(
        files.len() <= FILES_MAX,
        "there are more than {FILES_MAX} files"
    );
    for path in files.keys() {
        let known = path
            .split_once('/')
            .is_some_and(|(folder, name)| FOLDERS.contains(&folder) && is_plain(name));
        ensure!(known, "the file {path:?} does not belong to a gateway");
    }
    for path in NEEDED {
        ensure!(files.contains_key(path), "the file {path} is missing");
    }
    Ok(())
}

/// Writes the files below a folder.
pub(super) fn write_files(folder: &Path, files: &BTreeMap<String, String>) -> io::Result<()> {
    for name in FOLDERS {
        file::private_dir(&folder.join(name))?;
    }
    files
        .iter()
        .try_for_each(|(path, text)| file::replace(&folder.join(path), text.as_bytes()))
}

/// Whether a name is one of ours: lower case, digits and `-`, and one of two endings.
fn is_plain(name: &str) -> bool {
    let stem = name
        .strip_suffix(".pem")
        .or_else(|| name.strip_suffix(".json"));
    stem.is_some_and(|stem| {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        !stem.is_empty() && stem.bytes().all(plain)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_are_ours() {
        for name in ["ca.pem", "ca-key.pem", "authorities.json", "key-17.pem"] {
            assert!(is_plain(name), "{name}");
        }
        for name in [
            "",
            ".pem",
            "../ca.pem",
            "a/b.pem",
            "ca.pem.1.tmp",
            "CA.pem",
            "ca.PEM",
            "a.b.pem",
        ] {
            assert!(!is_plain(name), "{name}");
        }
    }
}
