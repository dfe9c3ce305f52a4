//! Other names of gateways at a target.
//!
//! A handover takes a tunnel to the same gateway by another name: what the source vouches for is
//! certified there. Another gateway knows nothing of the agent, and needs a new enrolment.

use std::collections::BTreeSet;

use underpass_shared::config::SubaccountKey;
use underpass_shared::id::RegionHost;
use underpass_shared::restore::RegionRule;

use super::wish::{PlanError, REPLACEMENTS_MAX};

/// Checks the rules of a target against the subaccounts that go there.
pub(super) fn check<'a>(
    rules: &[RegionRule],
    subaccounts: impl Iterator<Item = &'a SubaccountKey>,
) -> Result<(), PlanError> {
    if rules.len() > REPLACEMENTS_MAX {
        return Err(PlanError::TooManyReplacements);
    }
    let known: BTreeSet<&RegionHost> = subaccounts.map(|key| &key.region_host).collect();
    let mut seen = BTreeSet::new();
    for rule in rules {
        if rule.find == rule.replace {
            return Err(PlanError::SameRegion(rule.find.clone()));
        }
        if !seen.insert(&rule.find) {
            return Err(PlanError::RegionTwice(rule.find.clone()));
        }
        if !known.contains(&rule.find) {
            let all: Vec<String> = known.iter().map(ToString::to_string).collect();
            return Err(PlanError::NoRegion {
                region: rule.find.clone(),
                known: all.join(", "),
            });
        }
    }
    Ok(())
}

/// The name of a gateway at the target.
pub(super) fn renamed(region: &RegionHost, rules: &[RegionRule]) -> RegionHost {
    let rule = rules.iter().find(|rule| rule.find == *region);
    rule.map_or(region, |rule| &rule.replace).clone()
}

/// What somebody should know who gives a gateway another name.
pub(super) fn warning(rule: &RegionRule) -> String {
    format!(
        "the gateway {} is called {} at the target: that must be another name of the same gateway, \
         which its certificate has; another gateway needs a new enrolment with a token of its own, so \
         move without this rule, or enrol the target there and bring the mappings along in a file",
        rule.find, rule.replace
    )
}
