//! How the tabs of an agent change it: as an edit of its draft, or by a call that acts at once.

use std::sync::Arc;

use underpass_fleet::Reply;
use underpass_fleet::api::Call;
use underpass_fleet::command::{Change, Command, DraftAct};
use underpass_fleet::draft::{Draft, NotReady};
use underpass_fleet::slot::Slot;
use underpass_fleet::snapshot::AgentSnapshot;
use underpass_shared::api::management::{Query, SubaccountPath};
use underpass_shared::config::{
    Connector, ConnectorFields, Document, Invalid, SubaccountFields, SubaccountKey,
};
use underpass_shared::rights::Access;

use crate::cx::Cx;

/// The configuration as the operator wants it: his draft, or what the agent has.
pub(crate) fn document(agent: &AgentSnapshot) -> Option<&Arc<Document>> {
    match &agent.draft {
        Some(draft) => Some(draft.document()),
        None => agent.configuration.value().map(|one| &one.document),
    }
}

/// Why a draft cannot be changed now, if so.
pub(super) fn locked(draft: &Draft) -> Option<&'static str> {
    draft.locked().map(|why| match why {
        NotReady::Applying => "The changes are being applied",
        NotReady::Disputed => "Decide the conflicts first: review the changes",
        NotReady::Unchanged => "Nothing is changed",
    })
}

/// Why the operator may not change something of the draft, if so.
pub(super) fn refused(cx: &Cx<'_>, access: Access) -> Option<String> {
    let draft = cx.agent.and_then(|agent| agent.draft.as_ref());
    let locked = draft.and_then(|draft| locked(draft)).map(str::to_owned);
    locked.or_else(|| forbidden(cx, access))
}

/// Why the operator's role does not let him do something, if so.
pub(super) fn forbidden(cx: &Cx<'_>, access: Access) -> Option<String> {
    match cx.role() {
        Some(role) if access.allows(role) => None,
        Some(_) => Some(format!("Needs the role {}", access.weakest())),
        None => Some("The agent has not told yet what you may do".to_owned()),
    }
}

/// Why something cannot be done at once, if so: the role, or the agent is away.
pub(super) fn prevented(cx: &Cx<'_>, access: Access) -> Option<String> {
    let away = cx.agent.is_some_and(|agent| !agent.link.is_online());
    let away = || away.then(|| "The agent does not answer now".to_owned());
    forbidden(cx, access).or_else(away)
}

/// Changes the draft of the page's agent.
pub(super) fn edit(
    cx: &mut Cx<'_>,
    what: impl Into<String>,
    edit: impl FnOnce(&Document) -> Result<Document, Invalid> + Send + 'static,
) {
    let Some(agent) = cx.agent.map(|agent| agent.id) else {
        return;
    };
    cx.send(Command::Draft {
        agent,
        act: DraftAct::Edit {
            what: what.into(),
            edit: Box::new(edit),
        },
        done: Slot::default(),
    });
}

/// A document with other settings of the agent as a whole.
pub(super) fn with_connector(
    document: &Document,
    set: impl FnOnce(&mut ConnectorFields) -> Result<(), Invalid>,
) -> Result<Document, Invalid> {
    let mut fields = ConnectorFields::from(Connector::clone(document.connector()));
    set(&mut fields)?;
    document.with_connector(fields.try_into()?)
}

/// Changes settings of the agent as a whole in the draft.
pub(super) fn edit_connector(
    cx: &mut Cx<'_>,
    what: impl Into<String>,
    set: impl FnOnce(&mut ConnectorFields) -> Result<(), Invalid> + Send + 'static,
) {
    edit(cx, what, |document| with_connector(document, set));
}

/// A document with other fields of a subaccount.
pub(super) fn with_subaccount(
    document: &Document,
    key: &SubaccountKey,
    set: impl FnOnce(&mut SubaccountFields) -> Result<(), Invalid>,
) -> Result<Document, Invalid> {
    let found = document.subaccount(key);
    let found =
        found.ok_or_else(|| Invalid::new("subaccount", format!("{key} is no longer there")))?;
    let mut own = SubaccountFields::clone(found.own());
    set(&mut own)?;
    document.with_subaccount(own)
}

/// Changes fields of a subaccount in the draft.
pub(super) fn edit_subaccount(
    cx: &mut Cx<'_>,
    key: &SubaccountKey,
    what: impl Into<String>,
    set: impl FnOnce(&mut SubaccountFields) -> Result<(), Invalid> + Send + 'static,
) {
    let key = key.clone();
    edit(cx, what, move |document| {
        with_subaccount(document, &key, set)
    });
}

/// Has the page's agent do something at once; the answer comes into the slot.
pub(super) fn act(cx: &mut Cx<'_>, title: impl Into<String>, call: Call) -> Slot<Reply> {
    let done = Slot::default();
    act_into(cx, call, title, &done);
    done
}

/// The same for an answer that has its place already.
pub(super) fn act_into(cx: &mut Cx<'_>, call: Call, title: impl Into<String>, done: &Slot<Reply>) {
    if let Some(agent) = cx.agent.map(|agent| agent.id) {
        cx.send(Command::Call(Change {
            agent,
            call,
            title: title.into(),
            done: done.clone(),
        }));
    }
}

/// Where a subaccount is found by calls.
pub(super) fn path(key: &SubaccountKey) -> SubaccountPath {
    SubaccountPath {
        region_host: key.region_host.clone(),
        subaccount: key.subaccount,
    }
}

/// What tells a subaccount from the same one under another location ID.
pub(super) fn at_location(key: &SubaccountKey) -> Query {
    Query {
        location_id: Some(key.location_id.clone()),
        ..Query::default()
    }
}

/// How people call a subaccount.
pub(crate) fn name_of(own: &SubaccountFields) -> String {
    if own.display_name.trim().is_empty() {
        return own.key.subaccount.to_string();
    }
    crate::text::clean(&own.display_name)
}

/// The subaccounts of a document, to choose from.
pub(super) fn choices(document: &Document) -> Vec<(SubaccountKey, String)> {
    let choice = |one: &Arc<underpass_shared::config::Subaccount>| {
        let location = &one.key().location_id;
        let name = name_of(one.own());
        let name = if location.as_str().is_empty() {
            name
        } else {
            format!("{name} · {location}")
        };
        (one.key().clone(), name)
    };
    document.subaccounts().iter().map(choice).collect()
}
