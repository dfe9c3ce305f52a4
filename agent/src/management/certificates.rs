//! What the listener shows: the identity's certificate to those who ask for the agent by its id, and
//! an exchangeable one to all others.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use underpass_runtime::clock;
use underpass_runtime::tasks::Tasks;
use underpass_runtime::tls::{ByName, LiveCertificate};

use crate::identity::{Identity, SERVER_LIFE};
use crate::keys::{KeptKey, KeyStore, Purpose};

/// How often it is looked whether a certificate is past half of its life.
const RENEWAL_LOOK: Duration = Duration::from_secs(60 * 60);

/// The certificates of the management API. Clones are the same.
#[derive(Clone)]
pub struct ServerCertificates {
    identity: Arc<Identity>,
    keys: KeyStore,
    by_name: Arc<ByName>,
}

fn given(keys: &KeyStore) -> anyhow::Result<Option<LiveCertificate>> {
    let kept = keys.load(Purpose::Management)?;
    let live = kept.map(|kept| LiveCertificate::new(kept.credential()));
    Ok(live.transpose()?)
}

impl ServerCertificates {
    /// Loads the certificate that was given to this agent, or makes one for the host's names.
    ///
    /// # Errors
    /// When it cannot be read or used.
    pub fn open(data_dir: &Path, identity: Arc<Identity>) -> anyhow::Result<Self> {
        let keys = KeyStore::new(data_dir);
        let now_ms = clock::wall_ms();
        let own = identity.own_server(now_ms)?;
        let other = match given(&keys) {
            Ok(Some(given)) => given,
            Ok(None) => LiveCertificate::new(identity.host_server(now_ms)?.credential())?,
            Err(error) => {
                let error = format!("{error:#}");
                tracing::warn!(
                    error,
                    "the certificate of the management API cannot be used; a self-made one is shown"
                );
                LiveCertificate::new(identity.host_server(now_ms)?.credential())?
            }
        };
        let by_name = ByName {
            name: identity.id().server_name(),
            own: Arc::new(LiveCertificate::new(own.credential())?),
            other: Arc::new(other),
        };
        Ok(Self {
            identity,
            keys,
            by_name: Arc::new(by_name),
        })
    }

    /// Which certificate is shown to whom.
    pub(super) fn by_name(&self) -> Arc<ByName> {
        Arc::clone(&self.by_name)
    }

    /// Exchanges the certificate that is shown under the host's names. Connections that are up
    /// keep the old one; the certificate of the identity is another and stays.
    ///
    /// # Errors
    /// When key and chain do not fit each other, or cannot be kept; the old one then stays.
    pub fn exchange(&self, given: &KeptKey) -> anyhow::Result<()> {
        // What cannot be used must not be kept.
        LiveCertificate::new(given.credential())?;
        self.keys.save(Purpose::Management, given)?;
        Ok(self.by_name.other.replace(given.credential())?)
    }

    /// Makes the self-made ones anew in time.
    pub(super) async fn renew(self, tasks: Tasks) {
        let mut made = clock::monotonic();
        loop {
            tokio::select! {
                () = tokio::time::sleep(RENEWAL_LOOK) => {}
                () = tasks.stopped() => return,
            }
            if clock::monotonic().saturating_sub(made) < SERVER_LIFE / 2 {
                continue;
            }
            match self.renew_once() {
                Ok(()) => made = clock::monotonic(),
                Err(error) => {
                    let error = format!("{error:#}");
                    tracing::warn!(error, "a certificate of the management API was not renewed");
                }
            }
        }
    }

    fn renew_once(&self) -> anyhow::Result<()> {
        let now_ms = clock::wall_ms();
        let own = self.identity.own_server(now_ms)?;
        self.by_name.own.replace(own.credential())?;
        if self.keys.load(Purpose::Management)?.is_none() {
            let other = self.identity.host_server(now_ms)?;
            self.by_name.other.replace(other.credential())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_usable_certificate_takes_over_and_it_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let identity = Arc::new(Identity::open(dir.path(), clock::wall_ms()).unwrap());
        let certificates = ServerCertificates::open(dir.path(), Arc::clone(&identity)).unwrap();
        let keys = KeyStore::new(dir.path());
        let one = identity.host_server(clock::wall_ms()).unwrap();
        let other = identity.host_server(clock::wall_ms()).unwrap();
        let mixed = KeptKey {
            key: one.key.clone(),
            chain: other.chain,
        };
        assert!(certificates.exchange(&mixed).is_err());
        assert!(keys.load(Purpose::Management).unwrap().is_none());
        certificates.exchange(&one).unwrap();
        assert!(keys.load(Purpose::Management).unwrap() == Some(one));
        // One that was spoilt later keeps nobody out.
        keys.save(Purpose::Management, &mixed).unwrap();
        ServerCertificates::open(dir.path(), identity).unwrap();
    }
}
