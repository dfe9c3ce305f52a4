//! What stands on all agents: their alerts, and what this app itself sees.

use std::cmp::Reverse;
use std::sync::Arc;

use underpass_fleet::snapshot::{AgentSnapshot, FleetSnapshot};
use underpass_shared::alert::{Alert, Severity};
use underpass_shared::id::AgentId;

use crate::digest::{state_of, trouble, trouble_of, word_of};
use crate::measured;
use crate::text;
use crate::theme::State;

/// A line of the list.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub(super) agent: AgentId,
    pub(super) label: Arc<str>,
    /// None for what this app sees and the agent cannot say.
    pub(super) alert: Option<Alert>,
    /// What is wrong, where no alert says it.
    pub(super) problem: String,
    pub(super) since_ms: Option<i64>,
    pub(super) state: State,
    pub(super) word: &'static str,
}

impl Row {
    /// What the agent tells.
    pub(super) fn of(agent: &AgentSnapshot, alert: &Alert, now_ms: i64) -> Self {
        let (state, word) = shown(alert, now_ms);
        Self {
            agent: agent.id,
            label: Arc::clone(&agent.label),
            problem: String::new(),
            since_ms: Some(alert.since_ms),
            alert: Some(alert.clone()),
            state,
            word,
        }
    }

    /// What this app sees.
    fn seen(agent: &AgentSnapshot) -> Option<Self> {
        let problem = trouble(agent)?;
        Some(Self {
            agent: agent.id,
            label: Arc::clone(&agent.label),
            alert: None,
            problem,
            since_ms: agent.last_seen_ms.filter(|_| !agent.link.is_online()),
            state: trouble_of(agent.health),
            word: match state_of(agent.health) {
                State::Ok => "Warning",
                State::Warn | State::Error | State::Info | State::Off | State::Pending => {
                    word_of(agent.health)
                }
            },
        })
    }

    /// What it is called.
    pub(super) fn title(&self) -> String {
        match &self.alert {
            Some(alert) => text::clean(&alert.title),
            None => self.problem.clone(),
        }
    }

    /// Of what it is.
    pub(super) fn entity(&self) -> String {
        let entity = self.alert.as_ref().map(|alert| alert.id.entity.as_str());
        text::clean(entity.unwrap_or_default())
    }

    /// Which alert it is, to find it again.
    pub(super) fn number(&self) -> Option<u64> {
        self.alert.as_ref().map(|alert| alert.number)
    }

    /// Whether each of these words is in it.
    pub(super) fn has(&self, words: &str) -> bool {
        let told = self.alert.as_ref().map_or("", |alert| alert.text.as_str());
        let all = format!("{} {} {} {told}", self.label, self.title(), self.entity());
        let all = all.to_lowercase();
        let mut words = words.split_whitespace();
        words.all(|word| all.contains(&word.to_lowercase()))
    }
}

/// How an alert is shown.
pub(super) fn shown(alert: &Alert, now_ms: i64) -> (State, &'static str) {
    if alert.resolved_ms.is_some() {
        return (State::Ok, "Resolved");
    }
    if alert.silenced_until_ms.is_some_and(|until| until > now_ms) {
        return (State::Off, "Silenced");
    }
    if alert.acknowledged.is_some() {
        return (State::Info, "Noted");
    }
    let word = match alert.severity {
        Severity::Error => "Error",
        Severity::Warning => "Warning",
        Severity::Info => "Info",
    };
    (measured::state_of(alert.severity), word)
}

/// What stands, the worst and newest first.
pub(super) fn standing(fleet: &FleetSnapshot, now_ms: i64) -> Vec<Row> {
    let mut rows = vec![];
    for agent in fleet.agents.iter() {
        let alerts = agent.alerts.value().map_or(&[][..], |list| &list.alerts);
        rows.extend(alerts.iter().map(|alert| Row::of(agent, alert, now_ms)));
        // What an agent tells by an alert is not told twice.
        if alerts.is_empty() || !agent.link.is_online() {
            rows.extend(Row::seen(agent));
        }
    }
    rows.sort_by_key(|row| (weight(row.state), Reverse(row.since_ms)));
    rows
}

const fn weight(state: State) -> u8 {
    match state {
        State::Error => 0,
        State::Warn => 1,
        State::Pending => 2,
        State::Info => 3,
        State::Off => 4,
        State::Ok => 5,
    }
}
