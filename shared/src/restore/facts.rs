//! What a restore has to know of the host that it is made on.

use std::collections::{BTreeMap, BTreeSet};

use crate::host::InternalHost;
use crate::id::{AgentId, CredentialId, InstanceId, RegionHost};

/// How a value here stands to the one of the same id in the backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeldValue {
    /// It is the same, or the backup has none.
    Same,
    /// It is another one.
    Other,
}

/// The certificate of an enrolment that is kept here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldEnrolment {
    /// Start of its validity, milliseconds UTC: the newer one was issued later.
    pub not_before_ms: i64,
}

/// What the agent has already.
#[derive(Clone, Debug, Default)]
pub struct Held {
    /// Whether nothing was ever configured here.
    pub is_new: bool,
    /// The agent by its identity; none where it has none yet.
    pub agent: Option<AgentId>,
    /// Values whose ids the document in the backup names.
    pub values: BTreeMap<CredentialId, HeldValue>,
    /// Enrolments that the present document or the one in the backup names.
    pub enrolments: BTreeMap<InstanceId, HeldEnrolment>,
}

/// What is to be found out before a restore.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Questions {
    /// Whether these names of internal hosts resolve.
    pub hosts: BTreeSet<InternalHost>,
    /// Whether these local ports are free.
    pub ports: BTreeSet<u16>,
    /// Whether these gateways can be reached.
    pub gateways: BTreeSet<RegionHost>,
}

/// What was found out.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The time, milliseconds UTC.
    pub now_ms: i64,
    /// Names that do not resolve, and why.
    pub unresolved: BTreeMap<InternalHost, String>,
    /// Ports that are taken, and why they count so.
    pub taken: BTreeMap<u16, String>,
    /// Gateways that cannot be reached, and why.
    pub unreachable: BTreeMap<RegionHost, String>,
    /// Enrolments by which another process holds tunnels now.
    pub elsewhere: BTreeSet<InstanceId>,
    /// Enrolments that their gateways refuse, and what they say.
    pub refused: BTreeMap<InstanceId, String>,
    /// Questions that were left open because there were too many.
    pub unanswered: usize,
}
