//! Tunnels that are down although they shall be up.

use underpass_shared::alert::{Code, Condition};
use underpass_shared::api::management::{Connection, LinkStatus};
use underpass_shared::config::{Document, SubaccountFields, SubaccountKey};

use super::{condition, tunnel_name};

/// The subaccounts whose tunnels shall be up.
pub(super) fn wanted(document: &Document) -> impl Iterator<Item = &SubaccountFields> {
    let all = document.subaccounts().iter().map(|one| one.own());
    all.filter(|own| own.connected).map(|own| &***own)
}

/// What is told of the tunnel of a subaccount.
pub(super) fn link<'a>(own: &SubaccountFields, links: &'a [LinkStatus]) -> Option<&'a LinkStatus> {
    links.iter().find(|link| {
        link.region_host == own.key.region_host
            && link.subaccount == own.key.subaccount
            && link.location_id == own.key.location_id
            && link.instance == own.instance
    })
}

/// The subaccounts whose tunnels shall be up and are not.
pub(crate) fn down(document: &Document, links: &[LinkStatus]) -> Vec<SubaccountKey> {
    let is_up = |own: &SubaccountFields| {
        link(own, links).is_some_and(|link| link.connected_since_ms.is_some())
    };
    let down = wanted(document).filter(|own| !is_up(own));
    down.map(|own| own.key.clone()).collect()
}

/// Who closed them on purpose is not told that they are closed.
pub(super) fn conditions(
    document: &Document,
    links: &[LinkStatus],
    is_drained: bool,
) -> Vec<Condition> {
    let wanted = wanted(document).filter(|_| !is_drained);
    let down = wanted.filter_map(|own| {
        let link = link(own, links);
        if link.is_some_and(|link| link.connected_since_ms.is_some()) {
            return None;
        }
        let reason = link.and_then(|link| {
            link.connections.iter().find_map(|one| match one {
                Connection::Failed(reason) => Some(reason.as_str()),
                Connection::Connecting | Connection::Up => None,
            })
        });
        let text = format!(
            "no connection of the tunnel is up: {}",
            reason.unwrap_or("it is being connected")
        );
        Some(condition(Code::TunnelDown, tunnel_name(&own.key), text))
    });
    down.collect()
}
