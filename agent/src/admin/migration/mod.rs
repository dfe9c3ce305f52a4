//! Handing enrolments over to another agent: what source and target each do.

mod accept;
mod csr;
mod ends;
mod preflight;
mod vouch;

use std::collections::BTreeSet;

use futures_util::StreamExt as _;
use futures_util::stream;
use underpass_runtime::clock;
use underpass_shared::api::error::ErrorKind;
use underpass_shared::api::handover::{self, Named, Phase, Standing};
use underpass_shared::api::management::{
    ENROLMENTS_MAX, EnrolmentName, EnrolmentShown, HandoverInput, HandoverList, HandoverPart,
    HandoverShown, HandoverSide, HandoverState, MigrationTarget, Refusal,
};
use underpass_shared::audit::Category;
use underpass_shared::config::SubaccountKey;
use underpass_shared::id::{HandoverId, InstanceId};

use super::call::Call;
use super::{Admin, Answer, answer};
use crate::handovers::{Handover, Part};
use crate::tunnel::Route;
use crate::tunnel::control::{ControlError, Gateway};

/// Questions to gateways at a time; each is a connection of its own.
const QUESTIONS: usize = 8;

/// Which enrolments of a handover are meant, and how the gateway is asked.
struct Asking<'a> {
    handover: &'a Handover,
    route: Route,
}

impl Admin {
    pub(super) async fn migration(&self, call: &Call, target: MigrationTarget) -> Answer {
        match target {
            MigrationTarget::Handovers => return self.list_handovers().await,
            MigrationTarget::Preflight => return self.preflight(call).await,
            MigrationTarget::Csr
            | MigrationTarget::Vouch
            | MigrationTarget::Accept
            | MigrationTarget::Ready
            | MigrationTarget::Release
            | MigrationTarget::Abort => {}
        }
        let _turn = self.handovers.turn().await;
        match target {
            MigrationTarget::Csr => self.requests(call).await,
            MigrationTarget::Vouch => self.vouch(call).await,
            MigrationTarget::Accept => self.accept_handover(call).await,
            MigrationTarget::Ready => self.ready(call).await,
            MigrationTarget::Release => self.release(call).await,
            MigrationTarget::Abort => self.abort(call).await,
            MigrationTarget::Handovers | MigrationTarget::Preflight => {
                Err(Refusal::failure("this call was answered before"))
            }
        }
    }

    async fn list_handovers(&self) -> Answer {
        self.look_at_overdue().await;
        let all = self.handovers.all().map_err(|error| failed(&error))?;
        let handovers = all.iter().map(|one| self.shown(one)).collect();
        let number = self.store.current().revision().number;
        answer::ok(&HandoverList { handovers }, number)
    }

    /// What became of handovers whose time is over, as far as their gateways tell now.
    async fn look_at_overdue(&self) {
        let now_ms = clock::wall_ms();
        let _turn = self.handovers.turn().await;
        for mut handover in self.handovers.all().unwrap_or_default() {
            let Ok(route) = self.route(self.store.current().document()) else {
                return;
            };
            let overdue = |part: &&Part| {
                let asked = part.state != HandoverState::Requested;
                asked && part.is_open() && part.until_ms <= now_ms
            };
            let keys: Vec<_> = handover.parts.iter().filter(overdue).cloned().collect();
            let asking = Asking {
                handover: &handover,
                route,
            };
            let found = self.ask_each(&asking, &keys, handover::STANDING).await;
            let mut changed = false;
            for (key, standing) in found {
                let state = match standing {
                    Ok(Standing { phase, .. }) => match phase {
                        Phase::Completed => HandoverState::Completed,
                        Phase::Aborted => HandoverState::Aborted,
                        Phase::Offered | Phase::Ready => continue,
                    },
                    Err(ControlError::Refused(_, ErrorKind::NotFound)) => HandoverState::Aborted,
                    Err(error) => {
                        tracing::info!(%error, "what became of a handover is not known yet");
                        continue;
                    }
                };
                let part = handover.parts.iter_mut().find(|part| part.key == key);
                if let Some(part) = part {
                    part.end(state, now_ms);
                    changed = true;
                }
            }
            if changed && let Err(error) = self.handovers.keep(handover, now_ms) {
                tracing::warn!(error = format!("{error:#}"), "a handover is not kept");
            }
        }
    }

    /// Asks the gateways about several enrolments of a handover, in no order.
    async fn ask_each(
        &self,
        asking: &Asking<'_>,
        parts: &[Part],
        path: &str,
    ) -> Vec<(SubaccountKey, Result<Standing, ControlError>)> {
        let mut questions = vec![];
        for part in parts {
            questions.push(async {
                let answer = self.ask(asking, part, path).await;
                (part.key.clone(), answer)
            });
        }
        stream::iter(questions)
            .buffer_unordered(QUESTIONS)
            .collect()
            .await
    }

    async fn ask(
        &self,
        asking: &Asking<'_>,
        part: &Part,
        path: &str,
    ) -> Result<Standing, ControlError> {
        let credentials = self.credentials.load(self.own_instance(asking, part)?);
        let credentials = credentials.map_err(ControlError::Failed)?;
        let gateway = Gateway {
            host: &part.key.region_host,
            route: &asking.route,
            credentials: &credentials,
            tasks: &self.tasks,
        };
        let named = Named {
            handover: asking.handover.id,
        };
        gateway.ask(path, &named).await
    }

    /// Who this agent is for the gateway in one enrolment of a handover.
    fn own_instance(&self, asking: &Asking<'_>, part: &Part) -> Result<InstanceId, ControlError> {
        let gone = || ControlError::Failed(anyhow::anyhow!("subaccount {} is gone", part.key));
        match asking.handover.side {
            HandoverSide::Target => part.target.ok_or_else(gone),
            HandoverSide::Source => {
                let current = self.store.current();
                let found = current.document().subaccount(&part.key);
                Ok(found.ok_or_else(gone)?.own().instance)
            }
        }
    }

    /// A handover as it is shown.
    fn shown(&self, handover: &Handover) -> HandoverShown {
        let links = self.live.as_ref().map(|live| live.board.links());
        let current = self.store.current();
        let part = |part: &Part| {
            let own = current.document().subaccount(&part.key);
            let own = own.map(|one| one.own().instance);
            let link = links.iter().flatten();
            let link = link.clone().find(|link| Some(link.instance) == own);
            let connections = super::tunnel(link).connections;
            let state = match part.state {
                HandoverState::Accepted if connections > 0 => HandoverState::Waiting,
                state @ (HandoverState::Requested
                | HandoverState::Accepted
                | HandoverState::Waiting
                | HandoverState::Ready
                | HandoverState::Vouched
                | HandoverState::Released
                | HandoverState::Completed
                | HandoverState::Aborted) => state,
            };
            HandoverPart {
                name: EnrolmentShown::from(&part.key),
                state,
                connections,
                until_time_stamp: part.until_ms,
                target_instance: part.target,
            }
        };
        HandoverShown {
            handover: handover.id,
            side: handover.side,
            mode: handover.mode,
            parts: handover.parts.iter().map(part).collect(),
        }
    }

    fn answer_shown(&self, handover: &Handover) -> Answer {
        let number = self.store.current().revision().number;
        answer::ok(&self.shown(handover), number)
    }

    /// The handover of this id on one side.
    fn found(&self, id: HandoverId, side: HandoverSide) -> Result<Handover, Refusal> {
        let found = self.handovers.one(id, side);
        found.map_err(|error| failed(&error))?.ok_or_else(|| {
            let side = match side {
                HandoverSide::Source => "source",
                HandoverSide::Target => "target",
            };
            Refusal::illegal_state(format!("this agent is the {side} of no handover {id}"))
                .at("handover")
        })
    }

    fn keep(&self, handover: &Handover) -> Result<(), Refusal> {
        let kept = self.handovers.keep(handover.clone(), clock::wall_ms());
        kept.map_err(|error| failed(&error))
    }

    /// Records an act of a handover: the intent before, what became of it after.
    async fn recorded<T>(
        &self,
        call: &Call,
        what: String,
        act: impl Future<Output = Result<T, Refusal>>,
    ) -> Result<T, Refusal> {
        let recording = self.recording(call.caller(), Category::Enrolment, &what);
        recording.intend_act().await?;
        let done = act.await;
        recording.acted(&done);
        done
    }
}

/// The enrolments of a handover that a call names: all of them where it names none.
fn chosen(
    handover: &Handover,
    named: Option<&[EnrolmentName]>,
) -> Result<Vec<SubaccountKey>, Refusal> {
    let Some(named) = named else {
        return Ok(handover.parts.iter().map(|part| part.key.clone()).collect());
    };
    let mut keys = vec![];
    for (at, name) in named.iter().enumerate() {
        let key = SubaccountKey::from(name.clone());
        if handover.part(&key).is_none() {
            let rule = format!("{key} is not in this handover");
            return Err(Refusal::invalid(format!("subaccounts[{at}]"), rule));
        }
        keys.push(key);
    }
    Ok(keys)
}

/// The same, by the body of most calls.
fn chosen_by(handover: &Handover, input: &HandoverInput) -> Result<Vec<SubaccountKey>, Refusal> {
    chosen(handover, input.subaccounts.as_deref())
}

/// Refuses lists that are empty, too long, or name something twice.
fn check_list<'a>(
    field: &str,
    keys: impl Iterator<Item = &'a SubaccountKey>,
) -> Result<(), Refusal> {
    let mut seen = BTreeSet::new();
    for (at, key) in keys.enumerate() {
        if !seen.insert(key) {
            let rule = format!("{key} stands there twice");
            return Err(Refusal::invalid(format!("{field}[{at}]"), rule));
        }
        if at >= ENROLMENTS_MAX {
            let rule = format!("must not have more than {ENROLMENTS_MAX} entries");
            return Err(Refusal::invalid(field, rule));
        }
    }
    if seen.is_empty() {
        return Err(Refusal::invalid(field, "must not be empty"));
    }
    Ok(())
}

fn failed(error: &anyhow::Error) -> Refusal {
    Refusal::failure(format!("{error:#}"))
}

/// What a gateway said of one enrolment, as the API says it.
fn refused(key: &SubaccountKey, error: &ControlError) -> Refusal {
    let message = format!("{key}: {error}");
    match error {
        ControlError::Refused(_, kind) => match kind {
            ErrorKind::InvalidRequest => Refusal::invalid(".", message),
            ErrorKind::InvalidToken
            | ErrorKind::InvalidCertificate
            | ErrorKind::LocationTaken
            | ErrorKind::IllegalState
            | ErrorKind::NotFound => Refusal::illegal_state(message),
            ErrorKind::Unavailable => Refusal::failure(message),
        },
        ControlError::TooOld(_) => Refusal::illegal_state(message),
        ControlError::Failed(_) => Refusal::failure(message),
    }
}

/// Ends a call at the first thing that failed.
fn first_refusal(
    answers: Vec<(SubaccountKey, Result<Standing, ControlError>)>,
) -> Result<(), Refusal> {
    let mut wrong = answers
        .into_iter()
        .filter_map(|(key, answer)| answer.err().map(|error| refused(&key, &error)));
    wrong.next().map_or(Ok(()), Err)
}
