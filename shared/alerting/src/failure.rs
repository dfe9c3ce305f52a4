//! Why a parcel was not taken, in words that name the step.

use std::time::Duration;

use thiserror::Error;

use crate::text::clean;

/// Characters of what another program says; more is of no use to anybody.
const SAID_LEN_MAX: usize = 300;

/// A step that failed, and why.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{step} failed: {why}")]
pub(crate) struct Failure {
    step: String,
    why: String,
    /// How long the receiver wants to be left alone.
    pub(crate) retry_after: Option<Duration>,
}

impl Failure {
    /// Says that `step` failed because of `why`, which may be what the other end says.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a text or an error, whichever the caller has"
    )]
    pub(crate) fn at(step: impl Into<String>, why: impl ToString) -> Self {
        Self {
            step: step.into(),
            why: clean(&why.to_string(), SAID_LEN_MAX),
            retry_after: None,
        }
    }

    /// Says that `step` took too long.
    pub(crate) fn late(step: impl Into<String>, limit: Duration) -> Self {
        let seconds = limit.as_secs_f64();
        Self::at(step, format!("no answer within {seconds} s"))
    }

    pub(crate) const fn retry_after(mut self, wait: Option<Duration>) -> Self {
        self.retry_after = wait;
        self
    }
}

/// Waits for a step of an attempt, but not for ever.
pub(crate) async fn within<T>(
    limit: Duration,
    step: &str,
    work: impl Future<Output = T>,
) -> Result<T, Failure> {
    let waited = tokio::time::timeout(limit, work).await;
    waited.map_err(|_late| Failure::late(step, limit))
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The receiver has it. The remark says what was wrong all the same.
    Delivered { remark: Option<String> },
    /// Some recipients have it; these do not yet.
    Partly {
        left: Vec<String>,
        /// What was said of those who were refused for good, now and before.
        refused: Vec<String>,
        failure: Failure,
    },
    /// Nobody has it, or nobody knows.
    Failed(Failure),
}

impl From<Failure> for Outcome {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}
