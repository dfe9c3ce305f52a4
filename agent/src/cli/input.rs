//! What commands read from a file, or from standard input where a `-` stands for it.

use std::io::{self, Read as _};
use std::path::Path;

use anyhow::{Context as _, ensure};
use underpass_shared::api::management::operations::DOCUMENT_LEN_MAX;

/// Bytes of a token, which is a line.
const TOKEN_LEN_MAX: u64 = 16 * 1024;

const STANDARD: &str = "-";

/// All of a file.
pub(super) fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    if path.as_os_str() != STANDARD {
        return std::fs::read(path).with_context(|| format!("cannot read {}", path.display()));
    }
    let most = u64::try_from(DOCUMENT_LEN_MAX)?;
    let mut text = vec![];
    let mut input = io::stdin().lock().take(most + 1);
    input
        .read_to_end(&mut text)
        .context("cannot read standard input")?;
    ensure!(
        text.len() <= DOCUMENT_LEN_MAX,
        "standard input has more than {DOCUMENT_LEN_MAX} bytes"
    );
    Ok(text)
}

/// A token that was given as an argument.
pub(super) fn token(given: String) -> anyhow::Result<String> {
    if given != STANDARD {
        return Ok(given);
    }
    let mut text = String::new();
    let mut input = io::stdin().lock().take(TOKEN_LEN_MAX);
    input
        .read_to_string(&mut text)
        .context("cannot read the token from standard input")?;
    Ok(text.trim().to_owned())
}
