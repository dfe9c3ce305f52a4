//! Backup and restore of the whole gateway: its state, its CA and its keys, in one sealed archive.

mod content;
pub mod restore;
#[cfg(test)]
mod tests;

use std::path::Path;

use anyhow::Context as _;
use underpass_runtime::archive::{self, About, Lock};
use underpass_shared::backup::Manifest;
use underpass_shared::secret::Secret;

use self::content::Content;
use crate::certificates;
use crate::directory::Directory;

/// The name of this program in manifests.
pub const PRODUCT: &str = "underpass-gateway";

/// Makes the archive of a data directory; the server may run.
///
/// # Errors
/// When something cannot be read.
pub async fn create(
    data_dir: &Path,
    directory: &Directory,
    passphrase: &Secret,
    now_ms: i64,
) -> anyhow::Result<(Manifest, Vec<u8>)> {
    let (about, bytes) = content(data_dir, directory, now_ms).await?;
    let lock = Lock::Passphrase(passphrase.clone());
    Ok(archive::seal(about, &bytes, &lock)?)
}

/// What goes into the archive.
async fn content(
    data_dir: &Path,
    directory: &Directory,
    now_ms: i64,
) -> anyhow::Result<(About, Vec<u8>)> {
    let about = About {
        product: PRODUCT,
        version: env!("CARGO_PKG_VERSION"),
        created_at_ms: now_ms,
        instance: instance(data_dir)?,
        revision: None,
    };
    let content = Content {
        instance: about.instance.clone(),
        created_at_ms: now_ms,
        rows: directory.export().await.context("cannot read the state")?,
        files: content::read_files(data_dir)?,
    };
    Ok((about, serde_json::to_vec(&content)?))
}

/// What a gateway is known by: the fingerprint of the CA that its agents trust.
fn instance(data_dir: &Path) -> anyhow::Result<String> {
    let fingerprint = certificates::fingerprint(&certificates::ca_path(data_dir))?;
    Ok(fingerprint
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}
