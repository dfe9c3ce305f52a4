//! The last events, by number.

use std::collections::VecDeque;
use std::sync::Arc;

use underpass_shared::api::management::EventMessage;

use super::Entry;

/// Events that are kept for those who come back: some minutes of a busy agent.
const KEPT: usize = 1_024;
/// Numbers a millisecond: far more than there can be events, so that numbers grow over restarts.
const IDS_PER_MS: u64 = 1_000;

/// The last events.
#[derive(Debug)]
pub(super) struct Ring {
    next: u64,
    kept: VecDeque<Arc<Entry>>,
}

/// What somebody missed.
#[derive(Debug)]
pub(super) struct Since {
    /// The number of the newest event.
    pub(super) newest: u64,
    /// What was missed, as far as it is there.
    pub(super) missed: Missed,
}

/// See [`Since`].
#[derive(Debug)]
pub(super) enum Missed {
    /// He was not here before.
    New,
    /// All of these.
    These(Vec<Arc<Entry>>),
    /// More than is kept, or the agent was started anew.
    Unknown,
}

impl Ring {
    pub(super) fn starting_at(now_ms: i64) -> Self {
        let now = u64::try_from(now_ms).unwrap_or(0);
        Self {
            next: now.saturating_mul(IDS_PER_MS).saturating_add(1),
            kept: VecDeque::new(),
        }
    }

    pub(super) fn push(&mut self, message: EventMessage) -> Arc<Entry> {
        let entry = Arc::new(Entry {
            id: self.next,
            message,
        });
        self.next += 1;
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(Arc::clone(&entry));
        entry
    }

    pub(super) fn since(&self, last: Option<u64>) -> Since {
        let newest = self.next - 1;
        let oldest = self.next - u64::try_from(self.kept.len()).unwrap_or(0);
        let missed = match last {
            None => Missed::New,
            Some(last) if last <= newest && last + 1 >= oldest => {
                let missed = self.kept.iter().filter(|one| one.id > last);
                Missed::These(missed.cloned().collect())
            }
            Some(_) => Missed::Unknown,
        };
        Since { newest, missed }
    }
}

#[cfg(test)]
mod tests {
    use underpass_shared::api::management::Event;

    use super::*;

    fn push(ring: &mut Ring) -> u64 {
        let event = Event::Start { revision: 1 };
        ring.push(EventMessage { time_ms: 0, event }).id
    }

    /// The number of missed events; none where they are not known.
    fn missed(ring: &Ring, last: u64) -> Option<usize> {
        match ring.since(Some(last)).missed {
            Missed::These(list) => Some(list.len()),
            Missed::New | Missed::Unknown => None,
        }
    }

    #[test]
    fn whoever_comes_back_gets_all_or_is_told() {
        let mut ring = Ring::starting_at(5);
        assert!(matches!(ring.since(None).missed, Missed::New));
        let before = ring.since(None).newest;
        assert_eq!(missed(&ring, before), Some(0));
        let first = push(&mut ring);
        assert_eq!(first, before + 1);
        let second = push(&mut ring);
        assert_eq!(missed(&ring, before), Some(2));
        assert_eq!(missed(&ring, first), Some(1));
        assert_eq!(missed(&ring, second), Some(0));
        for unknown in [0, before - 1, second + 1, u64::MAX] {
            assert_eq!(missed(&ring, unknown), None, "{unknown}");
        }
        for _ in 0..KEPT {
            push(&mut ring);
        }
        assert_eq!(missed(&ring, first), None);
        assert_eq!(missed(&ring, second), Some(KEPT));
        // A later start has greater numbers.
        assert!(Ring::starting_at(6).since(None).newest > second);
    }
}
