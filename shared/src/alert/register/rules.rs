//! What is looked at, and how conditions become alerts.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::alert::category::Category;
use crate::alert::code::Code;
use crate::alert::record::{AlertId, Condition};

/// How long a condition must be away before its alert is resolved, unless rules say otherwise.
const QUIET: Duration = Duration::from_secs(60);

/// What one look found.
#[derive(Clone, Debug, Default)]
pub struct Look {
    /// All that is wrong.
    pub conditions: Vec<Condition>,
    /// What could not be judged this time: what is not found of it is not taken for gone.
    pub unknown: BTreeSet<Code>,
    /// The same of single things.
    pub undecided: BTreeSet<AlertId>,
}

impl From<Vec<Condition>> for Look {
    fn from(conditions: Vec<Condition>) -> Self {
        Self {
            conditions,
            ..Self::default()
        }
    }
}

impl Look {
    /// Takes in what somebody else found.
    pub fn join(&mut self, other: Self) {
        self.conditions.extend(other.conditions);
        self.unknown.extend(other.unknown);
        self.undecided.extend(other.undecided);
    }
}

/// How conditions become alerts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Categories of which nobody is told; their alerts can be seen.
    pub off: BTreeSet<Category>,
    /// How long conditions must stand, where it is another time than [`Code::visible_after`].
    pub delays: BTreeMap<Code, Duration>,
    /// How long a condition must be away before its alert is resolved. It doubles with each time
    /// that it came back within an hour, up to an hour.
    pub quiet: Duration,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            off: BTreeSet::new(),
            delays: BTreeMap::new(),
            quiet: QUIET,
        }
    }
}

impl Rules {
    pub(super) fn tells(&self, code: Code) -> bool {
        !self.off.contains(&code.category())
    }

    pub(super) fn visible_after(&self, code: Code) -> Duration {
        let delay = self.delays.get(&code).copied();
        delay.unwrap_or_else(|| code.visible_after())
    }
}
