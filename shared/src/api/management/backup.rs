//! Backups: what is asked for, and what was found in one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::lenient::Flag;
use crate::backup::{KeptSecret, REVISIONS_DEFAULT, RecipientText};
use crate::config::Number;
use crate::hash::Hash256;
use crate::id::AgentId;
use crate::restore::Adaptation;

/// Characters of a passphrase at least: an archive may lie about for years and be tried at leisure.
pub const PASSPHRASE_LEN_MIN: usize = 12;
/// Bytes of a passphrase at most; longer ones are a mistaken file.
pub const PASSPHRASE_LEN_MAX: usize = 1_024;

/// Revisions of the history that a backup has.
pub type BackupHistory = Number<0, 1_000>;

/// A backup that is asked for: sealed with a password or to recipients.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BackupInput {
    /// The passphrase, of 12 characters at least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<KeptSecret>,
    /// Public keys of age; whoever has the private key of one opens the backup.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recipients: Vec<RecipientText>,
    /// How many of the newest revisions it has.
    #[serde(default = "some_history")]
    pub history: BackupHistory,
    /// Whether it has what belongs to the host too: the listen address, and the key of the
    /// certificate that the management API shows.
    #[serde(default)]
    pub include_machine: Flag,
}

const fn some_history() -> BackupHistory {
    Number::constant(20)
}

const _: () = assert!(REVISIONS_DEFAULT == 20);

impl Default for BackupInput {
    fn default() -> Self {
        Self {
            password: None,
            recipients: vec![],
            history: some_history(),
            include_machine: Flag(false),
        }
    }
}

/// The form that comes with an archive: its file, and what opens it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VerificationForm {
    /// The archive.
    pub backup: String,
    /// The passphrase that it was sealed with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<KeptSecret>,
    /// Instead, the private key of one of its recipients.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<KeptSecret>,
}

/// An archive that is whole, and what is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BackupVerified {
    /// The agent by its identity.
    pub instance: AgentId,
    /// Whether it is this agent.
    pub own: bool,
    /// When it was made, milliseconds UTC.
    pub created_time_stamp: i64,
    /// The version of the agent that made it.
    pub product_version: String,
    /// The layout of its content.
    pub format: u32,
    /// Which state of the configuration it is.
    pub revision: BackupHead,
    /// How many subaccounts there are.
    pub subaccounts: usize,
    /// How many system mappings there are.
    pub mappings: usize,
    /// How many resources there are.
    pub resources: usize,
    /// How many operators there are.
    pub operators: usize,
    /// How many revisions of the history there are.
    pub revisions: usize,
    /// How many passwords and private keys there are.
    pub secrets: usize,
    /// How many client certificates of subaccounts there are.
    pub enrolments: usize,
    /// Whether it has what belongs to the host.
    pub machine: bool,
    /// What a restore could not bring back, or only in part.
    pub warnings: Vec<String>,
    /// How much a restore would change here that is told one by one in its plan.
    #[serde(default)]
    pub changes: usize,
    /// What somebody should look at before a restore here.
    #[serde(default)]
    pub adaptations: Vec<Adaptation>,
    /// Why a restore here would be refused, if so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// A state of the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BackupHead {
    /// The number of the revision.
    pub number: u64,
    /// The hash of the document.
    pub hash: Hash256,
}
