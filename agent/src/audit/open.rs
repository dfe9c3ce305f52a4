//! Finding the end of the log at a start, and dealing with how the last run left it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use underpass_runtime::pki::{SignatureKey, is_signed};
use underpass_runtime::{file, random};
use underpass_shared::audit::{Bad, Category, Chain, Fault, Record, Verifier};
use underpass_shared::hash::Hash256;

use super::error::AuditError;
use super::files::{self, ScanError};
use super::key;
use super::log::Log;

/// A log that was opened.
pub(super) struct Opened {
    pub(super) log: Log,
    /// What had to be dealt with, to be recorded first.
    pub(super) repairs: Vec<Record>,
    /// Intents without an outcome, with the revisions that they were to make.
    pub(super) open_intents: BTreeMap<u64, Option<u64>>,
}

/// The end of the log as it was found.
struct End {
    chain: Chain,
    len: u64,
    open_intents: BTreeMap<u64, Option<u64>>,
}

/// Opens the log of a data directory, which begins where there is none.
pub(super) fn open(data_dir: &Path, now_ms: i64) -> Result<Opened, AuditError> {
    let dir = files::dir(data_dir);
    file::private_dir(&dir).map_err(AuditError::io(&dir))?;
    let key = key::load_or_make(data_dir)?;
    let mut repairs = vec![];
    let end = loop {
        let segments = files::list(&dir).map_err(AuditError::io(&dir))?;
        let Some(last) = segments.last() else {
            break beginning(&dir, &key, &mut repairs)?;
        };
        if let Some(end) = end_of(&dir, *last, &key, &mut repairs)? {
            break end;
        }
    };
    let End {
        mut chain,
        len,
        open_intents,
    } = end;
    if chain.public_key() != key.public() {
        repairs.push("the key that signed this log is gone; another one signs from here on".into());
        let segment = chain.segment();
        chain = chain.leave(segment, 0, key.public());
    }
    let repairs: Vec<Record> = repairs
        .iter()
        .map(|message| Record::of_agent(now_ms, Category::AuditRepair, message))
        .collect();
    for repair in &repairs {
        let what = &repair.message;
        tracing::warn!(what, "the audit log was not as it should be");
    }
    Ok(Opened {
        log: Log::new(dir, key, chain, len),
        repairs,
        open_intents,
    })
}

/// A log without a segment.
fn beginning(dir: &Path, key: &SignatureKey, repairs: &mut Vec<String>) -> Result<End, AuditError> {
    let marker = files::marker(dir).map_err(AuditError::io(dir))?;
    let mut chain = Chain::new(random::id(), key.public());
    if let Some(marker) = marker {
        let start = marker.start;
        repairs.push(format!(
            "the segments from {} on are missing",
            start.segment
        ));
        chain = Chain::new(start.instance, key.public());
        chain = chain.leave(start.segment, start.sequence, key.public());
    }
    Ok(End {
        chain,
        len: 0,
        open_intents: BTreeMap::new(),
    })
}

/// The end of the log in its newest segment; none where the file had nothing sound and was removed.
fn end_of(
    dir: &Path,
    segment: u64,
    key: &SignatureKey,
    repairs: &mut Vec<String>,
) -> Result<Option<End>, AuditError> {
    let path = files::path(dir, segment);
    let io = || AuditError::io(&path);
    let len = path.metadata().map_err(io())?.len();
    let mut verifier = Verifier::of_end(is_signed, vec![]);
    let scanned = verifier.begin(segment).map_err(ScanError::Bad);
    let scanned = scanned.and_then(|()| files::scan(&path, len, &mut verifier, || true));
    let end = |chain: &Chain, len| {
        Some(End {
            chain: chain.clone(),
            len,
            open_intents: verifier.open_intents().clone(),
        })
    };
    match (scanned, verifier.chain()) {
        (Ok(_), Some(chain)) => Ok(end(chain, len)),
        (Err(ScanError::Io(error)), _) => Err(io()(error)),
        (
            Err(ScanError::Bad(Bad {
                fault: Fault::Truncated { bytes },
                ..
            })),
            chain,
        ) => {
            let keep = len.saturating_sub(u64::try_from(bytes).unwrap_or(len));
            let hash = cut(&path, keep, chain.is_none()).map_err(io())?;
            repairs.push(format!(
                "a write was interrupted: {bytes} bytes at the end of segment {segment} that are no line were cut off; their SHA-256 is {hash}"
            ));
            Ok(chain.and_then(|chain| end(chain, keep)))
        }
        (Err(ScanError::Bad(bad)), chain) => {
            repairs.push(format!(
                "{bad}; the file stays as it is and the log goes on in another"
            ));
            let skipped = lines(&path).map_err(io())?.saturating_sub(verifier.lines());
            let chain = match chain {
                Some(chain) => chain.clone(),
                None => Chain::new(random::id(), key.public()),
            };
            Ok(end(&chain.leave(segment, skipped, key.public()), len))
        }
        (Ok(_), None) => Ok(None),
    }
}

/// Cuts what is behind `keep`, or removes the file; answers the hash of what went.
fn cut(path: &Path, keep: u64, remove: bool) -> io::Result<Hash256> {
    let mut file = File::options().read(true).write(true).open(path)?;
    file.seek(SeekFrom::Start(keep))?;
    let mut gone = vec![];
    (&file).take(u64::MAX).read_to_end(&mut gone)?;
    if remove {
        std::fs::remove_file(path)?;
        file::sync_parent(path)?;
    } else {
        file.set_len(keep)?;
        file.sync_all()?;
    }
    Ok(Hash256::of(&gone))
}

fn lines(path: &Path) -> io::Result<u64> {
    let mut reader = BufReader::with_capacity(files::READ_LEN, File::open(path)?);
    let mut count = 0;
    while reader.skip_until(b'\n')? > 0 {
        count += 1;
    }
    Ok(count)
}
