//! What happened to an agent meanwhile: alerts and revisions of its configuration.

use underpass_fleet::slot::Slot;
use underpass_shared::alert::{Alert, Severity};
use underpass_shared::api::management::{
    AlertList, AlertState, AlertTarget, DocumentTarget, Query, Target,
};
use underpass_shared::config::Revision;
use underpass_shared::id::AgentId;
use underpass_shared::monitor::Entity;

use super::{Spec, Window};
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

    /// The signs of a plot: alerts of its categories that concern what it shows, and new
    /// configurations.
    pub fn marks(&self, spec: &Spec, window: Window, now_ms: i64) -> Vec<Mark> {
        let is_seen = |at: i64, until: i64| until >= window.from && at <= window.to;
        let alerts = self.alerts.get();
        let alerts = alerts.value().map_or(&[][..], |list| &list.alerts);
        let wanted = |one: &&Alert| {
            spec.categories.contains(&one.category)
                && is_seen(one.since_ms, one.resolved_ms.unwrap_or(now_ms))
                && (spec.lines.iter()).any(|line| concerns(&one.id.entity, &line.entity))
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

/// Whether an alert belongs where `shown` is: what is wrong with another mapping or tunnel does not.
fn concerns(alerted: &str, shown: &Entity) -> bool {
    match (alerted.parse(), shown) {
        (Ok(alerted @ Entity::Mapping(..)), Entity::Mapping(..)) => alerted == *shown,
        (Ok(Entity::Tunnel(key)), Entity::Tunnel(of) | Entity::Mapping(of, _)) => key == *of,
        _ => true,
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
            text::who(&one.author)
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

#[cfg(test)]
mod tests {
    use underpass_shared::monitor::Entity;

    use super::concerns;

    #[test]
    fn an_alert_is_shown_where_it_belongs() {
        let entity = |text: &str| text.parse::<Entity>().unwrap();
        let own = "00000000-0000-4000-8000-000000000001";
        let tunnel = |location: &str| format!("tunnel:gateway.example/{own}/{location}");
        let mapping = |location: &str, host: &str| {
            format!("mapping:gateway.example/{own}/{location}/{host}:80")
        };
        let shown = entity(&mapping("site", "erp.virtual"));
        for (alerted, is_shown) in [
            (mapping("site", "erp.virtual"), true),
            (mapping("site", "crm.virtual"), false),
            (mapping("other", "erp.virtual"), false),
            (tunnel("site"), true),
            (tunnel("other"), false),
            // Of the agent as a whole.
            (String::new(), true),
        ] {
            assert_eq!(concerns(&alerted, &shown), is_shown, "{alerted}");
            assert!(concerns(&alerted, &Entity::Agent), "{alerted}");
        }
        assert!(concerns(&tunnel("site"), &entity(&tunnel("site"))));
        assert!(!concerns(&tunnel("other"), &entity(&tunnel("site"))));
    }
}
