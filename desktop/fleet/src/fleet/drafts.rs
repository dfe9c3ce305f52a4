//! Drafts on their way to agents and back.

use std::sync::Arc;

use http::StatusCode;
use underpass_shared::api::management::{DocumentTarget, Preview, Query, Target, Verb};
use underpass_shared::config::ConfirmWithin;

use crate::api::{Api, Call};
use crate::draft::{Draft, Stamp};
use crate::slot::FromReply as _;
use crate::snapshot::{Configuration, Failure};
use crate::{FleetError, Reply};

/// What an agent said.
pub(crate) enum Answered {
    /// What a draft would change.
    Reviewed {
        /// Which draft.
        of: Stamp,
        /// What it would change.
        said: Result<Preview, Failure>,
    },
    /// Whether a draft became the configuration, and of which revision.
    Applied(Result<u64, Failure>),
    /// What others made of the configuration meanwhile, to be merged.
    Newer(Result<Configuration, Failure>),
}

impl Draft {
    /// The call that makes it the configuration, or that says what this would change.
    pub(crate) fn call(&self, confirm_within: Option<ConfirmWithin>, dry_run: bool) -> Call {
        Call {
            query: Query {
                confirm_within,
                dry_run,
                ..Query::default()
            },
            body: self.document().to_json().into(),
            ..Call::new(Verb::Put, Target::Document(DocumentTarget::Whole))
        }
        .if_match(self.base().revision)
    }
}

/// Has an agent say what a draft would change.
pub(super) async fn review(api: Arc<dyn Api>, draft: Arc<Draft>) -> Answered {
    let of = draft.stamp();
    match api.call(&draft.call(None, true)).await {
        Ok(reply) => {
            let preview = Preview::from_reply(&reply);
            let said = preview.map_err(|error| Failure::from(&error));
            Answered::Reviewed { of, said }
        }
        Err(error) => behind(api, &error).await.unwrap_or_else(|| {
            let said = Err(Failure::from(&error));
            Answered::Reviewed { of, said }
        }),
    }
}

/// Makes a draft the configuration of its agent.
pub(super) async fn apply(
    api: Arc<dyn Api>,
    draft: Arc<Draft>,
    confirm_within: Option<ConfirmWithin>,
) -> (Answered, Result<Reply, Failure>) {
    let answer = api.call(&draft.call(confirm_within, false)).await;
    let answered = match &answer {
        Ok(reply) => {
            let base = draft.base().revision;
            Answered::Applied(Ok(reply.revision.unwrap_or(base)))
        }
        Err(error) => match behind(api, error).await {
            Some(newer) => newer,
            None => Answered::Applied(Err(Failure::from(error))),
        },
    };
    (answered, answer.map_err(|error| Failure::from(&error)))
}

/// The newer configuration, where this is why a draft was not taken.
async fn behind(api: Arc<dyn Api>, error: &FleetError) -> Option<Answered> {
    if let FleetError::Refused { status, .. } = error
        && *status == StatusCode::PRECONDITION_FAILED
    {
        return Some(newer(api).await);
    }
    None
}

/// What is known of a draft when the user waits no longer.
pub(super) fn stopped() -> (Answered, Result<Reply, Failure>) {
    let text =
        "nobody waited for the agent's answer, and it may have taken the changes all the same";
    let failure = Failure::plain(text.to_owned());
    (Answered::Applied(Err(failure.clone())), Err(failure))
}

/// What the agent has now.
pub(super) async fn newer(api: Arc<dyn Api>) -> Answered {
    let answer = api
        .call(&Call::get(Target::Document(DocumentTarget::Whole)))
        .await;
    let read = answer.and_then(|reply| Configuration::from_reply(&reply));
    Answered::Newer(read.map_err(|error| Failure::from(&error)))
}
