//! Reading the log: verifying it from its beginning, and searching it from its end.

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use thiserror::Error;
use underpass_runtime::clock;
use underpass_runtime::pki::is_signed;
use underpass_shared::audit::limits::LINE_LEN_MAX;
use underpass_shared::audit::{
    Anchor, Bad, Entry, Fault, Filter, Line, PublicKey, Record, Report, Verifier, read_line,
};

use super::error::AuditError;
use super::files::{self, READ_LEN, ScanError};
use super::{Position, retention};

/// Bytes that one search reads; it goes on where it stopped when it is asked again.
const SEARCH_LEN_MAX: u64 = 16 * 1024 * 1024;

/// Why a log was not verified.
#[derive(Debug, Error)]
pub enum VerifyError {
    /// It is not what was written.
    #[error(transparent)]
    Bad(Bad),
    /// The marker of its beginning is no marker.
    #[error(
        "start.json of the audit log cannot be read; without it nobody can tell what was removed"
    )]
    Marker(#[source] io::Error),
    /// The file system refuses.
    #[error("the audit log cannot be read")]
    Io(#[source] io::Error),
    /// What was recorded last cannot be written.
    #[error("the audit log cannot be verified now")]
    Log(#[from] AuditError),
    /// Another one runs.
    #[error("the audit log is being verified already; try again when that is done")]
    Busy,
}

impl From<ScanError> for VerifyError {
    fn from(error: ScanError) -> Self {
        match error {
            ScanError::Io(error) => Self::Io(error),
            ScanError::Bad(bad) => Self::Bad(bad),
        }
    }
}

/// What verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The counts.
    pub report: Report,
    /// False where the time was over before the end.
    pub complete: bool,
}

/// Verifies the log in a folder, which may be a copy, with the keys that may have signed it; any
/// one key where none are given. `end` is how far a log that is written meanwhile is to be there.
///
/// # Errors
/// The first thing that is wrong.
pub fn verify(
    dir: &Path,
    trusted: Vec<PublicKey>,
    anchor: Option<Anchor>,
    end: Option<Position>,
    time: Option<Duration>,
) -> Result<Verified, VerifyError> {
    let start = clock::monotonic();
    let marker = files::marker(dir).map_err(VerifyError::Marker)?;
    let mut verifier = Verifier::new(is_signed, trusted, marker).with_anchor(anchor);
    let mut segments = files::list(dir).map_err(VerifyError::Io)?;
    let first = verifier.first_segment();
    let last = end.map_or(u64::MAX, |end| end.segment);
    segments.retain(|segment| (first..=last).contains(segment));
    for segment in &segments {
        verifier.begin(*segment).map_err(VerifyError::Bad)?;
        let len = match end {
            Some(end) if end.segment == *segment => end.len,
            Some(_) | None => u64::MAX,
        };
        let in_time = || time.is_none_or(|time| clock::monotonic() - start < time);
        let path = files::path(dir, *segment);
        let present = path.metadata().map_err(VerifyError::Io)?.len();
        if !files::scan(&path, len, &mut verifier, in_time)? {
            let report = verifier.report();
            return Ok(Verified {
                report,
                complete: false,
            });
        }
        if len != u64::MAX && present < len {
            // Whole lines are missing at the end of a log whose length is known.
            return Err(VerifyError::Bad(Bad {
                segment: *segment,
                line: verifier.lines() + 1,
                sequence: verifier.report().last + 1,
                fault: Fault::Truncated { bytes: 0 },
            }));
        }
    }
    if let Some(end) = end
        && end.segment > 0
        && segments.last() != Some(&end.segment)
    {
        // Names the segment that should be there.
        verifier.begin(end.segment).map_err(VerifyError::Bad)?;
        verifier.end().map_err(VerifyError::Bad)?;
    }
    let report = verifier.finish().map_err(VerifyError::Bad)?;
    Ok(Verified {
        report,
        complete: true,
    })
}

/// Where a search goes on: behind this byte of a segment nothing is left to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    segment: u64,
    offset: u64,
}

/// A text that is no cursor.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("must be a cursor as the last page gave it")]
pub struct InvalidCursor;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.segment, self.offset)
    }
}

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (segment, offset) = text.split_once('-').ok_or(InvalidCursor)?;
        Ok(Self {
            segment: segment.parse().or(Err(InvalidCursor))?,
            offset: offset.parse().or(Err(InvalidCursor))?,
        })
    }
}

/// Part of what a search found, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The records.
    pub records: Vec<Record>,
    /// Where to go on; none at the end. A page may be empty and yet not be the last.
    pub cursor: Option<Cursor>,
}

/// Why a search failed.
#[derive(Debug, Error)]
pub enum QueryError {
    /// The cursor does not fit this log.
    #[error(transparent)]
    Cursor(#[from] InvalidCursor),
    /// The file system refuses.
    #[error("the audit log cannot be read")]
    Io(#[from] io::Error),
}

/// Searches a log from its end, or from where the last page ended. Looks at a limited part of it
/// and finds at most `limit` records.
///
/// # Errors
/// When the cursor is wrong or a file cannot be read.
pub fn query(
    dir: &Path,
    filter: &Filter,
    from: Option<Cursor>,
    limit: usize,
) -> Result<Page, QueryError> {
    let mut page = Page::default();
    let mut left = SEARCH_LEN_MAX;
    let mut segments = files::list(dir)?;
    if let Some(from) = from {
        segments.retain(|segment| *segment <= from.segment);
    }
    while let Some(segment) = segments.pop() {
        let path = files::path(dir, segment);
        let mut offset = path.metadata()?.len();
        match from.filter(|from| from.segment == segment) {
            Some(from) if from.offset > offset => return Err(InvalidCursor.into()),
            Some(from) => offset = from.offset,
            None if is_outside(&path, filter)? => continue,
            None => {}
        }
        let mut file = Backwards::new(File::open(&path)?, offset);
        while let Some(line) = file.line()? {
            if let Some(Entry::Record(record)) = files::entry(line)
                && filter.matches(&record)
            {
                page.records.push(*record);
            }
            let offset = file.offset();
            if page.records.len() >= limit || file.read >= left {
                let more = offset > 0 || !segments.is_empty();
                page.cursor = more.then_some(Cursor { segment, offset });
                return Ok(page);
            }
        }
        left = left.saturating_sub(file.read);
    }
    Ok(page)
}

/// The newest record of a log that is written up to `end`, so that somebody can note it down.
///
/// # Errors
/// When a file cannot be read.
pub(super) fn newest(dir: &Path, end: Position) -> io::Result<Option<Anchor>> {
    let mut segments = files::list(dir)?;
    segments.retain(|segment| *segment <= end.segment);
    while let Some(segment) = segments.pop() {
        let path = files::path(dir, segment);
        let written = path.metadata()?.len();
        let len = if segment == end.segment {
            written.min(end.len)
        } else {
            written
        };
        let mut file = Backwards::new(File::open(&path)?, len);
        while let Some(line) = file.line()? {
            if let Some(Entry::Record(record)) = files::entry(line)
                && let Ok(Line { hash, .. }) = read_line(line)
            {
                let sequence = record.sequence;
                return Ok(Some(Anchor { sequence, hash }));
            }
        }
    }
    Ok(None)
}

/// Whether all of a segment is before or behind the time that is looked for.
fn is_outside(path: &Path, filter: &Filter) -> io::Result<bool> {
    if filter.from_ms.is_none() && filter.to_ms.is_none() {
        return Ok(false);
    }
    let seal = retention::last_seal(path)?.filter(|seal| seal.last);
    Ok(seal.is_some_and(|seal| !filter.covers(seal.from_ms, seal.to_ms)))
}

/// The lines of a file from its end.
struct Backwards {
    file: File,
    /// Where `buffer` begins in the file.
    position: u64,
    buffer: Vec<u8>,
    /// The bytes of `buffer` before the lines that were given.
    left: usize,
    /// Bytes read.
    read: u64,
}

impl Backwards {
    const fn new(file: File, offset: u64) -> Self {
        Self {
            file,
            position: offset,
            buffer: vec![],
            left: 0,
            read: 0,
        }
    }

    /// Where the line that was given last begins.
    fn offset(&self) -> u64 {
        self.position + u64::try_from(self.left).unwrap_or(0)
    }

    /// The line before; what is no line of ours may come in pieces.
    fn line(&mut self) -> io::Result<Option<&[u8]>> {
        loop {
            let rest = self.buffer.get(..self.left).unwrap_or_default();
            let (line, ended) = match rest.strip_suffix(b"\n") {
                Some(line) => (line, true),
                None => (rest, false),
            };
            let begin = line
                .iter()
                .rposition(|byte| *byte == b'\n')
                .map(|at| at + 1);
            let begin = match begin {
                Some(begin) => begin,
                None if self.position == 0 || line.len() > LINE_LEN_MAX => 0,
                None => {
                    self.read_before()?;
                    continue;
                }
            };
            if rest.is_empty() {
                return Ok(None);
            }
            let end = self.left - usize::from(ended);
            self.left = begin;
            return Ok(self.buffer.get(begin..end));
        }
    }

    fn read_before(&mut self) -> io::Result<()> {
        let len = self.position.min(u64::try_from(READ_LEN).unwrap_or(0));
        let mut block = vec![0; usize::try_from(len).unwrap_or(READ_LEN)];
        self.position -= len;
        self.file.seek(SeekFrom::Start(self.position))?;
        self.file.read_exact(&mut block)?;
        block.extend_from_slice(self.buffer.get(..self.left).unwrap_or_default());
        self.left = block.len();
        self.buffer = block;
        self.read += len;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn lines_come_from_the_end() {
        for text in [
            "",
            "a\n",
            "a\nbb\n\nc",
            &format!("{}\nx\n", "y".repeat(3 * READ_LEN)),
        ] {
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(text.as_bytes()).unwrap();
            let mut backwards = Backwards::new(file, u64::try_from(text.len()).unwrap());
            let mut lines = vec![];
            while let Some(line) = backwards.line().unwrap() {
                lines.push(String::from_utf8(line.to_vec()).unwrap());
            }
            lines.reverse();
            assert_eq!(lines, text.lines().collect::<Vec<_>>());
            assert_eq!(backwards.offset(), 0);
        }
    }

    #[test]
    fn cursors_survive_a_round_trip() {
        let cursor = Cursor {
            segment: 3,
            offset: 17,
        };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for wrong in ["", "3", "3-", "-3", "a-b"] {
            assert_eq!(wrong.parse::<Cursor>(), Err(InvalidCursor), "{wrong}");
        }
    }
}
