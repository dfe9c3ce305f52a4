//! From an archive to what can be restored; all that can be checked without this host is checked.

use underpass_runtime::archive::{self, ArchiveError, Key, Limits};
use underpass_shared::backup::{Content, ContentError, Fault};
use underpass_shared::config::Document;

/// The program whose backups are restored here.
const PRODUCT: &str = "underpass-agent";
/// The largest archive that is opened.
pub(crate) const ARCHIVE_MAX: usize = 64 * 1024 * 1024;

/// Why a backup is not restored.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    #[error(transparent)]
    Content(#[from] ContentError),
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Opens an archive.
pub(crate) fn open(archive: &[u8], key: &Key) -> Result<(Content, Document), OpenError> {
    let limits = Limits {
        archive: ARCHIVE_MAX,
        ..Limits::default()
    };
    let (manifest, json) = archive::open(archive, PRODUCT, key, limits)?;
    let content = Content::read(&json, env!("CARGO_PKG_VERSION"))?;
    content.check_manifest(&manifest)?;
    let document = content.check()?;
    Ok((content, document))
}
