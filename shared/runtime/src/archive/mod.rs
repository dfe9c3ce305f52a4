//! Backup archives: a zip with exactly two entries, a clear manifest and a payload sealed by `age`.
//!
//! Any `age` program opens the payload with the passphrase, or with the identity of a recipient.
//! Reading trusts nothing: sizes, entries, hash and layout are checked before the passphrase is
//! tried, and the content's size while it is opened.

mod error;
mod frame;
mod key;
#[cfg(test)]
mod tests;

use std::io::{Cursor, Read as _, Write as _};

use underpass_shared::backup::{FORMAT, Head, Manifest, ManifestFormat};
use underpass_shared::hash::Hash256;
use zeroize::Zeroizing;
use zip::{CompressionMethod, ZipArchive};

pub use self::error::ArchiveError;
pub use self::key::{
    Identity, InvalidIdentity, InvalidRecipient, Key, Lock, RECIPIENTS_MAX, Recipient,
};

/// The name of the clear entry.
pub const MANIFEST: &str = "MANIFEST.json";
/// The name of the sealed entry.
pub const PAYLOAD: &str = "payload.age";

/// The largest archive that is read; the state of a large gateway has some megabytes.
pub const ARCHIVE_MAX: usize = 256 * 1024 * 1024;
/// The largest manifest that is read.
const MANIFEST_MAX: usize = 64 * 1024;
/// The longest head of a sealed payload: the most recipients take about 2 KiB. Each line of more
/// would be tried.
const HEAD_MAX: usize = 8 * 1024;
/// What ends the head.
const HEAD_END: &[u8] = b"\n--- ";
/// The most work that an archive may ask for: 1 GiB of memory and some seconds.
const WORK_MAX: u8 = 20;

/// What is done at most for an archive of somebody else.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The most bytes of it.
    pub archive: usize,
    /// The most work to try a passphrase, as a power of two; 18 takes 256 MiB of memory.
    pub work: u8,
    /// Whether every byte must be as it was written. Otherwise what another program packed anew is
    /// taken too, as long as it holds the same.
    pub as_written: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            archive: ARCHIVE_MAX,
            work: WORK_MAX,
            as_written: false,
        }
    }
}

/// What the manifest of a new archive says.
#[derive(Clone, Debug)]
pub struct About {
    /// The program that writes it.
    pub product: &'static str,
    /// Its version.
    pub version: &'static str,
    /// Now, milliseconds UTC.
    pub created_at_ms: i64,
    /// Which instance of the program it is of.
    pub instance: String,
    /// The revision of the document in it, where the program has one.
    pub revision: Option<Head>,
}

/// Makes an archive of some content.
///
/// # Errors
/// When there are no recipients or too many, or the content is longer than what is read.
pub fn seal(
    about: About,
    content: &[u8],
    lock: &Lock,
) -> Result<(Manifest, Vec<u8>), ArchiveError> {
    seal_by(about, content, lock.encryptor()?)
}

fn seal_by(
    about: About,
    content: &[u8],
    encryptor: age::Encryptor,
) -> Result<(Manifest, Vec<u8>), ArchiveError> {
    if content.len() > ARCHIVE_MAX {
        return Err(ArchiveError::TooLarge {
            found: content.len(),
            most: ARCHIVE_MAX,
        });
    }
    let mut payload = Vec::new();
    let written = encryptor.wrap_output(&mut payload).and_then(|mut writer| {
        writer.write_all(content)?;
        writer.finish().map(drop)
    });
    written.map_err(ArchiveError::Make)?;
    let manifest = Manifest {
        format: FORMAT,
        product: about.product.to_owned(),
        version: about.version.to_owned(),
        created_at_ms: about.created_at_ms,
        instance: about.instance,
        revision: about.revision,
        payload_sha256: Hash256::of(&payload),
    };
    let text = serde_json::to_vec_pretty(&manifest).map_err(ArchiveError::Manifest)?;
    let archive = frame::write(&[(MANIFEST, &text), (PAYLOAD, &payload)]);
    Ok((manifest, archive))
}

/// Checks an archive of `product` and opens it.
///
/// # Errors
/// The first rule that it breaks.
pub fn open(
    archive: &[u8],
    product: &'static str,
    key: &Key,
    limits: Limits,
) -> Result<(Manifest, Zeroizing<Vec<u8>>), ArchiveError> {
    let (manifest, payload) = inspect(archive, product, limits)?;
    Ok((manifest, decrypt(payload, key, limits)?))
}

/// Checks all of an archive of `product` that can be checked without opening it, and gives its
/// manifest and what is sealed.
///
/// # Errors
/// The first rule that it breaks.
pub fn inspect<'a>(
    archive: &'a [u8],
    product: &'static str,
    limits: Limits,
) -> Result<(Manifest, &'a [u8]), ArchiveError> {
    let most = limits.archive.min(ARCHIVE_MAX);
    if archive.len() > most {
        let found = archive.len();
        return Err(ArchiveError::TooLarge { found, most });
    }
    frame::ends_well(archive).map_err(|claimed| match claimed {
        Some(count) => ArchiveError::Entries(format!("as many as {count}")),
        None => ArchiveError::Cut,
    })?;
    let mut zip = ZipArchive::new(Cursor::new(archive)).map_err(ArchiveError::NoZip)?;
    let mut names: Vec<&str> = zip.file_names().collect();
    names.sort_unstable();
    if names != [MANIFEST, PAYLOAD] {
        return Err(ArchiveError::Entries(list(&names)));
    }
    let text = entry(&mut zip, archive, MANIFEST)?;
    let payload = entry(&mut zip, archive, PAYLOAD)?;
    if text.len() > MANIFEST_MAX {
        return Err(ArchiveError::ManifestTooLong);
    }
    let entries = [(MANIFEST, text), (PAYLOAD, payload)];
    if limits.as_written && !frame::is_exact(archive, &entries) {
        return Err(ArchiveError::Layout);
    }
    let manifest = read_manifest(text, product)?;
    if Hash256::of(payload) != manifest.payload_sha256 {
        return Err(ArchiveError::Hash);
    }
    let head = payload
        .get(..HEAD_MAX.min(payload.len()))
        .unwrap_or_default();
    if !head
        .windows(HEAD_END.len())
        .any(|window| window == HEAD_END)
    {
        return Err(ArchiveError::Head);
    }
    Ok((manifest, payload))
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

/// The bytes of an entry where they lie.
fn entry<'a>(
    zip: &mut ZipArchive<Cursor<&'a [u8]>>,
    archive: &'a [u8],
    name: &'static str,
) -> Result<&'a [u8], ArchiveError> {
    let at = zip.index_for_name(name).ok_or(ArchiveError::Cut)?;
    let file = zip.by_index_raw(at).map_err(ArchiveError::NoZip)?;
    if file.compression() != CompressionMethod::Stored || file.encrypted() {
        return Err(ArchiveError::Packed(name));
    }
    let start = file.data_start().and_then(|at| usize::try_from(at).ok());
    let len = usize::try_from(file.compressed_size()).ok();
    let end = start
        .zip(len)
        .and_then(|(start, len)| start.checked_add(len));
    let bytes = start
        .zip(end)
        .and_then(|(start, end)| archive.get(start..end));
    let bytes = bytes.ok_or(ArchiveError::Cut)?;
    if crc32fast::hash(bytes) != file.crc32() {
        return Err(ArchiveError::Damaged(name));
    }
    Ok(bytes)
}

fn list(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
    quoted.join(", ")
}

fn decrypt(payload: &[u8], key: &Key, limits: Limits) -> Result<Zeroizing<Vec<u8>>, ArchiveError> {
    let reader = key.unseal(payload, limits.work)?;
    // Sealing adds to the length, so the content is never the longer one, and nothing grows.
    let mut content = Zeroizing::new(Vec::with_capacity(payload.len()));
    let limit = u64::try_from(payload.len()).unwrap_or(u64::MAX);
    reader
        .take(limit)
        .read_to_end(&mut content)
        .map_err(ArchiveError::Content)?;
    Ok(content)
}
