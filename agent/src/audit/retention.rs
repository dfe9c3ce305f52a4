//! Removing what is older than the operators want to keep.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use underpass_runtime::file;
use underpass_shared::audit::limits::LINE_LEN_MAX;
use underpass_shared::audit::{Category, Chain, Entry, Head, Record, Sealed};

use super::error::AuditError;
use super::files;
use super::log::Log;

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// Removes whole sealed segments in which nothing is younger than `days`; tells which, as a record.
///
/// The signed marker comes first: whenever this is interrupted, the log still verifies.
pub(super) fn clean(
    dir: &Path,
    log: &Log,
    days: u16,
    now_ms: i64,
) -> Result<Option<Record>, AuditError> {
    let before_ms = now_ms.saturating_sub(i64::from(days) * DAY_MS);
    let segments = files::list(dir).map_err(AuditError::io(dir))?;
    let marker = files::marker(dir).map_err(AuditError::io(dir))?;
    let start = marker.map_or(1, |marker| marker.start.segment);
    let mut kept = None;
    for segment in segments.iter().filter(|segment| **segment >= start) {
        let path = files::path(dir, *segment);
        let old = *segment != log.chain().segment()
            && last_seal(&path)
                .map_err(AuditError::io(&path))?
                .is_some_and(|seal| seal.last && seal.to_ms < before_ms);
        if !old {
            kept = Some(*segment);
            break;
        }
    }
    let mut told = None;
    if let Some(kept) = kept.filter(|kept| *kept > start) {
        let path = files::path(dir, kept);
        let Some(head) = head(&path).map_err(AuditError::io(&path))? else {
            return Ok(None);
        };
        let marker = log.marker(Chain::start_at(&head, now_ms))?;
        files::write_marker(dir, &marker).map_err(AuditError::io(dir))?;
        let message = format!(
            "removed the records before {}, which were older than {days} days",
            head.sequence
        );
        told = Some(Record::of_agent(now_ms, Category::AuditRetention, &message));
    }
    // Also what an earlier removal left over.
    let first = kept.unwrap_or(start);
    for segment in segments.iter().filter(|segment| **segment < first) {
        let path = files::path(dir, *segment);
        fs::remove_file(&path).map_err(AuditError::io(&path))?;
        file::sync_parent(&path).map_err(AuditError::io(&path))?;
    }
    Ok(told)
}

/// The seal that ends a file, if one does.
pub(super) fn last_seal(path: &Path) -> io::Result<Option<Sealed>> {
    let mut file = File::open(path)?;
    let len = file.metadata()?.len();
    let most = u64::try_from(LINE_LEN_MAX).unwrap_or(u64::MAX);
    file.seek(SeekFrom::Start(len.saturating_sub(most)))?;
    let mut end = vec![];
    file.take(most).read_to_end(&mut end)?;
    let Some(end) = end.strip_suffix(b"\n") else {
        return Ok(None);
    };
    let line = end.rsplit(|byte| *byte == b'\n').next();
    Ok(match line.and_then(files::entry) {
        Some(Entry::Seal(seal)) => Some(seal.sealed),
        Some(Entry::Head(_) | Entry::Record(_)) | None => None,
    })
}

fn head(path: &Path) -> io::Result<Option<Head>> {
    let most = u64::try_from(LINE_LEN_MAX).unwrap_or(u64::MAX);
    let mut beginning = vec![];
    File::open(path)?.take(most).read_to_end(&mut beginning)?;
    let line = beginning.split(|byte| *byte == b'\n').next();
    Ok(match line.and_then(files::entry) {
        Some(Entry::Head(head)) => Some(head),
        Some(Entry::Record(_) | Entry::Seal(_)) | None => None,
    })
}
