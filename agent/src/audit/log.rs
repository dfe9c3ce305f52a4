//! The end of the log on the disk: lines are added whole or not at all.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use underpass_runtime::file;
use underpass_runtime::pki::SignatureKey;
use underpass_shared::audit::{Chain, Marker, Record, Start};

use super::error::AuditError;
use super::{Position, files};

/// The log, open to be written.
pub(super) struct Log {
    dir: PathBuf,
    key: SignatureKey,
    chain: Chain,
    /// The present segment; none where the next write begins one.
    file: Option<File>,
    /// Bytes of the present segment that are sound.
    len: u64,
    /// A failed write could not be taken back; only a fresh look tells what is there.
    broken: bool,
}

impl Log {
    /// A log whose end is known. `len` are the bytes of its newest segment.
    pub(super) const fn new(dir: PathBuf, key: SignatureKey, chain: Chain, len: u64) -> Self {
        Self {
            dir,
            key,
            chain,
            file: None,
            len,
            broken: false,
        }
    }

    pub(super) const fn chain(&self) -> &Chain {
        &self.chain
    }

    pub(super) const fn is_broken(&self) -> bool {
        self.broken
    }

    pub(super) const fn position(&self) -> Position {
        Position {
            segment: self.chain.segment(),
            len: self.len,
        }
    }

    /// Adds records; on return they are on the disk, or nothing happened. Answers the sequence of
    /// the first.
    pub(super) fn append(&mut self, records: &[Record], now_ms: i64) -> Result<u64, AuditError> {
        if self.chain.is_closed() {
            self.begin(now_ms)?;
        }
        let (before, mut out) = (self.chain.clone(), vec![]);
        for record in records {
            self.chain.append(record.clone(), &mut out);
        }
        self.write(&out)
            .inspect_err(|_error| self.chain = before.clone())?;
        Ok(before.sequence())
    }

    /// Signs what is there; `last` ends the segment.
    pub(super) fn seal(&mut self, last: bool, now_ms: i64) -> Result<(), AuditError> {
        if self.chain.is_closed() {
            return Ok(());
        }
        let (before, mut out) = (self.chain.clone(), vec![]);
        let sealed = self
            .chain
            .seal(last, now_ms, &mut out, |bytes| self.key.sign(bytes));
        sealed
            .map_err(AuditError::from)
            .and_then(|()| self.write(&out))
            .inspect_err(|_error| self.chain = before)?;
        if last {
            self.file = None;
        }
        Ok(())
    }

    /// Signs the beginning of a log.
    pub(super) fn marker(&self, start: Start) -> Result<Marker, AuditError> {
        let signature = self.key.sign(&start.signed_bytes())?;
        Ok(Marker { start, signature })
    }

    fn begin(&mut self, now_ms: i64) -> Result<(), AuditError> {
        let (mut chain, mut out) = (self.chain.clone(), vec![]);
        chain.begin(now_ms, &mut out);
        let path = files::path(&self.dir, chain.segment());
        // A segment is never there without its head.
        file::replace(&path, &out).map_err(AuditError::io(&path))?;
        self.len = size(&out);
        self.chain = chain;
        self.file = None;
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), AuditError> {
        let path = files::path(&self.dir, self.chain.segment());
        let mut file = match self.file.take() {
            Some(file) => file,
            None => open(&path).map_err(AuditError::io(&path))?,
        };
        match file.write_all(bytes).and_then(|()| file.sync_data()) {
            Ok(()) => {
                self.len += size(bytes);
                self.file = Some(file);
                Ok(())
            }
            Err(error) => {
                let taken_back = file.set_len(self.len).and_then(|()| file.sync_data());
                self.broken |= taken_back.is_err();
                Err(AuditError::io(path)(error))
            }
        }
    }
}

fn open(path: &Path) -> io::Result<File> {
    File::options().append(true).open(path)
}

fn size(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}
