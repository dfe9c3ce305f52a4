//! What the listener shows: the identity's certificate to those who ask for the agent by its id, and
//! an exchangeable one to all others.

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::watch;
use underpass_runtime::clock;
use underpass_runtime::tasks::Tasks;
use underpass_runtime::tls::{ByName, Credential, LiveCertificate};
use underpass_shared::config::Certificate;
use underpass_shared::id::CredentialId;
use underpass_shared::instant::Now;
use underpass_shared::pki::chain::CertificateUse;

use crate::identity::{Identity, SERVER_LIFE};
use crate::operators::Operators;
use crate::secrets::SecretStore;
use crate::store::Snapshot;

/// How often it is looked whether a certificate is past half of its life.
const RENEWAL_LOOK: Duration = Duration::from_secs(60);
/// Clocks that are set by more than this make certificates anew: those of before may be valid only
/// later, or no longer.
const CLOCK_STEP_MS: i64 = 60 * 60 * 1_000;

/// Whether certificates of a time are to be made anew.
fn is_due(made: Now, now: Now) -> bool {
    let passed = now.monotonic.saturating_sub(made.monotonic);
    let passed_ms = i64::try_from(passed.as_millis()).unwrap_or(i64::MAX);
    let step_ms = (now.wall_ms - made.wall_ms).saturating_sub(passed_ms);
    passed >= SERVER_LIFE / 2 || step_ms.abs() > CLOCK_STEP_MS
}

/// The certificate of the configuration with the id of its key, if there is one.
type Shown = Option<(Vec<Certificate>, CredentialId)>;

fn given(snapshot: &Snapshot) -> Shown {
    // What cannot be read says nothing about certificates.
    if snapshot.problem().is_some() {
        return None;
    }
    let certificates = &snapshot.document().connector().certificates;
    let (chain, key) = certificates.get(CertificateUse::Ui).certificate()?;
    Some((chain.to_vec(), key))
}

/// The certificates of the management API. Clones are the same.
#[derive(Clone)]
pub struct ServerCertificates {
    present: Arc<RwLock<Present>>,
    /// Where it is told what is shown.
    desk: Operators,
    secrets: SecretStore,
}

/// The identity with what it made.
#[derive(Clone)]
struct Present {
    identity: Arc<Identity>,
    by_name: Arc<ByName>,
}

impl Present {
    fn of(identity: Arc<Identity>, desk: &Operators) -> anyhow::Result<Self> {
        let now_ms = clock::wall_ms();
        let own = identity.own_server(now_ms)?;
        let other = identity.host_server(now_ms)?;
        let by_name = ByName {
            name: identity.id().server_name(),
            own: Arc::new(LiveCertificate::new(own.credential())?),
            other: Arc::new(LiveCertificate::new(other.credential())?),
        };
        desk.show_chain(&other.chain);
        Ok(Self {
            identity,
            by_name: Arc::new(by_name),
        })
    }
}

impl ServerCertificates {
    /// Makes a certificate for the host's names; it is shown until [`Self::follow`] finds another
    /// in the configuration.
    ///
    /// # Errors
    /// When a key cannot be made.
    pub fn open(data_dir: &Path, desk: Operators) -> anyhow::Result<Self> {
        let present = Present::of(desk.identity()?, &desk)?;
        Ok(Self {
            present: Arc::new(RwLock::new(present)),
            desk,
            secrets: SecretStore::new(data_dir),
        })
    }

    fn present(&self) -> Present {
        let present = self.present.read();
        present.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Shows certificates of another identity from now on. Connections that are up keep theirs.
    pub(super) fn exchange_identity(
        &self,
        identity: Arc<Identity>,
        current: &Snapshot,
    ) -> anyhow::Result<()> {
        let new = Present::of(identity, &self.desk)?;
        *self.present.write().unwrap_or_else(PoisonError::into_inner) = new;
        match given(current) {
            None => Ok(()),
            given => self.exchange(&given),
        }
    }

    /// Which certificate is shown to whom.
    pub(super) fn by_name(&self) -> Arc<ByName> {
        self.present().by_name
    }

    /// Shows the certificate of the configuration under the host's names, from the very moment on
    /// that it changes; without one, a self-made one. Connections that are up keep theirs; the
    /// certificate of the identity is another and stays.
    pub(super) fn follow(
        self,
        mut snapshot: watch::Receiver<Arc<Snapshot>>,
        tasks: Tasks,
    ) -> impl Future<Output = ()> {
        // From the first connection on.
        let mut shown = Shown::default();
        let first = Arc::clone(&snapshot.borrow_and_update());
        self.show(given(&first), &mut shown);
        async move {
            loop {
                tokio::select! {
                    changed = snapshot.changed() => if changed.is_err() { return },
                    () = tasks.stopped() => return,
                }
                let current = Arc::clone(&snapshot.borrow_and_update());
                self.show(given(&current), &mut shown);
            }
        }
    }

    /// What cannot be shown leaves the one before in its place.
    fn show(&self, given: Shown, shown: &mut Shown) {
        if given == *shown {
            return;
        }
        match self.exchange(&given) {
            Ok(()) => tracing::info!("the certificate of the management API was exchanged"),
            Err(error) => {
                let error = format!("{error:#}");
                tracing::error!(
                    error,
                    "the certificate of the management API cannot be used; the one before stays"
                );
            }
        }
        *shown = given;
    }

    fn exchange(&self, given: &Shown) -> anyhow::Result<()> {
        let Some((chain, id)) = given else {
            return self.show_own(clock::wall_ms());
        };
        let key = self.secrets.load_key(*id)?;
        let chain: String = chain.iter().map(ToString::to_string).collect();
        let credential = Credential {
            chain: &chain,
            key: key.expose(),
        };
        Ok(self.present().by_name.other.replace(credential)?)
    }

    /// Makes the self-made ones anew in time.
    pub(super) async fn renew(self, snapshot: watch::Receiver<Arc<Snapshot>>, tasks: Tasks) {
        let mut made = clock::now();
        loop {
            tokio::select! {
                () = tokio::time::sleep(RENEWAL_LOOK) => {}
                () = tasks.stopped() => return,
            }
            let looked = clock::now();
            if !is_due(made, looked) {
                continue;
            }
            let current = Arc::clone(&snapshot.borrow());
            let is_given = given(&current).is_some();
            match self.renew_once(is_given) {
                Ok(()) => made = looked,
                Err(error) => {
                    let error = format!("{error:#}");
                    tracing::warn!(error, "a certificate of the management API was not renewed");
                }
            }
        }
    }

    fn renew_once(&self, is_given: bool) -> anyhow::Result<()> {
        let now_ms = clock::wall_ms();
        let Present { identity, by_name } = self.present();
        let own = identity.own_server(now_ms)?;
        by_name.own.replace(own.credential())?;
        if !is_given {
            self.show_own(now_ms)?;
        }
        Ok(())
    }

    /// Shows a new self-made one under the host's names.
    fn show_own(&self, now_ms: i64) -> anyhow::Result<()> {
        let Present { identity, by_name } = self.present();
        let other = identity.host_server(now_ms)?;
        by_name.other.replace(other.credential())?;
        self.desk.show_chain(&other.chain);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_are_made_anew_at_half_of_their_life_and_after_a_step_of_the_clock() {
        let at = |seconds: u64, wall_ms: i64| Now {
            monotonic: Duration::from_secs(seconds),
            wall_ms,
        };
        let (hour, half) = (3_600, SERVER_LIFE.as_secs() / 2);
        let half_ms = i64::try_from(half).unwrap() * 1_000;
        let made = at(100, 0);
        for (now, due) in [
            (at(100 + half - 1, half_ms), false),
            (at(100 + half, half_ms), true),
            // A clock that runs a little wrong.
            (at(100 + hour, CLOCK_STEP_MS + 60_000), false),
            // One that was set: ahead, and back.
            (at(160, 60_000 + CLOCK_STEP_MS + 1), true),
            (at(160, 60_000 - CLOCK_STEP_MS - 1), true),
        ] {
            assert_eq!(is_due(made, now), due, "{now:?}");
        }
    }
}
