//! Scheduled backups to an address: PUT over TLS, without redirects.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, RETRY_AFTER, USER_AGENT};
use http::{HeaderName, HeaderValue, Request, StatusCode};
use http_body_util::Full;
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};
use underpass_runtime::tls::{BackendTls, CertificateRefused, TlsFailure, TrustStore};
use underpass_shared::config::{BackupUpload, Certificate, UploadUser};
use underpass_shared::id::{InvalidId, RegionHost};
use underpass_shared::secret::Secret;

use crate::errand;
use crate::tunnel::{self, DialError, Route};

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

/// Why a backup did not arrive.
#[derive(Debug, Error)]
pub(crate) enum UploadError {
    /// The host cannot be dialled.
    #[error("the host of the URL cannot be used")]
    Host(#[from] InvalidId),
    /// The name is not known.
    #[error("the name {host} cannot be resolved; check DNS")]
    Resolve {
        /// Whose.
        host: String,
        /// The resolver's answer.
        source: io::Error,
    },
    /// None of its addresses may be dialled.
    #[error("{host} must not be dialled: {rule}")]
    Guarded {
        /// Who.
        host: String,
        /// Why.
        rule: String,
    },
    /// No address answers.
    #[error("{host} cannot be reached")]
    Connect {
        /// Who.
        host: String,
        /// The last attempt's error.
        source: io::Error,
    },
    /// The proxy does not lead there.
    #[error(transparent)]
    Proxy(#[from] DialError),
    /// There is nothing to trust it by.
    #[error("the certificates that the system trusts cannot be read: {0}")]
    System(String),
    /// It is not trusted, or does not speak TLS.
    #[error("TLS with {host} failed: {why}")]
    Tls {
        /// Who.
        host: String,
        /// Why.
        why: String,
    },
    /// The login has characters that no header takes.
    #[error("the request cannot be written")]
    Request(#[from] http::Error),
    /// It broke off, or talks something else.
    #[error("there was no answer that can be understood")]
    Http(#[from] hyper::Error),
    /// Another address is named.
    #[error("the answer was {0}; redirects are not followed: set the URL to where it leads")]
    Redirect(StatusCode),
    /// Who puts it there may not.
    #[error("the answer was {0}: the login is missing or wrong, or may not write there")]
    Login(StatusCode),
    /// It was not taken.
    #[error("the answer was {status}{}", said(.wait))]
    Status {
        /// What was said.
        status: StatusCode,
        /// And when to come again.
        wait: Option<String>,
    },
    /// Too slow.
    #[error("no answer within {} s", .0.as_secs_f64().ceil())]
    Late(Duration),
}

/// What a receiver said of the time to come again.
fn said(wait: &Option<String>) -> String {
    let wait = wait.as_ref();
    wait.map_or_else(String::new, |wait| format!(", come again after {wait}"))
}

impl UploadError {
    /// Whether the same may work soon.
    fn may_pass(&self) -> bool {
        match self {
            Self::Resolve { .. } | Self::Connect { .. } | Self::Proxy(_) | Self::Http(_) => true,
            Self::Status { status, .. } => {
                status.is_server_error() || *status == StatusCode::TOO_MANY_REQUESTS
            }
            Self::Host(_)
            | Self::Guarded { .. }
            | Self::System(_)
            | Self::Tls { .. }
            | Self::Request(_)
            | Self::Redirect(_)
            | Self::Login(_)
            | Self::Late(_) => false,
        }
    }
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

async fn connect(
    upload: &BackupUpload,
    way: &Way,
) -> Result<impl AsyncRead + AsyncWrite + Unpin + use<>, UploadError> {
    let origin = upload.url.origin();
    let host = origin.host().as_str().to_owned();
    let stream = match &way.route {
        Route::Direct => direct(&host, origin.port().get(), &way.guard).await?,
        through @ Route::Proxy(_) => {
            let address: RegionHost = match host.contains(':') {
                true => format!("[{host}]:{}", origin.port()).parse()?,
                false => format!("{host}:{}", origin.port()).parse()?,
            };
            tunnel::open(&address, through).await?
        }
    };
    let (own, more) = (upload.ca.clone(), way.trusted.clone());
    // It reads files.
    let trusted = spawn_blocking(move || trusted(&own, &more)).await;
    let trusted = trusted.map_err(|error| UploadError::System(error.to_string()))??;
    let tls = BackendTls::new(Arc::new(trusted), false, None);
    let connected = tls.connect(&host, stream).await;
    connected.map_err(|error| {
        let why = words(&error);
        UploadError::Tls { host, why }
    })
}

/// Why TLS did not come up. Much of it is told of back ends otherwise, and what to do as well.
fn words(error: &io::Error) -> String {
    use CertificateRefused::{NothingTrusted, OtherName, Untrusted};
    let text = match TlsFailure::of(error) {
        TlsFailure::Certificate(NothingTrusted | Untrusted) => {
            "the certificate is not trusted: give its CA to the schedule, or add it to the trust \
             store of mail"
        }
        TlsFailure::Certificate(OtherName) => "the certificate is for another host",
        TlsFailure::NotTls => "the server does not speak TLS on this port",
        TlsFailure::Handshake => return error.to_string(),
        known @ (TlsFailure::Certificate(_) | TlsFailure::NothingInCommon) => {
            return known.to_string();
        }
    };
    text.to_owned()
}

/// A connection to the first address that may be dialled and answers.
async fn direct(host: &str, port: u16, guard: &Guard) -> Result<TcpStream, UploadError> {
    let found = tunnel::resolve((host, port)).await;
    let found = found.map_err(|source| UploadError::Resolve {
        host: host.to_owned(),
        source,
    })?;
    let judged = found.into_iter().map(|address| (address, guard(address)));
    let (mut open, mut refused) = (vec![], None);
    for (address, verdict) in judged {
        match verdict {
            Ok(()) => open.push(address),
            Err(rule) => refused = Some(rule),
        }
    }
    if let (true, Some(rule)) = (open.is_empty(), refused) {
        let host = host.to_owned();
        return Err(UploadError::Guarded { host, rule });
    }
    let connected = tunnel::connect_any(&open).await;
    connected.map_err(|source| UploadError::Connect {
        host: format!("{host}:{port}"),
        source,
    })
}

/// Those that are named, and no others; else those of the system, and some more.
fn trusted(named: &[Certificate], more: &[Certificate]) -> Result<TrustStore, UploadError> {
    if !named.is_empty() {
        return Ok(TrustStore::new(named.iter().map(Certificate::der)));
    }
    errand::trust(more.iter().map(Certificate::der)).map_err(UploadError::System)
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

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use super::*;

    fn upload() -> BackupUpload {
        serde_json::from_value(serde_json::json!({"url": "https://nas.corp:8443/dav/"})).unwrap()
    }

    fn way(login: Option<(Option<&str>, &str)>) -> Way {
        let login = login.map(|(user, secret)| {
            let user = user.map(|user| user.parse().unwrap());
            (user, Secret::new(secret.to_owned()))
        });
        Way {
            route: Route::Direct,
            guard: Box::new(|_| Ok(())),
            login,
            trusted: vec![],
            tempo: Tempo::default(),
        }
    }

    /// What a receiver reads, and how it ends when it answers so.
    async fn answered(answer: &str) -> (String, Result<(), UploadError>) {
        let (near, mut far) = duplex(64 * 1_024);
        let body = Bytes::from_static(b"sealed");
        let way = way(Some((Some("u"), "p")));
        let request = request(&upload(), "a.zip", "x=", body, &way).unwrap();
        let receive = async {
            let mut read = vec![0; 4_096];
            let mut len = 0;
            while !read[..len].ends_with(b"sealed") {
                len += far.read(&mut read[len..]).await.unwrap();
            }
            far.write_all(answer.as_bytes()).await.unwrap();
            drop(far);
            String::from_utf8(read[..len].to_vec()).unwrap()
        };
        tokio::join!(receive, exchange(near, request))
    }

    #[tokio::test]
    async fn answers_are_told_apart() {
        let (request, taken) = answered("HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n").await;
        assert!(taken.is_ok());
        for line in [
            "PUT /dav/a.zip HTTP/1.1\r\n",
            "host: nas.corp:8443\r\n",
            "authorization: Basic dTpw\r\n",
            "content-digest: sha-256=:x=:\r\n",
            "content-length: 6\r\n",
        ] {
            assert!(request.contains(line), "{request}");
        }
        for (answer, says, may_pass) in [
            (
                "301 Moved\r\nlocation: /x",
                "redirects are not followed",
                false,
            ),
            ("401 No", "the login is missing or wrong", false),
            ("403 No", "the login is missing or wrong", false),
            ("507 Full", "the answer was 507 Insufficient Storage", true),
            ("429 Slow\r\nretry-after: 7", "come again after 7", true),
            ("409 No folder", "the answer was 409 Conflict", false),
        ] {
            let answer = format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\n\r\n");
            let error = answered(&answer).await.1.unwrap_err();
            assert!(error.to_string().contains(says), "{error}");
            assert_eq!(error.may_pass(), may_pass, "{error}");
        }
        let garbage = answered("SSH-2.0-x\r\n\r\n").await.1.unwrap_err();
        assert!(
            garbage.to_string().contains("can be understood"),
            "{garbage}"
        );
    }

    #[test]
    fn a_token_goes_as_one_and_no_secret_is_shown() {
        let way = way(Some((None, "tok-en")));
        let request = request(&upload(), "a", "", Bytes::new(), &way).unwrap();
        assert_eq!(request.headers()[AUTHORIZATION], "Bearer tok-en");
        assert!(!format!("{request:?}").contains("tok-en"));
    }

    #[tokio::test]
    async fn who_is_away_silent_or_guarded_is_named() {
        // A port that nothing listens on, and one that never says a word.
        let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let away = gone.local_addr().unwrap().port();
        drop(gone);
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let mute = silent.local_addr().unwrap().port();
        let mut way = way(None);
        way.tempo = Tempo {
            connect: Duration::from_millis(200),
            answer: Duration::from_millis(200),
            pause: Duration::from_millis(1),
        };
        let send = async |port: u16, way: &Way| {
            let url = format!("https://127.0.0.1:{port}/");
            let upload = serde_json::from_value(serde_json::json!({ "url": url })).unwrap();
            let sent = put(&upload, "a.zip", Bytes::from_static(b"x"), way).await;
            sent.unwrap_err().to_string()
        };
        let error = send(away, &way).await;
        assert_eq!(error, format!("127.0.0.1:{away} cannot be reached"));
        assert_eq!(send(mute, &way).await, "no answer within 1 s");
        way.guard = Box::new(|_| Err("it is loopback".to_owned()));
        let error = send(mute, &way).await;
        assert_eq!(error, "127.0.0.1 must not be dialled: it is loopback");
    }
}
