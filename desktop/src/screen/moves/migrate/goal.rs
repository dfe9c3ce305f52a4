//! What somebody wants of one target.

use std::collections::BTreeSet;

use underpass_fleet::migrate::plan::{REPLACEMENTS_MAX, TargetWish};
use underpass_shared::config::SubaccountKey;
use underpass_shared::id::{AgentId, LocationId, RegionHost};
use underpass_shared::restore::{HostRule, NameRule, RegionRule};

use super::trials::Tests;

/// One thing in place of another, as it is typed.
#[derive(Clone, Debug, Default)]
pub(super) struct Rule {
    pub(super) find: String,
    pub(super) replace: String,
}

impl Rule {
    /// The same without a thing to find is none.
    fn is_empty(&self) -> bool {
        self.find.trim().is_empty() && self.replace.trim().is_empty()
    }

    fn host(&self) -> HostRule {
        HostRule {
            find: self.find.trim().to_owned(),
            replace: self.replace.trim().to_owned(),
        }
    }

    /// Which rule it breaks as a replacement of hosts.
    pub(super) fn wrong_host(&self) -> Option<String> {
        if self.is_empty() {
            return None;
        }
        self.host().check().err().map(|rule| rule.to_string())
    }

    fn region(&self) -> Result<RegionRule, String> {
        let parse = |text: &str| text.trim().parse::<RegionHost>();
        let find = parse(&self.find).map_err(|rule| rule.to_string())?;
        let replace = parse(&self.replace).map_err(|rule| rule.to_string())?;
        if find == replace {
            return Err("it is called so already".to_owned());
        }
        Ok(RegionRule { find, replace })
    }

    /// Which rule it breaks as another name of a gateway.
    pub(super) fn wrong_region(&self) -> Option<String> {
        if self.is_empty() {
            return None;
        }
        self.region().err()
    }

    /// Which rule it breaks as a replacement in names.
    pub(super) fn wrong_name(&self) -> Option<String> {
        let wrong = self.find.trim().is_empty() && !self.is_empty();
        wrong.then(|| "name what is replaced".to_owned())
    }
}

/// One target, as it is typed.
#[derive(Clone, Debug)]
pub(super) struct Goal {
    pub(super) agent: AgentId,
    pub(super) subaccounts: BTreeSet<SubaccountKey>,
    pub(super) hosts: Vec<Rule>,
    pub(super) regions: Vec<Rule>,
    pub(super) names: Vec<Rule>,
    pub(super) location: String,
    pub(super) tests: Tests,
}

impl Goal {
    pub(super) const fn of(agent: AgentId) -> Self {
        Self {
            agent,
            subaccounts: BTreeSet::new(),
            hosts: vec![],
            regions: vec![],
            names: vec![],
            location: String::new(),
            tests: Tests::new(),
        }
    }

    /// Which rule the location ID of a copy breaks.
    pub(super) fn wrong_location(&self) -> Option<String> {
        let parsed = self.location.trim().parse::<LocationId>();
        parsed.err().map(|rule| rule.to_string())
    }

    /// Why it cannot be wished for.
    pub(super) fn broken(&self, copy: bool) -> Option<String> {
        if self.subaccounts.is_empty() {
            return Some("choose a subaccount for it".to_owned());
        }
        if self.hosts.len().max(self.regions.len()) > REPLACEMENTS_MAX {
            return Some(format!(
                "at most {REPLACEMENTS_MAX} replacements are allowed"
            ));
        }
        let hosts = self.hosts.iter().find_map(Rule::wrong_host);
        let regions = || self.regions.iter().find_map(Rule::wrong_region);
        let names = || self.names.iter().find_map(Rule::wrong_name);
        let location = || self.wrong_location().filter(|_| copy);
        let tests = || self.tests.broken();
        hosts
            .or_else(regions)
            .or_else(names)
            .or_else(location)
            .or_else(tests)
    }

    /// What is wanted of it.
    pub(super) fn wish(&self, copy: bool) -> TargetWish {
        let hosts = self.hosts.iter().filter(|rule| !rule.is_empty());
        let regions = self.regions.iter().filter_map(|rule| rule.region().ok());
        let names = self.names.iter().filter(|rule| !rule.is_empty());
        TargetWish {
            agent: self.agent,
            subaccounts: self.subaccounts.iter().cloned().collect(),
            hosts: hosts.map(Rule::host).collect(),
            regions: regions.collect(),
            tests: self.tests.wish(&self.subaccounts),
            names: names
                .map(|rule| NameRule {
                    find: rule.find.clone(),
                    replace: rule.replace.clone(),
                })
                .collect(),
            location_id: copy.then(|| self.location.trim().parse().ok()).flatten(),
        }
    }
}
