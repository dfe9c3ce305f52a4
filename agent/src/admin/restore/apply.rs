//! From a plan to the present state, and back.

use std::collections::BTreeMap;
use std::sync::Arc;

use underpass_runtime::clock;
use underpass_shared::api::management::{Refusal, RestoreApplied, RestoreState, RestoreStep};
use underpass_shared::audit::Category;
use underpass_shared::backup::{Content, Named, SeenOperator};
use underpass_shared::config::{Document, Joining, UndoError};
use underpass_shared::id::{OperatorId, PlanId};
use underpass_shared::restore::{Draft, Plan, not_before};

use super::super::call::Call;
use super::super::operators::with_operators;
use super::super::{Admin, answer, trial};
use super::{aside, failed, unknown};
use crate::credentials;
use crate::keys::Purpose;
use crate::restore::{Intent, Journal, Previous, Value, Values};
use crate::store::Snapshot;
use crate::vault::{Vault, VaultError};

/// A state that is to become the present one.
struct Work {
    document: Document,
    values: Values,
    /// What is known of operators.
    seen: BTreeMap<OperatorId, SeenOperator>,
    joining: Joining,
    plan: Option<PlanId>,
    reason: String,
}

impl Admin {
    pub(super) async fn apply_plan(
        &self,
        call: &Call,
        id: PlanId,
    ) -> Result<RestoreApplied, Refusal> {
        let _turn = self.restores.turn().await;
        let waiting = self.restores.plans().get(id).ok_or_else(|| unknown(id))?;
        if let Some(applied) = waiting.shown.applied {
            return Ok(applied);
        }
        if let Some(why) = waiting.shown.refused {
            return Err(Refusal::illegal_state(format!(
                "it cannot be restored: {why}"
            )));
        }
        let work = waiting.work.ok_or_else(|| unknown(id))?;
        let current = self.readable()?;
        let number = current.revision().number;
        call.check_revision(number)?;
        if number != waiting.shown.revision {
            let message = format!(
                "the configuration has changed since the plan was made for revision {}; make it anew",
                waiting.shown.revision
            );
            return Err(Refusal::illegal_state(message));
        }
        let origin = &waiting.shown.backup;
        let reason = format!(
            "restored a backup of {} from revision {}",
            origin.agent, origin.revision
        );
        let applied = self
            .carry_out(call, &current, Work::of(&work, id, reason))
            .await?;
        self.restores.plans().applied(id, &applied);
        Ok(applied)
    }

    pub(super) async fn roll_back(&self, call: &Call) -> Result<RestoreApplied, Refusal> {
        let _turn = self.restores.turn().await;
        let current = self.readable()?;
        call.check_revision(current.revision().number)?;
        let vault = self.vault.clone();
        let previous = aside(move || Previous::load(&vault)).await?;
        let previous =
            previous.ok_or_else(|| Refusal::not_found("no restore is there to take back"))?;
        let document = match previous.revision {
            None => Document::clone(current.document()),
            Some(number) => {
                let steps = self.store.steps(number).await.map_err(answer::refusal)?;
                let steps = steps.ok_or_else(|| {
                    let message = format!("the history no longer has revision {number}");
                    Refusal::illegal_state(message)
                })?;
                let undone = current.document().undo(&steps.forward, &steps.inverse);
                undone.map_err(|error| match error {
                    UndoError::NoLongerFits(_) => Refusal::illegal_state(format!(
                        "the restore cannot be taken back: {error}; undo those changes first"
                    )),
                    UndoError::Invalid(invalid) => invalid.into(),
                })?
            }
        };
        let work = Work {
            document: administered(current.document(), document)?,
            values: previous.values,
            seen: BTreeMap::new(),
            joining: if previous.operators {
                Joining::Anybody
            } else {
                Joining::Nobody
            },
            plan: None,
            reason: "took the last restore back".to_owned(),
        };
        self.carry_out(call, &current, work).await
    }

    /// Makes a state the present one, whatever happens in between. The caller has the turn.
    async fn carry_out(
        &self,
        call: &Call,
        current: &Arc<Snapshot>,
        work: Work,
    ) -> Result<RestoreApplied, Refusal> {
        trial::nothing_on_trial(current)?;
        let journal = Journal::new(self.restores.data_dir());
        // What could not be brought to its end before comes first.
        let settled = journal.settle(&self.store).await;
        settled.map_err(|error| failed(&error))?;
        let recording = self.recording(call.caller(), Category::Backup, &work.reason);
        recording.intend_act().await?;
        let done = self.make_present(call, current, work, journal).await;
        if done.is_err() && self.restores.state() != RestoreState::Unfinished {
            self.restores.tell(RestoreState::Idle);
        }
        recording.acted(&done);
        done
    }

    async fn make_present(
        &self,
        call: &Call,
        current: &Arc<Snapshot>,
        work: Work,
        journal: Journal,
    ) -> Result<RestoreApplied, Refusal> {
        self.restores
            .tell(RestoreState::Restoring(RestoreStep::Staging));
        let before = Named::of(current.document());
        let base = current.revision().number;
        let changed = work.document.hash() != current.document().hash();
        let done = RestoreApplied {
            plan: work.plan,
            revision: base + u64::from(changed),
            changed,
            time_stamp: clock::wall_ms(),
            author: call.caller().to_string(),
            reason: work.reason,
        };
        let staging = Staging {
            journal: journal.clone(),
            vault: self.vault.clone(),
            present: Arc::clone(current),
            base,
            hash: work.document.hash(),
            operators: work.joining == Joining::Anybody,
            values: work.values,
            done: done.clone(),
        };
        let intent = aside(move || staging.run()).await?;
        let exchanged = intent.replaces(Purpose::Identity.file());
        let staged = Staged {
            journal,
            intent,
            base,
        };
        let (document, joining) = (work.document, work.joining);
        self.put_in_force(call, staged, document, joining, &done)
            .await?;
        self.restores.note(&done);
        self.operators.records.adopt(&work.seen);
        self.forget(&before);
        if exchanged {
            self.operators.exchange().map_err(|error| failed(&error))?;
        }
        let (author, reason) = (&done.author, &done.reason);
        tracing::warn!(author, reason, revision = done.revision, "restored");
        self.notice(format!("{author} {reason}"));
        Ok(done)
    }

    /// Makes the revision, and lets what waits take its place. Before that all can be taken back.
    async fn put_in_force(
        &self,
        call: &Call,
        staged: Staged,
        document: Document,
        joining: Joining,
        done: &RestoreApplied,
    ) -> Result<(), Refusal> {
        let Staged {
            journal,
            mut intent,
            base,
        } = staged;
        self.restores
            .tell(RestoreState::Restoring(RestoreStep::Committing));
        let edit = move |_present: &Document| Ok(document);
        let committed = self
            .commit(call.caller(), &done.reason, Some(base), joining, None, edit)
            .await;
        let committed = match committed {
            Ok(_) if done.changed => Ok(()),
            // No revision says that the new state holds.
            Ok(_) => {
                let (journal, told) = (journal.clone(), intent.clone());
                let told = aside(move || journal.commit(told)).await;
                told.map(|told| intent = told)
            }
            Err(refusal) => Err(refusal),
        };
        if let Err(refusal) = committed {
            aside(move || {
                journal.undo_or_tell(&intent);
                Ok(())
            })
            .await?;
            return Err(refusal);
        }
        self.restores
            .tell(RestoreState::Restoring(RestoreStep::Finishing));
        let finished = aside(move || Ok(journal.finish(&intent)?));
        let state = match finished.await {
            Ok(()) => RestoreState::Idle,
            Err(refusal) => {
                let error = &refusal.body.message;
                tracing::error!(
                    error,
                    "a restore is in force, but not at its end; it is tried again"
                );
                RestoreState::Unfinished
            }
        };
        self.restores.tell(state);
        Ok(())
    }
}

/// What is gone back to. Where nobody administered the agent then, who does so now stays: nobody is
/// locked out.
fn administered(present: &Document, back: Document) -> Result<Document, Refusal> {
    let now = present.connector().operators();
    match now.may_become(back.connector().operators(), Joining::Anybody) {
        Ok(()) => Ok(back),
        Err(_locked_out) => with_operators(&back, now.clone()),
    }
}

/// What is written beside what is in force.
struct Staged {
    journal: Journal,
    intent: Intent,
    /// The revision that is in force.
    base: u64,
}

impl Work {
    fn of(work: &Arc<(Content, Plan)>, id: PlanId, reason: String) -> Self {
        let (content, plan) = &**work;
        let writes = &plan.writes;
        let backed_key = |id| {
            let machine = content.machine.as_ref();
            let host = || machine.and_then(|machine| machine.keys.get(id));
            content.secrets.keys.get(id).or_else(host)
        };
        let passwords = writes.passwords.iter().filter_map(|(new, old)| {
            let secret = content.secrets.passwords.get(old)?;
            Some((*new, secret.clone()))
        });
        let keys = writes.keys.iter();
        let keys = keys.filter_map(|(new, old)| Some((*new, backed_key(old)?.clone())));
        let enrolments = writes.enrolments.iter().filter_map(|instance| {
            let enrolment = content.enrolments.get(instance)?;
            Some((*instance, enrolment.clone()))
        });
        Self {
            document: plan.document.clone(),
            values: Values {
                passwords: passwords.collect(),
                keys: keys.collect(),
                enrolments: enrolments.collect(),
                identity: writes.identity.then(|| content.identity.clone()),
            },
            seen: if writes.operators {
                content.operators.clone()
            } else {
                BTreeMap::new()
            },
            joining: Draft::joining(writes),
            plan: Some(id),
            reason,
        }
    }
}

/// What is written before the new state holds.
struct Staging {
    journal: Journal,
    vault: Vault,
    present: Arc<Snapshot>,
    base: u64,
    hash: underpass_shared::hash::Hash256,
    operators: bool,
    values: Values,
    done: RestoreApplied,
}

impl Staging {
    fn run(self) -> anyhow::Result<Intent> {
        let (mut fresh, mut staged) = (vec![], vec![]);
        for value in self.values.to_values()? {
            match self.vault.read(&value.name) {
                Ok(present) if present == value.content => {}
                Ok(present) if self.stays(&value, &present) => {}
                Ok(_) => staged.push(value),
                Err(VaultError::Missing(_)) => fresh.push(value),
                Err(error) => return Err(error.into()),
            }
        }
        let identity = Purpose::Identity.file();
        // It has its place only once the new state holds, also where there was none.
        let (own, others) = fresh.into_iter().partition(|one| one.name == identity);
        fresh = others;
        staged.extend::<Vec<Value>>(own);
        let mut before = Values::of(self.present.document(), &self.vault)?;
        if !staged.iter().any(|one| one.name == identity) {
            before.identity = None;
        }
        let revision = self.done.changed.then_some(self.done.revision);
        let previous = Previous::new(revision, self.done.time_stamp, self.operators, before);
        staged.push(previous.to_value()?);
        self.journal
            .begin(self.base, self.hash, self.done, &fresh, &staged)
    }

    /// Whether an enrolment was renewed here since: the newer one is the one that the gateway
    /// knows.
    fn stays(&self, value: &Value, present: &[u8]) -> bool {
        let mut enrolments = self.values.enrolments.iter();
        let new = enrolments.find(|(instance, _)| credentials::name(**instance) == value.name);
        let begin = |certificate: &str| not_before(certificate);
        let Some(new) = new.and_then(|(_, new)| begin(&new.certificate)) else {
            return false;
        };
        let present: Option<underpass_shared::backup::Enrolment> =
            serde_json::from_slice(present).ok();
        let present = present.and_then(|present| begin(&present.certificate));
        present.is_some_and(|present| present > new)
    }
}
