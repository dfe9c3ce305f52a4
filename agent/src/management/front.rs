//! What the listener has of the agent's identity; another identity exchanges it while it listens.

use std::sync::Arc;

use tokio::sync::watch;
use underpass_runtime::tasks::Tasks;
use underpass_runtime::tls::{ByName, ClientAuthorities, OldestTls, TlsError};
use underpass_shared::config::Connector;

use super::tls::LiveTls;
use super::{Shared, listen};
use crate::identity::Identity;

/// What depends on who the agent is.
pub(super) struct Front {
    pub(super) identity: Arc<Identity>,
    pub(super) tls: LiveTls,
    /// The authority of operators.
    pub(super) own: ClientAuthorities,
}

impl Front {
    pub(super) fn new(
        identity: Arc<Identity>,
        certificates: Arc<ByName>,
        oldest: OldestTls,
        settings: &Connector,
    ) -> Result<Self, TlsError> {
        let authority = identity.certificate();
        Ok(Self {
            tls: LiveTls::new(authority, certificates, oldest, settings)?,
            own: ClientAuthorities::new(authority)?,
            identity,
        })
    }
}

impl Shared {
    /// What is shown and believed now.
    pub(super) fn front(&self) -> Arc<Front> {
        Arc::clone(&self.front.borrow())
    }

    fn exchange(&self, identity: Arc<Identity>) -> anyhow::Result<()> {
        let current = Arc::clone(&self.snapshot.borrow());
        self.certificates
            .exchange_identity(Arc::clone(&identity), &current)?;
        let settings = current.document().connector();
        let by_name = self.certificates.by_name();
        let front = Front::new(identity, by_name, self.oldest, settings)?;
        self.front.send_replace(Arc::new(front));
        listen::tell_addresses(self)?;
        Ok(())
    }
}

/// Takes over each exchange of the identity.
pub(super) async fn follow(
    shared: Arc<Shared>,
    mut identities: watch::Receiver<Option<Arc<Identity>>>,
    tasks: Tasks,
) {
    loop {
        let now = identities.borrow_and_update().clone();
        if let Some(now) = now
            && now.id() != shared.front().identity.id()
        {
            match shared.exchange(now) {
                Ok(()) => tracing::warn!("the management API has another identity from now on"),
                Err(error) => {
                    let error = format!("{error:#}");
                    tracing::error!(error, "another identity cannot be shown before a restart");
                }
            }
        }
        tokio::select! {
            changed = identities.changed() => if changed.is_err() { return },
            () = tasks.stopped() => return,
        }
    }
}
