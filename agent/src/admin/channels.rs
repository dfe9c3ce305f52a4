//! Service channels: stored and checked; this version opens none yet.

use std::sync::{Arc, OnceLock};

use underpass_shared::api::management::{
    ChannelInput, ChannelShown, ChannelStateInput, Refusal, SubaccountPath, SubaccountTarget,
    Target, Verb, untyped_channels,
};
use underpass_shared::config::{
    Channel, ChannelId, ChannelService, ChannelType, Document, SubaccountFields,
};
use underpass_shared::policy::effective::NotOffered;

use super::call::Call;
use super::subaccounts::find;
use super::{Admin, Answer, answer};

/// A change of the channels of one subaccount, beside those of all.
fn edit(
    call: &Call,
    path: SubaccountPath,
    change: impl FnOnce(&mut Vec<Channel>, &Document) -> Result<(), Refusal> + Send + 'static,
) -> impl FnOnce(&Document) -> Result<Document, Refusal> + Send + 'static {
    let location = call.query.location_id.clone();
    move |document| {
        let own = find(document, &path, location.as_ref())?.own();
        let mut channels = own.channels.as_slice().to_vec();
        change(&mut channels, document)?;
        Ok(document.with_subaccount(SubaccountFields {
            channels: channels.try_into()?,
            ..SubaccountFields::clone(own)
        })?)
    }
}

fn position(channels: &[Channel], kind: ChannelType, id: ChannelId) -> Result<usize, Refusal> {
    let meant = |one: &Channel| one.id == id && one.service.kind() == kind;
    let found = channels.iter().position(meant);
    found.ok_or_else(|| Refusal::not_found(format!("there is no channel {id} of type {kind}")))
}

fn all(document: &Document) -> impl Iterator<Item = &Channel> {
    let subaccounts = document.subaccounts().iter();
    subaccounts.flat_map(|one| one.own().channels.as_slice())
}

/// The id of the next new channel. Those of removed ones are not given again while a later one is
/// there.
fn next_id(document: &Document) -> ChannelId {
    let last = all(document).map(|one| one.id).max();
    last.map_or(ChannelId::FIRST, ChannelId::next)
}

/// Refuses a local port that another channel has.
fn check_port(document: &Document, channel: &Channel) -> Result<(), Refusal> {
    let port = channel.service.local_port();
    let taken = all(document).find(|one| one.id != channel.id && one.service.local_port() == port);
    let Some(other) = taken else {
        return Ok(());
    };
    let field = match channel.service {
        ChannelService::Hana { .. }
        | ChannelService::AbapCloud { .. }
        | ChannelService::AbapCloudSnc { .. } => "instanceNumber",
        ChannelService::VirtualMachine { .. } | ChannelService::K8S { .. } => "port",
    };
    let (kind, id) = (other.service.kind(), other.id);
    let message = format!("channel {id} of type {kind} has the local port {port} already");
    Err(Refusal::illegal_state(message).at(field))
}

fn show(channel: &Channel, path: &SubaccountPath) -> ChannelShown {
    let reason = NotOffered::ServiceChannels.to_string();
    ChannelShown::show(channel, path, Some(reason))
}

impl Admin {
    pub(super) async fn channels(&self, call: Call, verb: Verb, path: SubaccountPath) -> Answer {
        if verb != Verb::Delete {
            return Err(untyped_channels());
        }
        let reason = format!("removed all service channels of {}", path.subaccount);
        let edit = edit(&call, path, |channels, _document| {
            channels.clear();
            Ok(())
        });
        self.change(&call, &reason, edit, answer::done).await
    }

    pub(super) async fn channels_of(
        &self,
        call: Call,
        verb: Verb,
        path: SubaccountPath,
        kind: ChannelType,
    ) -> Answer {
        match verb {
            Verb::Post => self.add_channel(&call, path, kind).await,
            Verb::Delete => {
                let reason = format!("removed all {kind} channels of {}", path.subaccount);
                let edit = edit(&call, path, move |channels, _document| {
                    channels.retain(|one| one.service.kind() != kind);
                    Ok(())
                });
                self.change(&call, &reason, edit, answer::done).await
            }
            Verb::Get | Verb::Put | Verb::Patch => {
                let current = self.readable()?;
                let location = call.query.location_id.as_ref();
                let own = find(current.document(), &path, location)?.own();
                let all = own.channels.as_slice().iter();
                let all = all.filter(|one| one.service.kind() == kind);
                let all: Vec<_> = all.map(|one| show(one, &path)).collect();
                answer::ok(&all, current.revision().number)
            }
        }
    }

    async fn add_channel(&self, call: &Call, path: SubaccountPath, kind: ChannelType) -> Answer {
        let input: ChannelInput = call.read()?;
        let reason = format!("added a service channel of type {kind}");
        // Which id is free is known where the change is made.
        let given: Arc<OnceLock<ChannelId>> = Arc::default();
        let edit = {
            let given = Arc::clone(&given);
            edit(call, path.clone(), move |channels, document| {
                let id = next_id(document);
                let channel = input.channel(kind, id, None)?;
                check_port(document, &channel)?;
                channels.push(channel);
                given.get_or_init(|| id);
                Ok(())
            })
        };
        let created = |revision| {
            let id = given.get().copied().unwrap_or(ChannelId::FIRST);
            answer::created(
                &Target::Of(path, SubaccountTarget::Channel(kind, id)),
                revision,
            )
        };
        self.change(call, &reason, edit, created).await
    }

    pub(super) async fn channel(
        &self,
        call: Call,
        verb: Verb,
        path: SubaccountPath,
        kind: ChannelType,
        id: ChannelId,
    ) -> Answer {
        match verb {
            Verb::Put => {
                let input: ChannelInput = call.read()?;
                let reason = format!("changed service channel {id}");
                let edit = edit(&call, path, move |channels, document| {
                    let at = position(channels, kind, id)?;
                    let old = channels.remove(at);
                    let channel = input.channel(kind, id, Some(&old))?;
                    check_port(document, &channel)?;
                    channels.push(channel);
                    Ok(())
                });
                self.change(&call, &reason, edit, answer::done).await
            }
            Verb::Delete => {
                let reason = format!("removed service channel {id}");
                let edit = edit(&call, path, move |channels, _document| {
                    channels.remove(position(channels, kind, id)?);
                    Ok(())
                });
                self.change(&call, &reason, edit, answer::done).await
            }
            Verb::Get | Verb::Post | Verb::Patch => {
                let current = self.readable()?;
                let location = call.query.location_id.as_ref();
                let own = find(current.document(), &path, location)?.own();
                let channels = own.channels.as_slice();
                let channel = channels.get(position(channels, kind, id)?);
                let shown = channel.map(|one| show(one, &path));
                answer::ok(&shown, current.revision().number)
            }
        }
    }

    pub(super) async fn channel_state(
        &self,
        call: Call,
        path: SubaccountPath,
        kind: ChannelType,
        id: ChannelId,
    ) -> Answer {
        let ChannelStateInput { enabled } = call.read()?;
        let reason = format!("disabled service channel {id}");
        let edit = edit(&call, path, move |channels, _document| {
            let at = position(channels, kind, id)?;
            if enabled.0 {
                // Somebody who opens one must not believe that it is.
                let why = NotOffered::ServiceChannels;
                return Err(Refusal::failure(format!(
                    "service channel {id} cannot be opened: {why}"
                )));
            }
            if let Some(channel) = channels.get_mut(at) {
                channel.enabled = false;
            }
            Ok(())
        });
        self.change(&call, &reason, edit, answer::done).await
    }

    /// Gateways have no HANA databases and no virtual machines.
    pub(super) fn available_channels(&self, call: &Call, path: &SubaccountPath) -> Answer {
        let current = self.readable()?;
        find(current.document(), path, call.query.location_id.as_ref())?;
        let none: [(); 0] = [];
        answer::ok(&none, current.revision().number)
    }
}
