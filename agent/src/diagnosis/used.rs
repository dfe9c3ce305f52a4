//! Which mappings were ever used, over restarts.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use underpass_runtime::file;
use underpass_shared::config::{Document, SubaccountKey};
use underpass_shared::host::VirtualAddress;
use underpass_shared::monitor::Entity;

/// Its file in the data directory.
const FILE: &str = "used.json";

/// The mappings that were used since somebody looks.
#[derive(Debug, Default)]
pub(super) struct Used {
    path: Option<PathBuf>,
    content: Content,
    changed: bool,
}

/// What the file holds.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Content {
    /// Since when it is looked, milliseconds UTC.
    since_ms: i64,
    /// The mappings, as [`Entity`] writes them.
    used: BTreeSet<String>,
}

impl Used {
    /// What is known; nothing where the file cannot be read, which is told.
    pub(super) fn open(data_dir: &Path, now_ms: i64) -> Self {
        let path = data_dir.join(FILE);
        let begin = Content {
            since_ms: now_ms,
            used: BTreeSet::new(),
        };
        let read = std::fs::read(&path).and_then(|json| Ok(serde_json::from_slice(&json)?));
        let (content, changed) = match read {
            Ok(content) => (content, false),
            Err(error) if error.kind() == io::ErrorKind::NotFound => (begin, true),
            Err(error) => {
                tracing::warn!(%error, "which mappings were used is not known; it is looked from now on");
                (begin, true)
            }
        };
        Self {
            path: Some(path),
            content,
            changed,
        }
    }

    /// A mapping is used.
    pub(super) fn used(&mut self, key: &SubaccountKey, address: &VirtualAddress) {
        let entity = Entity::Mapping(key.clone(), address.clone()).to_string();
        self.changed |= self.content.used.insert(entity);
    }

    /// The mappings that were there for so long and were never used: entity and since when.
    pub(super) fn never(
        &self,
        document: &Document,
        now_ms: i64,
        patience_ms: i64,
    ) -> Vec<(String, i64)> {
        let all = document.subaccounts().iter().flat_map(|subaccount| {
            let mappings = subaccount.mappings().iter();
            mappings.map(move |mapping| (subaccount.key(), mapping))
        });
        let never = all.filter_map(|(key, mapping)| {
            let added = mapping
                .creation_date
                .ms()
                .and_then(|ms| i64::try_from(ms).ok());
            let since = added.unwrap_or(0).max(self.content.since_ms);
            if now_ms.saturating_sub(since) < patience_ms {
                return None;
            }
            let entity = Entity::Mapping(key.clone(), mapping.virtual_address.clone());
            let entity = entity.to_string();
            (!self.content.used.contains(&entity)).then_some((entity, since))
        });
        never.collect()
    }

    /// What was due could not be written, so it still is.
    pub(super) const fn again(&mut self) {
        self.changed = true;
    }

    /// What is to be written, if there is something new; of mappings that are gone nothing is kept.
    pub(super) fn due(&mut self, document: &Document) -> Option<(PathBuf, Vec<u8>)> {
        if !std::mem::take(&mut self.changed) {
            return None;
        }
        let present: BTreeSet<String> = document
            .subaccounts()
            .iter()
            .flat_map(|subaccount| {
                let mappings = subaccount.mappings().iter();
                mappings.map(|mapping| {
                    let address = mapping.virtual_address.clone();
                    Entity::Mapping(subaccount.key().clone(), address).to_string()
                })
            })
            .collect();
        self.content.used.retain(|entity| present.contains(entity));
        let json = serde_json::to_vec(&self.content).ok()?;
        Some((self.path.clone()?, json))
    }
}

/// Writes it; false where that could not be done.
pub(super) fn write((path, json): &(PathBuf, Vec<u8>)) -> bool {
    let written = file::replace(path, json);
    if let Err(error) = &written {
        tracing::warn!(%error, "cannot write which mappings were used; it is tried again");
    }
    written.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000;

    fn document() -> Document {
        let id = "0190a5a2-6d0e-7cc0-8000-000000000001";
        let mapping = |host: &str| {
            serde_json::json!({"virtualAddress": host, "internalAddress": "a:1",
                "protocol": "HTTP", "backendType": "nonSAPsys"})
        };
        let json = serde_json::json!({"schema": 1, "subaccounts": [{
            "regionHost": "g", "subaccount": id, "instance": id, "credential": id,
            "connected": true, "mappings": [mapping("a:80"), mapping("b:80")]}]});
        Document::from_json(&json.to_string()).unwrap()
    }

    #[test]
    fn a_mapping_is_used_or_not_over_restarts() {
        let (dir, document) = (tempfile::tempdir().unwrap(), document());
        let key = document.subaccounts()[0].key();
        let mut used = Used::open(dir.path(), 0);
        used.used(key, &"a:80".parse().unwrap());
        used.used(key, &"gone:80".parse().unwrap());
        let (path, json) = used.due(&document).unwrap();
        assert!(!write(&(path.join("no folder"), json.clone())));
        used.again();
        assert_eq!(used.due(&document).unwrap().1, json);
        assert!(write(&(path, json)));
        assert!(used.due(&document).is_none(), "nothing is new");
        let again = Used::open(dir.path(), 20 * DAY);
        assert_eq!(again.content.used.len(), 1, "what is gone is forgotten");
        assert!(again.never(&document, 30 * DAY - 1, 30 * DAY).is_empty());
        let never = again.never(&document, 30 * DAY, 30 * DAY);
        assert_eq!(never.len(), 1, "{never:?}");
        assert!(
            never[0].0.ends_with("/b:80") && never[0].1 == 0,
            "{never:?}"
        );
    }

    #[test]
    fn a_file_that_cannot_be_read_begins_anew() {
        let dir = tempfile::tempdir().unwrap();
        file::replace(&dir.path().join(FILE), b"{").unwrap();
        let used = Used::open(dir.path(), 7);
        assert_eq!((used.content.since_ms, used.changed), (7, true));
    }
}
