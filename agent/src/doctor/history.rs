//! The history of what is measured: without it the agent works, but nobody sees what was.

use std::path::Path;

use underpass_history::Found;

use super::Check;

const NAME: &str = "history";

pub(super) fn check(dir: &Path) -> Check {
    match underpass_history::look(dir) {
        Ok(Found {
            put_aside: true, ..
        }) => Check::warn(
            NAME,
            "a damaged one was put aside as history.db.broken, and another one was begun",
            "check the disk; then remove history.db.broken",
        ),
        Ok(Found { bytes: None, .. }) => Check::ok(NAME, "none yet"),
        Ok(Found {
            bytes: Some(bytes), ..
        }) => Check::ok(NAME, format!("{} KiB", bytes / 1024)),
        Err(error) => Check::warn(
            NAME,
            format!("{:#}", anyhow::Error::from(error)),
            "let history.db belong to the user of the service, or move it away: another one begins \
             by itself",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Outcome;
    use super::*;

    #[test]
    fn what_is_damaged_or_was_put_aside_is_told() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(check(dir.path()), Check::ok(NAME, "none yet"));
        let write = |name: &str| {
            underpass_runtime::file::replace(&dir.path().join(name), b"no database").unwrap();
        };
        write("history.db");
        let damaged = check(dir.path());
        assert_eq!(damaged.outcome, Outcome::Warn, "{damaged}");
        assert!(damaged.seen.contains("cannot use history.db"), "{damaged}");
        write("history.db.broken");
        std::fs::remove_file(dir.path().join("history.db")).unwrap();
        assert!(check(dir.path()).seen.contains("put aside"));
    }
}
