//! Migrations and imports of a still: done at once, or as far as they are looked at.

use std::collections::BTreeMap;
use std::sync::Arc;

use underpass_shared::id::AgentId;
use uuid::Uuid;

use super::Still;
use crate::command::{Migrate, Scc};
use crate::demo::moves;
use crate::migrate::engine::Ended;
use crate::migrate::machine::Migration;
use crate::migrate::plan::{Making, MigrationId, Wish, make};
use crate::migrate::rehearsal::Rehearsed;
use crate::slot::Slot;
use crate::snapshot::{MoveSnapshot, PartState};

impl Still {
    /// Steps that are done of a migration which begins, so that it can be looked at on its way.
    const BEGUN: usize = 5;

    pub(super) fn migrate(&mut self, act: Migrate) {
        match act {
            Migrate::Rehearse { wish, done, .. } => {
                let ticket = done.begin();
                let rehearsed = self.rehearse(&wish);
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

    fn rehearse(&self, wish: &Wish) -> Result<Rehearsed, String> {
        let document = |agent: AgentId| {
            let found = self.sitters.iter().find(|one| one.card.id == agent);
            let found = found.ok_or("there is no such agent")?;
            let known = found.machine.seen.configuration.value();
            let known = known.ok_or_else(|| format!("{}: it does not answer", found.card.label))?;
            Ok::<_, String>((known.revision, Arc::clone(&known.document)))
        };
        let (revision, source) = document(wish.source)?;
        let mut targets = BTreeMap::new();
        for target in &wish.targets {
            let (_, document) = document(target.agent)?;
            targets.insert(target.agent, (*document).clone());
        }
        let at = self.now_ms.unsigned_abs();
        let making = Making {
            now_ms: self.now_ms,
            id: &|| Uuid::from_u128(u128::from(at) << 80),
        };
        let plan = make(wish, making, (revision, &source), &targets);
        let plan = plan.map_err(|error| error.to_string())?;
        let migration = Migration::new(Arc::new(plan));
        Ok(moves::rehearsed(migration, &source, self.now_ms))
    }

    /// Begins one, which then stands still in the middle.
    fn begin(&mut self, mut migration: Migration, done: &Slot<Ended>) {
        let _ticket = done.begin();
        for _step in 0..Self::BEGUN {
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
