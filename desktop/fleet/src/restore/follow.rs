//! Brings a restore to its end, whatever becomes of the connection: the agent keeps what came of
//! it, so it is asked again until it tells.

use std::time::Duration;

use http::StatusCode;
use tokio::time::sleep;
use underpass_runtime::clock;
use underpass_shared::api::management::{
    RestoreApplied, RestorePlanShown, RestoreShown, RestoreState, RestoreTarget, Target,
};
use underpass_shared::id::PlanId;

use super::{Act, Stage};
use crate::FleetError;
use crate::api::{Api, Call};

/// How often an agent is asked how far it is.
const LOOK: Duration = Duration::from_millis(400);
/// How often it may be seen to be over before its answer comes.
const OVER_MAX: u32 = 5;
/// How often one is asked that did not answer.
pub(crate) const AGAIN: Duration = Duration::from_secs(1);
/// How long it may be away: longer than a restart with the end of an interrupted restore takes.
const PATIENCE: Duration = Duration::from_secs(120);

/// A restore on its way.
pub(crate) struct Follow<'a> {
    pub(crate) api: &'a dyn Api,
    pub(crate) act: &'a Act,
    pub(crate) told: &'a (dyn Fn(Stage) + Send + Sync),
    /// How long to wait before one is asked again that did not answer.
    pub(crate) again: Duration,
}

/// What is known after a connection broke.
enum Found {
    Done(RestoreApplied),
    /// It goes on.
    Under,
    /// It was not done; asking again does it once at most.
    NotBegun,
    Failed(String),
}

impl Follow<'_> {
    /// Does it; what came of it, or why it was not done.
    pub(crate) async fn run(&self) -> Result<RestoreApplied, String> {
        (self.told)(Stage::Asked);
        // What tells a way back from the one before it.
        let before = match self.act {
            Act::Apply(_) => None,
            Act::RollBack { .. } => self.last().await.map_err(|error| error.reason())?.last,
        };
        let mut lost = None;
        loop {
            match self.ask().await {
                Ok(applied) => return Ok(applied),
                Err(error @ FleetError::Refused { .. }) => return Err(error.reason()),
                Err(error) if is_final(&error) => return Err(error.reason()),
                Err(error) => {
                    tracing::info!(reason = error.reason(), "a restore is looked for");
                }
            }
            let lost = *lost.get_or_insert_with(clock::monotonic);
            (self.told)(Stage::Lost);
            loop {
                if clock::monotonic().saturating_sub(lost) > PATIENCE {
                    return Err(self.given_up());
                }
                sleep(self.again).await;
                match self.look(before.as_ref()).await {
                    Ok(Found::Done(applied)) => return Ok(applied),
                    Ok(Found::Failed(reason)) => return Err(reason),
                    Ok(Found::NotBegun) => break,
                    Ok(Found::Under) | Err(_) => {}
                }
            }
        }
    }

    fn given_up(&self) -> String {
        if self.act.exchanges_identity() {
            return "the agent does not answer to this program any more: it has its other identity, if all was done. Pair with it anew; this page then shows what was done".to_owned();
        }
        let waited = PATIENCE.as_secs();
        format!(
            "the agent did not answer for {waited} s, and nobody knows whether it was done; this page shows it once the agent answers"
        )
    }

    /// Asks for it, and meanwhile how far it is.
    async fn ask(&self) -> Result<RestoreApplied, FleetError> {
        let call = self.act.call();
        let mut asked = self.api.call(&call);
        let (mut has_begun, mut over) = (false, 0);
        loop {
            tokio::select! {
                biased;
                reply = &mut asked => return reply?.read(),
                () = sleep(LOOK) => {}
            }
            match self.last().await.map(|shown| shown.state) {
                Ok(RestoreState::Restoring(step)) => {
                    has_begun = true;
                    (self.told)(Stage::At(step));
                }
                // It is over, and the answer went with the connection.
                Ok(_) if has_begun && over == OVER_MAX => return Err(FleetError::Silent),
                Ok(_) => over += u32::from(has_begun),
                Err(_) => {}
            }
        }
    }

    async fn last(&self) -> Result<RestoreShown, FleetError> {
        let call = Call::get(Target::Restores(RestoreTarget::Last));
        self.api.call(&call).await?.read()
    }

    /// Asks what became of it.
    async fn look(&self, before: Option<&RestoreApplied>) -> Result<Found, FleetError> {
        let shown = self.last().await?;
        if let RestoreState::Restoring(step) = shown.state {
            (self.told)(Stage::At(step));
            return Ok(Found::Under);
        }
        let id = match self.act {
            Act::Apply(plan) => plan.id,
            Act::RollBack { .. } => {
                let ours = shown
                    .last
                    .filter(|last| last.plan.is_none() && Some(last) != before);
                return Ok(ours.map_or(Found::NotBegun, Found::Done));
            }
        };
        if let Some(last) = shown.last.filter(|last| last.plan == Some(id)) {
            return Ok(Found::Done(last));
        }
        self.planned(id).await
    }

    async fn planned(&self, id: PlanId) -> Result<Found, FleetError> {
        let call = Call::get(Target::Restores(RestoreTarget::Plan(id)));
        match self.api.call(&call).await {
            Ok(reply) => {
                let plan: RestorePlanShown = reply.read()?;
                Ok(plan.applied.map_or(Found::NotBegun, Found::Done))
            }
            Err(FleetError::Refused { status, .. }) if status == StatusCode::NOT_FOUND => {
                let reason =
                    "the agent restarted before it began; nothing was restored, make the plan anew";
                Ok(Found::Failed(reason.to_owned()))
            }
            Err(error) => Err(error),
        }
    }
}

/// Whether asking again cannot help.
fn is_final(error: &FleetError) -> bool {
    match error {
        FleetError::Unreachable { .. }
        | FleetError::Late { .. }
        | FleetError::Handshake { .. }
        | FleetError::Broken(_)
        | FleetError::Silent => false,
        FleetError::Refused { .. }
        | FleetError::Answer(_)
        | FleetError::File(_)
        | FleetError::Unknown
        | FleetError::OtherAgent(_)
        | FleetError::OtherKey
        | FleetError::OtherIssuer(_)
        | FleetError::Locked
        | FleetError::NoKey(_)
        | FleetError::NoText
        | FleetError::NoRevision
        | FleetError::Document(_)
        | FleetError::EventTooLarge
        | FleetError::TooLarge
        | FleetError::Imposter
        | FleetError::Pki(_)
        | FleetError::Tls(_)
        | FleetError::Request(_) => true,
    }
}
