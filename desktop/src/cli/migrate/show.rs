//! What a migration shows on its way.

use std::io::{self, Write as _};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use underpass_fleet::migrate::Agents;
use underpass_fleet::migrate::desk::Desk;
use underpass_fleet::migrate::machine::{Direction, Migration, Record, State};
use underpass_fleet::migrate::report::Outcome;
use underpass_runtime::clock;
use underpass_shared::id::AgentId;

use super::super::output::{Output, table};
use crate::text::clean;

/// How agents are called.
pub(super) fn label(agents: &dyn Agents) -> impl Fn(AgentId) -> String {
    move |agent| clean(&agents.label(agent))
}

/// One line on standard error for each step that begins or ends.
pub(super) struct Progress {
    agents: Arc<dyn Agents>,
    told: Mutex<Vec<State>>,
}

impl Progress {
    pub(super) const fn new(agents: Arc<dyn Agents>) -> Self {
        Self {
            agents,
            told: Mutex::new(vec![]),
        }
    }

    pub(super) fn tell(&self, migration: &Migration) {
        let states = migration.records.iter().map(|one| one.state.clone());
        let states: Vec<State> = states.collect();
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let mut error = io::stderr().lock();
        for (number, record) in migration.records.iter().enumerate() {
            let is_news = match told.get(number) {
                Some(before) => *before != record.state,
                None => matches!(record.state, State::Begun | State::Undoing),
            };
            if is_news && let Some(line) = self.line(migration, number, record) {
                // Without a standard error there is nobody to tell.
                writeln!(error, "{line}").unwrap_or_default();
            }
        }
        *told = states;
    }

    fn line(&self, migration: &Migration, number: usize, record: &Record) -> Option<String> {
        let act = record.step.act;
        let what = match migration.direction {
            Direction::Forward => act.title(),
            Direction::Back => act.undoing()?,
        };
        let state = match &record.state {
            State::Waiting => return None,
            State::Begun | State::Undoing => " …".to_owned(),
            State::Done => {
                let seen = record.seen.first();
                seen.map_or_else(
                    || ": done".to_owned(),
                    |seen| format!(": done, {}", clean(seen)),
                )
            }
            State::Undone => ": done".to_owned(),
            State::Failed { reason } | State::Stuck { reason } => {
                format!(": failed: {}", clean(reason))
            }
        };
        let all = migration.records.len();
        let target = clean(&self.agents.label(record.step.target));
        Some(format!("[{}/{all}] {target}: {what}{state}", number + 1))
    }
}

/// Tells of a failure on standard error.
pub(super) fn error(text: &str) -> io::Result<()> {
    writeln!(io::stderr(), "error: {}", clean(text))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    id: String,
    created_ms: Option<i64>,
    source: Option<String>,
    targets: Vec<String>,
    outcome: Option<Outcome>,
    problem: Option<String>,
}

/// Lists all migrations; one that cannot be read is listed with the reason.
pub(super) fn list(desk: &Desk, out: &mut Output<'_>) -> anyhow::Result<()> {
    let (journals, agents) = (desk.journals(), desk.agents());
    let label = label(&*agents);
    let mut all = vec![];
    for id in journals.ids()? {
        all.push(match journals.read(id) {
            Ok(one) => Listed {
                id: id.to_string(),
                created_ms: Some(one.plan.created_ms),
                source: one.plan.source().map(&label),
                targets: one
                    .plan
                    .targets
                    .iter()
                    .map(|one| label(one.agent))
                    .collect(),
                outcome: Some(Outcome::of(&one)),
                problem: None,
            },
            Err(error) => Listed {
                id: id.to_string(),
                created_ms: None,
                source: None,
                targets: vec![],
                outcome: None,
                problem: Some(clean(&error.to_string())),
            },
        });
    }
    out.show(&all, |out| {
        if all.is_empty() {
            return writeln!(out, "no migrations");
        }
        let head = ["ID", "PLANNED", "SOURCE", "TARGETS", "STATE"].map(str::to_owned);
        let rows = all.iter().map(|one| {
            let state = match (one.outcome, &one.problem) {
                (Some(outcome), _) => outcome.word().to_owned(),
                (None, Some(problem)) => problem.clone(),
                (None, None) => String::new(),
            };
            [
                one.id.clone(),
                one.created_ms.map(clock::rfc3339).unwrap_or_default(),
                one.source.clone().unwrap_or_else(|| "a backup".to_owned()),
                one.targets.join(", "),
                state,
            ]
        });
        table(out, &std::iter::once(head).chain(rows).collect::<Vec<_>>())
    })
}
