//! Verifying a log: bytes in, the first thing that is wrong out. Keeps one line at a time.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::anchor::Anchor;
use super::chain::Chain;
use super::entry::{FORMAT, Head, Seal, link, read_line};
use super::fault::{Bad, Fault};
use super::hex::{PublicKey, Signature};
use super::limits::LINE_LEN_MAX;
use super::marker::Marker;
use super::record::Outcome;
use crate::hash::Hash256;

/// Intents that may wait for their outcome; changes are made one after another.
const OPEN_INTENTS_MAX: usize = 1_024;

/// Whether a signature over some bytes is good. The cryptography is elsewhere.
pub type CheckSignature = fn(&PublicKey, &[u8], &Signature) -> bool;

/// What verified.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Segments.
    pub segments: u64,
    /// Records.
    pub records: u64,
    /// The first of them; 0 where there are none.
    pub first: u64,
    /// The last of them; 0 where there are none.
    pub last: u64,
    /// The hash of the last record's line: what to note down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_hash: Option<Hash256>,
    /// Records at the end that no signature covers yet.
    pub unsealed: u64,
    /// Intents whose outcome is not there.
    pub open_intents: u64,
    /// Whose signatures these are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_key: Option<PublicKey>,
}

/// What is told of a record, whatever else a newer version wrote into it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Peek {
    sequence: u64,
    time_ms: i64,
    outcome: Outcome,
    revision: Option<u64>,
    intent: Option<u64>,
}

#[derive(Deserialize)]
struct Kinded {
    kind: Kind,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Kind {
    Head,
    Record,
    Seal,
}

/// Verifies the segments of a log, in order.
#[derive(Debug)]
pub struct Verifier {
    check: CheckSignature,
    /// Keys that may sign; the first head's where none are given.
    trusted: Vec<PublicKey>,
    marker: Option<Marker>,
    /// Take the first segment as it says that it is.
    anywhere: bool,
    anchor: Option<Anchor>,
    anchored: bool,
    chain: Option<Chain>,
    /// Lines of this segment so far.
    lines: u64,
    /// The present segment.
    segment: u64,
    /// An incomplete line.
    partial: Vec<u8>,
    open_intents: BTreeMap<u64, Option<u64>>,
    report: Report,
}

impl Verifier {
    /// Verifies a log from its beginning: the first segment, or where `marker` says. `trusted` are
    /// the keys that may sign; without any it is the one that the log names first, always the same.
    pub fn new(check: CheckSignature, trusted: Vec<PublicKey>, marker: Option<Marker>) -> Self {
        Self {
            check,
            trusted,
            marker,
            anywhere: false,
            anchor: None,
            anchored: false,
            chain: None,
            lines: 0,
            segment: 0,
            partial: vec![],
            open_intents: BTreeMap::new(),
            report: Report::default(),
        }
    }

    /// Verifies the end of a log, from any segment on.
    pub fn of_end(check: CheckSignature, trusted: Vec<PublicKey>) -> Self {
        Self {
            anywhere: true,
            ..Self::new(check, trusted, None)
        }
    }

    /// Demands a record that somebody knows from before.
    #[must_use]
    pub const fn with_anchor(mut self, anchor: Option<Anchor>) -> Self {
        self.anchor = anchor;
        self
    }

    /// The first segment that counts; what is older may be left over from retention.
    pub fn first_segment(&self) -> u64 {
        self.marker
            .as_ref()
            .map_or(1, |marker| marker.start.segment)
    }

    /// Begins the file of a segment.
    ///
    /// # Errors
    /// Where another one was to come.
    pub fn begin(&mut self, segment: u64) -> Result<(), Bad> {
        self.check_marker()?;
        if let Some(chain) = &self.chain
            && !chain.is_closed()
        {
            let line = self.lines + 1;
            return Err(self.bad_at(line, Fault::Unsealed));
        }
        let expected = match &self.chain {
            Some(chain) => chain.segment() + 1,
            None if self.anywhere => segment,
            None => self.first_segment(),
        };
        self.segment = expected;
        self.lines = 0;
        if segment != expected {
            return Err(self.bad_at(0, Fault::Missing));
        }
        self.report.segments += 1;
        Ok(())
    }

    /// Takes more of the present segment.
    ///
    /// # Errors
    /// The first line that is wrong.
    pub fn feed(&mut self, mut bytes: &[u8]) -> Result<(), Bad> {
        while let Some(at) = memchr::memchr(b'\n', bytes) {
            let (line, rest) = bytes.split_at(at);
            bytes = rest.get(1..).unwrap_or_default();
            if self.partial.is_empty() {
                self.line(line)?;
            } else {
                let mut whole = std::mem::take(&mut self.partial);
                whole.extend_from_slice(line);
                self.line(&whole)?;
            }
        }
        self.partial.extend_from_slice(bytes);
        if self.partial.len() > LINE_LEN_MAX {
            return Err(self.bad_here(Fault::Malformed("it is too long".to_owned())));
        }
        Ok(())
    }

    /// Ends the file of a segment.
    ///
    /// # Errors
    /// Where it ends within a line, or has none.
    pub fn end(&mut self) -> Result<(), Bad> {
        let bytes = std::mem::take(&mut self.partial).len();
        if bytes > 0 || self.lines == 0 {
            return Err(self.bad_here(Fault::Truncated { bytes }));
        }
        Ok(())
    }

    /// What there was, when all segments are through.
    ///
    /// # Errors
    /// Where something is missing at the end.
    pub fn finish(mut self) -> Result<Report, Bad> {
        if self.chain.is_none() {
            self.check_marker()?;
            if self.marker.is_some() {
                self.segment = self.first_segment();
                return Err(self.bad_at(0, Fault::Missing));
            }
        }
        if let Some(anchor) = self.anchor
            && !self.anchored
        {
            return Err(self.bad_at(0, Fault::Anchor(anchor.sequence)));
        }
        Ok(self.report())
    }

    /// What there was so far.
    pub fn report(&self) -> Report {
        let mut report = self.report.clone();
        report.open_intents = u64::try_from(self.open_intents.len()).unwrap_or(u64::MAX);
        report.unsealed = self.chain.as_ref().map_or(0, Chain::unsealed);
        report.public_key = self.chain.as_ref().map(Chain::public_key);
        report
    }

    /// Complete lines of the present segment so far.
    pub const fn lines(&self) -> u64 {
        self.lines
    }

    /// The end of the log as far as it verified; none where not even a head did.
    pub const fn chain(&self) -> Option<&Chain> {
        self.chain.as_ref()
    }

    /// Intents without an outcome, with the revisions that they were to make.
    pub const fn open_intents(&self) -> &BTreeMap<u64, Option<u64>> {
        &self.open_intents
    }

    fn bad_here(&self, fault: Fault) -> Bad {
        self.bad_at(self.lines + 1, fault)
    }

    fn bad_at(&self, line: u64, fault: Fault) -> Bad {
        Bad {
            segment: self.segment,
            line,
            sequence: self.chain.as_ref().map_or(1, Chain::sequence),
            fault,
        }
    }

    fn check_marker(&self) -> Result<(), Bad> {
        let Some(Marker { start, signature }) = &self.marker else {
            return Ok(());
        };
        let wrong = |what| {
            let mut bad = self.bad_at(0, Fault::Marker(what));
            bad.segment = start.segment;
            Err(bad)
        };
        if !self.trusted.is_empty() && !self.trusted.contains(&start.public_key) {
            return wrong("it is signed by another key");
        }
        if !(self.check)(&start.public_key, &start.signed_bytes(), signature) {
            return wrong("the signature does not fit");
        }
        Ok(())
    }

    fn line(&mut self, line: &[u8]) -> Result<(), Bad> {
        let read = self.read(line);
        let hash = read.map_err(|fault| self.bad_here(fault))?;
        if let Some(chain) = &mut self.chain {
            chain.hash = hash;
        }
        self.lines += 1;
        Ok(())
    }

    /// Takes a line; answers its hash.
    fn read(&mut self, line: &[u8]) -> Result<Hash256, Fault> {
        let split = read_line(line).map_err(|error| Fault::Malformed(error.to_string()))?;
        let (Kinded { kind }, json) = (parse(split.json)?, split.json);
        let previous = match (&kind, &self.chain, &self.marker) {
            (_, Some(chain), _) => chain.hash,
            (_, None, Some(marker)) => marker.start.previous,
            // At the end of a log the first head itself says what was before.
            (Kind::Head, None, None) if self.anywhere => parse::<Head>(json)?.previous,
            (_, None, None) => Hash256::ZERO,
        };
        let fits = link(previous, json) == split.hash;
        match kind {
            // That records are missing says more than that they do not fit.
            Kind::Record => self.record(json, split.hash, fits)?,
            Kind::Head | Kind::Seal if !fits => return Err(Fault::Hash),
            Kind::Head => self.head(json, previous)?,
            Kind::Seal => self.seal(json)?,
        }
        Ok(split.hash)
    }

    fn head(&mut self, json: &[u8], previous: Hash256) -> Result<(), Fault> {
        let head: Head = parse(json)?;
        if self.lines > 0 {
            return Err(Fault::Statement("a head"));
        }
        if head.format != FORMAT {
            let text = format!("its format is {}, this version knows {FORMAT}", head.format);
            return Err(Fault::Malformed(text));
        }
        if head.segment != self.segment {
            return Err(Fault::Statement("the segment's number"));
        }
        if head.previous != previous {
            return Err(Fault::Statement("the hash of the segment before"));
        }
        let expected = match (&self.chain, &self.marker) {
            (Some(chain), _) => chain.sequence,
            (None, Some(marker)) => marker.start.sequence,
            (None, None) if self.anywhere => head.sequence,
            (None, None) => 1,
        };
        if head.sequence != expected {
            return Err(Fault::Sequence {
                expected,
                found: head.sequence,
            });
        }
        let instance = self.chain.as_ref().map(|chain| chain.instance);
        let instance = instance.or(self.marker.as_ref().map(|marker| marker.start.instance));
        if instance.is_some_and(|instance| instance != head.instance) {
            return Err(Fault::Statement("the log's id"));
        }
        self.trust(head.public_key)?;
        self.chain = Some(Chain::of_head(&head));
        Ok(())
    }

    /// One key signs all, and it is one that is trusted.
    fn trust(&mut self, key: PublicKey) -> Result<(), Fault> {
        if self.trusted.is_empty() {
            self.trusted.push(key);
        }
        if self.trusted.contains(&key) {
            return Ok(());
        }
        Err(Fault::Key { found: key })
    }

    fn record(&mut self, json: &[u8], hash: Hash256, fits: bool) -> Result<(), Fault> {
        let peek: Peek = parse(json)?;
        let chain = open(self.chain.as_mut())?;
        if peek.sequence != chain.sequence {
            return Err(Fault::Sequence {
                expected: chain.sequence,
                found: peek.sequence,
            });
        }
        if !fits {
            return Err(Fault::Hash);
        }
        chain.seen(peek.time_ms);
        chain.sequence += 1;
        chain.records += 1;
        chain.unsealed += 1;
        if let Some(anchor) = self.anchor
            && anchor.sequence == peek.sequence
        {
            if anchor.hash != hash {
                return Err(Fault::Anchor(anchor.sequence));
            }
            self.anchored = true;
        }
        let report = &mut self.report;
        report.records += 1;
        report.last = peek.sequence;
        report.last_hash = Some(hash);
        if report.first == 0 {
            report.first = peek.sequence;
        }
        if let Some(intent) = peek.intent {
            self.open_intents.remove(&intent);
        }
        if peek.outcome == Outcome::Intent && self.open_intents.len() < OPEN_INTENTS_MAX {
            self.open_intents.insert(peek.sequence, peek.revision);
        }
        Ok(())
    }

    fn seal(&mut self, json: &[u8]) -> Result<(), Fault> {
        let Seal { sealed, signature } = parse(json)?;
        let chain = open(self.chain.as_mut())?;
        let said = [
            ("the log's id", sealed.instance == chain.instance),
            ("the segment's number", sealed.segment == chain.segment),
            ("the number of records", sealed.records == chain.records),
            ("the sequence", sealed.sequence == chain.sequence),
            ("the hash of the line before", sealed.chain == chain.hash),
            ("the first time", sealed.from_ms == chain.times.0),
            ("the last time", sealed.to_ms == chain.times.1),
        ];
        if let Some((what, _)) = said.iter().find(|(_, fits)| !fits) {
            return Err(Fault::Statement(what));
        }
        if !(self.check)(&chain.public_key, &sealed.signed_bytes(), &signature) {
            return Err(Fault::Signature);
        }
        chain.unsealed = 0;
        chain.closed = sealed.last;
        Ok(())
    }
}

/// The chain, if a record can follow.
fn open(chain: Option<&mut Chain>) -> Result<&mut Chain, Fault> {
    match chain {
        Some(chain) if !chain.closed => Ok(chain),
        Some(_) => Err(Fault::BehindEnd),
        None => Err(Fault::Statement("the first line, which must be a head,")),
    }
}

fn parse<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, Fault> {
    serde_json::from_slice(json).map_err(|error| Fault::Malformed(error.to_string()))
}
