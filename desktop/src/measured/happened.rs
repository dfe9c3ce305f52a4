//! What happened to an agent meanwhile: alerts and revisions of its configuration.

use underpass_fleet::slot::Slot;
use underpass_shared::alert::{Alert, Category, Severity};
use underpass_shared::api::management::{
    AlertList, AlertState, AlertTarget, DocumentTarget, Query, Target,
};
use underpass_shared::config::Revision;
use underpass_shared::id::AgentId;

use super::Window;
use crate::cx::Cx;
use crate::text;
use crate::theme::State;
use crate::widget::Mark;

/// Alerts and revisions that are asked for.
const ASKED: usize = 200;
/// Signs that have room in a plot.
const SHOWN: usize = 24;

/// What happened.
#[derive(Default)]
pub struct Happened {
    alerts: Slot<AlertList>,
    revisions: Slot<Vec<Revision>>,
}

impl Happened {
    /// Asks for what is not known.
    pub fn want(&self, cx: &mut Cx<'_>, agent: AgentId) {
        let query = Query {
            alerts: AlertState::All,
            limit: Some(ASKED),
            ..Query::default()
        };
        let target = Target::Alerts(AlertTarget::All);
        self.alerts.request(cx.commands, agent, &target, &query);
        let query = Query {
            limit: Some(ASKED),
            ..Query::default()
        };
        self.revisions.request(
            cx.commands,
            agent,
            &Target::Document(DocumentTarget::Revisions),
            &query,
        );
    }

    /// Asks anew.
    pub fn refresh(&self) {
        self.alerts.refresh();
        self.revisions.refresh();
    }

    /// The signs of a plot: alerts of these categories, and new configurations.
    pub fn marks(&self, categories: &[Category], window: Window, now_ms: i64) -> Vec<Mark> {
        let is_seen = |at: i64, until: i64| until >= window.from && at <= window.to;
        let alerts = self.alerts.get();
        let alerts = alerts.value().map_or(&[][..], |list| &list.alerts);
        let wanted = |one: &&Alert| {
            categories.contains(&one.category)
                && is_seen(one.since_ms, one.resolved_ms.unwrap_or(now_ms))
        };
        let mut marks: Vec<Mark> = alerts
            .iter()
            .filter(wanted)
            .take(SHOWN)
            .map(|one| alert(one, now_ms))
            .collect();
        let revisions = self.revisions.get();
        let revisions = revisions.value().map_or(&[][..], Vec::as_slice);
        let seen = revisions
            .iter()
            .filter(|one| is_seen(one.time_ms, one.time_ms));
        marks.extend(seen.take(SHOWN).map(revision));
        marks
    }
}

fn alert(one: &Alert, now_ms: i64) -> Mark {
    let of = match one.id.entity.as_str() {
        "" => String::new(),
        entity => format!(": {}", text::clean(entity)),
    };
    Mark {
        at_ms: one.since_ms,
        until_ms: Some(one.resolved_ms.unwrap_or(now_ms)),
        state: state_of(one.severity),
        title: format!("{}{of}", text::clean(&one.title)),
        text: text::clean(&one.text),
    }
}

fn revision(one: &Revision) -> Mark {
    Mark {
        at_ms: one.time_ms,
        until_ms: None,
        state: State::Info,
        title: format!("Revision {}", one.number),
        text: format!(
            "{}, by {}",
            text::sentence(&one.reason),
            text::clean(&one.author)
        ),
    }
}

/// How a severity is shown.
pub const fn state_of(severity: Severity) -> State {
    match severity {
        Severity::Error => State::Error,
        Severity::Warning => State::Warn,
        Severity::Info => State::Info,
    }
}
