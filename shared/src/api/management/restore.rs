//! Restores as the API tells them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::Change;
use crate::hash::Hash256;
use crate::id::{AgentId, PlanId};
use crate::restore::{Adaptation, Choice, RestorePart, SecretCounts};

/// The form that a plan is made from, by its parts. One of `password` and `identity` is given, or
/// neither where the backup is sealed to the key of `restore/recipient`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RestoreForm {
    /// The archive.
    #[schemars(extend("format" = "binary"))]
    pub backup: String,
    /// Its passphrase.
    pub password: Option<String>,
    /// The private key that it is sealed to, `AGE-SECRET-KEY-1…`.
    pub identity: Option<String>,
    /// What of it is to be restored, and how, as JSON.
    pub choice: Option<Choice>,
}

/// Where a backup comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RestoreOrigin {
    /// The agent by its identity.
    pub agent: AgentId,
    /// When it was made, milliseconds UTC.
    pub created_time_stamp: i64,
    /// The version of the agent that made it.
    pub version: String,
    /// The number of the revision in it.
    pub revision: u64,
    /// The hash of its document.
    pub hash: Hash256,
}

/// What a restore would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RestorePlanShown {
    /// Its id, to apply it.
    pub id: PlanId,
    /// When it is forgotten, milliseconds UTC.
    pub expires_time_stamp: i64,
    /// The backup.
    pub backup: RestoreOrigin,
    /// The revision that it was made for; with another one it is made anew.
    pub revision: u64,
    /// The parts that are restored.
    pub parts: Vec<RestorePart>,
    /// What was asked for.
    pub choice: Choice,
    /// What would change.
    pub changes: Vec<Change>,
    /// What somebody should look at.
    pub adaptations: Vec<Adaptation>,
    /// Further ones that are not listed.
    pub more_adaptations: usize,
    /// Passwords and keys.
    pub secrets: SecretCounts,
    /// Whether the agent takes another identity.
    pub identity_changes: bool,
    /// Why it cannot be applied, if so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// What became of it, once it was applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applied: Option<RestoreApplied>,
}

/// What a restore, or the way back, did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RestoreApplied {
    /// The plan; none for the way back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<PlanId>,
    /// The revision afterwards.
    pub revision: u64,
    /// Whether the document changed at all.
    pub changed: bool,
    /// When, milliseconds UTC.
    pub time_stamp: i64,
    /// Who did it.
    pub author: String,
    /// What was done.
    pub reason: String,
}

/// How far a restore is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum RestoreStep {
    /// Secrets and what replaces others are written beside what is in force.
    Staging,
    /// The revision is written.
    Committing,
    /// What was written beside takes its place.
    Finishing,
}

/// What goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum RestoreState {
    /// Nothing.
    #[default]
    Idle,
    /// Something is being restored.
    Restoring(RestoreStep),
    /// The last restore is in force, but could not be brought to its end; it is tried again, at the
    /// latest at the next start.
    Unfinished,
}

/// The way back that there is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RollbackOffer {
    /// The revision that it takes back; none where only secrets or the identity changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
    /// When that was made, milliseconds UTC.
    pub time_stamp: i64,
    /// Whether the identity goes back too.
    pub identity: bool,
}

/// What is being restored, and what was.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RestoreShown {
    /// What goes on now.
    pub state: RestoreState,
    /// What was done last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<RestoreApplied>,
    /// The way back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollback: Option<RollbackOffer>,
    /// Plans that wait.
    pub plans: Vec<PlanId>,
}

/// A key that a backup can be sealed to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecipientShown {
    /// The public half, `age1…`.
    pub recipient: String,
    /// Until when the other half is kept, milliseconds UTC.
    pub expires_time_stamp: i64,
}
