//! How handovers end: the source lets go, or all is taken back.

use std::time::Duration;

use tokio::time::timeout;
use underpass_runtime::clock;
use underpass_shared::api::error::ErrorKind;
use underpass_shared::api::handover::{self, Phase};
use underpass_shared::api::management::{
    HandoverInput, HandoverMode, HandoverSide, HandoverState, Refusal, ReleaseInput, ReleaseMode,
};
use underpass_shared::backup::Named;
use underpass_shared::config::{Document, Joining, SubaccountFields, SubaccountKey};

use super::{Asking, chosen, chosen_by, first_refusal, refused};
use crate::admin::call::Call;
use crate::admin::forget::outside_trials;
use crate::admin::{Admin, Answer, trial};
use crate::handovers::{Before, Handover, Part};
use crate::tunnel::control::ControlError;

/// How long the tunnels of a source may take to come back before an abort goes on.
const COMING_BACK: Duration = Duration::from_secs(20);

impl Admin {
    pub(super) async fn release(&self, call: &Call) -> Answer {
        // What the gateway is told cannot be taken back with a trial.
        trial::nothing_on_trial(&*self.readable()?)?;
        let input: ReleaseInput = call.read()?;
        let mut handover = self.found(input.handover, HandoverSide::Source)?;
        let keys = chosen(&handover, input.subaccounts.as_deref())?;
        let what = format!(
            "release of {} subaccounts by handover {}",
            keys.len(),
            handover.id
        );
        let releasing = async {
            match (handover.mode, input.mode) {
                (Some(HandoverMode::Move), ReleaseMode::Disable) => {
                    self.let_go(call, &mut handover, &keys).await
                }
                (Some(HandoverMode::Move), ReleaseMode::Remove) => {
                    self.complete(call, &mut handover, &keys, true).await
                }
                // The source of a copy has nothing to let go of.
                (Some(HandoverMode::Copy) | None, _) => {
                    self.complete(call, &mut handover, &keys, false).await
                }
            }
        };
        self.recorded(call, what, releasing).await?;
        self.answer_shown(&handover)
    }

    /// The tunnels end in order; the handover stays open.
    async fn let_go(
        &self,
        call: &Call,
        handover: &mut Handover,
        keys: &[SubaccountKey],
    ) -> Result<(), Refusal> {
        let due = of_state(handover, keys, &[HandoverState::Vouched]);
        let asking = Asking {
            handover,
            route: self.route(self.readable()?.document())?,
        };
        for (key, standing) in self.ask_each(&asking, &due, handover::STANDING).await {
            match standing.map_err(|error| refused(&key, &error))?.phase {
                Phase::Ready => {}
                phase @ (Phase::Offered | Phase::Completed | Phase::Aborted) => {
                    let message = format!(
                        "{key}: the target does not carry it ({phase:?}); nothing was released"
                    );
                    return Err(Refusal::illegal_state(message));
                }
            }
        }
        let due: Vec<SubaccountKey> = due.into_iter().map(|part| part.key).collect();
        self.connect(
            call,
            &format!("released by handover {}", handover.id),
            &due,
            false,
        )
        .await?;
        for part in &mut handover.parts {
            if due.contains(&part.key) {
                part.state = HandoverState::Released;
            }
        }
        self.keep(handover)
    }

    /// The handover ends; with `remove` the enrolments go too.
    async fn complete(
        &self,
        call: &Call,
        handover: &mut Handover,
        keys: &[SubaccountKey],
        remove: bool,
    ) -> Result<(), Refusal> {
        let open = [HandoverState::Vouched, HandoverState::Released];
        let due = of_state(handover, keys, &open);
        let asking = Asking {
            handover,
            route: self.route(self.readable()?.document())?,
        };
        let answers = self.ask_each(&asking, &due, handover::COMPLETE).await;
        let done = answers.iter().filter(|(_, answer)| answer.is_ok());
        let done: Vec<SubaccountKey> = done.map(|(key, _)| key.clone()).collect();
        if remove && !done.is_empty() {
            let before = Named::of(self.store.current().document());
            let gone = done.clone();
            let edit = move |document: &Document| {
                let mut document = document.clone();
                for key in gone {
                    if document.subaccount(&key).is_some() {
                        document = document.without_subaccount(key)?;
                    }
                }
                Ok(document)
            };
            let edit = outside_trials(&self.store, edit);
            let reason = format!("handed over by handover {}", handover.id);
            self.commit(call.caller(), &reason, None, Joining::Nobody, None, edit)
                .await?;
            self.forget(&before);
        }
        let now_ms = clock::wall_ms();
        for part in &mut handover.parts {
            if done.contains(&part.key) {
                part.end(HandoverState::Completed, now_ms);
            }
        }
        self.keep(handover)?;
        first_refusal(answers)
    }

    pub(super) async fn abort(&self, call: &Call) -> Answer {
        trial::nothing_on_trial(&*self.readable()?)?;
        let input: HandoverInput = call.read()?;
        let known = self.found(input.handover, HandoverSide::Source);
        let mut handover = match known {
            Ok(found) => found,
            Err(_not_source) => self.found(input.handover, HandoverSide::Target)?,
        };
        let keys = chosen_by(&handover, &input)?;
        let what = format!("abort of handover {}", handover.id);
        let aborting = async {
            match handover.side {
                HandoverSide::Source => self.take_back(call, &mut handover, &keys).await,
                HandoverSide::Target => self.give_back(call, &mut handover, &keys).await,
            }
        };
        self.recorded(call, what, aborting).await?;
        self.answer_shown(&handover)
    }

    /// Source: its tunnels come back, carry again, and only then the target ends.
    async fn take_back(
        &self,
        call: &Call,
        handover: &mut Handover,
        keys: &[SubaccountKey],
    ) -> Result<(), Refusal> {
        let released = of_state(handover, keys, &[HandoverState::Released]);
        let released: Vec<SubaccountKey> = released.into_iter().map(|part| part.key).collect();
        if !released.is_empty() {
            let reason = format!("taken back from handover {}", handover.id);
            self.connect(call, &reason, &released, true).await?;
            self.until_up(&released).await;
        }
        let open = [HandoverState::Vouched, HandoverState::Released];
        let due = of_state(handover, keys, &open);
        let (done, rest) = self.ask_to_abort(handover, &due).await?;
        self.end_aborted(handover, &done)?;
        rest
    }

    /// Target: the gateway sends requests elsewhere, then what it had is put back.
    async fn give_back(
        &self,
        call: &Call,
        handover: &mut Handover,
        keys: &[SubaccountKey],
    ) -> Result<(), Refusal> {
        let now_ms = clock::wall_ms();
        let accepted = [
            HandoverState::Accepted,
            HandoverState::Waiting,
            HandoverState::Ready,
        ];
        let accepted = of_state(handover, keys, &accepted);
        let (over, due): (Vec<Part>, Vec<Part>) = accepted
            .into_iter()
            .partition(|part| part.until_ms <= now_ms && part.state != HandoverState::Ready);
        let (mut done, rest) = self.ask_to_abort(handover, &due).await?;
        done.extend(over.into_iter().map(|part| part.key));
        self.put_back(call, handover, &done).await?;
        let requested = of_state(handover, keys, &[HandoverState::Requested]);
        done.extend(requested.into_iter().map(|part| part.key));
        self.end_aborted(handover, &done)?;
        rest
    }

    /// Which enrolments the gateways took back now, or before, and what went wrong with others.
    async fn ask_to_abort(
        &self,
        handover: &Handover,
        due: &[Part],
    ) -> Result<(Vec<SubaccountKey>, Result<(), Refusal>), Refusal> {
        let asking = Asking {
            handover,
            route: self.route(self.readable()?.document())?,
        };
        let answers = self.ask_each(&asking, due, handover::ABORT).await;
        let (mut done, mut wrong) = (vec![], Ok(()));
        for (key, answer) in answers {
            match answer {
                // The gateway forgets what ended long ago.
                Ok(_) | Err(ControlError::Refused(_, ErrorKind::NotFound)) => done.push(key),
                Err(error) if wrong.is_ok() => wrong = Err(refused(&key, &error)),
                Err(_) => {}
            }
        }
        Ok((done, wrong))
    }

    fn end_aborted(&self, handover: &mut Handover, done: &[SubaccountKey]) -> Result<(), Refusal> {
        let now_ms = clock::wall_ms();
        for part in &mut handover.parts {
            if done.contains(&part.key) {
                part.end(HandoverState::Aborted, now_ms);
            }
        }
        self.keep(handover)
    }

    /// The document of a target as it was, where nothing else changed its enrolments meanwhile.
    async fn put_back(
        &self,
        call: &Call,
        handover: &Handover,
        done: &[SubaccountKey],
    ) -> Result<(), Refusal> {
        if done.is_empty() {
            return Ok(());
        }
        let parts = handover.parts.iter();
        let parts: Vec<Part> = parts
            .filter(|part| done.contains(&part.key))
            .cloned()
            .collect();
        let before = Named::of(self.store.current().document());
        let edit = move |document: &Document| {
            let mut document = document.clone();
            for part in parts {
                let Some(found) = document.subaccount(&part.key) else {
                    continue;
                };
                let own = found.own();
                if Some(own.instance) != part.target {
                    continue;
                }
                document = match part.before {
                    None => document.without_subaccount(part.key)?,
                    Some(Before {
                        instance,
                        credential,
                        connected,
                    }) => document.with_subaccount(SubaccountFields {
                        instance,
                        credential,
                        connected,
                        ..SubaccountFields::clone(own)
                    })?,
                };
            }
            Ok(document)
        };
        let edit = outside_trials(&self.store, edit);
        let reason = format!("gave back handover {}", handover.id);
        self.commit(call.caller(), &reason, None, Joining::Nobody, None, edit)
            .await?;
        self.forget(&before);
        Ok(())
    }

    /// Opens or closes the tunnels of subaccounts in one revision.
    async fn connect(
        &self,
        call: &Call,
        reason: &str,
        keys: &[SubaccountKey],
        connected: bool,
    ) -> Result<(), Refusal> {
        let keys = keys.to_vec();
        let edit = move |document: &Document| {
            let mut document = document.clone();
            for key in keys {
                if let Some(found) = document.subaccount(&key) {
                    let own = SubaccountFields {
                        connected,
                        ..SubaccountFields::clone(found.own())
                    };
                    document = document.with_subaccount(own)?;
                }
            }
            Ok(document)
        };
        let edit = outside_trials(&self.store, edit);
        self.commit(call.caller(), reason, None, Joining::Nobody, None, edit)
            .await
            .map(drop)
    }

    /// Waits until the tunnels of all are up; the gateway says so where one is not in time.
    async fn until_up(&self, keys: &[SubaccountKey]) {
        let Some(live) = &self.live else { return };
        let board = &live.board;
        let mut changes = board.subscribe();
        let coming = async {
            loop {
                changes.mark_unchanged();
                let links = board.links();
                let is_up = |key: &SubaccountKey| {
                    links.iter().any(|link| {
                        link.connected_since_ms.is_some()
                            && link.region_host == key.region_host
                            && link.subaccount == key.subaccount
                            && link.location_id == key.location_id
                    })
                };
                if keys.iter().all(is_up) || changes.changed().await.is_err() {
                    return;
                }
            }
        };
        if timeout(COMING_BACK, coming).await.is_err() {
            tracing::warn!("tunnels that are taken back do not come up in time");
        }
    }
}

/// The chosen enrolments that are in one of some states.
fn of_state(handover: &Handover, keys: &[SubaccountKey], states: &[HandoverState]) -> Vec<Part> {
    let parts = handover.parts.iter();
    let found = parts.filter(|part| keys.contains(&part.key) && states.contains(&part.state));
    found.cloned().collect()
}
