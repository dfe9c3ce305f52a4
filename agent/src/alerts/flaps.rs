//! Tunnels that are lost again and again.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use underpass_shared::alert::{Code, Condition};
use underpass_shared::api::management::LinkStatus;
use underpass_shared::config::{AlertLimits, Document, SubaccountKey};

use super::{condition, tunnel_name, tunnels, without_tunnel};

/// The losses of all tunnels. A loss and a success between two looks count as one loss.
#[derive(Debug, Default)]
pub(super) struct Flaps {
    tunnels: BTreeMap<SubaccountKey, Tunnel>,
}

#[derive(Debug, Default)]
struct Tunnel {
    /// Since when it was up at the last look, milliseconds UTC.
    up_since_ms: Option<i64>,
    /// When it was lost, by the clock that never jumps.
    losses: VecDeque<Duration>,
}

impl Flaps {
    pub(super) fn conditions(
        &mut self,
        document: &Document,
        links: &[LinkStatus],
        limits: &AlertLimits,
        now: Duration,
    ) -> Vec<Condition> {
        let most = limits.tunnel_losses.get();
        let window = limits.tunnel_window_sec.get();
        let limit = usize::try_from(most).unwrap_or(usize::MAX);
        let mut known = std::mem::take(&mut self.tunnels);
        let mut found = vec![];
        for own in tunnels::wanted(document) {
            let mut tunnel = known.remove(&own.key).unwrap_or_default();
            let up_since_ms = tunnels::link(own, links).and_then(|link| link.connected_since_ms);
            if tunnel.up_since_ms.is_some() && tunnel.up_since_ms != up_since_ms {
                tunnel.losses.push_back(now);
            }
            tunnel.up_since_ms = up_since_ms;
            let past = now.saturating_sub(Duration::from_secs(window.into()));
            while tunnel.losses.len() > limit
                || tunnel.losses.front().is_some_and(|lost| *lost < past)
            {
                tunnel.losses.pop_front();
            }
            if tunnel.losses.len() >= limit {
                let name = tunnel_name(&own.key);
                let text =
                    format!("the tunnel was lost {most} times or more within {window} seconds");
                let flapping = condition(Code::TunnelFlapping, name, text);
                found.push(without_tunnel(&own.key, flapping));
            }
            self.tunnels.insert(own.key.clone(), tunnel);
        }
        found
    }

    /// A drain closed all tunnels: that is no loss.
    pub(super) fn closed(&mut self) {
        for tunnel in self.tunnels.values_mut() {
            tunnel.up_since_ms = None;
        }
    }
}
