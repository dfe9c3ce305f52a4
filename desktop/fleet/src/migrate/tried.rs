//! Test requests through a target: would access control let each pass, and does the system answer?

use std::fmt;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use underpass_runtime::clock;
use underpass_shared::api::management::{
    AccessCheck, AccessCheckInput, AccessRule, CheckOutcome, CheckedStep, ConnectionCheck, Flag,
    MappingTarget, Query, SubaccountPath, SubaccountTarget, Target, Verb,
};
use underpass_shared::config::SubaccountKey;

use super::calls::{Fault, Party, Told};
use super::plan::{TargetPlan, TestRequest};
use crate::api::Call;

/// Requests at a time: an agent makes four checks at once, and others may want some of them.
const AT_ONCE: usize = 2;

/// How a test request went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Went {
    /// It would be answered.
    Passed,
    /// Not as it should be, and no fault of the migration.
    Noted,
    /// It would fail.
    Failed,
}

impl Went {
    /// For people.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Noted => "noted",
            Self::Failed => "failed",
        }
    }
}

/// A test request and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tried {
    /// The request.
    pub request: TestRequest,
    /// How it went.
    pub went: Went,
    /// How long that took, milliseconds.
    pub millis: u64,
    /// What was seen.
    pub seen: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl fmt::Display for Tried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            request,
            went,
            millis,
            seen,
            hint,
        } = self;
        write!(f, "{request}: {} in {millis} ms: {seen}", went.word())?;
        match hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

/// What somebody sees of one request.
struct Found {
    went: Went,
    seen: String,
    hint: Option<String>,
}

impl Found {
    fn failed(seen: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            went: Went::Failed,
            seen: seen.into(),
            hint: Some(hint.into()),
        }
    }
}

/// Who takes part.
pub(super) struct Trial<'a> {
    pub(super) plan: &'a TargetPlan,
    pub(super) target: &'a Party<'a>,
    /// The source, where it is no backup: what it does not reach either is no failure.
    pub(super) source: Option<&'a Party<'a>>,
    /// Whether systems that are not reached are none.
    pub(super) tolerant: bool,
}

impl Trial<'_> {
    /// Tries all requests.
    pub(super) async fn all(&self, requests: &[TestRequest]) -> Result<Vec<Tried>, Fault> {
        let questions: Vec<_> = requests.iter().map(|request| self.one(request)).collect();
        let answers: Vec<Result<Tried, Fault>> =
            stream::iter(questions).buffered(AT_ONCE).collect().await;
        answers.into_iter().collect()
    }

    async fn one(&self, request: &TestRequest) -> Result<Tried, Fault> {
        let began = clock::monotonic();
        let found = match self.access(request).await? {
            Some(found) => found,
            None => self.connection(request).await?,
        };
        let took: Duration = clock::monotonic().saturating_sub(began);
        Ok(Tried {
            request: request.clone(),
            went: found.went,
            millis: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            seen: found.seen,
            hint: found.hint,
        })
    }

    /// What access control says against it; nothing where it passes.
    async fn access(&self, request: &TestRequest) -> Result<Option<Found>, Fault> {
        let Some(path) = &request.path else {
            return Ok(None);
        };
        let input = AccessCheckInput {
            method: None,
            url: format!("http://{}{path}", request.virtual_address),
            websocket: Flag(false),
        };
        let key = &request.subaccount;
        let target = Target::Of(place(key), SubaccountTarget::AccessCheck);
        let call = Call::new(Verb::Post, target).query(at_location(key));
        let call = call
            .with(&input)
            .map_err(|error| Fault::new(error.reason()))?;
        let check: AccessCheck = match asked(self.target, &call).await? {
            Some(check) => check,
            None => return Ok(Some(missing("subaccount"))),
        };
        if check.allowed {
            return Ok(None);
        }
        let hint = check.hints.into_iter().next().unwrap_or_else(|| {
            "open the path under Access control of the target, or try another one".to_owned()
        });
        let mut found = Found::failed(check.message, hint);
        if check.rule == AccessRule::NotEffective {
            found.went = Went::Noted;
        }
        Ok(Some(found))
    }

    async fn connection(&self, request: &TestRequest) -> Result<Found, Fault> {
        let call = check(&request.subaccount, request);
        let Some(way) = asked(self.target, &call).await? else {
            return Ok(missing("system mapping"));
        };
        let mut found = judged(way);
        if found.went != Went::Failed {
            return Ok(found);
        }
        if self.tolerant {
            found.went = Went::Noted;
            return Ok(found);
        }
        let at_source = self.plan.at_source(&request.subaccount);
        if let (Some(source), Some(key)) = (self.source, at_source)
            && let Some(there) = asked::<ConnectionCheck>(source, &check(key, request)).await?
            && !there.reachable
        {
            found.went = Went::Noted;
            found.seen.push_str("; the source does not reach it either");
        }
        Ok(found)
    }
}

/// Goes the way of a mapping at one of the agents.
fn check(key: &SubaccountKey, request: &TestRequest) -> Call {
    let target = Target::OfMapping(place(key), request.address(), MappingTarget::Check);
    Call::new(Verb::Post, target).query(at_location(key))
}

fn place(key: &SubaccountKey) -> SubaccountPath {
    SubaccountPath {
        region_host: key.region_host.clone(),
        subaccount: key.subaccount,
    }
}

fn at_location(key: &SubaccountKey) -> Query {
    Query {
        location_id: Some(key.location_id.clone()),
        ..Query::default()
    }
}

/// What an agent answers; nothing where it knows nothing of what is named.
async fn asked<T: DeserializeOwned>(party: &Party<'_>, call: &Call) -> Result<Option<T>, Fault> {
    match party.try_send(call).await? {
        Told::Unknown => Ok(None),
        Told::Done(reply) => {
            let read = reply.read().map(Some);
            read.map_err(|error| Fault::new(format!("{}: {}", party.label, error.reason())))
        }
    }
}

fn missing(what: &str) -> Found {
    Found::failed(
        format!("the target has no such {what}"),
        "somebody changed it since; roll back, and migrate again",
    )
}

/// What a check of the way means.
fn judged(check: ConnectionCheck) -> Found {
    let is = |wanted: CheckOutcome| move |step: &CheckedStep| step.outcome == wanted;
    let mut steps = check.steps;
    let told = |step: CheckedStep, went| Found {
        went,
        seen: step.seen,
        hint: step.advice,
    };
    if !check.reachable {
        let at = steps.iter().position(is(CheckOutcome::Failed));
        return match at.map(|at| steps.swap_remove(at)) {
            Some(step) => told(step, Went::Failed),
            None => Found::failed(
                "the system is not reached",
                "check it under Access control of the target",
            ),
        };
    }
    if let Some(at) = steps.iter().position(is(CheckOutcome::Warning)) {
        return told(steps.swap_remove(at), Went::Noted);
    }
    match steps.pop() {
        Some(step) => told(step, Went::Passed),
        None => Found {
            went: Went::Passed,
            seen: "the system is reached".to_owned(),
            hint: None,
        },
    }
}

#[cfg(test)]
mod tests {
    use underpass_shared::api::management::CheckStep;

    use super::*;

    fn check(outcomes: &[CheckOutcome]) -> ConnectionCheck {
        let step = |(at, outcome): (usize, &CheckOutcome)| CheckedStep {
            step: CheckStep::Connection,
            outcome: *outcome,
            millis: 1,
            seen: format!("seen {at}"),
            advice: Some(format!("advice {at}")),
        };
        ConnectionCheck {
            reachable: !outcomes.contains(&CheckOutcome::Failed),
            steps: outcomes.iter().enumerate().map(step).collect(),
        }
    }

    #[test]
    fn the_step_that_matters_is_told_with_its_advice() {
        use CheckOutcome::{Failed, Ok, Warning};
        for (outcomes, went, at) in [
            (&[Ok, Ok][..], Went::Passed, 1),
            (&[Ok, Warning, Ok], Went::Noted, 1),
            (&[Warning, Failed], Went::Failed, 1),
        ] {
            let found = judged(check(outcomes));
            assert_eq!((found.went, found.seen), (went, format!("seen {at}")));
            assert_eq!(found.hint, Some(format!("advice {at}")));
        }
        assert_eq!(judged(check(&[])).went, Went::Passed);
    }
}
