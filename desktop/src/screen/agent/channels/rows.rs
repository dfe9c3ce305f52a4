//! The rows of the list: what is configured, what is drafted, and what the agent tells.

use underpass_fleet::snapshot::AgentSnapshot;
use underpass_shared::api::management::ChannelShown;
use underpass_shared::config::{Channel, SubaccountKey};

use super::{ChannelsState, kinds};
use crate::screen::agent::edit::{document, name_of};
use crate::text;
use crate::theme::State;
use crate::widget::Sort;

/// A channel of the list.
pub(super) struct Row<'a> {
    pub(super) key: &'a SubaccountKey,
    pub(super) of: String,
    pub(super) managed: bool,
    pub(super) channel: &'a Channel,
    pub(super) state: State,
    pub(super) word: &'static str,
    pub(super) reason: Option<String>,
    pub(super) changed: bool,
}

impl Row<'_> {
    pub(super) fn has(&self, filter: &str) -> bool {
        let text = format!(
            "{} {} {} {} {}",
            self.channel.service,
            kinds::name(self.channel.service.kind()),
            self.channel.service.local_port(),
            self.of,
            self.channel.comment,
        );
        let text = text.to_lowercase();
        filter
            .to_lowercase()
            .split_whitespace()
            .all(|word| text.contains(word))
    }
}

/// All channels that the agent has or would have.
pub(super) fn rows<'a>(agent: &'a AgentSnapshot, state: &ChannelsState) -> Vec<Row<'a>> {
    let base = agent.configuration.value().map(|one| &one.document);
    let mut rows = vec![];
    for subaccount in document(agent)
        .into_iter()
        .flat_map(|document| document.subaccounts())
    {
        let old = base.and_then(|base| base.subaccount(subaccount.key()));
        for channel in subaccount.own().channels.as_slice() {
            let mut before = old.iter().flat_map(|old| old.own().channels.as_slice());
            let before = before.find(|one| one.id == channel.id);
            let told = told(state, subaccount.key(), channel);
            let changed = before != Some(channel);
            let (state, word, reason) = match (channel.enabled, before, &told) {
                (_, None, _) => (State::Info, "In the draft", None),
                (false, Some(_), _) => (State::Off, "Disabled", None),
                (true, Some(_), Some(told)) if !told.effective => (
                    State::Warn,
                    "Cannot open",
                    told.not_effective_because.as_deref().map(text::clean),
                ),
                (true, Some(_), Some(told)) if told.state.connected => (State::Ok, "Open", None),
                (true, Some(before), _) if !before.enabled => (State::Info, "In the draft", None),
                (true, Some(_), Some(_)) => (State::Pending, "Opening", None),
                (true, Some(_), None) => (State::Pending, "Unknown", None),
            };
            rows.push(Row {
                key: subaccount.key(),
                of: name_of(subaccount.own()),
                managed: subaccount.own().managed,
                channel,
                state,
                word,
                reason,
                changed,
            });
        }
    }
    rows
}

fn told(state: &ChannelsState, key: &SubaccountKey, channel: &Channel) -> Option<ChannelShown> {
    let kind = channel.service.kind();
    let (_, _, slot) = state
        .told
        .iter()
        .find(|(of, one, _)| of == key && *one == kind)?;
    slot.get()
        .value()?
        .iter()
        .find(|one| one.id == channel.id)
        .cloned()
}

/// Sorts the rows by a column.
pub(super) fn sort(rows: &mut [Row<'_>], sort: Option<Sort>) {
    let Some(Sort { column, descending }) = sort else {
        return;
    };
    rows.sort_by(|a, b| {
        let order = match column {
            1 => a.word.cmp(b.word),
            2 => a.channel.service.kind().cmp(&b.channel.service.kind()),
            3 => a
                .channel
                .service
                .to_string()
                .cmp(&b.channel.service.to_string()),
            4 => a.of.cmp(&b.of),
            5 => a.channel.comment.cmp(&b.channel.comment),
            6 => a
                .channel
                .connections
                .get()
                .cmp(&b.channel.connections.get()),
            _ => a
                .channel
                .service
                .local_port()
                .cmp(&b.channel.service.local_port()),
        };
        if descending { order.reverse() } else { order }
    });
}
