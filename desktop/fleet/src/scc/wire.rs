//! Connections to a connector, and questions on them.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, COOKIE, HOST, SET_COOKIE};
use http::response::Parts;
use http::{HeaderValue, Request};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use serde_json::Value;
use tokio::time::timeout;
use underpass_runtime::net;
use underpass_runtime::tasks::Tasks;
use underpass_runtime::tls::{ClientTls, Credential, Presented};
use underpass_shared::scc::{Call, Form};
use zeroize::Zeroizing;

use super::answer::{Answer, Said, read};
use super::{Connector, Fingerprint, SccError};

/// How long a connection with its handshake may take.
const CONNECT_TIME: Duration = Duration::from_secs(10);
/// How long an answer may take. A connector with many mappings takes seconds for a list.
const ANSWER_TIME: Duration = Duration::from_secs(60);
/// Most bytes of one answer; the longest lists have some megabytes.
const ANSWER_LEN_MAX: usize = 32 * 1024 * 1024;
/// Most pages of one list: a hundred entries each are as many as a document can have.
const PAGES_MAX: usize = 200;
/// How often a question is asked whose answer did not come or was broken, and the pauses before the
/// second time and each further one.
const PAUSES: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(1)];
/// The connector's cookie of a session. Without it each request would begin another session.
const SESSION: &str = "JSESSIONID=";
/// Longest cookie that is sent back.
const SESSION_LEN_MAX: usize = 512;

type Link = SendRequest<Empty<Bytes>>;

pub(super) struct Wire {
    host: String,
    port: u16,
    authority: HeaderValue,
    shown: String,
    tls: ClientTls,
    seen: Presented,
    basic: Option<HeaderValue>,
    session: Mutex<Option<HeaderValue>>,
    idle: Mutex<Vec<Link>>,
    tasks: Tasks,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Wire {
    pub(super) fn new(connector: &Connector, tasks: &Tasks) -> Result<Self, SccError> {
        let login = &connector.login;
        let credential = login.certificate.as_ref().map(|(chain, key)| Credential {
            chain,
            key: key.expose(),
        });
        let (tls, seen) = ClientTls::foreign(&connector.fingerprint.0, credential)?;
        let address = &connector.url.0;
        let basic = login.basic.as_ref().map(|(user, password)| {
            let pair = Zeroizing::new(format!("{user}:{}", password.expose()));
            let text = Zeroizing::new(format!("Basic {}", STANDARD.encode(&*pair)));
            HeaderValue::try_from(&**text).map(|mut value| {
                value.set_sensitive(true);
                value
            })
        });
        Ok(Self {
            host: address.host.as_str().to_owned(),
            port: address.port.get(),
            authority: HeaderValue::try_from(address.to_string()).map_err(http::Error::from)?,
            shown: connector.url.to_string(),
            tls,
            seen,
            basic: basic.transpose().map_err(http::Error::from)?,
            session: Mutex::default(),
            idle: Mutex::default(),
            tasks: tasks.clone(),
        })
    }

    /// A question and its answer, with all its pages. One whose answer did not come is asked again.
    pub(super) async fn ask(&self, call: &Call) -> Result<Answer, SccError> {
        let mut path = call.path.clone();
        let mut seen = BTreeSet::new();
        let mut whole: Option<(Vec<Value>, usize)> = None;
        loop {
            let wrong = |why: &str| SccError::Answer {
                path: call.path.clone(),
                why: why.to_owned(),
            };
            let (answer, next) = self.page(&path, call.form).await?;
            let Answer::Json(value, len) = answer else {
                return match whole {
                    None => Ok(answer),
                    Some(_) => Err(wrong("a page of it is missing")),
                };
            };
            if whole.is_none() && next.is_none() {
                return Ok(Answer::Json(value, len));
            }
            let Value::Array(page) = value else {
                return Err(wrong("it has pages, and is no list"));
            };
            let (all, sum) = whole.get_or_insert_default();
            all.extend(page);
            *sum += len;
            if *sum > ANSWER_LEN_MAX {
                return Err(wrong("it is too long"));
            }
            let Some(next) = next else {
                let (all, sum) = whole.unwrap_or_default();
                return Ok(Answer::Json(Value::Array(all), sum));
            };
            if seen.len() >= PAGES_MAX || !seen.insert(next.clone()) {
                return Err(wrong("its pages do not end"));
            }
            path = next;
        }
    }

    /// One page, and where the next one is.
    async fn page(&self, path: &str, form: Form) -> Result<(Answer, Option<String>), SccError> {
        let mut pauses = PAUSES.iter();
        loop {
            let said = self.say(path, form).await;
            let pause = pauses.next();
            match (said, pause) {
                (Ok(Said::Answer(answer)), _) => return Ok((answer, None)),
                (Ok(Said::Page(value, len, next)), _) => {
                    return Ok((Answer::Json(value, len), Some(next)));
                }
                // The next one begins another session.
                (Ok(Said::LoggedOut), Some(_)) => *lock(&self.session) = None,
                (Ok(Said::LoggedOut), None) => return Err(SccError::Login),
                (Ok(Said::Later(_)), Some(pause)) => tokio::time::sleep(*pause).await,
                (Ok(Said::Later(refused)), None) => return Ok((Answer::Refused(refused), None)),
                (Err(error), Some(pause)) if error.is_passing() => {
                    tokio::time::sleep(*pause).await;
                }
                (Err(error), _) => return Err(error),
            }
        }
    }

    async fn say(&self, path: &str, form: Form) -> Result<Said, SccError> {
        let late = || SccError::Late {
            path: path.to_owned(),
        };
        let kept = lock(&self.idle).pop();
        let mut link = match kept.filter(|link| !link.is_closed()) {
            Some(link) => link,
            None => self.connect().await?,
        };
        let exchanged = timeout(ANSWER_TIME, self.exchange(&mut link, path, form));
        let (head, body) = exchanged.await.map_err(|_elapsed| late())??;
        self.remember(&head);
        if !link.is_closed() {
            lock(&self.idle).push(link);
        }
        read(&head, &body, form, path)
    }

    async fn exchange(
        &self,
        link: &mut Link,
        path: &str,
        form: Form,
    ) -> Result<(Parts, Bytes), SccError> {
        let broken = |source| SccError::Broken {
            path: path.to_owned(),
            source,
        };
        let accept = match form {
            Form::Json => "application/json",
            Form::Certificate => "application/pkix-cert",
        };
        let mut request = Request::builder()
            .uri(path)
            .header(HOST, &self.authority)
            .header(ACCEPT, accept);
        if let Some(basic) = &self.basic {
            request = request.header(AUTHORIZATION, basic);
        }
        if let Some(session) = &*lock(&self.session) {
            request = request.header(COOKIE, session);
        }
        let request = request.body(Empty::new())?;
        link.ready().await.map_err(broken)?;
        let response = link.send_request(request).await.map_err(broken)?;
        let (head, body) = response.into_parts();
        match Limited::new(body, ANSWER_LEN_MAX).collect().await {
            Ok(body) => Ok((head, body.to_bytes())),
            Err(error) => Err(match error.downcast::<hyper::Error>() {
                Ok(error) => broken(*error),
                Err(_limit) => SccError::TooMuch,
            }),
        }
    }

    /// Keeps the session that the connector began.
    fn remember(&self, head: &Parts) {
        let cookies = head.headers.get_all(SET_COOKIE).iter();
        let session = cookies
            .filter_map(|cookie| cookie.to_str().ok())
            .find_map(|cookie| {
                let pair = cookie.split(';').next()?.trim();
                let fits = pair.starts_with(SESSION) && pair.len() <= SESSION_LEN_MAX;
                fits.then(|| HeaderValue::try_from(pair).ok())?
            });
        if let Some(mut session) = session {
            session.set_sensitive(true);
            *lock(&self.session) = Some(session);
        }
    }

    /// A connection to who has the certificate.
    pub(super) async fn connect(&self) -> Result<Link, SccError> {
        let late = |_elapsed| SccError::Late {
            path: self.shown.clone(),
        };
        timeout(CONNECT_TIME, self.shake()).await.map_err(late)?
    }

    async fn shake(&self) -> Result<Link, SccError> {
        let address = || self.shown.clone();
        let unreachable = |source| SccError::Unreachable {
            address: address(),
            source,
        };
        let refused = |source| SccError::Handshake {
            address: address(),
            source,
        };
        let connected = net::connect_name(self.host.as_str(), self.port, CONNECT_TIME);
        let stream = connected.await.map_err(unreachable)?;
        let name = ServerName::try_from(self.host.clone());
        let name = name.map_err(|error| refused(std::io::Error::other(error)))?;
        let stream = match self.tls.connect(name, stream).await {
            Ok(stream) => stream,
            Err(error) => return Err(self.judged(error)),
        };
        let shaken = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
        let (link, connection) = shaken.map_err(|source| SccError::Broken {
            path: address(),
            source,
        })?;
        self.tasks.spawn("scc-connection", connection);
        Ok(link)
    }

    /// Why a handshake failed: mostly because the certificate is another one.
    fn judged(&self, error: std::io::Error) -> SccError {
        let is_ours = error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<rustls::Error>())
            .is_some_and(|inner| matches!(inner, rustls::Error::InvalidCertificate(_)));
        match (self.seen.describe(), self.seen.fingerprint()) {
            (Some(shown), Some(fingerprint)) if is_ours => SccError::OtherCertificate {
                address: self.shown.clone(),
                shown,
                fingerprint: Fingerprint(fingerprint),
            },
            _ => SccError::Handshake {
                address: self.shown.clone(),
                source: error,
            },
        }
    }
}
