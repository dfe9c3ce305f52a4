//! Whether a content holds together: what a restore relies on before it looks at its own host.

use std::collections::BTreeSet;
use std::fmt::Display;

use thiserror::Error;

use super::content::{Content, Past, REVISIONS_MAX};
use super::manifest::{Head, Manifest};
use super::named::Named;
use crate::config::{Document, Invalid, Revision};
use crate::hash::Hash256;

/// Why a content cannot be restored.
#[derive(Debug, Error)]
pub enum Fault {
    /// What the archive says of itself in clear is not what is sealed in it.
    #[error("the manifest says another {0} than the sealed content; somebody changed it")]
    Manifest(&'static str),
    /// The document breaks the rules of its schema.
    #[error("the document in the backup is not valid")]
    Document(#[source] Invalid),
    /// The document is not the one of the revision.
    #[error("the document in the backup is not the one of its revision {0}")]
    OtherDocument(u64),
    /// More of the history than is ever written.
    #[error("the backup has {0} revisions, more than the {REVISIONS_MAX} that are allowed")]
    Revisions(usize),
    /// A revision that does not stand before the one after it.
    #[error("the history in the backup is broken at revision {0}")]
    History(u64),
    /// The document names a value that is not there.
    #[error("the document names the {what} {id}, which the backup does not have")]
    Missing {
        /// Of which kind.
        what: &'static str,
        /// Its id.
        id: String,
    },
    /// A value that nothing names.
    #[error("the backup has the {what} {id}, which its document does not name")]
    Unnamed {
        /// Of which kind.
        what: &'static str,
        /// Its id.
        id: String,
    },
}

impl Content {
    /// Checks that the parts fit each other, and gives the document.
    ///
    /// # Errors
    /// The first fault.
    pub fn check(&self) -> Result<Document, Fault> {
        let document = Document::from_json(self.document.get()).map_err(Fault::Document)?;
        if document.hash() != self.revision.content_hash {
            return Err(Fault::OtherDocument(self.revision.number));
        }
        self.check_history(&document)?;
        self.check_values(&Named::of(&document))?;
        Ok(document)
    }

    /// Checks that the clear manifest tells the truth about this.
    ///
    /// # Errors
    /// The first field that differs.
    pub fn check_manifest(&self, manifest: &Manifest) -> Result<(), Fault> {
        let head = Head {
            number: self.revision.number,
            hash: self.revision.content_hash,
        };
        let fields = [
            ("instance", manifest.instance == self.instance.to_string()),
            ("version", manifest.version == self.product_version),
            ("time", manifest.created_at_ms == self.created_at_ms),
            ("revision", manifest.revision.as_ref() == Some(&head)),
        ];
        match fields.iter().find(|(_, same)| !same) {
            Some((field, _)) => Err(Fault::Manifest(field)),
            None => Ok(()),
        }
    }

    fn check_history(&self, document: &Document) -> Result<(), Fault> {
        if self.revisions.len() > REVISIONS_MAX {
            return Err(Fault::Revisions(self.revisions.len()));
        }
        let mut after: Option<&Revision> = None;
        let mut content = document.clone();
        for Past { revision, inverse } in &self.revisions {
            let broken = Fault::History(revision.number);
            let joins = after.map_or(*revision == self.revision, |next| next.follows(revision));
            if !joins || content.hash() != revision.content_hash {
                return Err(broken);
            }
            content = content.apply(inverse).or(Err(broken))?;
            after = Some(revision);
        }
        // The oldest leads back to a content that only its own record could confirm, unless it is
        // the first of all.
        let first = after.is_some_and(|revision| revision.number == 1);
        if first && content.hash() != Document::empty().hash() {
            return Err(Fault::History(1));
        }
        Ok(())
    }

    fn check_values(&self, named: &Named) -> Result<(), Fault> {
        let (absent, secrets) = (&self.absent, &self.secrets);
        let has =
            |ids: &BTreeSet<_>, wanted: &BTreeSet<_>, what| same(ids, wanted, &absent.values, what);
        has(
            &secrets.passwords.keys().copied().collect(),
            &named.passwords,
            "password",
        )?;
        has(
            &secrets.keys.keys().copied().collect(),
            &named.keys,
            "private key",
        )?;
        if let Some(machine) = &self.machine {
            let keys = machine.keys.keys().copied().collect();
            has(&keys, &named.host_keys, "private key")?;
        }
        let enrolments = self.enrolments.keys().copied().collect();
        let absent_ones = &absent.enrolments;
        same(&enrolments, &named.enrolments, absent_ones, "enrolment")?;
        let values: BTreeSet<_> = named.values().collect();
        all_named(&absent.values, &values, "missing value")?;
        all_named(absent_ones, &named.enrolments, "missing enrolment")
    }

    /// The hash of its document, by its revision.
    pub const fn hash(&self) -> Hash256 {
        self.revision.content_hash
    }
}

/// Whether exactly the wanted ids are there, but for the absent ones.
fn same<T: Ord + Copy + Display>(
    found: &BTreeSet<T>,
    wanted: &BTreeSet<T>,
    absent: &BTreeSet<T>,
    what: &'static str,
) -> Result<(), Fault> {
    let missing = wanted.difference(found).find(|id| !absent.contains(id));
    if let Some(id) = missing {
        let id = id.to_string();
        return Err(Fault::Missing { what, id });
    }
    all_named(found, wanted, what)
}

fn all_named<T: Ord + Copy + Display>(
    found: &BTreeSet<T>,
    wanted: &BTreeSet<T>,
    what: &'static str,
) -> Result<(), Fault> {
    match found.difference(wanted).next() {
        Some(id) => Err(Fault::Unnamed {
            what,
            id: id.to_string(),
        }),
        None => Ok(()),
    }
}
