//! Service channels.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::address::SourceSubaccount;
use super::fields::Fields;
use super::findings::{Kind, shown};
use super::plan::Work;
use super::reading::list;
use crate::api::management::{self, ChannelInput};
use crate::config::{Channel, ChannelId, ChannelType, Channels, Document, SubaccountKey};
use crate::policy::effective::NotOffered;

/// The fields that our own API takes too.
const KNOWN: [&str; 9] = [
    "port",
    "connections",
    "abapCloudTenantHost",
    "instanceNumber",
    "k8sCluster",
    "k8sService",
    "hanaInstanceName",
    "name",
    "endpointId",
];

/// What is taken in the whole document.
struct Taken {
    ids: BTreeSet<ChannelId>,
    ports: BTreeMap<u16, ChannelId>,
}

impl Taken {
    fn of(document: &Document) -> Self {
        let all = || {
            let all = document.subaccounts().iter();
            all.flat_map(|one| one.own().channels.as_slice())
        };
        Self {
            ids: all().map(|one| one.id).collect(),
            ports: all()
                .map(|one| (one.service.local_port(), one.id))
                .collect(),
        }
    }

    fn free(&self, wanted: ChannelId) -> ChannelId {
        let mut id = wanted;
        while self.ids.contains(&id) {
            id = id.next();
        }
        id
    }
}

/// The channels of a subaccount: those that it has here, and those of the connector.
pub(super) fn carry(
    work: &mut Work<'_>,
    whose: &SourceSubaccount,
    key: &SubaccountKey,
    document: &Document,
) -> Channels {
    let present = document
        .subaccount(key)
        .map(|one| one.own().channels.clone());
    let mut channels: Vec<Channel> = present.unwrap_or_default().as_slice().to_vec();
    let mut taken = Taken::of(document);
    let reading = work.reading;
    for kind in ChannelType::ALL {
        for value in list(reading.answer(&whose.channels(kind))) {
            let new = one(work, whose, kind, value, &mut channels, &mut taken);
            work.counts.channels.count(new);
        }
    }
    Channels::try_from(channels).unwrap_or_else(|invalid| {
        work.findings
            .left(&whose.to_string(), "channels", None, invalid.rule);
        document
            .subaccount(key)
            .map(|one| one.own().channels.clone())
            .unwrap_or_default()
    })
}

/// Counts the channels of a subaccount that stays behind.
pub(super) fn leave(work: &mut Work<'_>, whose: &SourceSubaccount) {
    for kind in ChannelType::ALL {
        let all = list(work.reading.answer(&whose.channels(kind)));
        work.counts.channels.found += all.len();
    }
}

fn one(
    work: &mut Work<'_>,
    whose: &SourceSubaccount,
    kind: ChannelType,
    value: &Value,
    channels: &mut Vec<Channel>,
    taken: &mut Taken,
) -> bool {
    let told = value.get("id").map(shown).unwrap_or_default();
    let place = format!("{whose} {kind} channel {told}");
    let mut channel = match read(work, &place, kind, value) {
        Ok(channel) => channel,
        Err(why) => {
            work.findings.left(&place, "", Some(shown(value)), why);
            return false;
        }
    };
    let same = channels
        .iter_mut()
        .find(|one| one.service == channel.service);
    if let Some(same) = same {
        channel.id = same.id;
        if work.choice.mode == management::ImportMode::Overwrite {
            *same = channel;
        } else if *same != channel {
            work.conflict(&place, "this channel with other settings");
        }
        return true;
    }
    let port = channel.service.local_port();
    if let Some(other) = taken.ports.get(&port) {
        let why = format!("channel {other} of the agent has the local port {port}");
        work.findings
            .left(&place, "port", Some(port.to_string()), why);
        return false;
    }
    let id = taken.free(channel.id);
    if id != channel.id {
        let why = format!("the agent has a channel with this id; it became {id}");
        work.findings.note(
            Kind::Changed,
            &place,
            "id",
            Some(channel.id.to_string()),
            why,
        );
        channel.id = id;
    }
    taken.ids.insert(id);
    taken.ports.insert(port, id);
    let why = NotOffered::ServiceChannels.to_string();
    work.findings
        .note(Kind::WithoutEffect, &place, "", None, why);
    channels.push(channel);
    true
}

fn read(
    work: &mut Work<'_>,
    place: &str,
    kind: ChannelType,
    value: &Value,
) -> Result<Channel, String> {
    let findings = &mut work.findings;
    let mut fields = Fields::of(value, place);
    fields.states(&["state"], "a state", findings);
    let id = fields.text("id").unwrap_or_default();
    let enabled = fields.flag("enabled").unwrap_or_default();
    let told = fields.text("type");
    if let Some(told) = told.filter(|told| *told != kind.as_str()) {
        findings.left(place, "type", Some(told), "the list is of another type");
    }
    let comment = fields.fit("comment", findings);
    let known = fields.take(&KNOWN);
    fields.finish(findings);
    let id: ChannelId = id.parse().map_err(|rule| format!("id: {rule}"))?;
    let known = serde_json::to_vec(&known).map_err(|error| error.to_string())?;
    let refused = |refusal: management::Refusal| match refusal.body.field {
        Some(field) => format!("{field}: {}", refusal.body.message),
        None => refusal.body.message,
    };
    let input: ChannelInput = management::read(&known).map_err(refused)?;
    let mut channel = input.channel(kind, id, None).map_err(refused)?;
    channel.enabled = enabled;
    channel.comment = comment;
    Ok(channel)
}
