//! The addresses of what helps where something goes wrong.

use std::fmt;

use super::super::error::Refusal;
use super::super::log_file::LogFileName;
use super::super::operations::trouble;
use super::named;

/// What an address of this area means. `Display` writes the address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TroubleTarget {
    /// What goes wrong.
    Diagnoses,
    /// One diagnosis.
    Diagnosis(u64),
    /// The files of the log.
    LogFiles,
    /// All of them in one.
    LogArchive,
    /// One of them.
    LogFile(LogFileName),
    /// A page of its lines.
    LogFilePage(LogFileName),
    /// What back ends answered that are asked from time to time.
    Probes,
    /// The payload traces.
    Traces,
    /// One of them.
    Trace(u64),
    /// Letting it begin.
    TraceApproval(u64),
    /// Refusing it.
    TraceRefusal(u64),
    /// Ending it.
    TraceEnd(u64),
    /// Its lines.
    TraceContent(u64),
}

impl TroubleTarget {
    /// Reads what stands behind `/api/v1/`; nothing where it is of another area.
    pub(super) fn parse(segments: &[&str]) -> Option<Result<Self, Refusal>> {
        let file = |name| named::<LogFileName>("logFile", name);
        let trace = |id: &str| number(id, "trace");
        Some(match segments {
            ["diagnoses"] => Ok(Self::Diagnoses),
            ["diagnoses", id] => number(id, "diagnosis").map(Self::Diagnosis),
            ["logs", "files"] => Ok(Self::LogFiles),
            ["logs", "files.zip"] => Ok(Self::LogArchive),
            ["logs", "files", name] => file(name).map(Self::LogFile),
            ["logs", "files", name, "lines"] => file(name).map(Self::LogFilePage),
            ["probes"] => Ok(Self::Probes),
            ["traces"] => Ok(Self::Traces),
            ["traces", id] => trace(id).map(Self::Trace),
            ["traces", id, "approve"] => trace(id).map(Self::TraceApproval),
            ["traces", id, "refuse"] => trace(id).map(Self::TraceRefusal),
            ["traces", id, "stop"] => trace(id).map(Self::TraceEnd),
            ["traces", id, "content"] => trace(id).map(Self::TraceContent),
            _ => return None,
        })
    }

    pub(super) const fn template(&self) -> &'static str {
        match self {
            Self::Diagnoses => trouble::DIAGNOSES,
            Self::Diagnosis(_) => trouble::DIAGNOSIS,
            Self::LogFiles => trouble::LOG_FILES,
            Self::LogArchive => trouble::LOG_ARCHIVE,
            Self::LogFile(_) => trouble::LOG_FILE,
            Self::LogFilePage(_) => trouble::LOG_FILE_PAGE,
            Self::Probes => trouble::PROBES,
            Self::Traces => trouble::TRACES,
            Self::Trace(_) => trouble::TRACE,
            Self::TraceApproval(_) => trouble::TRACE_APPROVAL,
            Self::TraceRefusal(_) => trouble::TRACE_REFUSAL,
            Self::TraceEnd(_) => trouble::TRACE_END,
            Self::TraceContent(_) => trouble::TRACE_CONTENT,
        }
    }
}

/// One number has one text.
fn number(text: &str, field: &str) -> Result<u64, Refusal> {
    let number = text.parse::<u64>().ok();
    let number = number.filter(|number| number.to_string() == text);
    number.ok_or_else(|| Refusal::invalid(field, "must be a number"))
}

impl fmt::Display for TroubleTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (files, traces) = (trouble::LOG_FILES, trouble::TRACES);
        match self {
            Self::Diagnosis(id) => write!(f, "{}/{id}", trouble::DIAGNOSES),
            Self::LogFile(name) => write!(f, "{files}/{name}"),
            Self::LogFilePage(name) => write!(f, "{files}/{name}/lines"),
            Self::Trace(id) => write!(f, "{traces}/{id}"),
            Self::TraceApproval(id) => write!(f, "{traces}/{id}/approve"),
            Self::TraceRefusal(id) => write!(f, "{traces}/{id}/refuse"),
            Self::TraceEnd(id) => write!(f, "{traces}/{id}/stop"),
            Self::TraceContent(id) => write!(f, "{traces}/{id}/content"),
            Self::Diagnoses | Self::LogFiles | Self::LogArchive | Self::Probes | Self::Traces => {
                f.write_str(self.template())
            }
        }
    }
}
