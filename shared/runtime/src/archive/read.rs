//! Checking and opening an archive: nothing of it is believed, and no more than its content is
//! ever in memory.

use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};

use underpass_shared::backup::{FORMAT, Manifest, ManifestFormat};
use underpass_shared::hash::{Hash256, Hasher};
use zeroize::Zeroizing;
use zip::{CompressionMethod, ZipArchive};

use super::frame::{self, Entry, Frame};
use super::{ARCHIVE_MAX, ArchiveError, Key, Limits, MANIFEST, MANIFEST_MAX, PAYLOAD};

/// The longest head of a sealed payload: the most recipients take about 2 KiB. Each line of more
/// would be tried.
const HEAD_MAX: u64 = 8 * 1024;
/// What ends the head.
const HEAD_END: &[u8] = b"\n--- ";
/// Bytes read at once.
const PIECE_LEN: usize = 64 * 1024;

/// Checks an archive of `product` in memory and opens it.
///
/// # Errors
/// The first rule that it breaks.
pub fn open(
    archive: &[u8],
    product: &'static str,
    key: &Key,
    limits: Limits,
) -> Result<(Manifest, Zeroizing<Vec<u8>>), ArchiveError> {
    open_from(&mut Cursor::new(archive), product, key, limits)
}

/// Checks an archive of `product` and opens it; its content alone is in memory, and wiped.
///
/// # Errors
/// The first rule that it breaks, or that it cannot be read.
pub fn open_from<R: Read + Seek>(
    archive: &mut R,
    product: &'static str,
    key: &Key,
    limits: Limits,
) -> Result<(Manifest, Zeroizing<Vec<u8>>), ArchiveError> {
    let (manifest, payload) = examine(archive, product, limits)?;
    Ok((manifest, decrypt(archive, &payload, key, limits)?))
}

/// Checks all of an archive of `product` that can be checked without opening it.
///
/// # Errors
/// The first rule that it breaks, or that it cannot be read.
pub fn inspect<R: Read + Seek>(
    archive: &mut R,
    product: &'static str,
    limits: Limits,
) -> Result<Manifest, ArchiveError> {
    examine(archive, product, limits).map(|(manifest, _payload)| manifest)
}

/// Where an entry lies, and what the zip says of it.
pub(super) struct Section {
    start: u64,
    len: u64,
    crc: u32,
}

fn examine<R: Read + Seek>(
    archive: &mut R,
    product: &'static str,
    limits: Limits,
) -> Result<(Manifest, Section), ArchiveError> {
    let len = archive.seek(SeekFrom::End(0)).map_err(ArchiveError::Read)?;
    let most = limits.archive.min(ARCHIVE_MAX);
    let found = usize::try_from(len).unwrap_or(usize::MAX);
    if found > most {
        return Err(ArchiveError::TooLarge { found, most });
    }
    let end_at = len.saturating_sub(length(frame::END_LEN));
    let end = read_at(archive, end_at, length(frame::END_LEN)).map_err(ArchiveError::Read)?;
    frame::ends_well(&end).map_err(|claimed| match claimed {
        Some(count) => ArchiveError::Entries(format!("as many as {count}")),
        None => ArchiveError::Cut,
    })?;
    let (text, payload) = sections(archive, len)?;
    if text.len > length(MANIFEST_MAX) {
        return Err(ArchiveError::ManifestTooLong);
    }
    let clear = text.read(archive, MANIFEST)?;
    let hash = payload.hash(archive, PAYLOAD)?;
    if limits.as_written && !is_exact(archive, len, &text, &payload)? {
        return Err(ArchiveError::Layout);
    }
    let manifest = read_manifest(&clear, product)?;
    if hash != manifest.payload_sha256 {
        return Err(ArchiveError::Hash);
    }
    let head = read_at(archive, payload.start, payload.len.min(HEAD_MAX));
    let head = head.map_err(ArchiveError::Read)?;
    if !head
        .windows(HEAD_END.len())
        .any(|window| window == HEAD_END)
    {
        return Err(ArchiveError::Head);
    }
    Ok((manifest, payload))
}

/// Where the manifest and the payload lie, if there is nothing else.
fn sections<R: Read + Seek>(archive: &mut R, len: u64) -> Result<(Section, Section), ArchiveError> {
    let mut zip = ZipArchive::new(archive).map_err(ArchiveError::NoZip)?;
    let mut names: Vec<&str> = zip.file_names().collect();
    names.sort_unstable();
    if names != [MANIFEST, PAYLOAD] {
        let quoted: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
        return Err(ArchiveError::Entries(quoted.join(", ")));
    }
    let text = section(&mut zip, len, MANIFEST)?;
    Ok((text, section(&mut zip, len, PAYLOAD)?))
}

pub(super) fn section<R: Read + Seek>(
    zip: &mut ZipArchive<R>,
    archive_len: u64,
    name: &'static str,
) -> Result<Section, ArchiveError> {
    let at = zip.index_for_name(name).ok_or(ArchiveError::Cut)?;
    let file = zip.by_index_raw(at).map_err(ArchiveError::NoZip)?;
    if file.compression() != CompressionMethod::Stored || file.encrypted() {
        return Err(ArchiveError::Packed(name));
    }
    let (len, crc) = (file.compressed_size(), file.crc32());
    let start = file.data_start().ok_or(ArchiveError::Cut)?;
    match start.checked_add(len) {
        Some(end) if end <= archive_len => Ok(Section { start, len, crc }),
        Some(_) | None => Err(ArchiveError::Cut),
    }
}

impl Section {
    /// All of it, which is known to be short.
    pub(super) fn read<R: Read + Seek>(
        &self,
        archive: &mut R,
        name: &'static str,
    ) -> Result<Vec<u8>, ArchiveError> {
        let content = read_at(archive, self.start, self.len).map_err(ArchiveError::Read)?;
        if crc32fast::hash(&content) != self.crc {
            return Err(ArchiveError::Damaged(name));
        }
        Ok(content)
    }

    /// The hash of its bytes, which have the right checksum.
    fn hash<R: Read + Seek>(
        &self,
        archive: &mut R,
        name: &'static str,
    ) -> Result<Hash256, ArchiveError> {
        let (mut hasher, mut crc) = (Hasher::default(), crc32fast::Hasher::new());
        let sought = archive.seek(SeekFrom::Start(self.start));
        sought.map_err(ArchiveError::Read)?;
        let mut rest = archive.take(self.len);
        let mut piece = vec![0; PIECE_LEN];
        loop {
            let read = rest.read(&mut piece).map_err(ArchiveError::Read)?;
            let Some(bytes) = piece.get(..read).filter(|bytes| !bytes.is_empty()) else {
                break;
            };
            hasher.update(bytes);
            crc.update(bytes);
        }
        if crc.finalize() != self.crc {
            return Err(ArchiveError::Damaged(name));
        }
        Ok(hasher.finish())
    }
}

/// Whether every byte beside the entries, and their places, are what [`super::seal`] makes of them.
fn is_exact<R: Read + Seek>(
    archive: &mut R,
    len: u64,
    text: &Section,
    payload: &Section,
) -> Result<bool, ArchiveError> {
    let entry = |name, section: &Section| Entry {
        name,
        len: section.len,
        crc: section.crc,
    };
    let frame = Frame::of(&[entry(MANIFEST, text), entry(PAYLOAD, payload)]);
    let parts = [
        (frame.first, Some(text)),
        (frame.second, Some(payload)),
        (frame.end, None),
    ];
    let mut at: u64 = 0;
    for (beside, behind) in parts {
        let found = read_at(archive, at, length(beside.len())).map_err(ArchiveError::Read)?;
        at = at.saturating_add(length(beside.len()));
        if found != beside || behind.is_some_and(|section| section.start != at) {
            return Ok(false);
        }
        at = at.saturating_add(behind.map_or(0, |section| section.len));
    }
    Ok(at == len)
}

fn read_manifest(text: &[u8], product: &'static str) -> Result<Manifest, ArchiveError> {
    let ManifestFormat { format } = serde_json::from_slice(text).map_err(ArchiveError::Manifest)?;
    if format > FORMAT {
        return Err(ArchiveError::TooNew { found: format });
    }
    let manifest: Manifest = serde_json::from_slice(text).map_err(ArchiveError::Manifest)?;
    if manifest.product != product {
        return Err(ArchiveError::OtherProduct {
            found: manifest.product,
            wanted: product,
        });
    }
    Ok(manifest)
}

fn decrypt<R: Read + Seek>(
    archive: &mut R,
    payload: &Section,
    key: &Key,
    limits: Limits,
) -> Result<Zeroizing<Vec<u8>>, ArchiveError> {
    let sought = archive.seek(SeekFrom::Start(payload.start));
    sought.map_err(ArchiveError::Read)?;
    let sealed = BufReader::with_capacity(PIECE_LEN, archive.take(payload.len));
    let reader = key.unseal(sealed, limits.work)?;
    // Sealing adds to the length, so the content is never the longer one, and nothing grows.
    let room = usize::try_from(payload.len).unwrap_or_default();
    let mut content = Zeroizing::new(Vec::with_capacity(room));
    reader
        .take(payload.len)
        .read_to_end(&mut content)
        .map_err(ArchiveError::Content)?;
    Ok(content)
}

/// The bytes at a place, fewer where the archive ends.
fn read_at<R: Read + Seek>(archive: &mut R, at: u64, len: u64) -> io::Result<Vec<u8>> {
    archive.seek(SeekFrom::Start(at))?;
    let mut bytes = vec![];
    archive.take(len).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn length(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
