//! What a restore is about to do, told before it is done, so that the next start can go on.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use underpass_shared::api::management::RestoreApplied;
use underpass_shared::hash::Hash256;
use zeroize::Zeroizing;

use crate::store::Store;
use crate::vault::{Vault, VaultError};

/// The value that tells what is about to be done.
const INTENT: &str = "restore-intent.json";
/// The layout of it that this version writes, and the newest that it reads.
const LAYOUT: u32 = 1;

/// A value with its name.
pub(crate) struct Value {
    pub(crate) name: String,
    pub(crate) content: Zeroizing<Vec<u8>>,
}

/// What is about to be done.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Intent {
    layout: u32,
    /// The revision before.
    base: u64,
    /// The content that the revision after it is to have.
    hash: Hash256,
    /// Whether the new state holds already, because no revision says so.
    committed: bool,
    /// Values that were not there before.
    fresh: Vec<String>,
    /// Values that wait to take the place of others.
    staged: Vec<String>,
    /// What is told once it is done.
    pub(crate) done: RestoreApplied,
}

impl Intent {
    /// Whether a value takes the place of another, or of none.
    pub(crate) fn replaces(&self, name: &str) -> bool {
        self.staged.iter().any(|staged| staged == name)
    }
}

/// The journal of a data directory.
#[derive(Clone, Debug)]
pub(crate) struct Journal {
    data_dir: PathBuf,
    vault: Vault,
}

/// What was found and done about it at a start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recovered {
    /// Nothing was under way.
    Nothing,
    /// What was in force was brought to its end.
    Finished,
    /// What was not in force was taken back.
    TakenBack,
}

impl Recovered {
    /// What people are told of it.
    pub(crate) const fn told(self) -> Option<&'static str> {
        match self {
            Self::Nothing => None,
            Self::Finished => Some("a restore that was interrupted was brought to its end"),
            Self::TakenBack => Some("a restore that was interrupted was taken back"),
        }
    }
}

impl Journal {
    pub(crate) fn new(data_dir: &Path) -> Self {
        Self {
            data_dir: data_dir.to_owned(),
            vault: Vault::new(data_dir),
        }
    }

    /// Writes all that the new state needs beside what is in force. On failure nothing of it is
    /// left.
    ///
    /// # Errors
    /// When something cannot be written.
    pub(crate) fn begin(
        &self,
        base: u64,
        hash: Hash256,
        done: RestoreApplied,
        fresh: &[Value],
        staged: &[Value],
    ) -> anyhow::Result<Intent> {
        let names = |values: &[Value]| values.iter().map(|one| one.name.clone()).collect();
        let intent = Intent {
            layout: LAYOUT,
            base,
            hash,
            committed: false,
            fresh: names(fresh),
            staged: names(staged),
            done,
        };
        let written = self.write(&intent).and_then(|()| {
            for one in staged {
                self.vault.stage(&one.name, &one.content)?;
            }
            for one in fresh {
                self.vault.write(&one.name, &one.content)?;
            }
            Ok(())
        });
        match written {
            Ok(()) => Ok(intent),
            Err(error) => {
                self.undo_or_tell(&intent);
                Err(error)
            }
        }
    }

    /// Says that the new state holds, where no revision does: the document stays the same.
    ///
    /// # Errors
    /// When it cannot be written; the new state then does not hold.
    pub(crate) fn commit(&self, intent: Intent) -> anyhow::Result<Intent> {
        let intent = Intent {
            committed: true,
            ..intent
        };
        self.write(&intent)?;
        Ok(intent)
    }

    /// Lets what waits take its place. It can be done again.
    ///
    /// # Errors
    /// When the file system refuses; the next attempt goes on.
    pub(crate) fn finish(&self, intent: &Intent) -> Result<(), VaultError> {
        for name in &intent.staged {
            self.vault.promote(name)?;
        }
        super::note(&self.data_dir, &intent.done);
        self.vault.remove_for_good(INTENT)
    }

    /// Takes back what was written. It can be done again.
    ///
    /// # Errors
    /// When the file system refuses; the next attempt goes on.
    pub(crate) fn undo(&self, intent: &Intent) -> Result<(), VaultError> {
        for name in &intent.staged {
            self.vault.unstage(name)?;
        }
        for name in &intent.fresh {
            self.vault.remove(name)?;
        }
        self.vault.remove_for_good(INTENT)
    }

    /// [`Self::undo`], where there is an error to tell already.
    pub(crate) fn undo_or_tell(&self, intent: &Intent) {
        if let Err(error) = self.undo(intent) {
            let error = format!("{:#}", anyhow::Error::from(error));
            tracing::warn!(
                error,
                "what a restore wrote is taken back at the next start"
            );
        }
    }

    fn write(&self, intent: &Intent) -> anyhow::Result<()> {
        let json = Zeroizing::new(serde_json::to_vec(intent)?);
        Ok(self.vault.write(INTENT, &json)?)
    }

    /// What is under way.
    ///
    /// # Errors
    /// When it cannot be read, or a newer version wrote it.
    pub(crate) fn pending(&self) -> anyhow::Result<Option<Intent>> {
        let json = match self.vault.read(INTENT) {
            Ok(json) => json,
            Err(VaultError::Missing(_)) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let intent: Intent = serde_json::from_slice(&json)
            .context("what a restore was about to do cannot be read")?;
        anyhow::ensure!(
            intent.layout <= LAYOUT,
            "a newer version was restoring; start that version once"
        );
        Ok(Some(intent))
    }

    /// Brings what is under way to its end, or takes it back.
    ///
    /// # Errors
    /// When it cannot be found out, or not be done; the next attempt goes on.
    pub(crate) async fn settle(&self, store: &Store) -> anyhow::Result<Recovered> {
        let Some(intent) = self.pending()? else {
            return Ok(Recovered::Nothing);
        };
        if holds(&intent, store).await? {
            self.finish(&intent)?;
            return Ok(Recovered::Finished);
        }
        self.undo(&intent)?;
        Ok(Recovered::TakenBack)
    }
}

/// Whether the new state is in force: the revision behind the one before is what it was to be.
async fn holds(intent: &Intent, store: &Store) -> anyhow::Result<bool> {
    if intent.committed {
        return Ok(true);
    }
    if let Some(problem) = store.problem() {
        anyhow::bail!("the state cannot be used: {problem}");
    }
    let behind = store.history(Some(intent.base + 2), 1).await?;
    let made = behind.first();
    Ok(made.is_some_and(|made| made.number == intent.base + 1 && made.content_hash == intent.hash))
}

/// Goes on with what was under way when the process before ended. Called before anything else uses
/// the data directory.
pub(crate) async fn recover(data_dir: &Path, store: &Store) -> Recovered {
    let journal = Journal::new(data_dir);
    let recovered = match journal.settle(store).await {
        Ok(recovered) => recovered,
        Err(error) => {
            let error = format!("{error:#}");
            tracing::error!(
                error,
                "a restore was interrupted and cannot be gone on with"
            );
            return Recovered::Nothing;
        }
    };
    if let Some(told) = recovered.told() {
        tracing::warn!("{told}");
    }
    if let Err(error) = journal.vault.unstage_all() {
        let error = format!("{:#}", anyhow::Error::from(error));
        tracing::warn!(error, "what a restore left behind was not removed");
    }
    recovered
}
