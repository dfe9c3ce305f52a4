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
    /// How far all is on the disk; a failed write takes all behind it back.
    on_disk: Mark,
    /// Records behind that.
    behind: Vec<Record>,
    /// Those of them that were taken back.
    lost: Vec<Record>,
    /// A failed write could not be taken back; only a fresh look tells what is there.
    broken: bool,
}

/// A place in the log.
#[derive(Clone)]
struct Mark {
    chain: Chain,
    len: u64,
}

/// When a write is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Until {
    /// Once it outlasts a crash of the host.
    OnDisk,
    /// Once it outlasts a crash of the agent.
    InFile,
}

impl Log {
    /// A log whose end is known. `len` are the bytes of its newest segment.
    pub(super) fn new(dir: PathBuf, key: SignatureKey, chain: Chain, len: u64) -> Self {
        Self {
            dir,
            key,
            on_disk: Mark {
                chain: chain.clone(),
                len,
            },
            chain,
            behind: vec![],
            lost: vec![],
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

    /// Records that are in the file, but not known to be on the disk.
    pub(super) const fn behind(&self) -> usize {
        self.behind.len()
    }

    /// Records that were added and that a later failure took back.
    pub(super) fn take_lost(&mut self) -> Vec<Record> {
        std::mem::take(&mut self.lost)
    }

    /// Adds records, all or none. Answers the sequence of the first.
    pub(super) fn append(
        &mut self,
        records: &[Record],
        now_ms: i64,
        until: Until,
    ) -> Result<u64, AuditError> {
        if self.chain.is_closed() {
            self.begin(now_ms)?;
        }
        let (mut chain, mut out) = (self.chain.clone(), vec![]);
        for record in records {
            chain.append(record.clone(), &mut out);
        }
        let first = self.chain.sequence();
        self.write(&out, chain, until)?;
        if until == Until::InFile {
            self.behind.extend_from_slice(records);
        }
        Ok(first)
    }

    /// Brings all that was added to the disk.
    pub(super) fn sync(&mut self) -> Result<(), AuditError> {
        if self.behind.is_empty() {
            return Ok(());
        }
        self.write(&[], self.chain.clone(), Until::OnDisk)
    }

    /// Signs what is there and brings it to the disk; `last` ends the segment.
    pub(super) fn seal(&mut self, last: bool, now_ms: i64) -> Result<(), AuditError> {
        if self.chain.is_closed() {
            return Ok(());
        }
        let (mut chain, mut out) = (self.chain.clone(), vec![]);
        chain.seal(last, now_ms, &mut out, |bytes| self.key.sign(bytes))?;
        self.write(&out, chain, Until::OnDisk)?;
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
        self.mark();
        Ok(())
    }

    fn mark(&mut self) {
        self.on_disk = Mark {
            chain: self.chain.clone(),
            len: self.len,
        };
        self.behind.clear();
    }

    /// Adds lines, behind which the log is `chain`.
    fn write(&mut self, bytes: &[u8], chain: Chain, until: Until) -> Result<(), AuditError> {
        let path = files::path(&self.dir, self.chain.segment());
        let mut file = match self.file.take() {
            Some(file) => file,
            None => open(&path).map_err(AuditError::io(&path))?,
        };
        let written = file.write_all(bytes).and_then(|()| match until {
            Until::OnDisk => file.sync_data(),
            Until::InFile => Ok(()),
        });
        if let Err(error) = written {
            // What a failed sync left in the memory of the system may never get to the disk.
            let taken_back = file
                .set_len(self.on_disk.len)
                .and_then(|()| file.sync_data());
            self.broken |= taken_back.is_err();
            self.lost.append(&mut self.behind);
            Mark {
                chain: self.chain,
                len: self.len,
            } = self.on_disk.clone();
            return Err(AuditError::io(path)(error));
        }
        self.len += size(bytes);
        self.chain = chain;
        self.file = Some(file);
        if until == Until::OnDisk {
            self.mark();
        }
        Ok(())
    }
}

fn open(path: &Path) -> io::Result<File> {
    File::options().append(true).open(path)
}

fn size(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}
