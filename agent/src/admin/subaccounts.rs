//! Subaccounts: list, connect, disconnect, rename, remove.

use underpass_shared::api::management::{
    Connection, LinkStatus, Refusal, StateInput, SubaccountInput, SubaccountPath, SubaccountShown,
    Tunnel, TunnelChannel, TunnelState, Verb,
};
use underpass_shared::config::{Document, Subaccount, SubaccountFields, SubaccountKey};
use underpass_shared::id::LocationId;

use super::call::Call;
use super::validity::certificate;
use super::{Admin, Answer, answer};

/// The subaccount of an address. Where an agent serves it under several location IDs, the caller
/// says which one is meant.
pub(super) fn find<'a>(
    document: &'a Document,
    path: &SubaccountPath,
    location: Option<&LocationId>,
) -> Result<&'a Subaccount, Refusal> {
    let named = document.subaccounts().iter().filter(|one| {
        let key = one.key();
        key.region_host == path.region_host && key.subaccount == path.subaccount
    });
    let found: Vec<_> = named
        .filter(|one| location.is_none_or(|id| one.key().location_id == *id))
        .collect();
    match found.as_slice() {
        [] => Err(Refusal::not_found(format!(
            "Subaccount with value '{}@{}' does not exist",
            path.subaccount, path.region_host
        ))),
        [one] => Ok(one),
        several => {
            let ids: Vec<String> = several
                .iter()
                .map(|one| format!("\"{}\"", one.key().location_id))
                .collect();
            let message = format!(
                "this agent serves the subaccount under the location IDs {}; name one with ?locationID=",
                ids.join(", ")
            );
            Err(Refusal::illegal_state(message).at("locationID"))
        }
    }
}

/// A change of the own fields of one subaccount.
pub(super) fn edit(
    call: &Call,
    path: SubaccountPath,
    change: impl FnOnce(&mut SubaccountFields) -> Result<(), Refusal> + Send + 'static,
) -> impl FnOnce(&Document) -> Result<Document, Refusal> + Send + 'static {
    let location = call.query.location_id.clone();
    move |document| {
        let mut own = SubaccountFields::clone(find(document, &path, location.as_ref())?.own());
        change(&mut own)?;
        Ok(document.with_subaccount(own)?)
    }
}

impl Admin {
    pub(super) async fn subaccounts(&self, call: Call, verb: Verb) -> Answer {
        match verb {
            Verb::Post => self.enrol(&call).await,
            Verb::Get | Verb::Put | Verb::Patch | Verb::Delete => {
                let current = self.readable()?;
                let all = current.document().subaccounts().iter();
                let all: Vec<_> = all.map(|one| self.show(one.own())).collect();
                answer::ok(&all, current.revision().number)
            }
        }
    }

    pub(super) async fn subaccount(&self, call: Call, verb: Verb, path: SubaccountPath) -> Answer {
        match verb {
            Verb::Put => {
                let input: SubaccountInput = call.read()?;
                let reason = format!("changed subaccount {}", path.subaccount);
                let edit = edit(&call, path.clone(), move |own| apply(input, own));
                let changed = self.change(&call, &reason, edit, answer::done).await?;
                if call.query.dry_run {
                    return Ok(changed);
                }
                Ok(answer::as_told(self.show_one(&call, &path)?, &changed))
            }
            Verb::Delete => {
                let reason = format!("removed subaccount {}", path.subaccount);
                let location = call.query.location_id.clone();
                let edit = move |document: &Document| {
                    let key: SubaccountKey =
                        find(document, &path, location.as_ref())?.key().clone();
                    Ok(document.without_subaccount(key)?)
                };
                self.change(&call, &reason, edit, answer::done).await
            }
            Verb::Get | Verb::Post | Verb::Patch => self.show_one(&call, &path),
        }
    }

    pub(super) async fn state(&self, call: Call, path: SubaccountPath) -> Answer {
        let StateInput { connected } = call.read()?;
        let verb = if connected.0 {
            "connected"
        } else {
            "disconnected"
        };
        let reason = format!("{verb} subaccount {}", path.subaccount);
        let edit = edit(&call, path, move |own| {
            own.connected = connected.0;
            Ok(())
        });
        self.change(&call, &reason, edit, answer::done).await
    }

    fn show_one(&self, call: &Call, path: &SubaccountPath) -> Answer {
        let current = self.readable()?;
        let found = find(current.document(), path, call.query.location_id.as_ref())?;
        answer::ok(&self.show(found.own()), current.revision().number)
    }

    pub(super) fn show(&self, own: &SubaccountFields) -> SubaccountShown {
        let links = self.live.as_ref().map(|live| live.board.links());
        let link = links
            .iter()
            .flatten()
            .find(|link| link.instance == own.instance);
        let credentials = self.credentials.load(own.instance).ok();
        let channels = own.channels.as_slice().iter();
        let tunnel = Tunnel {
            service_channels: channels.map(TunnelChannel::show).collect(),
            subaccount_certificate: credentials.as_ref().and_then(certificate),
            ..tunnel(link)
        };
        SubaccountShown::show(own, tunnel)
    }
}

pub(crate) fn tunnel(link: Option<&LinkStatus>) -> Tunnel {
    let connections = link.map_or(&[][..], |link| &link.connections);
    let up = connections.iter().filter(|one| **one == Connection::Up);
    let up = up.count();
    let failed = connections.iter().find_map(|one| match one {
        Connection::Failed(reason) => Some(reason.clone()),
        Connection::Connecting | Connection::Up => None,
    });
    let state = match (up, &failed) {
        (1.., _) => TunnelState::Connected,
        (0, Some(_)) => TunnelState::ConnectFailure,
        (0, None) => TunnelState::Disconnected,
    };
    Tunnel {
        state,
        connected_since_time_stamp: link.and_then(|link| link.connected_since_ms),
        connections: up,
        application_connections: vec![],
        service_channels: vec![],
        state_message: failed,
        subaccount_certificate: None,
    }
}

fn apply(input: SubaccountInput, own: &mut SubaccountFields) -> Result<(), Refusal> {
    if let Some(id) = input.location_id
        && id != own.key.location_id
    {
        let rule = "the gateway gives location IDs; enrol with a new token for another one";
        return Err(Refusal::invalid("locationID", rule));
    }
    super::enrolment::check_renewal(input.auto_cert_renewal)?;
    if let Some(name) = input.display_name {
        own.display_name = name;
    }
    if let Some(description) = input.description {
        own.description = description;
    }
    if let Some(managed) = input.is_managed {
        own.managed = managed.0;
    }
    Ok(())
}
