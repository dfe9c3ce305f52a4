//! What helps where something goes wrong: diagnoses, files of the log, probes, traces of payload.

use super::super::{LogFilePage, LogFiles, ProbeList, TraceInput, TraceList, TraceShown};
use super::{Operation, Parameter};
use crate::diagnosis::Diagnoses;
use crate::rights::Access::{Inspect, Read, Trace};

pub(crate) const DIAGNOSES: &str = "/api/v1/diagnoses";
pub(crate) const DIAGNOSIS: &str = "/api/v1/diagnoses/{diagnosis}";
pub(crate) const LOG_FILES: &str = "/api/v1/logs/files";
pub(crate) const LOG_ARCHIVE: &str = "/api/v1/logs/files.zip";
pub(crate) const LOG_FILE: &str = "/api/v1/logs/files/{logFile}";
pub(crate) const LOG_FILE_PAGE: &str = "/api/v1/logs/files/{logFile}/lines";
pub(crate) const PROBES: &str = "/api/v1/probes";
pub(crate) const TRACES: &str = "/api/v1/traces";
pub(crate) const TRACE: &str = "/api/v1/traces/{trace}";
pub(crate) const TRACE_APPROVAL: &str = "/api/v1/traces/{trace}/approve";
pub(crate) const TRACE_REFUSAL: &str = "/api/v1/traces/{trace}/refuse";
pub(crate) const TRACE_END: &str = "/api/v1/traces/{trace}/stop";
pub(crate) const TRACE_CONTENT: &str = "/api/v1/traces/{trace}/content";

const PAGE: Parameter =
    Parameter::of::<u32>("page", "Which page, from 0; the last one if left out.");

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::get(
        DIAGNOSES,
        Read,
        "Lists what the agent sees going wrong, with causes and what to do.",
    )
    .gives::<Diagnoses>()
    .conflicts(),
    Operation::delete(
        DIAGNOSIS,
        Trace,
        "Deletes a diagnosis; it comes back when it happens again.",
    )
    .acts()
    .conflicts(),
    Operation::get(
        LOG_FILES,
        Inspect,
        "Lists the files of the log, the newest first.",
    )
    .gives::<LogFiles>()
    .conflicts(),
    Operation::get(
        LOG_ARCHIVE,
        Inspect,
        "Gives all files of the log as one zip.",
    )
    .sends("application/zip")
    .conflicts(),
    Operation::get(LOG_FILE, Inspect, "Gives a file of the log.")
        .sends("text/plain")
        .conflicts(),
    Operation::delete(
        LOG_FILE,
        Trace,
        "Deletes a file of the log that is not written.",
    )
    .acts()
    .conflicts(),
    Operation::get(
        LOG_FILE_PAGE,
        Inspect,
        "Shows a page of the lines of a file of the log.",
    )
    .gives::<LogFilePage>()
    .options(&[PAGE])
    .conflicts(),
    Operation::get(
        PROBES,
        Read,
        "Shows what back ends answered that are asked from time to time.",
    )
    .gives::<ProbeList>()
    .conflicts(),
    Operation::get(
        TRACES,
        Inspect,
        "Lists the payload traces, the newest first.",
    )
    .gives::<TraceList>()
    .conflicts(),
    Operation::post(
        TRACES,
        Trace,
        "Asks for a payload trace, which another operator has to approve.",
    )
    .takes::<TraceInput>()
    .creates_and_gives::<TraceShown>()
    .acts()
    .may_be_missing()
    .conflicts(),
    Operation::get(TRACE, Inspect, "Shows a payload trace.")
        .gives::<TraceShown>()
        .conflicts(),
    Operation::delete(TRACE, Trace, "Deletes a payload trace that does not run.")
        .acts()
        .conflicts(),
    Operation::post(
        TRACE_APPROVAL,
        Trace,
        "Lets a payload trace begin that another operator asked for.",
    )
    .gives::<TraceShown>()
    .acts()
    .conflicts(),
    Operation::post(TRACE_REFUSAL, Trace, "Refuses a payload trace that waits.")
        .gives::<TraceShown>()
        .acts()
        .conflicts(),
    Operation::post(TRACE_END, Trace, "Ends a payload trace that runs.")
        .gives::<TraceShown>()
        .acts()
        .conflicts(),
    Operation::get(TRACE_CONTENT, Trace, "Gives the lines of a payload trace.")
        .sends("application/jsonl")
        .conflicts(),
];
