//! The audit log.

use underpass_shared::alert::{Code, Condition};

use super::condition;

/// `failure` is why the log is not written, while it is not.
pub(super) fn conditions(failure: Option<&str>) -> Vec<Condition> {
    let failed = |reason| {
        let text = format!("the audit log cannot be written: {reason}");
        condition(Code::AuditFailure, "", text)
    };
    failure.map(failed).into_iter().collect()
}
