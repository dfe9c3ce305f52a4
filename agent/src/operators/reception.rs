//! The pairing string that is open. It lives in memory only and ends with the process.

use std::sync::Arc;

use tokio::sync::{Mutex, MutexGuard};
use underpass_runtime::{clock, random};
use underpass_shared::config::OperatorName;
use underpass_shared::id::OperatorId;
use underpass_shared::pairing::{Offer, PairingSecret};
use underpass_shared::rights::Role;

use crate::admin::Caller;

/// What the client of a pairing string will be.
#[derive(Clone, Debug)]
pub struct Promise {
    /// What he may do.
    pub role: Role,
    /// His name, if the string was made for somebody.
    pub name: Option<OperatorName>,
    /// Who made the string.
    pub creator: Caller,
}

/// A client that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Used {
    /// The operator that it is now.
    pub operator: OperatorId,
    /// The words that it shows.
    pub words: Vec<String>,
}

/// The newest pairing string and what became of it.
#[derive(Debug)]
pub struct Pending {
    /// What it is good for.
    pub offer: Offer<Promise>,
    /// Who came.
    pub used: Option<Used>,
}

/// Where clients without a certificate are received. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Reception(Arc<Mutex<Option<Pending>>>);

impl Reception {
    /// Opens in place of what was open.
    pub async fn open(&self, promise: Promise) -> PairingSecret {
        let secret = PairingSecret::new(random::bytes());
        let offer = Offer::new(secret.clone(), clock::monotonic(), promise);
        *self.0.lock().await = Some(Pending { offer, used: None });
        secret
    }

    /// The newest, for one at a time.
    pub async fn pending(&self) -> MutexGuard<'_, Option<Pending>> {
        self.0.lock().await
    }

    /// Whether a client may come.
    pub async fn is_open(&self) -> bool {
        let pending = self.0.lock().await;
        let pending = pending.as_ref();
        pending.is_some_and(|one| one.offer.left(clock::monotonic()).is_some())
    }
}
