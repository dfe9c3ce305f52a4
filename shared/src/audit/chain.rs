//! The end of a log, to which lines are added.

use uuid::Uuid;

use super::entry::{Entry, FORMAT, Head, Seal, Sealed, write_line};
use super::hex::{PublicKey, Signature};
use super::marker::Start;
use super::record::Record;
use crate::hash::Hash256;

/// The end of a log. A clone from before a failed write takes the write back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    pub(super) instance: Uuid,
    pub(super) public_key: PublicKey,
    /// The segment that lines go to; 0 where there is none yet.
    pub(super) segment: u64,
    /// The sequence of the record to come next.
    pub(super) sequence: u64,
    /// The hash of the last line.
    pub(super) hash: Hash256,
    pub(super) records: u64,
    /// Records since the last seal.
    pub(super) unsealed: u64,
    /// The smallest and largest time of the segment's lines.
    pub(super) times: (i64, i64),
    /// When the segment was begun.
    pub(super) begun_ms: i64,
    /// Whether the last line is the segment's last seal.
    pub(super) closed: bool,
}

impl Chain {
    /// A new log.
    pub const fn new(instance: Uuid, public_key: PublicKey) -> Self {
        Self {
            instance,
            public_key,
            segment: 0,
            sequence: 1,
            hash: Hash256::ZERO,
            records: 0,
            unsealed: 0,
            times: (i64::MAX, i64::MIN),
            begun_ms: 0,
            closed: true,
        }
    }

    /// A log whose last line is this head. The hash is still that of the line before.
    pub(super) const fn of_head(head: &Head) -> Self {
        Self {
            instance: head.instance,
            public_key: head.public_key,
            segment: head.segment,
            sequence: head.sequence,
            hash: head.previous,
            records: 0,
            unsealed: 0,
            times: (head.time_ms, head.time_ms),
            begun_ms: head.time_ms,
            closed: false,
        }
    }

    /// Which log this is.
    pub const fn instance(&self) -> Uuid {
        self.instance
    }

    /// Whose signatures count.
    pub const fn public_key(&self) -> PublicKey {
        self.public_key
    }

    /// The segment that lines go to; 0 where there is none yet.
    pub const fn segment(&self) -> u64 {
        self.segment
    }

    /// The sequence of the record to come next.
    pub const fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The hash of the last line.
    pub const fn hash(&self) -> Hash256 {
        self.hash
    }

    /// Records since the last seal.
    pub const fn unsealed(&self) -> u64 {
        self.unsealed
    }

    /// Records in the segment.
    pub const fn records(&self) -> u64 {
        self.records
    }

    /// When the segment was begun.
    pub const fn begun_ms(&self) -> i64 {
        self.begun_ms
    }

    /// Whether a new segment must be begun before anything else.
    pub const fn is_closed(&self) -> bool {
        self.closed
    }

    /// Leaves the log as it is up to `segment`, because it cannot be gone on with, and goes on with
    /// the next one. `skipped` lines there may have been records.
    #[must_use]
    pub const fn leave(mut self, segment: u64, skipped: u64, public_key: PublicKey) -> Self {
        self.segment = segment;
        self.sequence += skipped;
        self.closed = true;
        self.public_key = public_key;
        self
    }

    /// Begins the next segment.
    pub fn begin(&mut self, time_ms: i64, out: &mut Vec<u8>) {
        let head = Head {
            format: FORMAT,
            instance: self.instance,
            segment: self.segment + 1,
            sequence: self.sequence,
            previous: self.hash,
            public_key: self.public_key,
            time_ms,
        };
        let after = Self::of_head(&head);
        let hash = write_line(&Entry::Head(head), self.hash, out);
        *self = Self { hash, ..after };
    }

    /// Adds a record, which so gets its sequence.
    pub fn append(&mut self, mut record: Record, out: &mut Vec<u8>) -> u64 {
        let sequence = self.sequence;
        record.sequence = sequence;
        self.seen(record.time_ms);
        self.hash = write_line(&Entry::Record(Box::new(record)), self.hash, out);
        self.sequence += 1;
        self.records += 1;
        self.unsealed += 1;
        sequence
    }

    /// Signs what is there; `last` ends the segment.
    ///
    /// # Errors
    /// What `sign` says.
    pub fn seal<E>(
        &mut self,
        last: bool,
        time_ms: i64,
        out: &mut Vec<u8>,
        sign: impl FnOnce(&[u8]) -> Result<Signature, E>,
    ) -> Result<(), E> {
        let sealed = Sealed {
            instance: self.instance,
            segment: self.segment,
            last,
            records: self.records,
            sequence: self.sequence,
            chain: self.hash,
            from_ms: self.times.0,
            to_ms: self.times.1,
            time_ms,
        };
        let signature = sign(&sealed.signed_bytes())?;
        let seal = Seal { sealed, signature };
        self.hash = write_line(&Entry::Seal(seal), self.hash, out);
        self.unsealed = 0;
        self.closed = last;
        Ok(())
    }

    /// The beginning of a log whose first segment begins with this head.
    pub const fn start_at(head: &Head, time_ms: i64) -> Start {
        Start {
            instance: head.instance,
            segment: head.segment,
            sequence: head.sequence,
            previous: head.previous,
            public_key: head.public_key,
            time_ms,
        }
    }

    pub(super) fn seen(&mut self, time_ms: i64) {
        self.times = (self.times.0.min(time_ms), self.times.1.max(time_ms));
    }
}
