//! The bytes of an archive beside its two entries: always the same ones for the same entries.
//!
//! A zip may say everything twice and differently. Archives can therefore be compared with what
//! would have been written, so that not one byte of theirs says anything else. The form is frozen
//! here: no release of a library changes it.

/// Entries of an archive.
const ENTRIES: u16 = 2;
/// Version 1.0 of the format: entries stored as they are.
const VERSION: u16 = 10;
/// Made on Unix, so that the permissions count.
const MADE_BY: u16 = 3 << 8 | VERSION;
/// The beginning of 1980, the oldest time that there is.
const DATE: u16 = 1 << 5 | 1;
/// A file that its owner alone may read.
const ATTRIBUTES: u32 = 0o100_600 << 16;
/// Bytes of the record at the end.
const END_LEN: usize = 22;
/// What it begins with.
const END: u32 = 0x0605_4b50;

/// An entry with its name.
pub(super) type Entry<'a> = (&'a str, &'a [u8]);

/// The archive of two entries.
pub(super) fn write(entries: &[Entry<'_>; 2]) -> Vec<u8> {
    let frame = Frame::of(entries);
    let [(_, first), (_, second)] = entries;
    [&*frame.first, first, &frame.second, second, &frame.end].concat()
}

/// Whether an archive is exactly what [`write()`] makes of these entries.
pub(super) fn is_exact(archive: &[u8], entries: &[Entry<'_>; 2]) -> bool {
    let frame = Frame::of(entries);
    let [(_, first), (_, second)] = entries;
    let mut rest = archive;
    for part in [&*frame.first, first, &frame.second, second, &frame.end] {
        match rest.strip_prefix(part) {
            Some(after) => rest = after,
            None => return false,
        }
    }
    rest.is_empty()
}

/// Whether the last bytes are the end of a zip with two entries and nothing else: what is looked at
/// before anything is read that could be long. Otherwise how many entries it claims, if it is a
/// zip at all.
pub(super) fn ends_well(archive: &[u8]) -> Result<(), Option<u16>> {
    let end = archive.len().checked_sub(END_LEN);
    let Some((_, end)) = end.and_then(|at| archive.split_at_checked(at)) else {
        return Err(None);
    };
    let word = |at: usize| {
        let bytes = end.get(at..at + 2).and_then(|two| two.try_into().ok());
        bytes.map(u16::from_le_bytes)
    };
    let comment = 20;
    if !end.starts_with(&END.to_le_bytes()) || word(comment) != Some(0) {
        return Err(None);
    }
    match (word(8), word(10)) {
        (Some(ENTRIES), Some(ENTRIES)) => Ok(()),
        (_, all) => Err(all),
    }
}

/// What stands before, between and behind the entries.
struct Frame {
    first: Vec<u8>,
    second: Vec<u8>,
    end: Vec<u8>,
}

impl Frame {
    fn of(entries: &[Entry<'_>; 2]) -> Self {
        let [first, second] = entries;
        let (one, two) = (Common::of(first), Common::of(second));
        let (first_head, second_head) = (one.local(first.0), two.local(second.0));
        let second_at = length(first_head.len() + first.1.len());
        let directory_at = second_at + length(second_head.len() + second.1.len());
        let mut end = one.central(first.0, 0);
        end.extend(two.central(second.0, second_at));
        let directory_len = length(end.len());
        end.extend(END.to_le_bytes());
        // Disks, which there are none of.
        end.extend([0; 4]);
        end.extend(ENTRIES.to_le_bytes());
        end.extend(ENTRIES.to_le_bytes());
        end.extend(directory_len.to_le_bytes());
        end.extend(directory_at.to_le_bytes());
        end.extend(0_u16.to_le_bytes());
        Self {
            first: first_head,
            second: second_head,
            end,
        }
    }
}

/// What both headers of an entry say.
struct Common([u8; 26]);

impl Common {
    fn of((name, content): &Entry<'_>) -> Self {
        let len = length(content.len()).to_le_bytes();
        let name_len = u16::try_from(name.len()).unwrap_or(u16::MAX);
        let mut bytes = [0; 26];
        let words: [&[u8]; 9] = [
            &VERSION.to_le_bytes(),
            // No flags, no packing, midnight.
            &[0; 6],
            &DATE.to_le_bytes(),
            &crc32fast::hash(content).to_le_bytes(),
            &len,
            &len,
            &name_len.to_le_bytes(),
            // No extra fields.
            &[0; 2],
            &[],
        ];
        for (to, from) in bytes.iter_mut().zip(words.into_iter().flatten()) {
            *to = *from;
        }
        Self(bytes)
    }

    fn local(&self, name: &str) -> Vec<u8> {
        [b"PK\x03\x04", self.0.as_slice(), name.as_bytes()].concat()
    }

    fn central(&self, name: &str, at: u32) -> Vec<u8> {
        [
            b"PK\x01\x02".as_slice(),
            &MADE_BY.to_le_bytes(),
            &self.0,
            // No comment, the first disk, no inner attributes.
            &[0; 6],
            &ATTRIBUTES.to_le_bytes(),
            &at.to_le_bytes(),
            name.as_bytes(),
        ]
        .concat()
    }
}

/// Archives are far below 4 GiB, see [`super::ARCHIVE_MAX`].
fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}
