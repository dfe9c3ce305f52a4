//! Scheduled backups to an address: PUT over TLS, without redirects.

mod connect;
mod error;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::io::{self, Read, Seek};
use std::net::SocketAddr;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, RETRY_AFTER, USER_AGENT};
use http::{HeaderName, HeaderValue, Request, StatusCode};
use http_body::Body;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};
use underpass_runtime::pieces::{self, Again, Pieces};
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

/// Puts a backup of so many bytes to an address, as often as it may help.
pub(crate) async fn put<R: Read + Seek + Send + 'static>(
    upload: &BackupUpload,
    name: &str,
    archive: Again<R>,
    len: u64,
    way: &Way,
) -> Result<(), UploadError> {
    let mut whole = archive.anew();
    let hashed = spawn_blocking(move || pieces::hash(&mut whole)).await;
    let hashed = hashed.unwrap_or_else(|panic| Err(io::Error::other(panic)));
    let (digest, _len) = hashed.map_err(UploadError::Read)?;
    let digest = STANDARD.encode(digest.as_bytes());
    let mut pause = way.tempo.pause;
    let mut tries = 1;
    loop {
        let body = Pieces::of(archive.anew(), len);
        let request = request(upload, name, &digest, body, way)?;
        match attempt(upload, request, len, way).await {
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

fn request<B>(
    upload: &BackupUpload,
    name: &str,
    digest: &str,
    archive: B,
    way: &Way,
) -> Result<Request<B>, UploadError> {
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
    Ok(request.body(archive)?)
}

async fn attempt<B: Body<Data = Bytes, Error = Infallible> + 'static>(
    upload: &BackupUpload,
    request: Request<B>,
    len: u64,
    way: &Way,
) -> Result<(), UploadError> {
    let tempo = &way.tempo;
    let stream = timeout(tempo.connect, connect(upload, way)).await;
    let stream = stream.map_err(|_late| UploadError::Late(tempo.connect))??;
    let limit = tempo.answer + Duration::from_secs(len / SPEED_MIN);
    let exchanged = timeout(limit, exchange(stream, request)).await;
    exchanged.map_err(|_late| UploadError::Late(limit))?
}

/// Whether what was sent was taken, as the head of the answer says.
async fn exchange<S, B>(stream: S, request: Request<B>) -> Result<(), UploadError>
where
    S: AsyncRead + AsyncWrite + Unpin,
    B: Body<Data = Bytes, Error = Infallible> + 'static,
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
