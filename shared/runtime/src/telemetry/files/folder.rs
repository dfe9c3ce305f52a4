//! The folder of the log's files. Only names of the log lead anywhere in it.

use std::cmp::Reverse;
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, ErrorKind, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use thiserror::Error;
use time::OffsetDateTime;
use underpass_shared::api::management::{LogFileName, LogFilePage, LogFileShown};

use crate::file;

/// Files at a time, with the one that is written.
pub const FILES_MAX: usize = 20;
/// Bytes of a file whose lines one page has.
const PAGE_LEN: u64 = 64 * 1024;
/// Bytes of a line, far more than the log writes.
const LINE_LEN_MAX: u64 = 1024 * 1024;
/// Files that end within one second.
const SECOND_MAX: u32 = 999;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// Why something cannot be done with a file of the log.
#[derive(Debug, Error)]
pub enum FileError {
    /// It is not there.
    #[error("there is no file {0}")]
    Missing(LogFileName),
    /// It has no such page.
    #[error("{0} has {1} pages, counted from 0")]
    Page(LogFileName, u64),
    /// It is written.
    #[error("{0} is written; it cannot be deleted")]
    InUse(LogFileName),
    /// The disk.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The folder.
#[derive(Clone, Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn open(dir: &Path) -> io::Result<Self> {
        file::private_dir(dir)?;
        Ok(Self(dir.to_owned()))
    }

    pub(super) fn path(&self, name: &LogFileName) -> PathBuf {
        self.0.join(name.as_str())
    }

    /// The files, the newest first. What has another name is nobody's business here.
    pub(super) fn list(&self) -> io::Result<Vec<LogFileShown>> {
        let mut files = vec![];
        for entry in fs::read_dir(&self.0)? {
            let entry = entry?;
            let name = entry
                .file_name()
                .to_str()
                .and_then(|name| name.parse().ok());
            let Some(name): Option<LogFileName> = name else {
                continue;
            };
            // One that was deleted meanwhile, or a link, is none.
            let Ok(found) = entry.metadata() else {
                continue;
            };
            if !found.is_file() {
                continue;
            }
            let changed = found.modified()?.duration_since(UNIX_EPOCH);
            let changed = changed.map_or(0, |since| since.as_millis());
            files.push(LogFileShown {
                in_use: name.is_present(),
                name,
                bytes: found.len(),
                changed_ms: i64::try_from(changed).unwrap_or(i64::MAX),
            });
        }
        files.sort_by_key(|one| Reverse(age(&one.name)));
        Ok(files)
    }

    pub(super) fn open_file(&self, name: &LogFileName) -> Result<File, FileError> {
        match File::open(self.path(name)) {
            Ok(file) => Ok(file),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Err(FileError::Missing(name.clone()))
            }
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn page(
        &self,
        name: &LogFileName,
        page: Option<u64>,
    ) -> Result<LogFilePage, FileError> {
        let mut file = self.open_file(name)?;
        let pages = file.metadata()?.len().div_ceil(PAGE_LEN).max(1);
        let page = page.unwrap_or(pages - 1);
        if page >= pages {
            return Err(FileError::Page(name.clone(), pages));
        }
        let (begin, end) = (page * PAGE_LEN, (page + 1) * PAGE_LEN);
        // A line that begins before belongs to the page before.
        let mut at = begin.saturating_sub(1);
        file.seek(SeekFrom::Start(at))?;
        let mut reader = BufReader::new(file);
        if begin > 0 {
            at += skip_line(&mut reader)?;
        }
        let mut lines = vec![];
        while at < end {
            let mut line = vec![];
            let read = (&mut reader)
                .take(LINE_LEN_MAX)
                .read_until(b'\n', &mut line)?;
            if read == 0 {
                break;
            }
            at += u64::try_from(read).unwrap_or(u64::MAX);
            let text = String::from_utf8_lossy(&line);
            lines.push(text.trim_end_matches(['\n', '\r']).to_owned());
        }
        Ok(LogFilePage { page, pages, lines })
    }

    pub(super) fn delete(&self, name: &LogFileName) -> Result<(), FileError> {
        if name.is_present() {
            return Err(FileError::InUse(name.clone()));
        }
        match fs::remove_file(self.path(name)) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Err(FileError::Missing(name.clone()))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Gives the file that is written the time of its end as its name.
    pub(super) fn roll(&self, now_ms: i64) -> io::Result<()> {
        let time = OffsetDateTime::from_unix_timestamp(now_ms / 1_000);
        let time = time.unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let base = format!(
            "agent-{:04}{:02}{:02}-{:02}{:02}{:02}",
            time.year(),
            u8::from(time.month()),
            time.day(),
            time.hour(),
            time.minute(),
            time.second()
        );
        // Behind all others of this second: the first of them may be gone already.
        let others = self.list()?;
        let others = others.iter().map(|one| age(&one.name));
        let same = others.filter(|(_, time, _)| base.strip_prefix("agent-") == Some(time));
        let name = match same.map(|(_, _, number)| number).max() {
            None => format!("{base}.log"),
            Some(last) if last < SECOND_MAX => format!("{base}-{}.log", last + 1),
            Some(_) => return Err(io::Error::other("a thousand files in one second")),
        };
        fs::rename(self.path(&LogFileName::present()), self.0.join(name))
    }

    /// Removes what is too old or too much.
    pub(super) fn clean(&self, now_ms: i64, days: u32) -> io::Result<()> {
        let before = now_ms.saturating_sub(i64::from(days).saturating_mul(DAY_MS));
        let old = self.list()?.into_iter().filter(|one| !one.in_use);
        for (at, one) in old.enumerate() {
            let is_old = days > 0 && one.changed_ms < before;
            if is_old || at + 1 >= FILES_MAX {
                fs::remove_file(self.path(&one.name))?;
            }
        }
        Ok(())
    }
}

/// What orders files by the time of their end; several may have ended in one second.
fn age(name: &LogFileName) -> (bool, String, u32) {
    let end = name.as_str().trim_start_matches("agent");
    let end = end.trim_start_matches('-').trim_end_matches(".log");
    let mut parts = end.splitn(3, '-');
    let mut part = || parts.next().unwrap_or_default();
    let time = format!("{}-{}", part(), part());
    (name.is_present(), time, part().parse().unwrap_or(1))
}

/// Leaves out what is left of a line; how many bytes that was.
fn skip_line(reader: &mut BufReader<File>) -> io::Result<u64> {
    let mut skipped = 0;
    loop {
        let (used, is_end) = {
            let buffer = reader.fill_buf()?;
            match buffer.iter().position(|byte| *byte == b'\n') {
                Some(at) => (at + 1, true),
                None => (buffer.len(), buffer.is_empty()),
            }
        };
        reader.consume(used);
        skipped += u64::try_from(used).unwrap_or(u64::MAX);
        if is_end {
            return Ok(skipped);
        }
    }
}
