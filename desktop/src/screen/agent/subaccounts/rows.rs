//! The rows of the list: what is configured, what is drafted, and how the tunnels are.

use std::collections::BTreeMap;

use egui::Color32;
use underpass_fleet::snapshot::AgentSnapshot;
use underpass_shared::api::management::{Connection, LinkStatus, SubaccountShown, Tunnel};
use underpass_shared::config::{SubaccountFields, SubaccountKey};

use crate::screen::agent::edit::{document, name_of};
use crate::text;
use crate::theme::{State, Tokens};
use crate::widget::Sort;

const DAY_MS: i64 = 86_400_000;

/// A subaccount of the list.
pub(super) struct Row<'a> {
    pub(super) key: SubaccountKey,
    pub(super) name: String,
    pub(super) own: &'a SubaccountFields,
    /// What the agent tells of its tunnel.
    pub(super) tunnel: Option<&'a Tunnel>,
    pub(super) link: Option<&'a LinkStatus>,
    pub(super) mappings: usize,
    pub(super) state: State,
    pub(super) word: &'static str,
    pub(super) since_ms: Option<i64>,
    /// Days until its certificate ends.
    pub(super) days: Option<i64>,
    /// The draft changes it.
    pub(super) changed: bool,
    /// The draft removes it.
    pub(super) removed: bool,
}

impl Row<'_> {
    pub(super) fn has(&self, filter: &str) -> bool {
        let key = self.key.to_string().to_lowercase();
        let name = self.name.to_lowercase();
        let words = filter.to_lowercase();
        words
            .split_whitespace()
            .all(|word| key.contains(word) || name.contains(word))
    }

    /// How many of its connections are up, of how many.
    pub(super) fn connections(&self) -> (usize, usize) {
        let all = self
            .link
            .map_or(&[][..], |link| link.connections.as_slice());
        (
            all.iter().filter(|one| **one == Connection::Up).count(),
            all.len(),
        )
    }

    /// Why the last attempt failed.
    pub(super) fn failure(&self) -> Option<&str> {
        let all = self
            .link
            .map_or(&[][..], |link| link.connections.as_slice());
        let failed = all.iter().find_map(|one| match one {
            Connection::Failed(reason) => Some(reason.as_str()),
            Connection::Up | Connection::Connecting => None,
        });
        failed.or_else(|| self.tunnel?.state_message.as_deref())
    }
}

/// All subaccounts that the agent has or would have.
pub(super) fn rows<'a>(
    agent: &'a AgentSnapshot,
    shown: &'a [SubaccountShown],
    now_ms: i64,
) -> Vec<Row<'a>> {
    let base = agent.configuration.value().map(|one| &one.document);
    let draft = document(agent);
    let links = agent
        .status
        .value()
        .map_or(&[][..], |status| status.links.as_slice());
    let mut all = BTreeMap::new();
    for subaccount in base.into_iter().flat_map(|document| document.subaccounts()) {
        all.insert(subaccount.key(), (subaccount, true));
    }
    for subaccount in draft
        .into_iter()
        .flat_map(|document| document.subaccounts())
    {
        let before = all.insert(subaccount.key(), (subaccount, false));
        if before.is_some_and(|(before, _)| before.own().hash() == subaccount.own().hash()) {
            // Seen from the list, mappings are another tab's matter.
            all.insert(subaccount.key(), (subaccount, false));
        }
    }
    let row = |(key, (subaccount, removed)): (&'a SubaccountKey, (&'a std::sync::Arc<_>, bool))| {
        let subaccount: &'a std::sync::Arc<underpass_shared::config::Subaccount> = subaccount;
        let old = base.and_then(|document| document.subaccount(key));
        let told = |one: &&SubaccountShown| {
            one.region_host == key.region_host
                && one.subaccount == key.subaccount
                && one.location_id == key.location_id
        };
        let link = |one: &&LinkStatus| {
            one.region_host == key.region_host
                && one.subaccount == key.subaccount
                && one.location_id == key.location_id
        };
        let tunnel = shown.iter().find(told).map(|one| &one.tunnel);
        let link = links.iter().find(link);
        let end = tunnel.and_then(|tunnel| tunnel.subaccount_certificate.as_ref());
        let (state, word) = state_of(subaccount.own(), link, removed, old.is_none());
        Row {
            key: key.clone(),
            name: name_of(subaccount.own()),
            own: subaccount.own(),
            tunnel,
            link,
            mappings: subaccount.mappings().len(),
            state,
            word,
            since_ms: link.and_then(|link| link.connected_since_ms),
            days: end.map(|end| (end.not_after_time_stamp - now_ms).div_euclid(DAY_MS)),
            changed: removed || old.is_none_or(|old| old.own().hash() != subaccount.own().hash()),
            removed,
        }
    };
    all.into_iter().map(row).collect()
}

fn state_of(
    own: &SubaccountFields,
    link: Option<&LinkStatus>,
    removed: bool,
    new: bool,
) -> (State, &'static str) {
    if removed {
        return (State::Warn, "To be removed");
    }
    if new {
        return (State::Info, "In the draft");
    }
    let Some(link) = link else {
        let waits = own.connected;
        return if waits {
            (State::Pending, "Connecting")
        } else {
            (State::Off, "Disconnected")
        };
    };
    let up = link
        .connections
        .iter()
        .filter(|one| **one == Connection::Up)
        .count();
    let failed = link
        .connections
        .iter()
        .any(|one| matches!(one, Connection::Failed(_)));
    match (up, failed) {
        (0, true) => (State::Error, "Failed"),
        (0, false) => (State::Pending, "Connecting"),
        (_, true) => (State::Warn, "Partly up"),
        (_, false) => (State::Ok, "Connected"),
    }
}

/// Sorts the rows by a column.
pub(super) fn sort(rows: &mut [Row<'_>], sort: Option<Sort>) {
    let Some(Sort { column, descending }) = sort else {
        rows.sort_by(|a, b| a.name.cmp(&b.name));
        return;
    };
    rows.sort_by(|a, b| {
        let order = match column {
            0 => a.word.cmp(b.word),
            2 => a.key.region_host.cmp(&b.key.region_host),
            3 => a.key.subaccount.cmp(&b.key.subaccount),
            4 => a.key.location_id.cmp(&b.key.location_id),
            5 => b.since_ms.cmp(&a.since_ms),
            6 => a.days.cmp(&b.days),
            _ => a.name.cmp(&b.name),
        };
        if descending { order.reverse() } else { order }
    });
}

/// The colour of days that are left.
pub(super) const fn color_of(tokens: &Tokens, days: i64) -> Color32 {
    match days {
        ..=7 => tokens.error,
        8..=30 => tokens.warn,
        _ => tokens.text_2,
    }
}

/// Days that are left, in words.
pub(super) fn left(days: i64) -> String {
    match days {
        ..0 => "expired".to_owned(),
        0 => "ends today".to_owned(),
        1 => "1 day left".to_owned(),
        _ => format!(
            "{} days left",
            text::count(usize::try_from(days).unwrap_or_default())
        ),
    }
}
