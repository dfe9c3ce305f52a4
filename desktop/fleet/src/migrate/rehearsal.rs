//! What a migration would do, tried as far as nothing is changed.

use std::collections::BTreeMap;

use thiserror::Error;
use tokio_util::sync::CancellationToken;
use underpass_runtime::clock;
use underpass_shared::api::management::{DocumentTarget, Target};
use underpass_shared::config::Document;
use underpass_shared::id::AgentId;
use uuid::Uuid;

use super::acts;
use super::calls::{Agents, Fault, Party};
use super::engine::{Ended, Engine};
use super::journal::JournalError;
use super::machine::Migration;
use super::plan::{self, Making, Origin, Plan, PlanError, TargetPlan, Wish};
use super::reach::{self, Looked, When};
use super::step::Act;
use crate::FleetError;
use crate::api::Call;
use crate::backup::Opener;

/// Why there is no plan.
#[derive(Debug, Error)]
pub enum Unplanned {
    /// An agent does not answer.
    #[error("{label}: {}", .error.reason())]
    Agent {
        /// How people call it.
        label: String,
        /// Why.
        error: FleetError,
    },
    /// The configuration that is to go cannot be had.
    #[error("{0}")]
    Source(String),
    /// The wish cannot be fulfilled.
    #[error(transparent)]
    Plan(#[from] PlanError),
}

/// What was tried, and what was found.
#[derive(Clone, Debug)]
pub struct Rehearsed {
    /// The plan, and its steps as far as they were tried.
    pub migration: Migration,
    /// What each target reaches.
    pub looked: Vec<(AgentId, Vec<Looked>)>,
    /// How far it came.
    pub ended: Ended,
}

/// Plans a migration by the configurations as they are now; gives that of the source too. A backup
/// is opened by the first target.
///
/// # Errors
/// When an agent does not answer, the backup cannot be opened, or the wish cannot be fulfilled.
pub async fn planned(
    agents: &dyn Agents,
    wish: &Wish,
    opener: Option<&Opener>,
) -> Result<(Plan, Document), Unplanned> {
    let first = wish.targets.first().ok_or(PlanError::NoTarget)?;
    let (revision, source) = match &wish.origin {
        Origin::Agent { agent } => configuration(agents, *agent).await?,
        Origin::Backup { .. } => {
            let stop = CancellationToken::new();
            let target = Party::new(agents, first.agent, &stop);
            let found = acts::origin(&wish.origin, None, &target, opener).await;
            found.map_err(|fault| Unplanned::Source(fault.to_string()))?
        }
    };
    let mut targets = BTreeMap::new();
    for target in &wish.targets {
        let (_, document) = configuration(agents, target.agent).await?;
        targets.insert(target.agent, document);
    }
    let making = Making {
        now_ms: clock::wall_ms(),
        id: &Uuid::now_v7,
    };
    let plan = plan::make(wish, making, (revision, &source), &targets)?;
    Ok((plan, source))
}

/// The configuration of an agent as it is now, with its revision.
pub(crate) async fn configuration(
    agents: &dyn Agents,
    agent: AgentId,
) -> Result<(u64, Document), Unplanned> {
    let asked = async {
        let call = Call::get(Target::Document(DocumentTarget::Whole));
        let reply = agents.api(agent)?.call(&call).await?;
        let text = std::str::from_utf8(&reply.body).or(Err(FleetError::NoText))?;
        let revision = reply.revision.ok_or(FleetError::NoRevision)?;
        Ok((revision, Document::from_json(text)?))
    };
    asked.await.map_err(|error| Unplanned::Agent {
        label: agents.label(agent),
        error,
    })
}

impl Engine {
    /// Has each target look at everything that it must reach, and then say what it would change,
    /// as [`Self::rehearse`] does. All targets look, also where one reaches not all.
    ///
    /// # Errors
    /// When its state cannot be written down.
    pub async fn rehearse_all(&self, mut migration: Migration) -> Result<Rehearsed, JournalError> {
        let plan = std::sync::Arc::clone(&migration.plan);
        let mut looked = vec![];
        let checks = migration.records.iter().enumerate();
        let checks = checks.filter(|(_, record)| record.step.act == Act::Preflight);
        let checks: Vec<(usize, AgentId)> = checks
            .map(|(number, record)| (number, record.step.target))
            .collect();
        for (number, agent) in checks {
            let Some(target) = plan.target(agent) else {
                continue;
            };
            migration.begin(number, clock::wall_ms());
            (self.told)(&migration);
            let label = self.agents.label(agent);
            let told = match self.look(&plan, target).await {
                Ok(all) => {
                    let told = reach::told(&all, &label, plan.tolerant);
                    looked.push((agent, all));
                    told
                }
                Err(fault) => Err(fault),
            };
            let now_ms = clock::wall_ms();
            match told {
                Ok(seen) => migration.done(number, seen, now_ms),
                Err(Fault::Failed { reason, seen }) => {
                    migration.failed(number, &reason, seen, now_ms);
                }
                Err(Fault::Lost(_)) => {
                    migration.failed(number, "the target forgets at once", vec![], now_ms);
                }
                Err(Fault::Cancelled) => {
                    let ended = Ended::Cancelled;
                    return Ok(Rehearsed {
                        migration,
                        looked,
                        ended,
                    });
                }
            }
            (self.told)(&migration);
        }
        let ended = match migration.failure() {
            Some(_) => Ended::Stopped,
            None => self.rehearse(&mut migration).await?,
        };
        Ok(Rehearsed {
            migration,
            looked,
            ended,
        })
    }

    async fn look(&self, plan: &Plan, target: &TargetPlan) -> Result<Vec<Looked>, Fault> {
        let party = |agent| Party::new(&*self.agents, agent, &self.stop);
        let (from, to) = (plan.source().map(party), party(target.agent));
        let (from, opener) = (from.as_ref(), self.opener.as_ref());
        let (_, document) = acts::origin(&plan.origin, from, &to, opener).await?;
        let settings = plan.settings;
        reach::survey(&document, target, (from, &to), When::Before { settings }).await
    }
}
