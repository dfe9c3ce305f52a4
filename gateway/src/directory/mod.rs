//! What the gateway knows: tenants, enrolment tokens, agents, bindings and its own addresses.
//!
//! Records live in the state store. Reading goes through the [`Index`], an immutable copy in
//! memory, so the data path works on when the store is away.

mod enrolment;
mod export;
mod handover;
mod identity;
mod index;
mod key;
mod orders;
mod record;
mod removal;
mod settings;
mod tenant;
#[cfg(test)]
mod tests;
mod tunnels;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{Mutex, watch};

pub use enrolment::{
    ENROL_TOKEN_LIFE, ENROL_TOKEN_LIFE_MAX, EnrolTokenError, REDEEM_RETRY, RedeemError, Redeemed,
};
pub use export::Row;
pub use handover::{HandoverError, Offer};
pub use identity::IdentityError;
pub use index::Index;
pub use orders::{Answer, AskError, LogFilter, Order};
pub use record::{Binding, Handover, Identity, Settings, Subaccount};
pub use removal::Removed;
pub use settings::Addresses;
pub use tenant::{InvalidName, TenantError};
pub use tunnels::{LiveTunnel, TUNNEL_ROW_LIFE};

use crate::state::{State, StoreError};

/// How soon a failed reading of the store is tried again.
const RETRY: Duration = Duration::from_secs(1);
/// Lost compare-and-set races before a change gives up; each means that another writer succeeded.
const ATTEMPTS: usize = 16;

/// The directory. Clones share it.
#[derive(Clone, Debug)]
pub struct Directory {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: State,
    index: watch::Sender<Arc<Index>>,
    token_generation: Arc<AtomicU64>,
    /// Held while the index is brought up to date, so that it never goes back.
    refreshing: Mutex<()>,
    published_tunnels: Mutex<BTreeMap<String, tunnels::Published>>,
}

impl Directory {
    /// Reads everything into the index.
    pub async fn open(state: State) -> Result<Self, StoreError> {
        let index = watch::Sender::new(Arc::new(Index::default()));
        let shared = Shared {
            state,
            index,
            token_generation: Arc::default(),
            refreshing: Mutex::default(),
            published_tunnels: Mutex::default(),
        };
        let directory = Self {
            shared: Arc::new(shared),
        };
        directory.refresh().await?;
        Ok(directory)
    }

    /// The present index.
    pub fn index(&self) -> Arc<Index> {
        Arc::clone(&self.shared.index.borrow())
    }

    /// The index and its later versions.
    pub fn watch(&self) -> watch::Receiver<Arc<Index>> {
        self.shared.index.subscribe()
    }

    /// A number that grows, after the index, with every change that could make a token invalid.
    pub fn token_generation(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.shared.token_generation)
    }

    /// Makes everybody forget which tokens were good.
    pub fn forget_tokens(&self) {
        self.shared.token_generation.fetch_add(1, Ordering::Release);
    }

    /// Asks the store for one row, to see whether it answers.
    pub async fn probe(&self) -> Result<(), StoreError> {
        self.state().get(key::SETTINGS).await.map(drop)
    }

    /// Keeps the index up to date with the commits of all processes until it is dropped.
    pub async fn follow(self) {
        let mut version = self.state().watch();
        loop {
            if let Err(error) = self.refresh().await {
                tracing::warn!(%error, "directory is out of date; trying again");
                tokio::time::sleep(RETRY).await;
                continue;
            }
            if version.changed().await.is_err() {
                return;
            }
        }
    }

    fn state(&self) -> &State {
        &self.shared.state
    }

    /// Brings the index up to date; after a commit of ours it shows that commit.
    async fn refresh(&self) -> Result<(), StoreError> {
        let _guard = self.shared.refreshing.lock().await;
        let old = self.index();
        let Some(rows) = self.state().changes(old.version()).await? else {
            return self.rebuild().await;
        };
        let mut index = Index::clone(&old);
        let touched = index.apply(rows);
        self.publish(index, touched.tokens);
        Ok(())
    }

    async fn rebuild(&self) -> Result<(), StoreError> {
        // Commits between the two calls are applied again by the next refresh.
        let version = *self.state().watch().borrow();
        let rows = self.state().scan("").await?;
        self.publish(Index::build(version, rows), true);
        Ok(())
    }

    fn publish(&self, index: Index, tokens: bool) {
        self.shared.index.send_replace(Arc::new(index));
        if tokens {
            // After the index: who sees the new number also sees the new index.
            self.shared.token_generation.fetch_add(1, Ordering::Release);
        }
    }
}
