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
pub(super) const END_LEN: usize = 22;
/// What it begins with.
const END: u32 = 0x0605_4b50;

/// What the bytes beside the entries say of one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<'a> {
    /// Its name.
    pub(super) name: &'a str,
    /// Its bytes.
    pub(super) len: u64,
    /// The checksum of its bytes.
    pub(super) crc: u32,
}

impl<'a> Entry<'a> {
    /// Some content.
    pub(super) fn of(name: &'a str, content: &[u8]) -> Self {
        Self {
            name,
            len: u64::try_from(content.len()).unwrap_or(u64::MAX),
            crc: crc32fast::hash(content),
        }
    }
}

/// The archive of two entries.
#[cfg(test)]
pub(super) fn write(entries: &[(&str, &[u8]); 2]) -> Vec<u8> {
    let [(_, first), (_, second)] = entries;
    let frame = Frame::of(&entries.map(|(name, content)| Entry::of(name, content)));
    [&*frame.first, first, &frame.second, second, &frame.end].concat()
}

/// Whether the last [`END_LEN`] bytes are the end of a zip with two entries and nothing else: what is looked at
/// before anything is read that could be long. Otherwise how many entries it claims, if it is a
/// zip at all.
pub(super) fn ends_well(end: &[u8]) -> Result<(), Option<u16>> {
    if end.len() != END_LEN {
        return Err(None);
    }
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
pub(super) struct Frame {
    pub(super) first: Vec<u8>,
    pub(super) second: Vec<u8>,
    pub(super) end: Vec<u8>,
}

impl Frame {
    pub(super) fn of([first, second]: &[Entry<'_>; 2]) -> Self {
        let (one, two) = (Common::of(first), Common::of(second));
        let (first_head, second_head) = (one.local(first.name), two.local(second.name));
        let second_at = long(&first_head) + first.len;
        let directory_at = second_at + long(&second_head) + second.len;
        let mut end = one.central(first.name, 0);
        end.extend(two.central(second.name, length(second_at)));
        let directory_len = length(long(&end));
        end.extend(END.to_le_bytes());
        // Disks, which there are none of.
        end.extend([0; 4]);
        end.extend(ENTRIES.to_le_bytes());
        end.extend(ENTRIES.to_le_bytes());
        end.extend(directory_len.to_le_bytes());
        end.extend(length(directory_at).to_le_bytes());
        end.extend(0_u16.to_le_bytes());
        Self {
            first: first_head,
            second: second_head,
            end,
        }
    }

    /// All its bytes.
    pub(super) fn len(&self) -> u64 {
        [&self.first, &self.second, &self.end]
            .map(|part| long(part))
            .iter()
            .sum()
    }
}

/// What both headers of an entry say.
struct Common([u8; 26]);

impl Common {
    fn of(entry: &Entry<'_>) -> Self {
        let len = length(entry.len).to_le_bytes();
        let name_len = u16::try_from(entry.name.len()).unwrap_or(u16::MAX);
        let mut bytes = [0; 26];
        let words: [&[u8]; 9] = [
            &VERSION.to_le_bytes(),
            // No flags, no packing, midnight.
            &[0; 6],
            &DATE.to_le_bytes(),
            &entry.crc.to_le_bytes(),
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
fn length(bytes: u64) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

fn long(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}
