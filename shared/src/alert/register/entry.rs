//! One condition that is followed, and how far it is told.

use serde::{Deserialize, Serialize};

use crate::alert::record::{Alert, AlertId, Happening};

/// At how many days left something reminds that ends by itself.
const REMIND_AT: [i64; 5] = [30, 14, 7, 3, 1];

/// How far an alert is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Stage {
    /// It does not stand long enough yet.
    Pending,
    /// It is an alert, but something forbids to tell of it, until that is over.
    Owed,
    /// It is an alert of a category of which nobody was to be told when it was raised.
    Kept,
    /// It was told.
    Told,
}

/// A condition is away, perhaps not for long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Gone {
    /// Since when, milliseconds UTC.
    pub since_ms: i64,
    /// For how long, by the clock that never jumps.
    pub lasted_ms: u64,
}

/// A condition that is followed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry {
    /// Its alert; number 0 before it is one.
    pub alert: Alert,
    pub stage: Stage,
    /// How long the condition stood before it was an alert.
    pub stood_ms: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gone: Option<Gone>,
    /// Days that were left when it was last told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days_told: Option<i64>,
    /// Somebody deleted the alert; it comes back if the condition is seen again.
    #[serde(default)]
    pub is_deleted: bool,
}

impl Entry {
    pub(super) fn new(id: AlertId, since_ms: i64) -> Self {
        let code = id.code;
        let alert = Alert {
            number: 0,
            id,
            category: code.category(),
            severity: code.severity(),
            title: code.title().to_owned(),
            text: String::new(),
            remedy: code.remedy().to_owned(),
            since_ms,
            resolved_ms: None,
            acknowledged: None,
            silenced_until_ms: None,
            hides: 0,
        };
        Self {
            alert,
            stage: Stage::Pending,
            stood_ms: 0,
            gone: None,
            days_told: None,
            is_deleted: false,
        }
    }

    /// Whether it is more than a condition.
    pub(super) fn is_raised(&self) -> bool {
        self.stage != Stage::Pending
    }

    /// Whether those who look see it.
    pub(super) fn is_listed(&self) -> bool {
        self.is_raised() && !self.is_deleted
    }

    /// What is to be told of it now, if anything; `held` is true while nothing may be.
    pub(super) fn proceed(
        &mut self,
        days_left: Option<i64>,
        held: bool,
        tells: bool,
    ) -> Option<Happening> {
        if held {
            return None;
        }
        let happening = match self.stage {
            Stage::Pending => return None,
            Stage::Owed => {
                self.stage = if tells { Stage::Told } else { Stage::Kept };
                Happening::Raised
            }
            Stage::Kept | Stage::Told => {
                let (left, told) = (days_left?, self.days_told?);
                if !reminds(left, told) {
                    return None;
                }
                if self.alert.acknowledged.is_some() {
                    self.days_told = days_left;
                    return None;
                }
                Happening::Reminded
            }
        };
        self.days_told = days_left;
        Some(happening)
    }
}

/// Whether one of the days to remind at lies between what was told last and what is left.
pub(super) fn reminds(left: i64, told: i64) -> bool {
    REMIND_AT.iter().any(|at| left <= *at && *at < told)
}
