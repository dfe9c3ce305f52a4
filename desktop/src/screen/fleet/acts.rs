//! What is done with several agents at once, and what takes it back.

use std::collections::BTreeSet;

use underpass_fleet::api::Call;
use underpass_fleet::command::{Command, Described, Each};
use underpass_fleet::snapshot::AgentSnapshot;
use underpass_shared::api::management::{
    Flag, Query, StateInput, SubaccountPath, SubaccountTarget, Target, Verb,
};
use underpass_shared::config::{Document, SubaccountKey};
use underpass_shared::id::AgentId;

use crate::cx::{Cx, Effect};
use crate::text;
use crate::theme::State;

/// Connects or disconnects all subaccounts of these agents that are not so already.
pub(super) fn connect(cx: &mut Cx<'_>, agents: &BTreeSet<AgentId>, connected: bool) {
    let (mut calls, mut undo, mut unknown) = (Vec::new(), Vec::new(), 0);
    for agent in cx
        .fleet
        .agents
        .iter()
        .filter(|agent| agents.contains(&agent.id))
    {
        let Some(known) = agent.configuration.value() else {
            unknown += 1;
            continue;
        };
        let there = states(&known.document, !connected, connected);
        if !there.is_empty() {
            calls.push((agent.id, there));
            undo.push((agent.id, states(&known.document, !connected, !connected)));
        }
    }
    if unknown > 0 {
        let words = format!(
            "The subaccounts of {} are not known; they stay as they are",
            text::plural(unknown, "agent")
        );
        cx.tell(State::Warn, words);
    }
    if calls.is_empty() {
        let word = if connected {
            "connected"
        } else {
            "disconnected"
        };
        cx.tell(
            State::Info,
            format!("All their subaccounts are {word} already"),
        );
        return;
    }
    let verb = if connected { "Connect" } else { "Disconnect" };
    let title = format!(
        "{verb} all subaccounts of {}",
        text::plural(calls.len(), "agent")
    );
    cx.send(Command::Each(Each { title, calls, undo }));
}

/// The calls that bring those subaccounts to a state that are in one.
fn states(document: &Document, are: bool, to: bool) -> Vec<Call> {
    let all = document
        .subaccounts()
        .iter()
        .filter(|one| one.own().connected == are);
    all.filter_map(|one| state(one.key(), to)).collect()
}

fn state(key: &SubaccountKey, connected: bool) -> Option<Call> {
    let path = SubaccountPath {
        region_host: key.region_host.clone(),
        subaccount: key.subaccount,
    };
    let query = Query {
        location_id: Some(key.location_id.clone()),
        ..Query::default()
    };
    let input = StateInput {
        connected: Flag(connected),
    };
    Call::new(Verb::Put, Target::Of(path, SubaccountTarget::State))
        .query(query)
        .with(&input)
        .ok()
}

/// Calls these agents otherwise, or puts them elsewhere; the word tells what was done.
pub(super) fn describe(
    cx: &mut Cx<'_>,
    agents: &BTreeSet<AgentId>,
    word: &str,
    change: impl Fn(&mut Described),
) {
    let mut before = Vec::new();
    for agent in cx
        .fleet
        .agents
        .iter()
        .filter(|agent| agents.contains(&agent.id))
    {
        let old = described(agent);
        let mut new = old.clone();
        change(&mut new);
        if new != old {
            before.push((agent.id, old));
            cx.commands.push(Command::Describe {
                agent: agent.id,
                described: new,
            });
        }
    }
    if before.is_empty() {
        cx.tell(State::Info, "Nothing to change: they are so already");
        return;
    }
    let text = format!("{word} {}", text::plural(before.len(), "agent"));
    cx.effects.push(Effect::Described { text, before });
}

fn described(agent: &AgentSnapshot) -> Described {
    Described {
        label: agent.label.to_string(),
        group: agent.group.as_ref().map(ToString::to_string),
        tags: agent.tags.iter().map(ToString::to_string).collect(),
    }
}
