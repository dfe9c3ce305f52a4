//! Drafts: edited here, reviewed and applied by the agent.

use std::sync::Arc;

use underpass_runtime::clock;
use underpass_shared::id::AgentId;

use super::super::Message;
use super::super::drafts::{Answered, apply, newer, review, stopped};
use super::super::shelf::Keep;
use super::Hub;
use crate::command::DraftAct;
use crate::draft::Draft;
use crate::session::Nudge;
use crate::slot::Slot;
use crate::snapshot::{Failure, PartState, Severity};

impl Hub {
    pub(super) fn draft(&mut self, agent: AgentId, act: DraftAct, done: &Slot<()>) {
        let ticket = done.begin();
        let acted = self.act(agent, act);
        if let (Err(why), false) = (&acted, done.is_shared()) {
            let text = format!("the draft was not changed: {why}");
            self.notice(Some(agent), Severity::Error, text);
        }
        done.finish(ticket, acted, clock::wall_ms());
        self.now();
    }

    fn act(&mut self, agent: AgentId, act: DraftAct) -> Result<(), String> {
        let member = self.members.get(&agent).ok_or("there is no such agent")?;
        let draft = match &member.draft {
            Some(draft) => Draft::clone(draft),
            None => {
                let base = member.seen.configuration.value();
                Draft::new(base.cloned().ok_or("its configuration is not known yet")?)
            }
        };
        if draft.is_applying {
            return Err("it is being applied; wait for the end".to_owned());
        }
        if let (DraftAct::Edit { .. } | DraftAct::Amend { .. }, Some(why)) = (&act, draft.locked())
        {
            return Err(why.to_string());
        }
        let invalid = |rule: underpass_shared::config::Invalid| rule.to_string();
        let next = match act {
            DraftAct::Edit { what, edit } => draft.edit(&what, edit).map_err(invalid)?,
            DraftAct::Amend { what, edit } => draft.amend(&what, edit).map_err(invalid)?,
            DraftAct::Undo => draft.undo(),
            DraftAct::Redo => draft.redo(),
            DraftAct::Resolve { place, mine } => draft.resolve(&place, mine).map_err(invalid)?,
            DraftAct::Discard => {
                self.put_draft(agent, None);
                return Ok(());
            }
            DraftAct::Review => {
                let mut next = draft;
                next.review = next.review.loading();
                self.ask(agent, Arc::new(next), Ask::Review)?;
                return Ok(());
            }
            DraftAct::Merge => {
                self.ask(agent, Arc::new(draft), Ask::Newer)?;
                return Ok(());
            }
            DraftAct::Apply { confirm_within } => {
                draft.is_ready().map_err(|why| why.to_string())?;
                let mut next = draft;
                next.is_applying = true;
                next.refused = None;
                self.ask(agent, Arc::new(next), Ask::Apply(confirm_within))?;
                return Ok(());
            }
        };
        self.put_draft(agent, Some(Arc::new(next)));
        Ok(())
    }

    pub(super) fn put_draft(&mut self, agent: AgentId, draft: Option<Arc<Draft>>) {
        if let Some(member) = self.members.get_mut(&agent) {
            member.draft.clone_from(&draft);
            member.show(clock::wall_ms());
        }
        self.keep(Keep::Draft(agent, draft));
    }

    /// Shows a draft that was applied as such until its agent is known to have it; it is not kept.
    fn applied(&mut self, agent: AgentId, revision: u64) {
        if let Some(member) = self.members.get_mut(&agent) {
            member.applied = Some(revision);
            member.settle();
            member.show(clock::wall_ms());
        }
        self.keep(Keep::Draft(agent, None));
    }

    /// Asks the agent about a draft.
    fn ask(&mut self, agent: AgentId, draft: Arc<Draft>, ask: Ask) -> Result<(), String> {
        let api = self.api(agent).ok_or("there is no such agent")?;
        self.put_draft(agent, Some(Arc::clone(&draft)));
        let job = match ask {
            Ask::Apply(_) => Some(self.jobs.begin("Apply changes", &[agent], clock::wall_ms())),
            Ask::Review | Ask::Newer => None,
        };
        let (told, nudges) = (self.told.clone(), self.nudges(agent));
        self.tasks.spawn("fleet-draft", async move {
            let answered = match ask {
                Ask::Review => review(api, draft).await,
                Ask::Newer => newer(api).await,
                Ask::Apply(confirm_within) => {
                    let applied = apply(api, draft, confirm_within);
                    let (answered, answer) = match &job {
                        Some((_, stop)) => tokio::select! {
                            applied = applied => applied,
                            () = stop.cancelled() => stopped(),
                        },
                        None => applied.await,
                    };
                    let state = match answer {
                        Ok(reply) => PartState::Done {
                            revision: reply.revision,
                        },
                        Err(failure) => PartState::Failed(failure),
                    };
                    if let Some((job, _)) = job {
                        drop(told.send(Message::Part { job, agent, state }).await);
                    }
                    if let Some(nudges) = nudges {
                        drop(nudges.try_send(Nudge::Changed));
                    }
                    answered
                }
            };
            drop(told.send(Message::Draft(agent, answered)).await);
        });
        Ok(())
    }

    /// Takes what an agent said of a draft.
    pub(in super::super) fn answered(&mut self, agent: AgentId, answered: Answered) {
        let Some(member) = self.members.get(&agent) else {
            return;
        };
        let Some(draft) = &member.draft else {
            return;
        };
        let now_ms = clock::wall_ms();
        let mut next = Draft::clone(draft);
        next.is_applying = false;
        match answered {
            // The user went on while the agent thought: what it says is of another draft.
            Answered::Reviewed { of, .. } if of != draft.stamp() => return,
            Answered::Reviewed { said, .. } => next.reviewed(said, now_ms),
            Answered::Applied(Ok(revision)) => {
                self.applied(agent, revision);
                return;
            }
            Answered::Applied(Err(failure)) | Answered::Newer(Err(failure)) => {
                next.refused = Some(failure);
            }
            Answered::Newer(Ok(theirs)) => match next.merged(theirs) {
                Ok(merged) => {
                    next = merged;
                    let text = "Somebody else changed the configuration; the changes were \
                                brought together, review them again";
                    self.notice(Some(agent), Severity::Warning, text.to_owned());
                }
                Err(rule) => next.refused = Some(Failure::plain(rule.to_string())),
            },
        }
        self.put_draft(agent, Some(Arc::new(next)));
    }
}

/// What an agent is asked about a draft.
enum Ask {
    Review,
    Newer,
    Apply(Option<underpass_shared::config::ConfirmWithin>),
}
