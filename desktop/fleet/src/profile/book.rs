//! The list of known agents. No key is in it.

use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::{Deserialize, Serialize};
use thiserror::Error;
use underpass_runtime::file;
use underpass_runtime::pki::CertificateInfo;
use underpass_shared::host::InternalAddress;
use underpass_shared::id::AgentId;

use crate::client::Known;
use crate::command::Described;

const NAME: &str = "fleet.json";
/// The form of the file; a newer one is not read, so that nothing of it is lost.
const VERSION: u32 = 1;
/// The largest file that is read: a thousand agents have two megabytes.
const LEN_MAX: u64 = 32 * 1024 * 1024;

/// Why the list cannot be read or written.
#[derive(Debug, Error)]
pub enum BookError {
    /// The file system does not let it.
    #[error("the list of agents {} cannot be used", .path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is no list of ours.
    #[error("the list of agents {} does not parse; put it aside or repair it", .path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// A newer program wrote it.
    #[error("the list of agents {} was written by a newer version of this program", .path.display())]
    TooNew {
        /// Which file.
        path: PathBuf,
    },
}

/// A known agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// Who it is.
    pub id: AgentId,
    /// Where it is.
    pub address: InternalAddress,
    /// How the user calls it.
    pub label: String,
    /// The group that the user put it in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Words that the user gave it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Its identity, a CA certificate as PEM.
    pub ca_cert: String,
    /// The end of the certificate that this program shows it, milliseconds UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_until_ms: Option<i64>,
}

impl Entry {
    /// An agent that is known from now on.
    pub fn new(known: &Known, address: InternalAddress, described: Described) -> Self {
        let Described { label, group, tags } = described;
        let info = CertificateInfo::from_pem(&known.certificate);
        Self {
            id: known.agent,
            label: if label.is_empty() {
                address.host.to_string()
            } else {
                label
            },
            address,
            group,
            tags,
            ca_cert: known.ca_cert.clone(),
            certificate_until_ms: info.ok().map(|info| info.not_after_ms),
        }
    }

    /// How the user calls it, and where it is put.
    pub fn described(&self) -> Described {
        Described {
            label: self.label.clone(),
            group: self.group.clone(),
            tags: self.tags.clone(),
        }
    }
}

/// The known agents, in the order of their ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Book {
    entries: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
struct Written<T> {
    version: u32,
    #[serde(default)]
    agents: T,
}

#[derive(Deserialize)]
struct VersionOnly {
    version: u32,
}

impl Book {
    /// All agents.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// One agent.
    pub fn get_mut(&mut self, id: AgentId) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|entry| entry.id == id)
    }

    /// Adds an agent, or replaces what is known of it.
    pub fn put(&mut self, entry: Entry) {
        self.remove(entry.id);
        self.entries.push(entry);
        self.entries.sort_by_key(|entry| entry.id);
    }

    /// Forgets an agent.
    pub fn remove(&mut self, id: AgentId) {
        self.entries.retain(|entry| entry.id != id);
    }

    pub(super) fn load(folder: &Path) -> Result<Self, BookError> {
        let path = folder.join(NAME);
        let failed = |source| BookError::File {
            path: path.clone(),
            source,
        };
        let bytes = match fs::metadata(&path) {
            Ok(about) if about.len() > LEN_MAX => {
                return Err(failed(io::Error::other("it is too large")));
            }
            Ok(_) => fs::read(&path).map_err(failed)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(failed(error)),
        };
        let damaged = |source| BookError::Damaged {
            path: path.clone(),
            source,
        };
        let VersionOnly { version } = serde_json::from_slice(&bytes).map_err(damaged)?;
        if version > VERSION {
            return Err(BookError::TooNew { path });
        }
        let written: Written<Vec<Entry>> = serde_json::from_slice(&bytes).map_err(damaged)?;
        let mut book = Self::default();
        written.agents.into_iter().for_each(|entry| book.put(entry));
        Ok(book)
    }

    pub(super) fn save(&self, folder: &Path) -> Result<(), BookError> {
        let path = folder.join(NAME);
        let written = Written {
            version: VERSION,
            agents: &self.entries,
        };
        let saved = serde_json::to_vec_pretty(&written)
            .map_err(io::Error::other)
            .and_then(|bytes| file::replace(&path, &bytes));
        saved.map_err(|source| BookError::File { path, source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(n: u8) -> Entry {
        Entry {
            id: AgentId::of_authority(&[n; 32]),
            address: "agent.corp.example:8443".parse().unwrap(),
            label: format!("agent {n}"),
            group: Some("g".to_owned()),
            tags: vec![],
            ca_cert: "PEM".to_owned(),
            certificate_until_ms: None,
        }
    }

    #[test]
    fn agents_are_kept_and_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let mut book = Book::load(dir.path()).unwrap();
        book.put(entry(2));
        book.put(entry(1));
        book.put(Entry {
            label: "other".to_owned(),
            ..entry(2)
        });
        book.save(dir.path()).unwrap();
        let mut again = Book::load(dir.path()).unwrap();
        assert_eq!(again, book);
        assert_eq!(again.entries().len(), 2);
        again.remove(entry(1).id);
        assert_eq!(again.entries()[0].label, "other");
    }

    #[test]
    fn what_is_damaged_or_newer_is_refused_and_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let write = |text: &str| file::replace(&dir.path().join(NAME), text.as_bytes()).unwrap();
        write(r#"{"version":2,"agents":{"other":"form"}}"#);
        assert!(matches!(
            Book::load(dir.path()),
            Err(BookError::TooNew { .. })
        ));
        for text in ["", "{", r#"{"version":1,"agents":[{"id":"x"}]}"#] {
            write(text);
            assert!(
                matches!(Book::load(dir.path()), Err(BookError::Damaged { .. })),
                "{text}"
            );
        }
    }
}
