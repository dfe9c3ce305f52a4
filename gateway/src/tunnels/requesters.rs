//! How many connections with an agent's own requests are served at once.
//!
//! Whoever reaches the public port can open connections for an enrolment, so these never take the
//! places of agents with a certificate, and one address does not get all of them.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Connections of agents with a certificate at once; one too many is closed and tries again.
const AGENTS_MAX: usize = 128;
/// Connections for an enrolment at once, of all and of one address.
const STRANGERS_MAX: usize = 128;
const OF_ADDRESS_MAX: usize = 32;

/// The places. Clones are the same.
#[derive(Clone, Debug)]
pub(super) struct Requesters {
    agents: Arc<Semaphore>,
    strangers: Arc<Mutex<Strangers>>,
}

#[derive(Debug, Default)]
struct Strangers {
    all: usize,
    by_address: BTreeMap<Option<IpAddr>, usize>,
}

/// A place, until it is dropped.
#[derive(Debug)]
pub(super) enum Place {
    /// Of an agent with a certificate.
    Agent { _permit: OwnedSemaphorePermit },
    /// Of somebody who has none yet.
    Stranger { _place: StrangersPlace },
}

/// One of an address.
#[derive(Debug)]
pub(super) struct StrangersPlace {
    strangers: Arc<Mutex<Strangers>>,
    address: Option<IpAddr>,
}

impl Default for Requesters {
    fn default() -> Self {
        Self {
            agents: Arc::new(Semaphore::new(AGENTS_MAX)),
            strangers: Arc::default(),
        }
    }
}

impl Requesters {
    /// A place for an agent with a certificate, if one is free.
    pub(super) fn agent(&self) -> Option<Place> {
        let permit = Arc::clone(&self.agents).try_acquire_owned().ok()?;
        Some(Place::Agent { _permit: permit })
    }

    /// A place for somebody without a certificate, if one is free for that address.
    pub(super) fn stranger(&self, address: Option<IpAddr>) -> Option<Place> {
        let mut strangers = lock(&self.strangers);
        let of_address = strangers.by_address.get(&address).copied().unwrap_or(0);
        if strangers.all >= STRANGERS_MAX || of_address >= OF_ADDRESS_MAX {
            return None;
        }
        strangers.all += 1;
        strangers.by_address.insert(address, of_address + 1);
        let place = StrangersPlace {
            strangers: Arc::clone(&self.strangers),
            address,
        };
        Some(Place::Stranger { _place: place })
    }
}

impl Drop for StrangersPlace {
    fn drop(&mut self) {
        let mut strangers = lock(&self.strangers);
        strangers.all -= 1;
        if let Some(count) = strangers.by_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                strangers.by_address.remove(&self.address);
            }
        }
    }
}

fn lock(strangers: &Mutex<Strangers>) -> MutexGuard<'_, Strangers> {
    strangers.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(requesters: &Requesters, last: u8) -> Option<Place> {
        requesters.stranger(Some(IpAddr::from([192, 0, 2, last])))
    }

    #[test]
    fn strangers_take_neither_the_places_of_agents_nor_of_one_another() {
        let requesters = Requesters::default();
        let mut held: Vec<Place> = (0..OF_ADDRESS_MAX)
            .map(|_| of(&requesters, 1).unwrap())
            .collect();
        assert!(of(&requesters, 1).is_none());
        held.extend((0..STRANGERS_MAX).map_while(|at| {
            let last = u8::try_from(2 + at / OF_ADDRESS_MAX).unwrap();
            of(&requesters, last)
        }));
        assert_eq!(held.len(), STRANGERS_MAX);
        assert!(of(&requesters, 200).is_none());
        let agents: Vec<Place> = (0..AGENTS_MAX)
            .map(|_| requesters.agent().unwrap())
            .collect();
        assert!(requesters.agent().is_none());
        drop((held, agents));
        assert!(requesters.agent().is_some());
        assert!(of(&requesters, 1).is_some());
        assert!(lock(&requesters.strangers).by_address.is_empty());
    }
}
