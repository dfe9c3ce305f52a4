//! What is done with one agent.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use tokio::time::sleep;
use underpass_runtime::clock;
use underpass_shared::api::management::{
    Connection, DocumentTarget, PendingConfirm, Query, Status, Target, Verb,
};
use underpass_shared::config::{Document, SubaccountKey, changes, diff};
use underpass_shared::hash::Hash256;

use super::fault::{Fault, FaultKind, is_certain};
use super::part::{CHANGES_MAX, Part, Plan, Planned, State, raced};
use super::{Act, Options};
use crate::FleetError;
use crate::api::{Api, Call};
use crate::slot::FromReply as _;
use crate::snapshot::Configuration;
use crate::template::{About, Template, Values};

/// How often it is looked whether tunnels are up again.
const LOOK: Duration = Duration::from_millis(500);

/// One agent and what it is about.
pub(super) struct Work {
    pub(super) api: Arc<dyn Api>,
    pub(super) template: Template,
    pub(super) values: Arc<Values>,
    pub(super) options: Options,
    pub(super) part: Part,
}

/// Ends a step with a state, where a call did not end well.
type Step<T> = Result<T, State>;

impl Work {
    /// Does it; the state and the plan that the part has from now on.
    pub(super) async fn run(mut self, act: Act) -> (State, Option<Plan>) {
        let state = match act {
            Act::Plan { .. } => self.plan().await,
            Act::Apply => self.apply().await,
            Act::Undo => self.undo().await,
        };
        (state.unwrap_or_else(|ended| ended), self.part.plan)
    }

    async fn plan(&mut self) -> Step<State> {
        self.part.plan = None;
        let refused = |fault| State::Refused { fault };
        let of = |error: &FleetError| refused(Fault::from(error));
        let present = self.present().await.map_err(|error| of(&error))?;
        let wanted = self.wanted(&present.document);
        let wanted = wanted.map_err(refused)?;
        if wanted == *present.document {
            return Ok(State::Unchanged);
        }
        let call = self.put(&wanted, present.revision, true);
        self.api.call(&call).await.map_err(|error| of(&error))?;
        if let Some(pending) = self.pending().await.map_err(|error| of(&error))? {
            let message = format!(
                "changes of {} wait for their confirmation",
                crate::error::clean(&pending.author)
            );
            return Ok(refused(Fault::new(FaultKind::OnTrial, message)));
        }
        let all = changes(
            &diff(&present.document, &wanted),
            &diff(&wanted, &present.document),
        );
        let more = all.len().saturating_sub(CHANGES_MAX);
        let planned = all.into_iter().take(CHANGES_MAX).map(|one| Planned {
            change: one.change,
            part: one.part,
        });
        self.part.plan = Some(Plan {
            revision: present.revision,
            before: present.document.hash(),
            wanted: wanted.hash(),
            changes: planned.collect(),
            more,
        });
        Ok(State::Ready)
    }

    /// Makes the change, or finds out whether it was made before a break.
    async fn apply(&self) -> Step<State> {
        let plan = self.planned()?;
        let failed = |error: &FleetError| State::Failed {
            fault: Fault::from(error),
        };
        if matches!(self.part.state, State::Unknown { .. }) {
            match self.found(plan).await? {
                Found::Made => return self.confirm(plan.revision + 1).await,
                Found::NotMade => {}
                Found::TakenBack => return Ok(taken_back()),
                Found::Other(revision) => return Ok(raced(plan.revision, revision)),
            }
        }
        let present = self.present().await.map_err(|error| failed(&error))?;
        if present.revision != plan.revision {
            return Ok(raced(plan.revision, present.revision));
        }
        let wanted = self.wanted(&present.document);
        let wanted = wanted.map_err(|fault| State::Failed { fault })?;
        if wanted.hash() != plan.wanted {
            let message = "what is to be done is another than what was planned; plan it again";
            let fault = Fault::new(FaultKind::Refused, message);
            return Ok(State::Failed { fault });
        }
        let up = self.up().await.map_err(|error| failed(&error))?;
        let stays = |key: &SubaccountKey| {
            let own = wanted.subaccount(key).map(|one| one.own());
            own.is_some_and(|own| own.connected)
        };
        let up: BTreeSet<SubaccountKey> = up.into_iter().filter(stays).collect();
        let call = self.put(&wanted, plan.revision, false);
        let made = match self.api.call(&call).await {
            Ok(reply) => reply.revision.unwrap_or(plan.revision + 1),
            Err(error) if is_certain(&error) => return Err(failed(&error)),
            // The connection broke, not the agent: it tells at once.
            Err(error) => match self.found(plan).await {
                Ok(Found::Made) => plan.revision + 1,
                Ok(Found::NotMade) if matches!(error, FleetError::Refused { .. }) => {
                    return Err(failed(&error));
                }
                // It may still be on its way.
                Ok(Found::NotMade) => {
                    let fault = Fault::from(&error);
                    return Err(State::Unknown { fault });
                }
                Ok(Found::TakenBack) => return Ok(taken_back()),
                Ok(Found::Other(revision)) => return Ok(raced(plan.revision, revision)),
                Err(_away) => {
                    let fault = Fault::from(&error);
                    return Err(State::Unknown { fault });
                }
            },
        };
        match self.watch(&up).await {
            Ok(()) => self.confirm(made).await,
            Err(fault) => self.unwell(made, fault).await,
        }
    }

    /// Takes the change back.
    async fn undo(&self) -> Step<State> {
        let plan = self.planned()?;
        let revision = match &self.part.state {
            State::Running | State::Unknown { .. } => match self.found(plan).await? {
                Found::Made => plan.revision + 1,
                Found::NotMade => return Ok(State::Ready),
                Found::TakenBack => return Ok(taken_back()),
                Found::Other(revision) => return Ok(raced(plan.revision, revision)),
            },
            State::Undoing { revision }
            | State::Done { revision }
            | State::Unwell { revision, .. }
            | State::NotUndone { revision, .. } => *revision,
            State::Unplanned
            | State::Unchanged
            | State::Refused { .. }
            | State::Ready
            | State::Failed { .. }
            | State::Undone { .. } => return Ok(self.part.state.clone()),
        };
        let not_undone = |error: &FleetError| State::NotUndone {
            revision,
            fault: Fault::from(error),
        };
        // A break may have come between the step back and its answer.
        let present = self.present().await.map_err(|error| not_undone(&error))?;
        if present.document.hash() == plan.before {
            return Ok(State::Undone {
                revision: present.revision,
            });
        }
        let call = Call::new(Verb::Post, Target::Document(DocumentTarget::Undo(revision)));
        let reply = self.api.call(&call).await;
        let reply = reply.map_err(|error| match is_certain(&error) {
            true => not_undone(&error),
            false => State::Undoing { revision },
        })?;
        Ok(State::Undone {
            revision: reply.revision.unwrap_or(present.revision),
        })
    }

    fn planned(&self) -> Step<&Plan> {
        self.part.plan.as_ref().ok_or_else(|| {
            let fault = Fault::new(FaultKind::Refused, "it was not planned");
            State::Failed { fault }
        })
    }

    async fn present(&self) -> Result<Configuration, FleetError> {
        let reply = self
            .api
            .call(&Call::get(Target::Document(DocumentTarget::Whole)))
            .await?;
        Configuration::from_reply(&reply)
    }

    fn wanted(&self, present: &Document) -> Result<Document, Fault> {
        let about = About {
            id: self.part.agent,
            label: &self.part.label,
            group: self.part.group.as_deref(),
        };
        Ok(self.template.render(&self.values, &about, present)?)
    }

    fn put(&self, wanted: &Document, revision: u64, dry_run: bool) -> Call {
        let mut call = Call::new(Verb::Put, Target::Document(DocumentTarget::Whole))
            .if_match(revision)
            .query(Query {
                dry_run,
                confirm_within: self.options.trial().filter(|_| !dry_run),
                ..Query::default()
            });
        call.body = wanted.to_json().into_bytes().into();
        call
    }

    /// What waits for its confirmation.
    async fn pending(&self) -> Result<Option<PendingConfirm>, FleetError> {
        match self
            .api
            .call(&Call::get(Target::Document(DocumentTarget::PendingConfirm)))
            .await
        {
            Ok(reply) => reply.read().map(Some),
            Err(FleetError::Refused { status, .. }) if status == StatusCode::NOT_FOUND => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The subaccounts whose tunnels are up, where they are watched.
    async fn up(&self) -> Result<BTreeSet<SubaccountKey>, FleetError> {
        if self.options.watch_seconds == 0 {
            return Ok(BTreeSet::new());
        }
        let reply = self.api.call(&Call::get(Target::Status)).await?;
        let status: Status = reply.read()?;
        let is_up = |one: &Connection| matches!(one, Connection::Up);
        let links = status.links.into_iter();
        let up = links.filter(|link| link.connections.iter().any(is_up));
        let keys = up.map(|link| SubaccountKey {
            region_host: link.region_host,
            subaccount: link.subaccount,
            location_id: link.location_id,
        });
        Ok(keys.collect())
    }

    /// Waits until the tunnels are up that were up before.
    async fn watch(&self, before: &BTreeSet<SubaccountKey>) -> Result<(), Fault> {
        if self.options.watch_seconds == 0 {
            return Ok(());
        }
        let limit = Duration::from_secs(self.options.watch_seconds.into());
        let end = clock::monotonic().saturating_add(limit);
        loop {
            let wrong = match self.up().await {
                Ok(up) => match before.difference(&up).next() {
                    None => return Ok(()),
                    Some(key) => format!("the tunnel of {key} does not come up again"),
                },
                Err(error) => format!("since the change: {}", error.reason()),
            };
            if clock::monotonic() >= end {
                return Err(Fault::new(FaultKind::Unwell, wrong));
            }
            sleep(LOOK).await;
        }
    }

    /// Lets a change stay that is on trial.
    async fn confirm(&self, revision: u64) -> Step<State> {
        let done = Ok(State::Done { revision });
        if self.options.trial().is_none() {
            return done;
        }
        let unknown = |error: &FleetError| State::Unknown {
            fault: Fault::from(error),
        };
        // After a break somebody may have confirmed it.
        let pending = self.pending().await.map_err(|error| unknown(&error))?;
        if pending.is_none_or(|pending| pending.first_revision > revision) {
            let plan = self.planned()?;
            return match self.found(plan).await? {
                Found::Made => done,
                Found::NotMade | Found::TakenBack | Found::Other(_) => Ok(taken_back()),
            };
        }
        let call = Call::new(Verb::Post, Target::Document(DocumentTarget::PendingConfirm));
        match self.api.call(&call).await {
            Ok(_) => done,
            Err(error) => Err(unknown(&error)),
        }
    }

    /// An agent that is not well with its change goes back, where the change is on trial.
    async fn unwell(&self, revision: u64, mut fault: Fault) -> Step<State> {
        if self.options.trial().is_none() {
            return Ok(State::Unwell { revision, fault });
        }
        let call = Call::new(
            Verb::Delete,
            Target::Document(DocumentTarget::PendingConfirm),
        );
        fault.message = match self.api.call(&call).await {
            Ok(_) => format!("{}; the change was taken back", fault.message),
            Err(_away) => {
                // It takes the change back by itself; that is asked for when the rollout goes on.
                fault.message += "; the agent takes the change back by itself";
                return Ok(State::Unknown { fault });
            }
        };
        Ok(State::Failed { fault })
    }

    /// What became of a change whose answer did not come.
    async fn found(&self, plan: &Plan) -> Step<Found> {
        let unknown = |error: &FleetError| State::Unknown {
            fault: Fault::from(error),
        };
        let present = self.present().await.map_err(|error| unknown(&error))?;
        let hash = present.document.hash();
        if present.revision == plan.revision {
            return Ok(Found::NotMade);
        }
        if hash == plan.wanted {
            return Ok(Found::Made);
        }
        if hash == plan.before {
            return Ok(Found::TakenBack);
        }
        // Others went on; whether from our change is told by the revision behind the plan's.
        let next = Target::Document(DocumentTarget::AsOf(plan.revision + 1));
        let next: Hash256 = match self.api.call(&Call::get(next)).await {
            Ok(reply) => match Configuration::from_reply(&reply) {
                Ok(next) => next.document.hash(),
                Err(error) => return Err(unknown(&error)),
            },
            Err(error) => return Err(unknown(&error)),
        };
        Ok(if next == plan.wanted {
            Found::Made
        } else {
            Found::Other(present.revision)
        })
    }
}

/// What became of a change.
enum Found {
    Made,
    NotMade,
    TakenBack,
    /// Somebody else changed the configuration, to this revision.
    Other(u64),
}

fn taken_back() -> State {
    let fault = Fault::new(FaultKind::TakenBack, "the change was made and taken back");
    State::Failed { fault }
}
