//! What is known of operators beside the document: their newest certificate, and when they were here.
//!
//! It is for people only. Nothing is decided by it, and losing it loses no access.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use underpass_runtime::file;
use underpass_shared::backup::SeenOperator;
use underpass_shared::id::OperatorId;

/// The file in the data directory.
const FILE: &str = "operators.json";
/// How exactly it is kept when an operator was here; each step is a write.
const SEEN_STEP_MS: i64 = 60_000;

/// What is known of one operator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Record {
    /// When the newest certificate ends, milliseconds UTC.
    pub not_after_ms: Option<i64>,
    /// When the operator last asked for something, milliseconds UTC.
    pub last_seen_ms: Option<i64>,
}

/// What is known of all. Clones are the same.
#[derive(Clone, Debug)]
pub struct Records(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    known: Mutex<BTreeMap<OperatorId, Record>>,
}

impl Records {
    /// Reads what a data directory has; what cannot be read is not known.
    pub fn open(data_dir: &Path) -> Self {
        let path = data_dir.join(FILE);
        let text = std::fs::read(&path).unwrap_or_default();
        let known = Mutex::new(serde_json::from_slice(&text).unwrap_or_default());
        Self(Arc::new(Inner { path, known }))
    }

    /// What is known of one operator.
    pub fn get(&self, id: OperatorId) -> Record {
        let known = self.0.known.lock();
        let known = known.unwrap_or_else(PoisonError::into_inner);
        known.get(&id).copied().unwrap_or_default()
    }

    /// What is known of all.
    pub fn all(&self) -> BTreeMap<OperatorId, Record> {
        let known = self.0.known.lock();
        known.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// An operator got a certificate.
    pub fn issued(&self, id: OperatorId, not_after_ms: i64) {
        self.change(|known| {
            known.entry(id).or_default().not_after_ms = Some(not_after_ms);
            true
        });
    }

    /// An operator asked for something.
    pub fn seen(&self, id: OperatorId, now_ms: i64) {
        self.change(|known| {
            let record = known.entry(id).or_default();
            let stale = |seen| now_ms - seen >= SEEN_STEP_MS;
            let news = record.last_seen_ms.is_none_or(stale);
            if news {
                record.last_seen_ms = Some(now_ms);
            }
            news
        });
    }

    /// Forgets all who are no operators any longer.
    pub fn keep(&self, is_operator: impl Fn(OperatorId) -> bool) {
        self.change(|known| {
            let before = known.len();
            known.retain(|id, _| is_operator(*id));
            known.len() != before
        });
    }

    /// Takes over what a backup knows of operators; what is known here already stays.
    pub(crate) fn adopt(&self, seen: &BTreeMap<OperatorId, SeenOperator>) {
        self.change(|known| {
            let before = known.len();
            for (id, one) in seen {
                known.entry(*id).or_insert(Record {
                    not_after_ms: one.not_after_ms,
                    last_seen_ms: one.last_seen_ms,
                });
            }
            known.len() != before
        });
    }

    fn change(&self, change: impl FnOnce(&mut BTreeMap<OperatorId, Record>) -> bool) {
        let known = self.0.known.lock();
        let mut known = known.unwrap_or_else(PoisonError::into_inner);
        if !change(&mut known) {
            return;
        }
        let json = serde_json::to_vec(&*known).map_err(std::io::Error::from);
        let written = json.and_then(|json| file::replace(&self.0.path, &json));
        if let Err(error) = written {
            tracing::warn!(%error, "cannot note when operators were here");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_outlasts_the_process() {
        let dir = tempfile::tempdir().unwrap();
        let id = |n| OperatorId::from_uuid(uuid::Uuid::from_u128(n));
        let records = Records::open(dir.path());
        records.issued(id(1), 99);
        records.seen(id(1), 1_000_000);
        // Not worth a write.
        records.seen(id(1), 1_000_001);
        records.seen(id(2), 5);
        let again = Records::open(dir.path());
        let known = Record {
            not_after_ms: Some(99),
            last_seen_ms: Some(1_000_000),
        };
        assert_eq!(again.get(id(1)), known);
        again.keep(|one| one == id(1));
        assert_eq!(Records::open(dir.path()).get(id(2)), Record::default());
        file::replace(&dir.path().join(FILE), b"broken").unwrap();
        assert_eq!(Records::open(dir.path()).get(id(1)), Record::default());
    }
}
