//! Migrations and imports of a still: done at once, or as far as they are looked at.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::FutureExt as _;
use underpass_shared::id::AgentId;
use uuid::Uuid;

use super::Still;
use crate::FleetError;
use crate::api::Api;
use crate::backup::Opener;
use crate::command::{Migrate, Scc};
use crate::demo::agent::DemoAgent;
use crate::demo::moves;
use crate::migrate::Agents;
use crate::migrate::engine::Ended;
use crate::migrate::machine::Migration;
use crate::migrate::plan::{MigrationId, Plan, Wish};
use crate::migrate::rehearsal::{Rehearsed, planned};
use crate::slot::Slot;
use crate::snapshot::{MoveSnapshot, PartState};

/// The agents of the still, to be called.
struct Known(BTreeMap<AgentId, (Arc<DemoAgent>, String)>);

impl Agents for Known {
    fn api(&self, agent: AgentId) -> Result<Arc<dyn Api>, FleetError> {
        let known = self.0.get(&agent).ok_or(FleetError::Unknown)?;
        Ok(Arc::clone(&known.0) as Arc<dyn Api>)
    }

    fn label(&self, agent: AgentId) -> String {
        let known = self.0.get(&agent);
        known.map_or_else(|| agent.to_string(), |known| known.1.clone())
    }
}

impl Still {
    /// Steps that are done at most of a migration which begins, so that it can be looked at on its
    /// way; the last one never is.
    const BEGUN: usize = 5;

    pub(super) fn migrate(&mut self, act: Migrate) {
        match act {
            Migrate::Rehearse {
                wish, opener, done, ..
            } => {
                let ticket = done.begin();
                let rehearsed = self.rehearse(&wish, opener.as_ref());
                done.finish(ticket, rehearsed, self.now_ms);
            }
            Migrate::Run { plan, done, .. } => self.begin(Migration::new(plan), &done),
            Migrate::Resume { id, done, .. } => {
                self.go(id, &done, |one| {
                    one.go_on().map_err(|error| error.to_string())
                });
            }
            Migrate::Rollback { id, done } => {
                self.go(id, &done, |one| {
                    one.turn_back().map_err(|error| error.to_string())
                });
            }
        }
    }

    fn rehearse(&self, wish: &Wish, opener: Option<&Opener>) -> Result<Rehearsed, String> {
        let sitters = self.sitters.iter();
        let known = sitters.map(|one| {
            let label = one.card.label.to_string();
            (one.card.id, (Arc::clone(&one.agent), label))
        });
        let known = Known(known.collect());
        // Made-up agents answer at once.
        let planned = planned(&known, wish, opener).now_or_never();
        let planned = planned.ok_or("the agents do not answer")?;
        let (plan, source) = planned.map_err(|error| error.to_string())?;
        let at = self.now_ms.unsigned_abs();
        let plan = Plan {
            // Pictures are always the same.
            id: MigrationId(Uuid::from_u128(u128::from(at) << 80)),
            created_ms: self.now_ms,
            ..plan
        };
        let migration = Migration::new(Arc::new(plan));
        Ok(moves::rehearsed(migration, &source, self.now_ms))
    }

    /// Begins one, which then stands still in the middle.
    fn begin(&mut self, mut migration: Migration, done: &Slot<Ended>) {
        let _ticket = done.begin();
        let before_last = migration.records.len().saturating_sub(1);
        for _step in 0..Self::BEGUN.min(before_last) {
            moves::step(&mut migration, self.now_ms);
        }
        if let crate::migrate::machine::Next::Do(number, _) = migration.next() {
            migration.begin(number, self.now_ms);
        }
        let targets = migration.plan.targets.iter().map(|one| one.agent);
        let targets: Vec<AgentId> = targets.collect();
        let (job, _stop) = self.jobs.begin("Migration", &targets, self.now_ms);
        for agent in targets {
            self.jobs.part(job, agent, &PartState::Running, self.now_ms);
        }
        self.moves.push(MoveSnapshot {
            id: migration.plan.id,
            migration: Ok(Arc::new(migration)),
            job: Some(job),
        });
    }

    /// Goes on with one to its end.
    fn go(
        &mut self,
        id: MigrationId,
        done: &Slot<Ended>,
        ready: impl FnOnce(&mut Migration) -> Result<(), String>,
    ) {
        let ticket = done.begin();
        let now_ms = self.now_ms;
        let found = self.moves.iter_mut().find(|one| one.id == id);
        let Some(MoveSnapshot {
            migration: Ok(known),
            job,
            ..
        }) = found
        else {
            return done.finish(ticket, Err("there is none".to_owned()), now_ms);
        };
        let migration = Arc::make_mut(known);
        let ended = ready(migration).map(|()| {
            loop {
                if let Some(ended) = moves::step(migration, now_ms) {
                    break ended;
                }
            }
        });
        *job = None;
        done.finish(ticket, ended, now_ms);
    }

    /// What is cancelled stops where it stands.
    pub(super) fn cancel(&mut self, job: crate::snapshot::JobId) {
        for one in &mut self.moves {
            if one.job == Some(job) {
                one.job = None;
            }
        }
        let parts = self.jobs.show();
        let parts = parts.iter().filter(|one| one.id == job);
        let agents: Vec<AgentId> = parts
            .flat_map(|one| one.parts.iter())
            .map(|part| part.agent)
            .collect();
        for agent in agents {
            self.jobs
                .part(job, agent, &PartState::Cancelled, self.now_ms);
        }
    }
}

/// Answers as a made-up connector, at once.
pub(super) fn scc(act: Scc, now_ms: i64) {
    match act {
        Scc::Look { done, .. } => {
            let ticket = done.begin();
            done.finish(ticket, Ok(crate::demo::scc::shown()), now_ms);
        }
        Scc::Read {
            connector, done, ..
        } => {
            let ticket = done.begin();
            let reading = crate::demo::scc::reading(&connector.url, now_ms);
            done.finish(ticket, Ok(reading), now_ms);
        }
    }
}
