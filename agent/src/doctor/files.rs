//! The data directory: there, private, of one owner, with room.

use std::io;
use std::path::Path;

use super::Check;
use crate::vault::{HAS_CREDENTIALS, Origin, Vault, VaultError};

const DIRECTORY: &str = "data directory";
const SPACE: &str = "disk space";
const SECRETS: &str = "secrets";
/// Below this, changes soon fail.
const SPACE_MIN: u64 = 8 * 1024 * 1024;
/// Below this, a log or a backup may take the rest.
const SPACE_GOOD: u64 = 256 * 1024 * 1024;

pub(super) fn checks(dir: &Path) -> Vec<Check> {
    let shown = dir.display();
    match dir.metadata() {
        Ok(found) if found.is_dir() => {
            let mut checks = vec![Check::ok(DIRECTORY, shown.to_string())];
            checks.extend(platform::rights(dir));
            checks.extend(secrets(&Vault::new(dir)));
            checks.push(match fs4::available_space(dir) {
                Ok(free) => space(free),
                Err(error) => Check::warn(SPACE, error.to_string(), "look at the file system"),
            });
            checks
        }
        Ok(_) => vec![Check::fail(
            DIRECTORY,
            format!("{shown} is no directory"),
            "move away what is there, or give another --data-dir",
        )],
        Err(error) if error.kind() == io::ErrorKind::NotFound => vec![Check::warn(
            DIRECTORY,
            format!("{shown} does not exist yet"),
            "enrol the agent, which makes it, or give the right --data-dir",
        )],
        Err(error) => vec![Check::fail(
            DIRECTORY,
            format!("{shown}: {error}"),
            "run this as the user of the service",
        )],
    }
}

/// What the secrets are sealed under.
fn secrets(vault: &Vault) -> Option<Check> {
    let check = match vault.origin() {
        Ok(None) => return None,
        Ok(Some(origin @ Origin::Credential(_))) => {
            Check::ok(SECRETS, format!("sealed under {origin}"))
        }
        Ok(Some(origin @ Origin::File(_))) => Check::ok(
            SECRETS,
            if HAS_CREDENTIALS {
                format!("sealed under {origin}; a systemd credential would keep the key elsewhere")
            } else {
                format!("sealed under {origin}")
            },
        ),
        Err(error @ VaultError::KeyMissing { .. }) => Check::warn(
            SECRETS,
            error.to_string(),
            "if the service has it as a credential, all is well: its log tells at each start",
        ),
        Err(error) => Check::fail(
            SECRETS,
            format!("{:#}", anyhow::Error::from(error)),
            "do what the sentence says",
        ),
    };
    Some(check)
}

fn space(free: u64) -> Check {
    let seen = format!("{} MiB free", free / (1024 * 1024));
    let advice = "free some space in the file system of the data directory";
    if free < SPACE_MIN {
        Check::fail(SPACE, seen, advice)
    } else if free < SPACE_GOOD {
        Check::warn(SPACE, seen, advice)
    } else {
        Check::ok(SPACE, seen)
    }
}

#[cfg(unix)]
mod platform {
    use std::fs::{self, Metadata};
    use std::io;
    use std::os::unix::fs::MetadataExt as _;
    use std::path::{Path, PathBuf};

    use super::Check;

    pub(super) const RIGHTS: &str = "rights";
    /// Files looked at; a data directory has far fewer.
    const FILES_MAX: usize = 5_000;
    /// Folders below the data directory.
    const DEPTH_MAX: usize = 3;

    /// Everything belongs to the owner of the directory, and to nobody else.
    pub(super) fn rights(dir: &Path) -> Vec<Check> {
        let mut checks = vec![];
        let mut files = vec![];
        let owner = match dir.metadata() {
            Ok(found) => found.uid(),
            Err(error) => return vec![unread(dir, &error)],
        };
        if let Err((path, error)) = collect(dir, DEPTH_MAX, &mut files) {
            checks.push(unread(&path, &error));
        }
        for (path, found) in &files {
            let shown = path.display();
            if found.uid() != owner {
                checks.push(Check::fail(
                    RIGHTS,
                    format!(
                        "{shown} belongs to user {}, its directory to user {owner}",
                        found.uid()
                    ),
                    format!("as root: chown -R {owner} {}", dir.display()),
                ));
            }
            // The operators' group may pass through the directory, to the local socket.
            let wrong = if path == dir { 0o067 } else { 0o077 };
            let private = found.mode() & wrong == 0;
            if !private && (found.is_file() || path == dir) {
                checks.push(Check::fail(
                    RIGHTS,
                    format!(
                        "{shown} is open to others (mode {:o})",
                        found.mode() & 0o777
                    ),
                    format!("after checking who changed it: chmod go= {shown}"),
                ));
            }
        }
        if checks.is_empty() {
            let seen = format!("{} files, private to user {owner}", files.len());
            checks.push(Check::ok(RIGHTS, seen));
        }
        checks
    }

    fn unread(path: &Path, error: &io::Error) -> Check {
        Check::fail(
            RIGHTS,
            format!("{}: {error}", path.display()),
            "run this as the user of the service",
        )
    }

    fn collect(
        path: &Path,
        depth: usize,
        files: &mut Vec<(PathBuf, Metadata)>,
    ) -> Result<(), (PathBuf, io::Error)> {
        let failed = |error| (path.to_owned(), error);
        let found = path.symlink_metadata().map_err(failed)?;
        let enter = found.is_dir() && depth > 0;
        files.push((path.to_owned(), found));
        if !enter {
            return Ok(());
        }
        for entry in fs::read_dir(path).map_err(failed)? {
            if files.len() >= FILES_MAX {
                break;
            }
            collect(&entry.map_err(failed)?.path(), depth - 1, files)?;
        }
        Ok(())
    }
}

#[cfg(not(unix))]
mod platform {
    use std::path::Path;

    use super::Check;

    /// Access lists are inherited from the directory that the installer made.
    pub(super) fn rights(_dir: &Path) -> Vec<Check> {
        vec![]
    }
}

#[cfg(test)]
mod tests {
    use super::super::Outcome;
    use super::*;

    fn outcome(dir: &Path, name: &str) -> Outcome {
        let checks = checks(dir);
        let found = checks.iter().find(|check| check.name == name);
        found.unwrap_or_else(|| panic!("{checks:?}")).outcome
    }

    #[test]
    fn directories_are_told_apart() {
        let root = tempfile::tempdir().unwrap();
        let (missing, file) = (root.path().join("missing"), root.path().join("file"));
        underpass_runtime::file::replace(&file, b"").unwrap();
        assert_eq!(outcome(root.path(), DIRECTORY), Outcome::Ok);
        assert_eq!(outcome(&missing, DIRECTORY), Outcome::Warn);
        assert_eq!(outcome(&file, DIRECTORY), Outcome::Fail);
        assert_eq!(space(0).outcome, Outcome::Fail);
        assert_eq!(space(SPACE_MIN).outcome, Outcome::Warn);
        assert_eq!(space(SPACE_GOOD).outcome, Outcome::Ok);
    }

    #[test]
    fn the_place_of_the_data_key_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let vault = Vault::new(dir.path());
        assert!(secrets(&vault).is_none());
        vault.write("one.key", b"key").unwrap();
        let check = secrets(&vault).unwrap();
        assert_eq!(check.outcome, Outcome::Ok);
        assert!(check.seen.contains("data.key; a systemd"), "{check}");
        std::fs::remove_file(dir.path().join("data.key")).unwrap();
        let check = secrets(&Vault::new(dir.path())).unwrap();
        assert_eq!(check.outcome, Outcome::Warn);
        assert!(check.seen.contains("underpass-data-key"), "{check}");
    }

    #[cfg(unix)]
    #[test]
    fn open_files_are_told() {
        use std::os::unix::fs::PermissionsExt as _;

        use super::platform::RIGHTS;

        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("data");
        let secret = dir.join("secrets/one.json");
        underpass_runtime::file::private_dir(secret.parent().unwrap()).unwrap();
        underpass_runtime::file::replace(&secret, b"{}").unwrap();
        assert_eq!(outcome(&dir, RIGHTS), Outcome::Ok);
        let mode = |mode| std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(&dir, mode(0o710)).unwrap();
        assert_eq!(outcome(&dir, RIGHTS), Outcome::Ok);
        std::fs::set_permissions(&dir, mode(0o750)).unwrap();
        assert_eq!(outcome(&dir, RIGHTS), Outcome::Fail);
        std::fs::set_permissions(&dir, mode(0o700)).unwrap();
        std::fs::set_permissions(&secret, mode(0o640)).unwrap();
        let check = checks(&dir).into_iter().find(|check| check.name == RIGHTS);
        let check = check.unwrap();
        assert_eq!(check.outcome, Outcome::Fail);
        assert!(
            check.seen.contains("one.json is open to others (mode 640)"),
            "{check}"
        );
    }
}
