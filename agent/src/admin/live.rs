//! What the handlers of a running agent have beside the configuration.

use underpass_runtime::telemetry::{Levels, LogFiles};

use crate::alerts::Alerts;
use crate::control::Control;
use crate::deliver::Delivery;
use crate::diagnosis::Diagnoses;
use crate::events::Events;
use crate::forward::OwnListeners;
use crate::history::Kept;
use crate::logs::Logs;
use crate::measure::Meter;
use crate::probes::Probes;
use crate::status::StatusBoard;
use crate::trace::Traces;

/// What only an agent has that runs.
pub(crate) struct Live {
    /// Its state.
    pub(crate) board: StatusBoard,
    /// Where it tells what happens.
    pub(crate) events: Events,
    /// Where it listens itself; no check may reach that.
    pub(crate) own: OwnListeners,
    /// What is wrong.
    pub(crate) alerts: Alerts,
    /// Their delivery; None where nothing of it can be kept.
    pub(crate) delivery: Option<Delivery>,
    /// What was logged.
    pub(crate) logs: Logs,
    /// The files of the log; None where there are none.
    pub(crate) log_files: Option<LogFiles>,
    /// Which records are logged; None in tests, which do not start the log.
    pub(crate) levels: Option<Levels>,
    /// Where the process is told what to do.
    pub(crate) control: Control,
    /// What is measured.
    pub(crate) meter: Meter,
    /// What was measured, or why there is nothing.
    pub(crate) history: Result<Kept, String>,
    /// What goes wrong.
    pub(crate) diagnoses: Diagnoses,
    /// Payload that is traced.
    pub(crate) traces: Traces,
    /// Back ends that are asked from time to time.
    pub(crate) probes: Probes,
}
