//! Why an archive is not made or not accepted.

use std::io;

use thiserror::Error;
use underpass_shared::backup::FORMAT;

use super::{MANIFEST, MANIFEST_MAX, PAYLOAD};

/// An archive that cannot be made or is not accepted.
#[derive(Debug, Error)]
pub enum ArchiveError {
    /// Longer than any archive of ours.
    #[error("the archive has {found} bytes, more than the {most} that are read")]
    TooLarge {
        /// Its bytes.
        found: usize,
        /// The most that are read.
        most: usize,
    },
    /// It would become longer than any that is read.
    #[error("the archive would have more than the {most} bytes that are read")]
    TooLong {
        /// The most that are read.
        most: usize,
    },
    /// The file that holds it cannot be read.
    #[error("the archive cannot be read")]
    Read(#[source] io::Error),
    /// No end of a zip where it must be: another file, or one that was cut or grew.
    #[error("the file is no backup archive, or it was cut")]
    Cut,
    /// A zip that contradicts itself.
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
    #[error("{0} is damaged")]
    Damaged(&'static str),
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
    /// Bytes beside the two entries that no archive of ours has.
    #[error(
        "the archive was changed or packed anew: beside its entries it is not as it was written"
    )]
    Layout,
    /// The payload is not the one that the manifest speaks of.
    #[error("{PAYLOAD} does not have the hash that {MANIFEST} names")]
    Hash,
    /// The passphrase is wrong, or the payload's head was forged.
    #[error("the passphrase is wrong")]
    Passphrase,
    /// The identity fits none of the recipients, or the payload's head was forged.
    #[error("the backup is not sealed to this identity")]
    Identity,
    /// A passphrase where an identity is needed.
    #[error("the backup is sealed to recipients; give the identity of one instead of a passphrase")]
    WantsIdentity,
    /// An identity where a passphrase is needed.
    #[error("the backup is sealed with a passphrase; give it instead of an identity")]
    WantsPassphrase,
    /// Sealed to nobody, or to more than is sensible.
    #[error("a backup is sealed to 1 to {most} recipients, not to {found}")]
    Recipients {
        /// How many were given.
        found: usize,
        /// The most.
        most: usize,
    },
    /// Making the key would cost more than any archive of ours asks for.
    #[error(
        "{PAYLOAD} asks for work of 2^{found} to try a passphrase, more than the 2^{most} that is done"
    )]
    Work {
        /// What it asks for.
        found: u8,
        /// The most that is done.
        most: u8,
    },
    /// A longer head than `age` makes for our recipients.
    #[error("{PAYLOAD} does not begin as a sealed file of `age` does")]
    Head,
    /// The payload is not what `age` writes.
    #[error("{PAYLOAD} cannot be opened")]
    Age(#[source] age::DecryptError),
    /// The sealed content is damaged or longer than the archive that holds it.
    #[error("the content of {PAYLOAD} is damaged")]
    Content(#[source] io::Error),
    /// It cannot be written.
    #[error("the archive cannot be made")]
    Make(#[source] io::Error),
}
