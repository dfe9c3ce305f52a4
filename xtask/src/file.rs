//! Whole files: written at once or not at all.

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::Context;
use serde_json::Value;

/// Replaces `path` atomically.
pub(crate) fn replace(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    let told = || format!("cannot write {}", path.display());
    let folder = path.parent().with_context(told)?;
    let mut file = tempfile::NamedTempFile::new_in(folder).with_context(told)?;
    file.write_all(content).with_context(told)?;
    file.persist(path).with_context(told)?;
    Ok(())
}

/// Replaces `path` by indented JSON.
pub(crate) fn replace_json(path: &Path, value: &Value) -> anyhow::Result<()> {
    let mut content = serde_json::to_vec_pretty(value)?;
    content.push(b'\n');
    replace(path, &content)
}

/// Reads JSON from `path`, `None` as long as there is no such file.
pub(crate) fn read_json(path: &Path) -> anyhow::Result<Option<Value>> {
    if !path.exists() {
        return Ok(None);
    }
    let content =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let value = serde_json::from_str(&content)
        .with_context(|| format!("{} is not JSON", path.display()))?;
    Ok(Some(value))
}
