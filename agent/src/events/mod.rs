//! What happens in the agent, for those who listen.
//!
//! Whoever tells something never waits: the last events are kept in a ring, each listener has a
//! bounded queue, and one that cannot keep up is let go.

mod feed;
mod notices;
mod ring;
mod stream;

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast};
use underpass_runtime::clock;
use underpass_runtime::tasks::Tasks;
use underpass_shared::api::management::{Event, EventMessage};

use self::ring::{Ring, Since};

/// Events that a listener may be behind before it is let go.
const QUEUE_LEN: usize = 256;
/// Listeners at a time; each holds a connection, and calls need some too.
const STREAMS_MAX: usize = 32;

/// An event with its number.
#[derive(Clone, Debug)]
struct Entry {
    id: u64,
    message: EventMessage,
}

/// The place where events are told and listened to. Clones are the same.
#[derive(Clone, Debug)]
pub struct Events(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    ring: Mutex<Ring>,
    live: broadcast::Sender<Arc<Entry>>,
    free: Arc<Semaphore>,
    tasks: Tasks,
}

/// What a listener begins with.
struct Subscription {
    since: Since,
    live: broadcast::Receiver<Arc<Entry>>,
    place: OwnedSemaphorePermit,
}

impl Events {
    /// A place without listeners; their streams end with `tasks`.
    pub fn new(tasks: &Tasks) -> Self {
        let (live, _nobody) = broadcast::channel(QUEUE_LEN);
        Self(Arc::new(Inner {
            ring: Mutex::new(Ring::starting_at(clock::wall_ms())),
            live,
            free: Arc::new(Semaphore::new(STREAMS_MAX)),
            tasks: tasks.clone(),
        }))
    }

    /// Tells everybody.
    pub fn tell(&self, event: Event) {
        let message = EventMessage {
            time_ms: clock::wall_ms(),
            event,
        };
        // Under one lock, so that a new listener misses nothing and gets nothing twice.
        let mut ring = self.0.ring.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = ring.push(message);
        // Nobody may be listening.
        drop(self.0.live.send(entry));
    }

    /// Listens from behind the event `last` on, or from now on; None where too many do.
    fn subscribe(&self, last: Option<u64>) -> Option<Subscription> {
        let place = Arc::clone(&self.0.free).try_acquire_owned().ok()?;
        let ring = self.0.ring.lock().unwrap_or_else(PoisonError::into_inner);
        Some(Subscription {
            since: ring.since(last),
            live: self.0.live.subscribe(),
            place,
        })
    }
}
