//! Alerts: what stands and what stood, and what operators do about it.

use super::super::{AlertList, AlertState, SilenceInput};
use super::parameters::LIMIT;
use super::{Operation, Parameter};
use crate::alert::Alert;
use crate::rights::Access::{Read, Trace};

pub(crate) const ALERTS: &str = "/api/v1/alerts";
pub(crate) const ALERT: &str = "/api/v1/alerts/{alert}";
pub(crate) const ACKNOWLEDGE: &str = "/api/v1/alerts/{alert}/acknowledge";
pub(crate) const SILENCE: &str = "/api/v1/alerts/{alert}/silence";

const STATE: Parameter = Parameter::of::<AlertState>(
    "state",
    "Those that stand (active, as without it), those that stood (history), or all.",
);

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::get(
        ALERTS,
        Read,
        "Lists alerts: those that stand first, of each the newest first.",
    )
    .gives::<AlertList>()
    .options(&[STATE, LIMIT])
    .conflicts(),
    Operation::get(ALERT, Read, "Shows an alert.")
        .gives::<Alert>()
        .conflicts(),
    Operation::delete(
        ALERT,
        Trace,
        "Removes an alert; it comes back if what it tells of still stands at the next look.",
    )
    .acts()
    .conflicts(),
    Operation::post(
        ACKNOWLEDGE,
        Trace,
        "Takes note of an alert, so that nobody is reminded of it.",
    )
    .acts()
    .gives::<Alert>()
    .conflicts(),
    Operation::post(
        SILENCE,
        Trace,
        "Tells nobody of an alert until a time, or again from now on.",
    )
    .takes::<SilenceInput>()
    .acts()
    .gives::<Alert>()
    .conflicts(),
];
