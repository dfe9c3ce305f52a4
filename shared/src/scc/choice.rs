//! What the operator decides beforehand.

use std::collections::{BTreeMap, BTreeSet};

use super::address::SourceSubaccount;
use crate::api::management::ImportMode;
use crate::id::{LocationId, RegionHost, SubaccountId};

/// What becomes of resources that open every path which begins with their characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Prefix {
    /// They keep that meaning, and are marked as risky.
    #[default]
    Keep,
    /// They open whole segments only.
    Segments,
}

/// What the operator decides.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// The gateway in place of each region's host.
    pub regions: BTreeMap<String, RegionHost>,
    /// Other ids for subaccounts, by the id or by `id@regionHost`.
    pub subaccounts: BTreeMap<String, SubaccountId>,
    /// Other location IDs.
    pub locations: BTreeMap<String, LocationId>,
    /// Subaccounts that stay where they are, by the id or by `id@regionHost`.
    pub left_out: BTreeSet<String>,
    /// What becomes of plain prefixes.
    pub prefix: Prefix,
    /// Whether the sessions in URLs of ABAP systems are not matched around.
    pub strict_sessions: bool,
    /// Whether "trust all back ends" is carried, if the connector has it.
    pub trust_all: bool,
    /// Whether settings of the connector as a whole stay behind.
    pub without_settings: bool,
    /// What becomes of what the agent has already in another form.
    pub mode: ImportMode,
}

impl Choice {
    /// Whether a subaccount stays where it is.
    pub(super) fn leaves_out(&self, one: &SourceSubaccount) -> bool {
        self.left_out.contains(&one.subaccount) || self.left_out.contains(&one.to_string())
    }

    /// The id of a subaccount here, where another one was named.
    pub(super) fn renamed(&self, one: &SourceSubaccount) -> Option<SubaccountId> {
        let full = self.subaccounts.get(&one.to_string());
        full.or_else(|| self.subaccounts.get(&one.subaccount))
            .copied()
    }

    /// The gateway in place of a region's host, compared without regard to case.
    pub(super) fn region(&self, host: &str) -> Option<&RegionHost> {
        let mut all = self.regions.iter();
        let found = all.find(|(name, _)| name.eq_ignore_ascii_case(host));
        found.map(|(_, region)| region)
    }
}
