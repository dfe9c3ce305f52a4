//! Changes on trial: shown, confirmed, taken back.

use http::StatusCode;
use underpass_runtime::tasks::Tasks;
use underpass_shared::api::management::{ErrorType, PendingConfirm, Refusal, Verb};
use underpass_shared::audit::{Actor, Category, Outcome, Record};
use underpass_shared::config::{OnTrial, Revision, Trial};
use underpass_shared::rights::{self, Role};

use super::call::{Call, PastStore, still_permitted};
use super::{Admin, Answer, answer};
use crate::store::{AGENT, ChangeError, Ending, Snapshot, named};
use crate::utc::utc;

/// Why changes on trial keep somebody from writing, as the API says it.
pub(super) fn refusal(refused: OnTrial) -> Refusal {
    match refused {
        OnTrial::Other(trial) => Refusal::illegal_state(format!(
            "changes of {} wait for their confirmation until {} UTC; before that, {} or an Administrator confirms or reverts them, here or with `underpass-agent confirm|revert`",
            trial.author,
            utc(trial.until_ms),
            trial.author,
        )),
        OnTrial::TooMany => Refusal::illegal_state(refused.to_string()),
        OnTrial::Lasting(_) => Refusal::invalid("confirmWithin", refused.to_string()),
    }
}

/// Refuses what can neither join a trial nor be taken back, before it is begun.
pub(super) fn nothing_on_trial(current: &Snapshot) -> Result<(), Refusal> {
    let Some(trial) = current.trial() else {
        return Ok(());
    };
    let author = &trial.author;
    let message = format!("changes of {author} are on trial; confirm or revert them first");
    Err(Refusal::illegal_state(message))
}

impl Admin {
    pub(super) async fn pending_confirm(&self, call: Call, verb: Verb) -> Answer {
        let current = self.readable()?;
        let revision = current.revision().number;
        let Some(trial) = current.trial() else {
            return Err(answer::refusal(ChangeError::NothingOnTrial));
        };
        match verb {
            Verb::Post | Verb::Delete => {
                may_end(&call, trial)?;
                call.check_revision(revision)?;
                if verb == Verb::Post {
                    self.confirm(&call, trial).await
                } else {
                    self.revert(&call, trial).await
                }
            }
            Verb::Get | Verb::Put | Verb::Patch => {
                let left = trial.left(underpass_runtime::clock::wall_ms());
                answer::ok(&PendingConfirm::show(trial, left), revision)
            }
        }
    }

    async fn confirm(&self, call: &Call, trial: &Trial) -> Answer {
        let what = format!("confirmed the changes from revision {} on", trial.first);
        let recording = self.recording(call.caller(), Category::Configuration, &what);
        recording.intend_act().await?;
        let past = PastStore::default();
        let confirmed = self.store.confirm(ending(call, trial, &past)).await;
        let confirmed = confirmed.map_err(|error| past.refusal(error));
        recording.acted(&confirmed);
        let trial = confirmed?;
        let (author, by, revision) = (&*trial.author, call.caller().to_string(), trial.last);
        tracing::info!(author, by, revision, "changes on trial confirmed");
        if self.live.is_none() {
            self.settled(&trial).await;
        }
        Ok(answer::done(revision))
    }

    async fn revert(&self, call: &Call, trial: &Trial) -> Answer {
        let author = call.caller().to_string();
        let reason = named(trial);
        let recording = self.recording(call.caller(), Category::Configuration, &reason);
        recording.intend_act().await?;
        let (past, store) = (PastStore::default(), &self.store);
        let ending = ending(call, trial, &past);
        let reverted = store.revert(ending, &author).await;
        let reverted = reverted.map_err(|error| past.refusal(error));
        recording.committed(reverted.as_ref());
        let reverted = reverted?.revision.number;
        tracing::info!(author, revision = reverted, "changes on trial taken back");
        if self.live.is_none() {
            self.settled(trial).await;
        }
        Ok(answer::done(reverted))
    }

    /// Cleans up behind each trial, also behind those that end by the clock.
    pub(crate) async fn watch_trials(self, tasks: Tasks) {
        let mut snapshot = self.store.snapshot();
        // One that was over before anybody could see it.
        let mut last = self.store.taken_back().cloned();
        loop {
            let now = snapshot.borrow_and_update().trial().cloned();
            if let Some(over) =
                last.filter(|last| now.as_ref().is_none_or(|now| now.first != last.first))
            {
                self.note_end(&over);
                self.settled(&over).await;
            }
            last = now;
            tokio::select! {
                changed = snapshot.changed() => if changed.is_err() {
                    return;
                },
                () = tasks.stopped() => return,
            }
        }
    }

    /// Cleans up behind a trial that was over when the state was opened.
    pub(crate) async fn clean_up(&self) {
        if let Some(over) = self.store.taken_back() {
            self.note_end(over);
            self.settled(over).await;
        }
    }

    /// Records what the clock took back; what somebody did is recorded with his name.
    fn note_end(&self, over: &Trial) {
        let current = self.store.current();
        let Revision {
            number,
            author,
            reason,
            ..
        } = current.revision();
        if **author != *AGENT || *number != over.last + 1 {
            return;
        }
        let actor = Actor {
            name: AGENT.to_owned(),
            role: None,
            from: None,
        };
        let (category, outcome) = (Category::Configuration, Outcome::Done);
        self.audit.record(Record {
            revision: Some(*number),
            ..Record::new(self.audit.now_ms(), category, outcome, actor, reason)
        });
    }
}

/// The end of a trial that a caller asks for. Whether he still may is decided when it is his turn:
/// until then the trial can grow, and his role can change.
fn ending(call: &Call, trial: &Trial, past: &PastStore) -> Ending {
    let (caller, past) = (call.caller().clone(), past.clone());
    let ending = Ending::of(trial.first).if_match(call.if_match());
    ending.checked(move |now, after| {
        let permitted = still_permitted(&caller, now);
        let permitted = permitted.and_then(|()| Ok(rights::check(caller.role(), now, after)?));
        past.keep(permitted)
    })
}

fn may_end(call: &Call, trial: &Trial) -> Result<(), Refusal> {
    let caller = call.caller();
    if caller.role() == Role::Administrator || *caller.to_string() == *trial.author {
        return Ok(());
    }
    let message = format!("only {} or an Administrator may do this", trial.author);
    let (status, kind) = (StatusCode::FORBIDDEN, ErrorType::ForbiddenRequest);
    Err(Refusal::new(status, kind, message))
}
