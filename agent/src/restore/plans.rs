//! Plans that wait for somebody to decide, and the key that the next backup may be sealed to. All
//! of it is in memory only and ends with the process.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use underpass_runtime::archive::Identity;
use underpass_runtime::clock;
use underpass_shared::api::management::{RestoreApplied, RestorePlanShown};
use underpass_shared::backup::Content;
use underpass_shared::id::PlanId;
use underpass_shared::restore::Plan;

/// Plans that wait at a time; the oldest goes first.
const PLANS_MAX: usize = 4;
/// Bytes of the backups that they hold together: the largest, and some small ones.
const BYTES_MAX: usize = 320 * 1024 * 1024;
/// How long a plan waits: somebody reads it meanwhile.
pub(crate) const LIFE: Duration = Duration::from_secs(30 * 60);

/// A plan with all that it takes to apply it.
#[derive(Clone, Debug)]
pub(crate) struct Waiting {
    pub(crate) shown: RestorePlanShown,
    /// None once it was applied.
    pub(crate) work: Option<Arc<(Content, Plan)>>,
    bytes: usize,
    until: Duration,
}

/// What waits.
#[derive(Debug, Default)]
pub(crate) struct Plans {
    waiting: Mutex<Vec<Waiting>>,
    recipient: Mutex<Option<(Identity, Duration)>>,
}

impl Plans {
    /// Keeps a plan; `bytes` is how long its backup is.
    pub(crate) fn keep(&self, shown: RestorePlanShown, content: Content, plan: Plan, bytes: usize) {
        let mut waiting = self.waiting();
        waiting.push(Waiting {
            shown,
            work: Some(Arc::new((content, plan))),
            bytes,
            until: clock::monotonic() + LIFE,
        });
        let total = |all: &[Waiting]| all.iter().map(|one| one.bytes).sum::<usize>();
        while waiting.len() > PLANS_MAX || (waiting.len() > 1 && total(&waiting) > BYTES_MAX) {
            waiting.remove(0);
        }
    }

    /// One of them.
    pub(crate) fn get(&self, id: PlanId) -> Option<Waiting> {
        self.waiting()
            .iter()
            .find(|one| one.shown.id == id)
            .cloned()
    }

    /// Forgets one of them; false where there is no such one.
    pub(crate) fn forget(&self, id: PlanId) -> bool {
        let mut waiting = self.waiting();
        let before = waiting.len();
        waiting.retain(|one| one.shown.id != id);
        waiting.len() != before
    }

    /// A plan was applied: its secrets are forgotten, its result is kept.
    pub(crate) fn applied(&self, id: PlanId, applied: &RestoreApplied) {
        let mut waiting = self.waiting();
        if let Some(one) = waiting.iter_mut().find(|one| one.shown.id == id) {
            one.shown.applied = Some(applied.clone());
            one.work = None;
            one.bytes = 0;
        }
    }

    /// The ids of those that can be applied.
    pub(crate) fn ids(&self) -> Vec<PlanId> {
        let waiting = self.waiting();
        let open = waiting.iter().filter(|one| one.work.is_some());
        open.map(|one| one.shown.id).collect()
    }

    /// Makes a key in place of the one before.
    pub(crate) fn open_recipient(&self) -> String {
        let identity = Identity::generate();
        let recipient = identity.recipient().to_string();
        let until = clock::monotonic() + LIFE;
        *lock(&self.recipient) = Some((identity, until));
        recipient
    }

    /// The key that was made last, while it lives.
    pub(crate) fn recipient(&self) -> Option<Identity> {
        let mut slot = lock(&self.recipient);
        if slot
            .as_ref()
            .is_some_and(|(_, until)| *until <= clock::monotonic())
        {
            *slot = None;
        }
        slot.as_ref().map(|(identity, _)| identity.clone())
    }

    /// Those whose time is not over.
    fn waiting(&self) -> MutexGuard<'_, Vec<Waiting>> {
        let mut waiting = lock(&self.waiting);
        let now = clock::monotonic();
        waiting.retain(|one| one.until > now);
        waiting
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
