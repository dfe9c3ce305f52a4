//! The files of an audit log.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use underpass_shared::audit::{Bad, Entry, Marker, Verifier, read_line};

/// The folder in the data directory.
pub const AUDIT_DIR: &str = "audit";
/// The end of a segment's name.
const EXTENSION: &str = "jsonl";
/// Digits of a segment's number in its name, so that names sort as numbers do.
const DIGITS: usize = 8;
/// The signed beginning of a log whose oldest segments retention removed.
const MARKER_FILE: &str = "start.json";
/// Bytes of a marker; it has some hundred.
const MARKER_LEN_MAX: u64 = 4 * 1024;
/// Bytes that are read at once.
pub(super) const READ_LEN: usize = 64 * 1024;

pub(super) fn dir(data_dir: &Path) -> PathBuf {
    data_dir.join(AUDIT_DIR)
}

/// The file of a segment.
pub(super) fn path(dir: &Path, segment: u64) -> PathBuf {
    dir.join(format!("{segment:0DIGITS$}.{EXTENSION}"))
}

/// The numbers of the segments that are there, the oldest first.
pub(super) fn list(dir: &Path) -> io::Result<Vec<u64>> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(vec![]),
        Err(error) => return Err(error),
    };
    let mut segments = vec![];
    for entry in entries {
        let name = entry?.file_name();
        let stem = name.to_str().and_then(|name| name.strip_suffix(EXTENSION));
        let number = stem.and_then(|stem| stem.strip_suffix('.')?.parse().ok());
        // Only names that we would give.
        segments.extend(number.filter(|number| path(dir, *number).file_name() == Some(&name)));
    }
    segments.sort_unstable();
    Ok(segments)
}

/// The marker of a log, if it has one. One that cannot be read is told from one that is not there.
pub(super) fn marker(dir: &Path) -> io::Result<Option<Marker>> {
    let file = match File::open(dir.join(MARKER_FILE)) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = vec![];
    file.take(MARKER_LEN_MAX).read_to_end(&mut bytes)?;
    Ok(Some(serde_json::from_slice(&bytes)?))
}

pub(super) fn write_marker(dir: &Path, marker: &Marker) -> io::Result<()> {
    underpass_runtime::file::replace(&dir.join(MARKER_FILE), &marker.to_bytes())
}

/// Why a file could not be verified.
pub(super) enum ScanError {
    Io(io::Error),
    Bad(Bad),
}

/// Runs a segment's file through a verifier, up to a length. `go_on` is asked after each piece.
pub(super) fn scan(
    path: &Path,
    len: u64,
    verifier: &mut Verifier,
    mut go_on: impl FnMut() -> bool,
) -> Result<bool, ScanError> {
    let mut file = File::open(path).map_err(ScanError::Io)?.take(len);
    let mut buffer = vec![0; READ_LEN];
    loop {
        let read = file.read(&mut buffer).map_err(ScanError::Io)?;
        if read == 0 {
            break;
        }
        let piece = buffer.get(..read).unwrap_or_default();
        verifier.feed(piece).map_err(ScanError::Bad)?;
        if !go_on() {
            return Ok(false);
        }
    }
    verifier.end().map_err(ScanError::Bad)?;
    Ok(true)
}

/// A line, as what it says. Tells nothing of whether it fits.
pub(super) fn entry(line: &[u8]) -> Option<Entry> {
    let line = read_line(line).ok()?;
    serde_json::from_slice(line.json).ok()
}
