//! Which process of an agent has its place. Pure: what is there and the time come in.
//!
//! A copy of an agent's data directory proves the same identity as the agent. What tells them apart
//! is the process: the first one has the place while it is there, and its successor, which names it,
//! has it after. Another one waits until nobody was there for a time in which any agent comes back.

use std::collections::BTreeMap;
use std::time::Duration;

use underpass_shared::id::InstanceId;
use underpass_shared::protocol::timers::BACKOFF_CAP;
use uuid::Uuid;

/// How long a place is kept for the process that had it, before a copy gets it.
pub(super) const GRACE: Duration = Duration::from_secs(21);

const _: () = {
    // Whoever lost the way to the gateway tries again within this time.
    assert!(GRACE.as_secs() > BACKOFF_CAP.as_secs());
};

/// Who has the place of one agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Lineage {
    holder: Uuid,
    /// Since when it is not there.
    gone_since: Option<Duration>,
}

/// Who has the places of all agents.
#[derive(Debug, Default)]
pub(super) struct Lineages {
    agents: BTreeMap<InstanceId, Lineage>,
    /// Those that the store does not know yet.
    unsaved: BTreeMap<InstanceId, Uuid>,
}

impl Lineages {
    /// As the store has them; nobody is there yet.
    pub(super) fn known(holders: impl Iterator<Item = (InstanceId, Uuid)>, now: Duration) -> Self {
        let agents = holders.map(|(instance, holder)| {
            let gone_since = Some(now);
            (instance, Lineage { holder, gone_since })
        });
        Self {
            agents: agents.collect(),
            unsaved: BTreeMap::new(),
        }
    }

    /// A process came. Whether it has the place, now or still.
    pub(super) fn arrive(
        &mut self,
        instance: InstanceId,
        process: Uuid,
        previous: Option<Uuid>,
        now: Duration,
    ) -> bool {
        if let Some(lineage) = self.agents.get_mut(&instance) {
            let is_successor = previous == Some(lineage.holder);
            let is_free = match lineage.gone_since {
                None => false,
                Some(since) => is_successor || now.saturating_sub(since) >= GRACE,
            };
            if lineage.holder == process {
                lineage.gone_since = None;
                return true;
            }
            if !is_free {
                return false;
            }
        }
        self.give(instance, process);
        true
    }

    /// Takes in who of an agent is there: those with a tunnel, and those that wait for the place,
    /// in the order in which they came. The first of those gets it when it is free.
    pub(super) fn look(&mut self, instance: InstanceId, there: &[Uuid], now: Duration) {
        let Some(lineage) = self.agents.get_mut(&instance) else {
            return;
        };
        if there.contains(&lineage.holder) {
            lineage.gone_since = None;
            return;
        }
        let since = *lineage.gone_since.get_or_insert(now);
        if let Some(first) = there.first()
            && now.saturating_sub(since) >= GRACE
        {
            self.give(instance, *first);
        }
    }

    /// An operator, or the time, gives the place to a process.
    pub(super) fn give(&mut self, instance: InstanceId, process: Uuid) {
        let lineage = Lineage {
            holder: process,
            gone_since: None,
        };
        self.agents.insert(instance, lineage);
        self.unsaved.insert(instance, process);
    }

    /// Whether a process has the place.
    pub(super) fn holds(&self, instance: InstanceId, process: Uuid) -> bool {
        let found = self.agents.get(&instance);
        found.is_none_or(|lineage| lineage.holder == process)
    }

    /// All agents with a known holder.
    pub(super) fn agents(&self) -> Vec<InstanceId> {
        self.agents.keys().copied().collect()
    }

    /// Forgets agents that are no longer enrolled.
    pub(super) fn retain(&mut self, is_known: impl Fn(&InstanceId) -> bool) {
        self.agents.retain(|instance, _| is_known(instance));
        self.unsaved.retain(|instance, _| is_known(instance));
    }

    /// What the store does not know yet.
    pub(super) fn unsaved(&self) -> Vec<(InstanceId, Uuid)> {
        let each = self.unsaved.iter();
        each.map(|(instance, process)| (*instance, *process))
            .collect()
    }

    /// The store knows these.
    pub(super) fn saved(&mut self, saved: &[(InstanceId, Uuid)]) {
        for (instance, process) in saved {
            if self.unsaved.get(instance) == Some(process) {
                self.unsaved.remove(instance);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AGENT: InstanceId = InstanceId::from_uuid(Uuid::from_u128(1));
    const FIRST: Uuid = Uuid::from_u128(10);
    const NEXT: Uuid = Uuid::from_u128(11);
    const COPY: Uuid = Uuid::from_u128(20);

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn with_first() -> Lineages {
        let mut lineages = Lineages::default();
        assert!(lineages.arrive(AGENT, FIRST, None, s(0)));
        lineages
    }

    #[test]
    fn the_first_keeps_its_place_however_often_a_copy_comes() {
        let mut lineages = with_first();
        for second in 1..100 {
            // It names the first, as its data directory does.
            assert!(!lineages.arrive(AGENT, COPY, Some(FIRST), s(second)));
            assert!(lineages.arrive(AGENT, FIRST, None, s(second)));
            lineages.look(AGENT, &[COPY, FIRST], s(second));
            assert!(lineages.holds(AGENT, FIRST) && !lineages.holds(AGENT, COPY));
        }
    }

    #[test]
    fn a_restart_goes_on_at_once_and_the_copy_waits_on() {
        let mut lineages = with_first();
        assert!(!lineages.arrive(AGENT, COPY, None, s(1)));
        lineages.look(AGENT, &[COPY], s(5));
        assert!(!lineages.arrive(AGENT, COPY, None, s(6)));
        assert!(lineages.arrive(AGENT, NEXT, Some(FIRST), s(7)));
        lineages.look(AGENT, &[COPY, NEXT], s(40));
        assert!(lineages.holds(AGENT, NEXT));
        // What named the first is a process of the past now.
        assert!(!lineages.arrive(AGENT, COPY, Some(FIRST), s(41)));
    }

    #[test]
    fn a_copy_gets_the_place_of_one_that_is_gone_and_keeps_it() {
        let mut lineages = with_first();
        assert!(!lineages.arrive(AGENT, COPY, None, s(1)));
        lineages.look(AGENT, &[COPY], s(10));
        lineages.look(AGENT, &[COPY], s(30));
        assert!(lineages.holds(AGENT, FIRST), "the grace is not over");
        lineages.look(AGENT, &[COPY], s(31));
        assert!(lineages.holds(AGENT, COPY));
        assert!(!lineages.arrive(AGENT, FIRST, None, s(32)));
        assert!(!lineages.arrive(AGENT, NEXT, Some(FIRST), s(33)));
        lineages.look(AGENT, &[COPY, FIRST], s(90));
        assert!(lineages.holds(AGENT, COPY));
    }

    #[test]
    fn a_blink_of_the_first_changes_nothing() {
        let mut lineages = with_first();
        lineages.look(AGENT, &[COPY], s(10));
        assert!(lineages.arrive(AGENT, FIRST, None, s(29)));
        lineages.look(AGENT, &[COPY, FIRST], s(30));
        lineages.look(AGENT, &[COPY], s(45));
        lineages.look(AGENT, &[COPY], s(60));
        assert!(lineages.holds(AGENT, FIRST));
    }

    #[test]
    fn after_a_start_of_the_gateway_the_one_it_knew_comes_first() {
        let mut lineages = Lineages::known([(AGENT, FIRST)].into_iter(), s(0));
        assert!(!lineages.arrive(AGENT, COPY, None, s(1)));
        assert!(lineages.arrive(AGENT, FIRST, None, s(15)));
        assert!(lineages.unsaved().is_empty());
        let mut lineages = Lineages::known([(AGENT, FIRST)].into_iter(), s(0));
        assert!(lineages.arrive(AGENT, COPY, None, s(21)), "long gone");
        assert_eq!(lineages.unsaved(), [(AGENT, COPY)]);
        lineages.saved(&[(AGENT, FIRST)]);
        assert_eq!(lineages.unsaved().len(), 1);
        lineages.saved(&[(AGENT, COPY)]);
        assert!(lineages.unsaved().is_empty());
        lineages.retain(|_| false);
        assert!(lineages.agents().is_empty());
    }
}
