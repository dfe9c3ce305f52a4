//! Everything that can be done to a log is named where it was done.

use uuid::Uuid;

use super::entry::Entry;
use super::marker::Marker;
use super::*;
use crate::hash::Hash256;

/// Stands for cryptography: a hash over key and bytes, which only these tests can make.
fn signature(key: &PublicKey, bytes: &[u8]) -> Signature {
    let half = |label: u8| *Hash256::of_slices([&[label][..], key.as_bytes(), bytes]).as_bytes();
    let mut both = [0; 64];
    let (left, right) = both.split_at_mut(32);
    left.copy_from_slice(&half(1));
    right.copy_from_slice(&half(2));
    Signature::new(both)
}

fn check(key: &PublicKey, bytes: &[u8], given: &Signature) -> bool {
    signature(key, bytes) == *given
}

const KEY: PublicKey = PublicKey::new([7; 32]);
const OTHER: PublicKey = PublicKey::new([8; 32]);

fn record(time_ms: i64, message: &str) -> Record {
    Record::of_agent(time_ms, Category::TunnelStart, message)
}

/// Segments as they lie on the disk; the last one is still open.
#[derive(Clone)]
struct Log {
    files: Vec<Vec<u8>>,
    marker: Option<Marker>,
}

fn seal(chain: &mut Chain, last: bool, out: &mut Vec<u8>) {
    let key = chain.public_key();
    let sign = |bytes: &[u8]| Ok::<_, ()>(signature(&key, bytes));
    chain.seal(last, 1_000, out, sign).unwrap();
}

/// Three segments of three records, each with a seal within.
fn log_by(key: PublicKey) -> Log {
    let mut chain = Chain::new(Uuid::from_u128(1), key);
    let files = (0..3).map(|segment| {
        let mut out = vec![];
        // The clock goes backwards: times are as told, order is by sequence.
        chain.begin(500 - segment * 100, &mut out);
        for number in 0..3 {
            let sequence = chain.append(record(400 - number, "tunnel"), &mut out);
            assert_eq!(sequence, u64::try_from(segment * 3 + number + 1).unwrap());
            if number == 1 {
                seal(&mut chain, false, &mut out);
            }
        }
        seal(&mut chain, segment < 2, &mut out);
        out
    });
    Log {
        files: files.collect(),
        marker: None,
    }
}

impl Log {
    fn verify_from(&self, first: u64, verifier: Verifier) -> Result<Report, Bad> {
        let mut verifier = verifier;
        for (segment, file) in (first..).zip(&self.files) {
            verifier.begin(segment)?;
            // In pieces, as a file is read.
            for piece in file.chunks(100) {
                verifier.feed(piece)?;
            }
            verifier.end()?;
        }
        verifier.finish()
    }

    fn verify(&self) -> Result<Report, Bad> {
        self.verify_from(1, Verifier::new(check, vec![KEY], self.marker.clone()))
    }

    fn lines(&self, file: usize) -> Vec<Vec<u8>> {
        let lines = self.files[file].split_inclusive(|byte| *byte == b'\n');
        lines.map(<[u8]>::to_vec).collect()
    }

    /// With the lines of one file changed.
    fn with(mut self, file: usize, change: impl FnOnce(&mut Vec<Vec<u8>>)) -> Self {
        let mut lines = self.lines(file);
        change(&mut lines);
        self.files[file] = lines.concat();
        self
    }

    fn bad(&self) -> (u64, u64, Fault) {
        let bad = self.verify().unwrap_err();
        (bad.segment, bad.line, bad.fault)
    }
}

fn log() -> Log {
    log_by(KEY)
}

#[test]
fn an_untouched_log_verifies() {
    let report = log().verify().unwrap();
    let told = (report.segments, report.records, report.first, report.last);
    assert_eq!(told, (3, 9, 1, 9));
    assert_eq!((report.unsealed, report.open_intents), (0, 0));
    let anchor = |sequence, hash| Some(Anchor { sequence, hash });
    let last = report.last_hash.unwrap();
    let known =
        |anchor| log().verify_from(1, Verifier::new(check, vec![], None).with_anchor(anchor));
    known(anchor(9, last)).unwrap();
    assert_eq!(
        known(anchor(9, Hash256::ZERO)).unwrap_err().fault,
        Fault::Anchor(9)
    );
    assert_eq!(
        known(anchor(10, last)).unwrap_err().fault,
        Fault::Anchor(10)
    );
    let text = format!("9:{last}");
    assert_eq!(text.parse::<Anchor>().ok(), anchor(9, last));
    assert!("9".parse::<Anchor>().is_err());
}

#[test]
fn lines_are_json_that_others_can_check() {
    let log = log();
    let mut previous = Hash256::ZERO;
    for line in log.lines(0) {
        let value: serde_json::Value = serde_json::from_slice(&line).unwrap();
        let json = crate::config::canonical::bytes(&value["record"]);
        let hash = Hash256::of_slices([previous.as_bytes().as_slice(), &json]);
        assert_eq!(value["hash"], hash.to_string());
        previous = hash;
        let entry: Entry = serde_json::from_value(value["record"].clone()).unwrap();
        assert_eq!(crate::config::canonical::bytes(&entry), json);
    }
}

#[test]
fn every_flipped_byte_is_named() {
    let whole = log();
    for file in 0..3 {
        let mut at = 0;
        for (number, line) in (1..).zip(whole.lines(file)) {
            for _ in 0..line.len() {
                for bit in [1, 128] {
                    let mut changed = whole.clone();
                    changed.files[file][at] ^= bit;
                    let (segment, line, fault) = changed.bad();
                    let place = (u64::try_from(file).unwrap() + 1, number);
                    assert_eq!((segment, line), place, "byte {at}: {fault}");
                }
                at += 1;
            }
        }
    }
}

#[test]
fn lines_that_are_dropped_repeated_or_swapped_are_named() {
    // Head, two records, a seal, a record, the last seal.
    let gap = |expected, found| Fault::Sequence { expected, found };
    let dropped = |line: usize| log().with(1, |lines| drop(lines.remove(line))).bad();
    assert_eq!((dropped(0).0, dropped(0).1), (2, 1));
    assert_eq!(dropped(1), (2, 2, gap(4, 5)));
    assert_eq!(dropped(2), (2, 3, Fault::Hash));
    assert_eq!(dropped(3), (2, 4, Fault::Hash));
    assert_eq!(dropped(4), (2, 5, Fault::Hash));
    assert_eq!(dropped(5), (2, 6, Fault::Unsealed));
    let repeated = |line: usize| {
        log()
            .with(1, |lines| lines.insert(line, lines[line].clone()))
            .bad()
    };
    assert_eq!(repeated(1), (2, 3, gap(5, 4)));
    assert_eq!(repeated(3), (2, 5, Fault::Hash));
    let swapped = log().with(1, |lines| lines.swap(1, 2)).bad();
    assert_eq!(swapped, (2, 2, gap(4, 5)));
}

#[test]
fn a_cut_end_is_named() {
    let whole = log();
    for file in 0..3 {
        let (segment, len) = (u64::try_from(file).unwrap() + 1, whole.files[file].len());
        for cut in 0..len {
            let mut changed = whole.clone();
            changed.files[file].truncate(cut);
            let at_line = changed.files[file].ends_with(b"\n");
            match changed.verify() {
                Err(bad) if at_line => {
                    assert_eq!((bad.segment, bad.fault), (segment, Fault::Unsealed))
                }
                Err(bad) => {
                    assert_eq!(bad.segment, segment);
                    assert!(matches!(bad.fault, Fault::Truncated { .. }), "{bad}");
                }
                // Whole lines at the very end: only who knows what was there can tell.
                Ok(report) => {
                    assert!(file == 2 && at_line, "file {file} cut at {cut}");
                    assert!(report.unsealed <= 2);
                }
            }
        }
    }
}

#[test]
fn missing_segments_are_named() {
    let mut first = log();
    first.files.remove(0);
    let verifier = || Verifier::new(check, vec![], None);
    let bad = first.verify_from(2, verifier()).unwrap_err();
    assert_eq!((bad.segment, bad.fault), (1, Fault::Missing));
    let mut verifier = verifier();
    let whole = log();
    verifier.begin(1).unwrap();
    verifier.feed(&whole.files[0]).unwrap();
    verifier.end().unwrap();
    let bad = verifier.begin(3).unwrap_err();
    assert_eq!((bad.segment, bad.fault), (2, Fault::Missing));
    // The next one under its name does not help.
    let mut renamed = log();
    renamed.files.remove(1);
    assert_eq!((renamed.bad().0, renamed.bad().1), (2, 1));
    // The end of a log verifies alone.
    let mut end = Verifier::of_end(check, vec![KEY]);
    end.begin(3).unwrap();
    end.feed(&whole.files[2]).unwrap();
    end.end().unwrap();
    assert_eq!(end.chain().map(Chain::sequence), Some(10));
}

#[test]
fn a_log_made_anew_without_the_key_is_named() {
    let forged = log_by(OTHER);
    assert_eq!(forged.bad(), (1, 1, Fault::Key { found: OTHER }));
    // The right key's name with wrong signatures.
    let mut chain = Chain::new(Uuid::from_u128(1), KEY);
    let mut out = vec![];
    chain.begin(0, &mut out);
    chain.append(record(1, "x"), &mut out);
    let sign = |bytes: &[u8]| Ok::<_, ()>(signature(&OTHER, bytes));
    chain.seal(true, 2, &mut out, sign).unwrap();
    let forged = Log {
        files: vec![out],
        marker: None,
    };
    assert_eq!(forged.bad(), (1, 3, Fault::Signature));
}

#[test]
fn retention_verifies_and_a_forged_one_does_not() {
    let marked = |key: PublicKey, segment: usize| {
        let mut log = log();
        let line = log.lines(segment).remove(0);
        let split = read_line(line.strip_suffix(b"\n").unwrap()).unwrap();
        let Entry::Head(head) = serde_json::from_slice(split.json).unwrap() else {
            panic!("no head")
        };
        let mut start = Chain::start_at(&head, 9);
        start.public_key = key;
        let signature = signature(&key, &start.signed_bytes());
        log.files.drain(..segment);
        log.marker = Some(Marker { start, signature });
        log
    };
    let good = marked(KEY, 1);
    let verifier = |log: &Log| Verifier::new(check, vec![KEY], log.marker.clone());
    let report = good.verify_from(2, verifier(&good)).unwrap();
    assert_eq!((report.first, report.last, report.segments), (4, 9, 2));
    let parsed: Marker = serde_json::from_slice(&good.marker.as_ref().unwrap().to_bytes()).unwrap();
    assert_eq!(Some(parsed), good.marker);

    let forged = marked(OTHER, 1);
    let fault = forged.verify_from(2, verifier(&forged)).unwrap_err().fault;
    assert_eq!(fault, Fault::Marker("it is signed by another key"));
    let mut shifted = marked(KEY, 1);
    shifted.marker.as_mut().unwrap().start.segment = 3;
    shifted.files.remove(0);
    let fault = shifted
        .verify_from(3, verifier(&shifted))
        .unwrap_err()
        .fault;
    assert_eq!(fault, Fault::Marker("the signature does not fit"));
    // More was removed than the marker says.
    let mut more = marked(KEY, 1);
    more.files.remove(0);
    let bad = more.verify_from(3, verifier(&more)).unwrap_err();
    assert_eq!((bad.segment, bad.fault), (2, Fault::Missing));
    more.files.clear();
    let bad = more.verify_from(2, verifier(&more)).unwrap_err();
    assert_eq!((bad.segment, bad.fault), (2, Fault::Missing));
}

#[test]
fn intents_without_an_outcome_are_counted() {
    let mut chain = Chain::new(Uuid::from_u128(1), KEY);
    let mut out = vec![];
    chain.begin(0, &mut out);
    let intent = |revision| Record {
        outcome: Outcome::Intent,
        revision: Some(revision),
        ..record(1, "x")
    };
    let first = chain.append(intent(5), &mut out);
    chain.append(intent(6), &mut out);
    let done = Record {
        intent: Some(first),
        ..record(2, "done")
    };
    chain.append(done, &mut out);
    let mut verifier = Verifier::new(check, vec![], None);
    verifier.begin(1).unwrap();
    verifier.feed(&out).unwrap();
    assert_eq!(
        verifier
            .open_intents()
            .clone()
            .into_iter()
            .collect::<Vec<_>>(),
        [(2, Some(6))]
    );
    assert_eq!(verifier.finish().unwrap().open_intents, 1);
}

mod changes;
