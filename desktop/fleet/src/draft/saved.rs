//! A draft as it is kept on disk.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use underpass_shared::config::{Document, Invalid};

use super::Draft;
use crate::snapshot::Configuration;

/// A draft in a file. Its history is not kept, and neither is what the agent said of it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SavedDraft {
    /// The revision that it was made from.
    revision: u64,
    /// The document of that revision.
    base: Box<RawValue>,
    /// The document as the user wants it.
    document: Box<RawValue>,
}

impl SavedDraft {
    /// A draft as a file holds it; nothing where nothing is changed.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn of(draft: &Draft) -> Result<Option<Vec<u8>>, serde_json::Error> {
        // While conflicts are open it holds only their side of them: what was there before is kept,
        // and the next review finds the conflicts again.
        let open = draft.merge.as_ref().filter(|_| draft.is_disputed());
        let (base, document) = match open {
            Some(merge) => (&merge.base, &merge.mine),
            None if draft.is_changed() => (draft.base(), draft.document()),
            None => return Ok(None),
        };
        let saved = Self {
            revision: base.revision,
            base: RawValue::from_string(base.document.to_json())?,
            document: RawValue::from_string(document.to_json())?,
        };
        serde_json::to_vec(&saved).map(Some)
    }

    /// Reads one.
    ///
    /// # Errors
    /// When it is none, or holds what is no document.
    pub fn read(bytes: &[u8]) -> Result<Draft, Invalid> {
        let saved: Self = serde_json::from_slice(bytes)
            .map_err(|error| Invalid::new("draft", error.to_string()))?;
        let mut draft = Draft::new(Configuration {
            revision: saved.revision,
            document: Arc::new(Document::from_json(saved.base.get())?),
        });
        let document = Document::from_json(saved.document.get())?;
        draft.push("Changes of an earlier session", document);
        Ok(draft)
    }
}
