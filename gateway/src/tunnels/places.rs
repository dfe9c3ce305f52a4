//! Who carries streams where several could: agents that hand over, and copies of an agent.
//!
//! One loop compares who shall carry with who does, and moves tunnels between the two parts of the
//! registry: first in, then out, so that there is always somebody.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::timeout;
use underpass_runtime::clock;
use underpass_shared::api::handover::Phase;
use underpass_shared::api::management::HandoverMode;
use underpass_shared::id::{InstanceId, TunnelKey};
use underpass_shared::protocol::capability::STANDBY;
use underpass_shared::protocol::internal::{Fence, Standby};
use underpass_shared::protocol::timers::CLOSE_WAIT;
use uuid::Uuid;

use super::lineage::Lineages;
use super::registry::{Registry, Tunnel, Waiting};
use crate::alerts::Incidents;
use crate::directory::{Directory, Handover, HandoverError, Index};

/// How often is looked without a change: times pass that nobody tells of.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long an agent may take to obey, so that one that hangs keeps no other waiting for long.
const OBEY: Duration = CLOSE_WAIT;
/// How often a copy that waits is told of again.
const TELL_EVERY: Duration = Duration::from_secs(60);

/// Decides who carries. Clones are the same.
#[derive(Clone, Debug)]
pub struct Places {
    registry: Registry,
    directory: Directory,
    incidents: Incidents,
    lineages: Arc<Mutex<Lineages>>,
}

/// A change that is due.
struct Due {
    key: TunnelKey,
    tunnel: Tunnel,
    /// None: it carries from now on.
    why: Option<Standby>,
}

impl Places {
    /// Of the tunnels of a registry.
    pub fn new(registry: Registry, directory: Directory, incidents: Incidents) -> Self {
        let index = directory.index();
        let known = index.identities().map(|agent| agent.instance);
        let holders = known.filter_map(|instance| Some((instance, index.holder(&instance)?)));
        let lineages = Lineages::known(holders, clock::monotonic());
        Self {
            registry,
            directory,
            incidents,
            lineages: Arc::new(Mutex::new(lineages)),
        }
    }

    /// Enters a tunnel that came up, where it belongs now. False where another process of an agent
    /// has the place, and this one is of a release that cannot wait.
    pub(super) async fn enter(&self, key: &TunnelKey, tunnel: Tunnel) -> bool {
        if tunnel.caller.capability() < STANDBY {
            return self.registry.add(key, tunnel);
        }
        if let Some(process) = tunnel.process {
            self.arrive(&tunnel, process).await;
        }
        let why = self.why(&self.directory.index(), key, &tunnel);
        let Some(why) = why else {
            return self.enter_carrying(key, tunnel).await;
        };
        // A connection that breaks meanwhile is removed by whoever entered it.
        let _obeys = obey(&tunnel, Some(why)).await;
        self.tell_of(key, &tunnel, why);
        self.registry.add_waiting(key, Waiting { tunnel, why });
        true
    }

    /// Takes in a process that came. One that says it goes on where the one with the place ended is
    /// believed once that one does not answer: its host may have died without a word.
    async fn arrive(&self, tunnel: &Tunnel, process: Uuid) {
        let instance = tunnel.instance;
        let previous = tunnel.caller.answer().previous;
        let arrives = || {
            let now = clock::monotonic();
            self.lineages().arrive(instance, process, previous, now)
        };
        if arrives() {
            return;
        }
        let Some(holder) = previous.filter(|one| self.lineages().holds(instance, *one)) else {
            return;
        };
        if !self.answers(instance, holder).await {
            self.lineages().look(instance, &[], clock::monotonic());
            arrives();
        }
    }

    /// Whether a process answers on any of its tunnels. Those of one that does not are closed.
    async fn answers(&self, instance: InstanceId, process: Uuid) -> bool {
        let carrying = self.registry.all().into_iter().map(|(_, one)| (one, None));
        let waiting = self.registry.waiting().into_iter();
        let waiting = waiting.map(|(_, one)| (one.tunnel, Some(one.why)));
        let tunnels: Vec<_> = carrying
            .chain(waiting)
            .filter(|(one, _)| one.instance == instance && one.process == Some(process))
            .filter(|(one, _)| one.caller.is_alive())
            .collect();
        // It is told what it knows.
        let asked = join_all(tunnels.iter().map(|(one, why)| obey(one, *why))).await;
        let answers = asked.contains(&true);
        if !answers {
            tunnels.iter().for_each(|(one, _)| one.caller.close());
        }
        answers
    }

    /// Its agent hears of it after: it then lets the connection go that this one replaces.
    async fn enter_carrying(&self, key: &TunnelKey, tunnel: Tunnel) -> bool {
        tunnel.is_entering.store(true, Ordering::Release);
        if !self.registry.add(key, tunnel.clone()) {
            return false;
        }
        let _obeys = obey(&tunnel, None).await;
        tunnel.is_entering.store(false, Ordering::Release);
        self.registry.poke();
        true
    }

    /// Keeps everybody where he belongs until it is dropped.
    pub async fn run(self) {
        // A store that hangs lets nobody wait for his place.
        tokio::join!(self.follow(), self.keep());
    }

    async fn follow(&self) {
        let (mut tunnels, mut index) = (self.registry.watch(), self.directory.watch());
        let mut told = clock::monotonic();
        loop {
            tunnels.mark_unchanged();
            index.mark_unchanged();
            self.look().await;
            if clock::monotonic().saturating_sub(told) >= TELL_EVERY {
                told = clock::monotonic();
                for (key, one) in self.registry.waiting() {
                    self.tell_of(&key, &one.tunnel, one.why);
                }
            }
            let changed = tokio::select! {
                changed = tunnels.changed() => changed.is_ok(),
                changed = index.changed() => changed.is_ok(),
                () = tokio::time::sleep(LOOK_EVERY) => true,
            };
            if !changed {
                return;
            }
        }
    }

    /// Ends handovers in time, and has the store know who has which place.
    async fn keep(&self) {
        let mut tunnels = self.registry.watch();
        loop {
            tunnels.mark_unchanged();
            self.end_overdue(&self.directory.index()).await;
            self.save().await;
            let changed = tokio::select! {
                changed = tunnels.changed() => changed.is_ok(),
                () = tokio::time::sleep(LOOK_EVERY) => true,
            };
            if !changed {
                return;
            }
        }
    }

    /// Gives the place of an agent to a process that waits for it; the one that had it waits then.
    ///
    /// # Errors
    /// When none waits, several do and none is named, or it does not answer.
    pub async fn replace(
        &self,
        instance: InstanceId,
        process: Option<Uuid>,
    ) -> Result<Uuid, String> {
        let waiting = self.registry.waiting().into_iter();
        let copies =
            waiting.filter(|(_, one)| one.why == Standby::Copy && one.tunnel.instance == instance);
        let waiting: BTreeSet<Uuid> = copies.filter_map(|(_, one)| one.tunnel.process).collect();
        let chosen = match (process, waiting.len()) {
            (_, 0) => {
                return Err(format!(
                    "no copy of instance {instance} waits for its place"
                ));
            }
            (Some(process), _) => Some(process).filter(|process| waiting.contains(process)),
            (None, 1) => waiting.first().copied(),
            (None, _) => None,
        };
        let Some(chosen) = chosen else {
            let names: Vec<String> = waiting.iter().map(Uuid::to_string).collect();
            let names = names.join(", ");
            return Err(format!("name one of the processes that wait: {names}"));
        };
        if !self.answers(instance, chosen).await {
            return Err(format!(
                "the process {chosen} does not answer; nothing was changed"
            ));
        }
        self.lineages().give(instance, chosen);
        tracing::warn!(%instance, process = %chosen, "a copy gets the place of an agent by an operator's word");
        self.registry.poke();
        Ok(chosen)
    }

    /// Whether an instance has a tunnel that is up, carrying or not.
    pub(super) fn is_there(&self, key: &TunnelKey, instance: InstanceId) -> bool {
        let is_of = |at: &TunnelKey, tunnel: &Tunnel| {
            at == key && tunnel.instance == instance && tunnel.caller.is_alive()
        };
        let carrying = self.registry.all();
        let waiting = self.registry.waiting();
        carrying.iter().any(|(at, tunnel)| is_of(at, tunnel))
            || waiting.iter().any(|(at, one)| is_of(at, &one.tunnel))
    }

    /// Whether an agent has tunnels of another process than the one that asks.
    pub(super) fn is_elsewhere(&self, instance: InstanceId, process: Option<Uuid>) -> bool {
        let tunnels = self.tunnels();
        tunnels.iter().any(|(_, tunnel)| {
            tunnel.instance == instance
                && tunnel.caller.is_alive()
                && (process.is_none() || tunnel.process != process)
        })
    }

    /// Resolves when an instance carries; false where it does not in time.
    pub(super) async fn carries(
        &self,
        key: &TunnelKey,
        instance: InstanceId,
        patience: Duration,
    ) -> bool {
        let mut changes = self.registry.watch();
        let carrying = async {
            loop {
                changes.mark_unchanged();
                let all = self.registry.all();
                let there = all.iter().any(|(at, tunnel)| {
                    at == key && tunnel.instance == instance && tunnel.caller.is_open()
                });
                let alone = all.iter().all(|(at, tunnel)| {
                    at != key || tunnel.instance == instance || !tunnel.caller.is_open()
                });
                if there && alone {
                    return true;
                }
                if changes.changed().await.is_err() {
                    return false;
                }
            }
        };
        timeout(patience, carrying).await.unwrap_or(false)
    }

    async fn look(&self) {
        let index = self.directory.index();
        let tunnels = self.tunnels();
        {
            let mut lineages = self.lineages();
            lineages.retain(|instance| index.identity(instance).is_some());
            let now = clock::monotonic();
            let mut there: BTreeMap<InstanceId, Vec<Uuid>> = BTreeMap::new();
            for (_, tunnel) in tunnels.iter().filter(|(_, one)| one.caller.is_alive()) {
                let processes = there.entry(tunnel.instance).or_default();
                processes.extend(tunnel.process);
            }
            for instance in lineages.agents() {
                let there = there.get(&instance).map_or(&[][..], Vec::as_slice);
                lineages.look(instance, there, now);
            }
        }
        let due = self.due(&index);
        let (outward, inward): (Vec<Due>, Vec<Due>) =
            due.into_iter().partition(|one| one.why.is_some());
        join_all(inward.into_iter().map(|one| self.change(one))).await;
        let outward = self.replaced(outward).into_iter();
        join_all(outward.map(|one| self.change(one))).await;
    }

    /// Those that carry nothing, and those whose place somebody else has by now: who should have it
    /// may have failed to take it.
    fn replaced(&self, outward: Vec<Due>) -> Vec<Due> {
        let leaves = |tunnel: &Tunnel| {
            let mut leaving = outward.iter();
            leaving.any(|one| one.tunnel.caller.is_same(&tunnel.caller))
        };
        let carrying = self.registry.all().into_iter();
        let stays = carrying.filter(|(_, one)| one.caller.is_open() && !leaves(one));
        let served: BTreeSet<TunnelKey> = stays.map(|(key, _)| key).collect();
        let due = outward.into_iter();
        due.filter(|one| !one.tunnel.caller.is_open() || served.contains(&one.key))
            .collect()
    }

    /// What of the registry is not as it shall be.
    fn due(&self, index: &Index) -> Vec<Due> {
        let carrying = self.registry.all().into_iter();
        let outward = carrying.filter_map(|(key, tunnel)| {
            let why = Some(self.why(index, &key, &tunnel)?);
            Some(Due { key, tunnel, why })
        });
        let waiting = self.registry.waiting().into_iter();
        let other = waiting.filter_map(|(key, Waiting { tunnel, why: old })| {
            let why = self.why(index, &key, &tunnel);
            (why != Some(old)).then_some(Due { key, tunnel, why })
        });
        let due = outward.chain(other);
        let is_due = |tunnel: &Tunnel| {
            // An order that crosses the first one could be overtaken by it.
            tunnel.caller.is_alive() && !tunnel.is_entering.load(Ordering::Acquire)
        };
        due.filter(|one| is_due(&one.tunnel)).collect()
    }

    async fn change(&self, due: Due) {
        let Due { key, tunnel, why } = due;
        let instance = tunnel.instance;
        match why {
            None => {
                if obey(&tunnel, None).await {
                    tracing::info!(%key, %instance, "tunnel carries");
                    self.registry.promote(&key, &tunnel.caller);
                } else {
                    // It comes back and is entered anew.
                    tunnel.caller.close();
                }
            }
            Some(why) => {
                tracing::info!(%key, %instance, ?why, "tunnel waits");
                // From here on nobody picks it, whatever its agent says.
                self.registry.demote(&key, &tunnel.caller, why);
                if !obey(&tunnel, Some(why)).await {
                    tunnel.caller.close();
                }
                self.tell_of(&key, &tunnel, why);
            }
        }
    }

    /// Why a tunnel carries no streams; none where it does.
    fn why(&self, index: &Index, key: &TunnelKey, tunnel: &Tunnel) -> Option<Standby> {
        if let Some(process) = tunnel.process
            && tunnel.caller.capability() >= STANDBY
            && !self.lineages().holds(tunnel.instance, process)
        {
            return Some(Standby::Copy);
        }
        let handover = index.handover(key)?;
        if handover.mode == HandoverMode::Copy {
            return None;
        }
        let carries = match handover.phase {
            Phase::Offered => handover.source,
            Phase::Ready if self.is_there(key, handover.target) => handover.target,
            Phase::Ready => handover.source,
            Phase::Completed | Phase::Aborted => return None,
        };
        let is_part = [handover.source, handover.target].contains(&tunnel.instance);
        (is_part && tunnel.instance != carries).then_some(Standby::Handover)
    }

    /// Ends handovers whose time is over: what carries then, stays.
    async fn end_overdue(&self, index: &Index) {
        let now_ms = clock::wall_ms();
        let over = |one: &&Arc<Handover>| {
            let revoked = index
                .identity(&one.source)
                .is_none_or(|one| one.is_revoked());
            one.phase.is_open() && (one.until_ms <= now_ms || revoked)
        };
        for handover in index.handovers().filter(over) {
            let ended = self.end(handover, now_ms).await;
            match ended {
                Ok(true) => {
                    tracing::info!(handover = %handover.id, key = %handover.key(), "handover ended by its time");
                }
                // Nobody is there; who comes first decides.
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, "a handover cannot be ended; trying again"),
            }
        }
        if let Err(error) = self.directory.forget_handovers(now_ms).await {
            tracing::warn!(%error, "old handovers are not forgotten");
        }
    }

    async fn end(&self, handover: &Handover, now_ms: i64) -> Result<bool, HandoverError> {
        let key = handover.key();
        let is_copy = handover.mode == HandoverMode::Copy;
        if handover.phase == Phase::Offered {
            self.directory.abort(handover, now_ms).await?;
        } else if is_copy || self.is_there(&key, handover.target) {
            self.directory.complete(handover, now_ms).await?;
        } else if self.is_there(&key, handover.source) {
            self.directory.abort(handover, now_ms).await?;
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    async fn save(&self) {
        let unsaved = self.lineages().unsaved();
        if unsaved.is_empty() {
            return;
        }
        match self.directory.record_holders(&unsaved).await {
            Ok(()) => self.lineages().saved(&unsaved),
            Err(error) => tracing::warn!(%error, "who has which place is not kept; trying again"),
        }
    }

    /// Operators hear of copies.
    fn tell_of(&self, key: &TunnelKey, tunnel: &Tunnel, why: Standby) {
        if why != Standby::Copy {
            return;
        }
        let (instance, process) = (tunnel.instance, tunnel.process);
        let from = tunnel.address.map(|address| address.ip());
        tracing::warn!(%key, %instance, ?process, ?from, "tunnel refused its place: LOCATION_TAKEN by another process; it waits in quarantine");
        self.incidents
            .claimed(clock::now(), key, from, Some(instance));
    }

    fn tunnels(&self) -> Vec<(TunnelKey, Tunnel)> {
        let waiting = self.registry.waiting().into_iter();
        let waiting = waiting.map(|(key, one)| (key, one.tunnel));
        self.registry.all().into_iter().chain(waiting).collect()
    }

    fn lineages(&self) -> MutexGuard<'_, Lineages> {
        self.lineages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells an agent whether it carries, and closes the way for streams meanwhile. Whether it heard.
async fn obey(tunnel: &Tunnel, why: Option<Standby>) -> bool {
    let fence = Fence {
        epoch: 0,
        holder: why.is_none(),
        why,
    };
    let told = timeout(OBEY, tunnel.caller.fence(fence)).await;
    matches!(told, Ok(Ok(())))
}
