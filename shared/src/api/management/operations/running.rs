//! The running process: its log, its drain, its start anew.

use super::super::{DrainShown, LineLevel, LogEvent, LogPage};
use super::parameters::LIMIT;
use super::{Operation, Parameter};
use crate::audit::Glob;
use crate::rights::Access::{Administration, Inspect};

pub(crate) const LOGS: &str = "/api/v1/logs";
pub(crate) const LOG_STREAM: &str = "/api/v1/logs/stream";
pub(crate) const DRAIN: &str = "/api/v1/drain";
pub(crate) const RESTART: &str = "/api/v1/restart";

const LEVEL: Parameter = Parameter::of::<LineLevel>(
    "level",
    "Lines of this level and of those that matter more.",
);
const TEXT: Parameter = Parameter::of::<Glob>(
    "text",
    "Whose message, origin or fields hold this; * and ? stand for other characters.",
);
const BEFORE: Parameter = Parameter::of::<u64>(
    "before",
    "Lines with smaller numbers, as the last page says.",
);

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::get(
        LOGS,
        Inspect,
        "Shows the newest lines of the log, as far as they are in memory.",
    )
    .gives::<LogPage>()
    .options(&[LEVEL, TEXT, BEFORE, LIMIT])
    .conflicts(),
    Operation::get(
        LOG_STREAM,
        Inspect,
        "Tells lines of the log as they are written, as server-sent events; Last-Event-ID resumes.",
    )
    .streams::<LogEvent>()
    .options(&[LEVEL, TEXT])
    .conflicts(),
    Operation::get(DRAIN, Inspect, "Shows whether the agent takes requests, and who drained it where it does not.")
        .gives::<DrainShown>()
        .conflicts(),
    Operation::post(
        DRAIN,
        Administration,
        "Closes all tunnels when their requests have ended; they stay closed until DELETE or a restart.",
    )
    .acts()
    .conflicts(),
    Operation::delete(DRAIN, Administration, "Opens the tunnels again after a drain.")
        .acts()
        .conflicts(),
    Operation::post(
        RESTART,
        Administration,
        "Ends the agent in order, so that its service manager starts it again.",
    )
    .acts()
    .conflicts(),
];
