//! Service channels that shall be open and are not.

use underpass_shared::alert::{Code, Condition};
use underpass_shared::config::Document;
use underpass_shared::host::Port;
use underpass_shared::monitor::Entity;
use underpass_shared::policy::effective::NotOffered;

use super::{condition, tunnels, without_tunnel};

/// A channel that somebody enabled has programs that connect to its port. This version opens none,
/// and says so; who closed the tunnels on purpose is not told.
pub(super) fn conditions(document: &Document, is_drained: bool) -> Vec<Condition> {
    let why = NotOffered::ServiceChannels;
    let wanted = tunnels::wanted(document).filter(|_| !is_drained);
    let closed = wanted.flat_map(|own| {
        let channels = own.channels.as_slice().iter();
        channels.filter(|one| one.enabled).filter_map(move |one| {
            let (id, kind) = (one.id, one.service.kind());
            let port = Port::try_from(one.service.local_port()).ok()?;
            let text = format!(
                "channel {id} of type {kind} is enabled, and nobody listens on its local port \
                 {port}: {why}"
            );
            let name = Entity::Channel(own.key.clone(), port).to_string();
            let closed = condition(Code::ChannelDown, name, text);
            Some(without_tunnel(&own.key, closed))
        })
    });
    closed.collect()
}
