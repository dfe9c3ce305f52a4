//! Backups of the whole agent: collected as of one revision, sealed, opened and checked.

mod collect;
mod error;
mod open;
#[cfg(test)]
mod tests;

use underpass_runtime::archive::{self, About, Limits, Lock};
use underpass_shared::api::management::operations::BACKUP_LEN_MAX;
use underpass_shared::backup::{Content, Head, Manifest};

pub use self::collect::{Sources, Wanted};
pub use self::error::{BackupError, OpenError};
pub use self::open::{Opened, open};

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

/// Makes the archive of a content. Takes a second of a processor with a passphrase.
///
/// # Errors
/// When the archive would be longer than any that is read.
pub fn seal(content: &Content, lock: &Lock) -> Result<(Manifest, Vec<u8>), BackupError> {
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
    let json = content.write().map_err(BackupError::Content)?;
    let (manifest, archive) = archive::seal(about, &json, lock).map_err(BackupError::Archive)?;
    if archive.len() > ARCHIVE_MAX {
        return Err(BackupError::TooLarge);
    }
    Ok((manifest, archive))
}
