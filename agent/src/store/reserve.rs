//! Space that is kept back, so that a full disk does not keep an operator from small changes: to
//! take a permission away, or to switch off what fills the disk.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// The file that takes the space, beside the database.
const RESERVE_FILE: &str = "state.reserve";
/// How much is kept, and how much of it one need gets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    /// Bytes that are kept.
    pub(crate) len: u64,
    /// Bytes that one need gets.
    pub(crate) slice: u64,
}

/// Enough for many small changes, little beside the log of the database. One need is a small
/// change with its pages in the log and in the file.
const STATE: Size = Size {
    len: 4 * 1024 * 1024,
    slice: 256 * 1024,
};
/// Bytes of a change that may use the reserve; a larger one is no repair and would eat it up.
pub(super) const RESERVED_CHANGE_MAX: usize = 64 * 1024;
/// How many times its length must be free before it is filled: it must not be what fills the disk.
const FREE_TIMES: u64 = 4;
/// Free space below which a failed write counts as a full disk, whatever the database calls it.
const FREE_NONE: u64 = 64 * 1024;

/// The kept space of one data directory.
#[derive(Debug)]
pub(crate) struct Reserve {
    path: PathBuf,
    size: Size,
    len: u64,
}

impl Reserve {
    /// Looks at what is kept beside a database.
    pub(super) fn beside(database: &Path) -> Self {
        Self::at(database.with_file_name(RESERVE_FILE), STATE)
    }

    /// Looks at what is kept in a file.
    pub(crate) fn at(path: PathBuf, size: Size) -> Self {
        let len = path.symlink_metadata().map_or(0, |found| found.len());
        Self { path, size, len }
    }

    /// Whether something is missing.
    pub(crate) const fn is_low(&self) -> bool {
        self.len < self.size.len
    }

    /// Keeps space again, if there is plenty. Nothing depends on its success.
    pub(crate) fn fill(&mut self) {
        if !self.is_low()
            || self
                .free()
                .is_none_or(|free| free < FREE_TIMES * self.size.len)
        {
            return;
        }
        match self.write() {
            Ok(()) => tracing::debug!("space is kept in reserve"),
            Err(error) => tracing::warn!(%error, "cannot keep space in reserve"),
        }
        self.len = self.path.symlink_metadata().map_or(0, |found| found.len());
    }

    /// Gives some of the space back to the file system; false when nothing is left.
    pub(crate) fn release(&mut self) -> bool {
        let len = self.len.saturating_sub(self.size.slice);
        let cut = OpenOptions::new().write(true).open(&self.path);
        let cut = cut.and_then(|file| file.set_len(len).and_then(|()| file.sync_all()));
        if self.len == 0 || cut.is_err() {
            return false;
        }
        tracing::warn!(
            left = len,
            "the disk is full: this change uses space kept in reserve"
        );
        self.len = len;
        true
    }

    /// Whether the file system has no space left.
    pub(crate) fn disk_is_full(&self) -> bool {
        self.free().is_some_and(|free| free < FREE_NONE)
    }

    fn free(&self) -> Option<u64> {
        fs4::available_space(self.path.parent()?).ok()
    }

    /// Real bytes, not a hole, and on the disk, or nothing would be kept.
    fn write(&self) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        underpass_runtime::file::owner_only(&mut options);
        let mut file: File = options.open(&self.path)?;
        // Random, because some file systems keep no blocks of zeros.
        let block: [u8; 4096] = underpass_runtime::random::bytes();
        for _ in 0..self.size.len / 4096 {
            file.write_all(&block)?;
        }
        file.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_given_back_slice_by_slice() {
        let dir = tempfile::TempDir::new().unwrap();
        let database = dir.path().join("state.db");
        let mut reserve = Reserve::beside(&database);
        assert!(reserve.is_low());
        assert!(!reserve.release());
        reserve.fill();
        assert!(!reserve.is_low());
        assert!(!Reserve::beside(&database).is_low());
        for _ in 0..STATE.len / STATE.slice {
            assert!(reserve.release());
            assert!(reserve.is_low());
        }
        assert!(!reserve.release());
        assert_eq!(Reserve::beside(&database).len, 0);
        reserve.fill();
        assert!(!reserve.is_low());
    }
}
