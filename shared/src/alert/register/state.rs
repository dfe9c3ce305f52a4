//! The register as it is kept.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::Register;
use super::entry::Entry;
use super::returns::Return;
use crate::alert::record::{Alert, AlertId};

/// Something of which nobody is told.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Silence {
    id: AlertId,
    until_ms: i64,
}

/// The JSON of the register. It is read as tolerantly as answers: another version may have written
/// it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct State {
    next_alert: u64,
    next_notice: u64,
    #[serde(default)]
    entries: Vec<Entry>,
    #[serde(default)]
    history: VecDeque<Alert>,
    #[serde(default)]
    silences: Vec<Silence>,
    #[serde(default)]
    returns: Vec<Return>,
}

impl From<State> for Register {
    fn from(state: State) -> Self {
        let entries = state.entries.into_iter();
        let silences = state.silences.into_iter();
        Self {
            entries: entries.map(|one| (one.alert.id.clone(), one)).collect(),
            history: state.history,
            silences: silences.map(|one| (one.id, one.until_ms)).collect(),
            returns: state.returns.into(),
            next_alert: state.next_alert,
            next_notice: state.next_notice,
            stepped: None,
            changed: false,
        }
    }
}

impl From<Register> for State {
    fn from(register: Register) -> Self {
        let silences = register.silences.into_iter();
        Self {
            next_alert: register.next_alert,
            next_notice: register.next_notice,
            entries: register.entries.into_values().collect(),
            history: register.history,
            silences: silences
                .map(|(id, until_ms)| Silence { id, until_ms })
                .collect(),
            returns: register.returns.into(),
        }
    }
}
