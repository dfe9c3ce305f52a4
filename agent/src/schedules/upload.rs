//! Scheduled backups to an address: PUT over TLS, without redirects.

mod connect;
mod error;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, RETRY_AFTER, USER_AGENT};
use http::{HeaderName, HeaderValue, Request, StatusCode};
use http_body_util::Full;
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{sleep, timeout};
use underpass_shared::config::{BackupUpload, Certificate, UploadUser};
use underpass_shared::secret::Secret;

use self::connect::connect;
pub(crate) use self::error::UploadError;
use crate::errand;
use crate::tunnel::Route;

/// How often a backup is sent in one run, as long as it may help.
const TRIES_MAX: u32 = 3;
/// The slowest line that is waited for, bytes in a second.
const SPEED_MIN: u64 = 64 * 1_024;
/// By which the receiver can tell whether all arrived (RFC 9530).
const CONTENT_DIGEST: HeaderName = HeaderName::from_static("content-digest");

/// How long sending takes at most. Tests make it shorter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tempo {
    /// Until TLS is up.
    pub(crate) connect: Duration,
    /// From then on until the answer, beside the time that the bytes take.
    pub(crate) answer: Duration,
    /// Before the second try; four times as long before the third.
    pub(crate) pause: Duration,
}

impl Default for Tempo {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(15),
            answer: Duration::from_secs(60),
            pause: Duration::from_secs(1),
        }
    }
}

/// Says whether an address may be dialled, and if not why.
type Guard = Box<dyn Fn(SocketAddr) -> Result<(), String> + Send + Sync>;

/// How an address is reached.
pub(crate) struct Way {
    /// Through a proxy, or not.
    pub(crate) route: Route,
    /// What may be dialled without a proxy.
    pub(crate) guard: Guard,
    /// Who puts the backup there.
    pub(crate) login: Option<(Option<UploadUser>, Secret)>,
    /// Certificates that are trusted beside those of the system, where none are named.
    pub(crate) trusted: Vec<Certificate>,
    /// How long it takes at most.
    pub(crate) tempo: Tempo,
}

/// Puts a backup to an address, as often as it may help.
pub(crate) async fn put(
    upload: &BackupUpload,
    name: &str,
    archive: Bytes,
    way: &Way,
) -> Result<(), UploadError> {
    let digest = STANDARD.encode(Sha256::digest(&archive));
    let mut pause = way.tempo.pause;
    let mut tries = 1;
    loop {
        let request = request(upload, name, &digest, archive.clone(), way)?;
        match attempt(upload, request, archive.len(), way).await {
            Err(error) if error.may_pass() && tries < TRIES_MAX => {
                tracing::info!(%error, tries, "a backup was not taken; it is sent again");
            }
            ended => return ended,
        }
        sleep(pause).await;
        pause *= 4;
        tries += 1;
    }
}

fn request(
    upload: &BackupUpload,
    name: &str,
    digest: &str,
    archive: Bytes,
    way: &Way,
) -> Result<Request<Full<Bytes>>, UploadError> {
    let agent = concat!("underpass-agent/", env!("CARGO_PKG_VERSION"));
    let mut request = Request::put(upload.url.path_of(name))
        .header(HOST, upload.url.origin().authority())
        .header(USER_AGENT, agent)
        .header(CONTENT_TYPE, "application/zip")
        .header(CONTENT_DIGEST, format!("sha-256=:{digest}:"));
    if let Some((user, secret)) = &way.login {
        let value = match user {
            Some(user) => {
                let both = format!("{}:{}", &**user, secret.expose());
                format!("Basic {}", STANDARD.encode(both))
            }
            None => format!("Bearer {}", secret.expose()),
        };
        let mut value = HeaderValue::try_from(value).map_err(http::Error::from)?;
        value.set_sensitive(true);
        request = request.header(AUTHORIZATION, value);
    }
    Ok(request.body(Full::new(archive))?)
}

async fn attempt(
    upload: &BackupUpload,
    request: Request<Full<Bytes>>,
    len: usize,
    way: &Way,
) -> Result<(), UploadError> {
    let tempo = &way.tempo;
    let stream = timeout(tempo.connect, connect(upload, way)).await;
    let stream = stream.map_err(|_late| UploadError::Late(tempo.connect))??;
    let bytes = u64::try_from(len).unwrap_or(u64::MAX);
    let limit = tempo.answer + Duration::from_secs(bytes / SPEED_MIN);
    let exchanged = timeout(limit, exchange(stream, request)).await;
    exchanged.map_err(|_late| UploadError::Late(limit))?
}

/// Whether what was sent was taken, as the head of the answer says.
async fn exchange<S>(stream: S, request: Request<Full<Bytes>>) -> Result<(), UploadError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let head = errand::exchange(stream, request).await?;
    let status = head.status;
    if status.is_success() {
        return Ok(());
    }
    if status.is_redirection() {
        return Err(UploadError::Redirect(status));
    }
    if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
        return Err(UploadError::Login(status));
    }
    let wait = head.headers.get(RETRY_AFTER);
    let wait = wait.and_then(|value| value.to_str().ok());
    let wait = wait.map(|text| text.chars().take(SAID_LEN_MAX).collect());
    Err(UploadError::Status { status, wait })
}

/// Characters of what a receiver says that are told.
const SAID_LEN_MAX: usize = 40;
