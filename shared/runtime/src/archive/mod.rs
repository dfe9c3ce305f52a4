//! Backup archives: a zip with exactly two entries, a clear manifest and a payload sealed by `age`.
//!
//! Any `age` program opens the payload with the passphrase. Reading trusts nothing: sizes, entries,
//! hash and layout are checked before the passphrase is tried, and the content's size while it is
//! opened.

#[cfg(test)]
mod tests;

use std::io::{self, Cursor, Read as _, Write as _};

use age::scrypt;
use age::secrecy::SecretString;
use thiserror::Error;
use underpass_shared::backup::{FORMAT, Head, Manifest, ManifestFormat};
use underpass_shared::hash::Hash256;
use underpass_shared::secret::Secret;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// The name of the clear entry.
pub const MANIFEST: &str = "MANIFEST.json";
/// The name of the sealed entry.
pub const PAYLOAD: &str = "payload.age";

/// The largest archive that is read; the state of a large gateway has some megabytes.
pub const ARCHIVE_MAX: usize = 256 * 1024 * 1024;
/// The largest manifest that is read.
const MANIFEST_MAX: u64 = 64 * 1024;
/// Work of making a key from the passphrase, as a power of two: what `age` itself chooses.
const WORK: u8 = 18;
/// The most work that an archive may ask for: 1 GiB of memory and some seconds.
const WORK_MAX: u8 = 20;

/// An archive that cannot be made or is not accepted.
#[derive(Debug, Error)]
pub enum ArchiveError {
    /// Longer than any archive of ours.
    #[error("the archive has {0} bytes, more than the {ARCHIVE_MAX} that are read")]
    TooLarge(usize),
    /// No zip, or one that was cut.
    #[error("the file is no backup archive, or it was cut")]
    NoZip(#[source] zip::result::ZipError),
    /// Other entries than the two.
    #[error("the archive must hold exactly {MANIFEST} and {PAYLOAD}, but it holds {0}")]
    Entries(String),
    /// An entry that would grow when it is read.
    #[error(
        "{0} is compressed or encrypted by the zip; archives of backups store their entries as they are"
    )]
    Packed(&'static str),
    /// The bytes of an entry differ from their checksum.
    #[error("{entry} is damaged")]
    Damaged {
        /// The entry.
        entry: &'static str,
        /// What the reader says.
        #[source]
        source: io::Error,
    },
    /// The manifest breaks the rules.
    #[error("{MANIFEST} is not valid")]
    Manifest(#[source] serde_json::Error),
    /// The manifest is longer than any of ours.
    #[error("{MANIFEST} has more than {MANIFEST_MAX} bytes")]
    ManifestTooLong,
    /// A newer release wrote it.
    #[error(
        "the archive has format {found}, this program reads up to {FORMAT}; restore with the release that wrote it, or a newer one"
    )]
    TooNew {
        /// The format found.
        found: u32,
    },
    /// Of another program.
    #[error("the archive is a backup of {found}, not of {wanted}")]
    OtherProduct {
        /// The program that wrote it.
        found: String,
        /// The program that reads it.
        wanted: &'static str,
    },
    /// The payload is not the one that the manifest speaks of.
    #[error("{PAYLOAD} does not have the hash that {MANIFEST} names")]
    Hash,
    /// The passphrase is wrong, or the payload's head was forged.
    #[error("the passphrase is wrong")]
    Passphrase,
    /// The payload is not what `age` writes with a passphrase.
    #[error("{PAYLOAD} cannot be opened")]
    Age(#[source] age::DecryptError),
    /// The sealed content is damaged or longer than the archive that holds it.
    #[error("the content of {PAYLOAD} is damaged")]
    Content(#[source] io::Error),
    /// Writing to memory failed.
    #[error("the archive cannot be made")]
    Make(#[source] io::Error),
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
/// When the libraries fail, which they do not for content in memory.
pub fn seal(
    about: About,
    content: &[u8],
    passphrase: &Secret,
) -> Result<(Manifest, Vec<u8>), ArchiveError> {
    seal_with(about, content, passphrase, WORK)
}

fn seal_with(
    about: About,
    content: &[u8],
    passphrase: &Secret,
    work: u8,
) -> Result<(Manifest, Vec<u8>), ArchiveError> {
    let payload = encrypt(content, passphrase, work)?;
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
    let archive = pack(&[(MANIFEST, &text), (PAYLOAD, &payload)])?;
    Ok((manifest, archive))
}

/// Checks an archive of `product` and opens it.
///
/// # Errors
/// The first rule that it breaks.
pub fn open(
    archive: &[u8],
    product: &'static str,
    passphrase: &Secret,
) -> Result<(Manifest, Vec<u8>), ArchiveError> {
    if archive.len() > ARCHIVE_MAX {
        return Err(ArchiveError::TooLarge(archive.len()));
    }
    let mut zip = ZipArchive::new(Cursor::new(archive)).map_err(ArchiveError::NoZip)?;
    let mut names: Vec<&str> = zip.file_names().collect();
    names.sort_unstable();
    if names != [MANIFEST, PAYLOAD] {
        return Err(ArchiveError::Entries(list(&names)));
    }
    let manifest = entry(&mut zip, MANIFEST, MANIFEST_MAX)?;
    let manifest = read_manifest(&manifest, product)?;
    let limit = u64::try_from(archive.len()).unwrap_or(u64::MAX);
    let payload = entry(&mut zip, PAYLOAD, limit)?;
    if Hash256::of(&payload) != manifest.payload_sha256 {
        return Err(ArchiveError::Hash);
    }
    Ok((manifest, decrypt(&payload, passphrase)?))
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

fn entry(
    zip: &mut ZipArchive<Cursor<&[u8]>>,
    name: &'static str,
    limit: u64,
) -> Result<Vec<u8>, ArchiveError> {
    let file = zip.by_name(name);
    // A packed entry is one that this build has no decoder for.
    let file = file.map_err(|error| {
        use zip::result::ZipError::{CompressionMethodNotSupported, UnsupportedArchive};
        if matches!(
            error,
            UnsupportedArchive(_) | CompressionMethodNotSupported(_)
        ) {
            ArchiveError::Packed(name)
        } else {
            ArchiveError::NoZip(error)
        }
    })?;
    if file.compression() != CompressionMethod::Stored || file.encrypted() {
        return Err(ArchiveError::Packed(name));
    }
    let mut bytes = Vec::new();
    let read = file.take(limit + 1).read_to_end(&mut bytes);
    read.map_err(|source| ArchiveError::Damaged {
        entry: name,
        source,
    })?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limit {
        return Err(ArchiveError::ManifestTooLong);
    }
    Ok(bytes)
}

fn list(names: &[&str]) -> String {
    /// Names that are told; the others are counted.
    const TOLD: usize = 5;
    let told = names.iter().take(TOLD).map(|name| format!("{name:?}"));
    let told: Vec<String> = told.collect();
    match names.len() {
        0 => "nothing".to_owned(),
        all @ ..=TOLD => format!("{} ({all})", told.join(", ")),
        all => format!("{} and others ({all})", told.join(", ")),
    }
}

fn pack(entries: &[(&str, &[u8])]) -> Result<Vec<u8>, ArchiveError> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .unix_permissions(0o600);
    let failed = |error: zip::result::ZipError| ArchiveError::Make(error.into());
    for (name, bytes) in entries {
        zip.start_file(*name, options).map_err(failed)?;
        zip.write_all(bytes).map_err(ArchiveError::Make)?;
    }
    Ok(zip.finish().map_err(failed)?.into_inner())
}

fn encrypt(content: &[u8], passphrase: &Secret, work: u8) -> Result<Vec<u8>, ArchiveError> {
    let mut recipient = scrypt::Recipient::new(SecretString::from(passphrase.expose()));
    recipient.set_work_factor(work);
    let recipients = std::iter::once(&recipient as &dyn age::Recipient);
    let encryptor = age::Encryptor::with_recipients(recipients)
        .map_err(|error| ArchiveError::Make(io::Error::other(error)))?;
    let mut sealed = Vec::new();
    let written = encryptor.wrap_output(&mut sealed).and_then(|mut writer| {
        writer.write_all(content)?;
        writer.finish().map(drop)
    });
    written.map_err(ArchiveError::Make)?;
    Ok(sealed)
}

fn decrypt(payload: &[u8], passphrase: &Secret) -> Result<Vec<u8>, ArchiveError> {
    let mut identity = scrypt::Identity::new(SecretString::from(passphrase.expose()));
    identity.set_max_work_factor(WORK_MAX);
    let decryptor = age::Decryptor::new_buffered(payload).map_err(ArchiveError::Age)?;
    let identities = std::iter::once(&identity as &dyn age::Identity);
    let reader = decryptor.decrypt(identities).map_err(|error| {
        use age::DecryptError::{DecryptionFailed, KeyDecryptionFailed, NoMatchingKeys};
        // `age` tries the passphrase like any key, so a wrong one is one that fits nothing.
        if matches!(
            error,
            DecryptionFailed | KeyDecryptionFailed | NoMatchingKeys
        ) {
            ArchiveError::Passphrase
        } else {
            ArchiveError::Age(error)
        }
    })?;
    let mut content = Vec::new();
    // Sealing adds to the length, so the content is never the longer one.
    let limit = u64::try_from(payload.len()).unwrap_or(u64::MAX);
    reader
        .take(limit)
        .read_to_end(&mut content)
        .map_err(ArchiveError::Content)?;
    Ok(content)
}
