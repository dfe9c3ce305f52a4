//! Backups of the whole agent: collected as of one revision, sealed, opened and checked.

mod collect;
mod error;
mod open;
mod spool;
#[cfg(test)]
mod tests;

use std::io::{Seek, Write};

use underpass_runtime::archive::{self, About, ArchiveError, Limits, Lock};
use underpass_runtime::file;
use underpass_shared::api::management::operations::BACKUP_LEN_MAX;
use underpass_shared::backup::{Content, Head, Manifest};

pub use self::collect::{Sources, Wanted};
pub use self::error::{BackupError, OpenError};
#[cfg(test)]
pub(crate) use self::open::open;
pub use self::open::{Opened, open_from};
pub(crate) use self::spool::{NoPlace, Spool, Spooled};

/// The name of this program in manifests.
pub const PRODUCT: &str = "underpass-agent";
/// The version of this program in manifests.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Bytes that a form has beside the archive in it.
const FORM_LEN: usize = 16 * 1024;
/// The largest archive: as large as the largest document, and what is read over the API.
pub const ARCHIVE_MAX: usize = BACKUP_LEN_MAX - FORM_LEN;

/// What is done at most for an archive. The work is what archives are made with; more would take
/// more than 256 MiB of memory.
pub const LIMITS: Limits = Limits {
    archive: ARCHIVE_MAX,
    work: 18,
    as_written: true,
};

/// Makes the archive of a content in `to`, which is empty; how long it became. Takes a second of a
/// processor with a passphrase.
///
/// # Errors
/// When the archive would be longer than any that is read, or cannot be written.
pub fn seal_to<W: Write + Seek>(
    content: &Content,
    lock: &Lock,
    to: &mut W,
) -> Result<(Manifest, u64), BackupError> {
    let about = About {
        product: PRODUCT,
        version: VERSION,
        created_at_ms: content.created_at_ms,
        instance: content.instance.to_string(),
        revision: Some(Head {
            number: content.revision.number,
            hash: content.hash(),
        }),
    };
    let made = archive::seal_to(to, about, lock, ARCHIVE_MAX, |to| content.write_to(to));
    made.map_err(|error| {
        if let ArchiveError::TooLong { .. } = error {
            return BackupError::TooLarge;
        }
        if let ArchiveError::Make(error) = error {
            return if file::is_full(&error) {
                BackupError::DiskFull
            } else {
                BackupError::Write(error)
            };
        }
        BackupError::Archive(error)
    })
}

/// The archive of a content in memory.
#[cfg(test)]
pub(crate) fn seal(content: &Content, lock: &Lock) -> Result<(Manifest, Vec<u8>), BackupError> {
    let mut archive = std::io::Cursor::new(vec![]);
    let (manifest, _len) = seal_to(content, lock, &mut archive)?;
    Ok((manifest, archive.into_inner()))
}
