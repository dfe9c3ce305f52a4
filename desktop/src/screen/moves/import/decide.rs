//! What is decided about what was found, as it is typed.

mod found;
mod rows;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use underpass_runtime::random;
use underpass_shared::api::management::ImportMode;
use underpass_shared::config::Document;
use underpass_shared::scc::{Choice, Kind, Planned, Prefix, Reading, Report, Topic, plan};

/// Which part of the report is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Part {
    #[default]
    Decisions,
    Of(Kind),
    Todo,
}

/// What is typed about one subaccount whose id is none here.
#[derive(Clone, Debug, Default)]
struct Renamed {
    id: String,
    left_out: bool,
}

/// What the operator decides, as it is typed.
#[derive(Default)]
pub(super) struct Decide {
    part: Part,
    regions: BTreeMap<String, String>,
    subaccounts: BTreeMap<String, Renamed>,
    locations: BTreeMap<String, String>,
    topics: BTreeSet<Topic>,
    segments: bool,
    strict_sessions: bool,
    trust_all: bool,
    pub(super) without_settings: bool,
    pub(super) overwrite: bool,
    /// Greater with each change of these.
    pub(super) version: u64,
    made: Option<(u64, Result<Arc<Planned>, String>)>,
}

impl Decide {
    /// Begins with another reading.
    pub(super) fn begin(&mut self, reading: &Reading) {
        *self = Self::default();
        self.plan(reading);
        let decisions = self
            .planned()
            .map(|planned| planned.report.decisions.clone());
        for one in decisions.unwrap_or_default() {
            self.topics.insert(one.topic);
            let key = one.key;
            match one.topic {
                Topic::Region => drop(self.regions.insert(key, String::new())),
                Topic::Subaccount => drop(self.subaccounts.insert(key, Renamed::default())),
                Topic::LocationId => drop(self.locations.insert(key, String::new())),
                Topic::Enrolment
                | Topic::Keys
                | Topic::Passwords
                | Topic::Prefix
                | Topic::Sessions
                | Topic::TrustAll
                | Topic::LocalHosts
                | Topic::Conflict => {}
            }
        }
    }

    /// What is decided, as far as it follows the rules.
    pub(super) fn choice(&self) -> Choice {
        fn parsed<T: std::str::FromStr>(typed: &BTreeMap<String, String>) -> BTreeMap<String, T> {
            let all = typed.iter();
            all.filter_map(|(key, typed)| Some((key.clone(), typed.trim().parse().ok()?)))
                .collect()
        }
        let renamed = self.subaccounts.iter();
        let renamed = renamed.filter(|(_, one)| !one.left_out);
        let left_out = self.subaccounts.iter().filter(|(_, one)| one.left_out);
        Choice {
            regions: parsed(&self.regions),
            subaccounts: renamed
                .filter_map(|(key, one)| Some((key.clone(), one.id.trim().parse().ok()?)))
                .collect(),
            locations: parsed(&self.locations),
            left_out: left_out.map(|(key, _)| key.clone()).collect(),
            prefix: if self.segments {
                Prefix::Segments
            } else {
                Prefix::Keep
            },
            strict_sessions: self.strict_sessions,
            trust_all: self.trust_all,
            without_settings: self.without_settings,
            mode: if self.overwrite {
                ImportMode::Overwrite
            } else {
                ImportMode::Merge
            },
        }
    }

    /// Plans for an agent without any configuration, where something was decided anew.
    pub(super) fn plan(&mut self, reading: &Reading) {
        if self
            .made
            .as_ref()
            .is_some_and(|(of, _)| *of == self.version)
        {
            return;
        }
        let planned = plan(reading, &Document::empty(), &self.choice(), &mut random::id);
        let planned = planned.map(Arc::new).map_err(|rule| rule.to_string());
        self.made = Some((self.version, planned));
    }

    pub(super) fn planned(&self) -> Option<Arc<Planned>> {
        let (_, made) = self.made.as_ref()?;
        made.as_ref().ok().cloned()
    }

    pub(super) fn refused(&self) -> Option<String> {
        match &self.made {
            Some((_, Err(rule))) => Some(rule.clone()),
            Some((_, Ok(_))) => None,
            None => Some("there is no plan yet".to_owned()),
        }
    }

    /// How many decisions are open.
    pub(super) fn open(report: &Report) -> usize {
        report.decisions.iter().filter(|one| one.open).count()
    }
}
