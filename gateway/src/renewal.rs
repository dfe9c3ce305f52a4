//! What has a lifetime and is renewed while the gateway runs: server certificates, a given
//! certificate whose files change, and the keys that sign tokens.
//!
//! Nothing here touches a connection: new handshakes get the new certificate, new tokens the new
//! key. What fails is tried again and leaves the old in place.

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::Context as _;
use underpass_runtime::pki::CertificateInfo;
use underpass_runtime::tls::LiveCertificate;

use crate::certificates::{Certificates, ServerCredential};
use crate::directory::Directory;
use crate::metrics::Metrics;
use crate::state::StoreClock;
use crate::token::LiveKeys;

/// How often is looked at what is due: soon enough for the operator who exchanged a file.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// A certificate that the operator gives, for the token endpoint.
#[derive(Clone, Debug)]
pub struct Given {
    /// The chain, PEM.
    pub certificate: PathBuf,
    /// The private key, PEM.
    pub key: PathBuf,
}

impl Given {
    /// Reads both files.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn read(&self) -> anyhow::Result<ServerCredential> {
        let read = |path: &Path| {
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
        };
        Ok(ServerCredential {
            chain: read(&self.certificate)?,
            key: read(&self.key)?,
        })
    }
}

/// A given certificate that is in use.
struct Watched {
    given: Given,
    live: Arc<LiveCertificate>,
    /// What was read last, good or not.
    seen: ServerCredential,
}

/// The certificate that the gateway makes for itself.
struct Own {
    names: Vec<String>,
    live: Arc<LiveCertificate>,
    renew_at_ms: i64,
}

/// Renews what is due.
pub struct Renewal {
    clock: StoreClock,
    data_dir: PathBuf,
    certificates: Arc<Certificates>,
    own: Own,
    given: Option<Watched>,
    keys: LiveKeys,
    directory: Directory,
    metrics: Arc<Metrics>,
}

/// What a renewal works on.
pub struct Renewed {
    /// The time.
    pub clock: StoreClock,
    /// Where the keys are.
    pub data_dir: PathBuf,
    /// Who signs the gateway's own certificates.
    pub certificates: Arc<Certificates>,
    /// The names in the gateway's own certificate.
    pub names: Vec<String>,
    /// The certificate that the operator gives for the token endpoint.
    pub given: Option<Given>,
    /// The keys that sign tokens.
    pub keys: LiveKeys,
    /// Whose cached tokens end with a key.
    pub directory: Directory,
    /// Where the ends of certificates are told.
    pub metrics: Arc<Metrics>,
}

impl Renewal {
    /// Makes or reads all certificates.
    ///
    /// # Errors
    /// When one cannot be made or used.
    pub fn begin(renewed: Renewed) -> anyhow::Result<Self> {
        let Renewed {
            clock,
            data_dir,
            certificates,
            names,
            given,
            keys,
            directory,
            metrics,
        } = renewed;
        let now_ms = clock.now_ms();
        let made = certificates.server(&names, now_ms)?;
        let info = CertificateInfo::from_pem(&made.chain)?;
        let live = LiveCertificate::new(made.credential())?;
        let own = Own {
            names,
            live: Arc::new(live),
            renew_at_ms: info.renew_at_ms(),
        };
        let ends = &metrics.certificates;
        ends.server_ms.store(info.not_after_ms, Ordering::Relaxed);
        let ca = CertificateInfo::from_pem(certificates.authority().certificate())?;
        ends.ca_ms.store(ca.not_after_ms, Ordering::Relaxed);
        ends.token_ms.store(info.not_after_ms, Ordering::Relaxed);
        let given = given.map(watch).transpose()?;
        if let Some(watched) = &given {
            let end = CertificateInfo::from_pem(&watched.seen.chain)?.not_after_ms;
            ends.token_ms.store(end, Ordering::Relaxed);
        }
        Ok(Self {
            clock,
            data_dir,
            certificates,
            own,
            given,
            keys,
            directory,
            metrics,
        })
    }

    /// The certificate of the public port.
    pub fn server(&self) -> Arc<LiveCertificate> {
        Arc::clone(&self.own.live)
    }

    /// The certificate of the token endpoint.
    pub fn token(&self) -> Arc<LiveCertificate> {
        let live = self.given.as_ref().map(|watched| &watched.live);
        Arc::clone(live.unwrap_or(&self.own.live))
    }

    /// Renews for ever.
    pub async fn run(mut self) {
        loop {
            self.look();
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Renews what is due now.
    pub fn look(&mut self) {
        let now_ms = self.clock.now_ms();
        if now_ms >= self.own.renew_at_ms
            && let Err(error) = self.renew_own(now_ms)
        {
            tracing::error!(
                error = format!("{error:#}"),
                "server certificate not renewed"
            );
        }
        self.reread();
        if let Err(error) = self.rotate(now_ms) {
            tracing::error!(
                error = format!("{error:#}"),
                "token-signing key not renewed"
            );
        }
    }

    fn renew_own(&mut self, now_ms: i64) -> anyhow::Result<()> {
        let made = self.certificates.server(&self.own.names, now_ms)?;
        let info = CertificateInfo::from_pem(&made.chain)?;
        self.own.live.replace(made.credential())?;
        self.own.renew_at_ms = info.renew_at_ms();
        let ends = &self.metrics.certificates;
        ends.server_ms.store(info.not_after_ms, Ordering::Relaxed);
        if self.given.is_none() {
            ends.token_ms.store(info.not_after_ms, Ordering::Relaxed);
        }
        tracing::info!(
            not_after_ms = info.not_after_ms,
            "server certificate renewed"
        );
        Ok(())
    }

    /// Takes a given certificate whose files changed. While they do not fit each other, for instance
    /// because only one is exchanged yet, the old one stays.
    fn reread(&mut self) {
        let Some(watched) = &mut self.given else {
            return;
        };
        let read = match watched.given.read() {
            Ok(read) if read == watched.seen => return,
            Ok(read) => read,
            Err(error) => {
                return tracing::warn!(error = format!("{error:#}"), "--token-cert kept as it was");
            }
        };
        let taken = CertificateInfo::from_pem(&read.chain)
            .map_err(anyhow::Error::from)
            .and_then(|info| Ok((watched.live.replace(read.credential())?, info).1));
        watched.seen = read;
        match taken {
            Ok(info) => {
                let end = &self.metrics.certificates.token_ms;
                end.store(info.not_after_ms, Ordering::Relaxed);
                tracing::info!(not_after_ms = info.not_after_ms, "--token-cert read again");
            }
            Err(error) => {
                tracing::warn!(error = format!("{error:#}"), "--token-cert kept as it was");
            }
        }
    }

    fn rotate(&self, now_ms: i64) -> anyhow::Result<()> {
        let Some(due) = self.keys.get().due(now_ms)? else {
            return Ok(());
        };
        // On the disk first: a key that is forgotten would leave tokens behind that nobody knows.
        due.save(&self.data_dir)?;
        self.keys.set(due);
        self.directory.forget_tokens();
        tracing::info!("token-signing keys renewed");
        Ok(())
    }
}

fn watch(given: Given) -> anyhow::Result<Watched> {
    let seen = given.read().context("--token-cert and --token-key")?;
    let live = LiveCertificate::new(seen.credential()).with_context(|| {
        format!(
            "--token-cert {} and --token-key {} cannot be used together",
            given.certificate.display(),
            given.key.display()
        )
    })?;
    Ok(Watched {
        given,
        live: Arc::new(live),
        seen,
    })
}
