//! The steps of a migration, and what takes each of them back.

use std::fmt;

use serde::{Deserialize, Serialize};
use underpass_shared::id::AgentId;

use super::plan::{Mode, Origin, Plan};

/// One thing that is done for one target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Act {
    /// The target tries to reach every internal host and the gateways.
    Preflight,
    /// Configuration and secrets travel, sealed for the target, which says what it would change.
    Transfer,
    /// The target makes them its own; no tunnel opens yet.
    Apply,
    /// The source vouches to the gateways for keys that the target made.
    Vouch,
    /// The target takes the certificates and opens its tunnels, which carry nothing yet.
    Accept,
    /// All tunnels of the target are up.
    Connect,
    /// The gateways send new requests to the target; those that run finish at the source.
    Switch,
    /// The target is asked whether all works.
    Verify,
    /// The source closes the tunnels that it moved.
    Release,
}

impl Act {
    /// What a person is told that is being done.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Preflight => "check from the target",
            Self::Transfer => "transfer the configuration",
            Self::Apply => "apply it on the target",
            Self::Vouch => "vouch for the target",
            Self::Accept => "take over the certificates",
            Self::Connect => "open the tunnels of the target",
            Self::Switch => "cut over",
            Self::Verify => "verify",
            Self::Release => "release the source",
        }
    }

    /// Whether it changes nothing at all, but for what is thrown away afterwards.
    pub const fn is_harmless(self) -> bool {
        match self {
            Self::Preflight | Self::Transfer => true,
            Self::Apply
            | Self::Vouch
            | Self::Accept
            | Self::Connect
            | Self::Switch
            | Self::Verify
            | Self::Release => false,
        }
    }

    /// What a person is told that takes it back; nothing where nothing is left behind.
    pub const fn undoing(self) -> Option<&'static str> {
        match self {
            Self::Preflight | Self::Connect | Self::Verify => None,
            Self::Transfer => Some("throw the transferred configuration away"),
            Self::Apply => Some("take the configuration of the target back"),
            Self::Vouch => Some("take the word for the target back"),
            Self::Accept => Some("close the tunnels of the target"),
            Self::Switch => Some("cut back to the source"),
            Self::Release => Some("open the tunnels of the source again"),
        }
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.title())
    }
}

/// A thing that is done, and for which target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// For which target.
    pub target: AgentId,
    /// What.
    pub act: Act,
}

/// All steps of a plan in their order.
///
/// What changes nothing comes first, for all targets: most plans that fail, fail there. The source
/// is released last, when all targets were verified.
pub fn steps(plan: &Plan) -> Vec<Step> {
    const BEFORE: &[Act] = &[Act::Preflight];
    const HANDED_OVER: &[Act] = &[
        Act::Transfer,
        Act::Apply,
        Act::Vouch,
        Act::Accept,
        Act::Connect,
        Act::Switch,
        Act::Verify,
    ];
    // The keys come with the backup, and nobody is there to vouch.
    const RESTORED: &[Act] = &[Act::Transfer, Act::Apply, Act::Connect, Act::Verify];
    const AFTER: &[Act] = &[Act::Release];
    let (before, each, after): (&[Act], _, &[Act]) = match (&plan.origin, plan.mode) {
        (Origin::Agent { .. }, Mode::Move) => (BEFORE, HANDED_OVER, AFTER),
        (Origin::Agent { .. }, Mode::Copy) => (BEFORE, HANDED_OVER, &[]),
        (Origin::Backup { .. }, _) => (BEFORE, RESTORED, &[]),
    };
    let all = |acts: &[Act]| -> Vec<Step> {
        let targets = plan.targets.iter().map(|target| target.agent);
        let steps = targets.flat_map(|target| acts.iter().map(move |&act| Step { target, act }));
        steps.collect()
    };
    [all(before), all(each), all(after)].concat()
}
