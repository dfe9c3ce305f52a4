//! The way out through an HTTP proxy: CONNECT, with Basic authentication where it is wanted.

use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::future::{Either, select};
use http::header::{HOST, PROXY_AUTHORIZATION};
use http::{HeaderValue, Method, Request, StatusCode};
use http_body_util::Empty;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use thiserror::Error;
use tokio::net::TcpStream;
use tokio::time::timeout;
use underpass_shared::config::Proxy;
use underpass_shared::head::{HEADERS_MAX, READ_MAX};
use underpass_shared::host::{InternalHost, Port};
use underpass_shared::id::RegionHost;
use underpass_shared::protocol::timers::HANDSHAKE;
use underpass_shared::secret::Secret;

use crate::secrets::SecretStore;

/// How long a proxy may take to open the way; it includes the proxy's own dialling.
const ANSWER_TIME: Duration = Duration::from_secs(8);
const _: () = assert!(
    ANSWER_TIME.as_secs() < HANDSHAKE.as_secs(),
    "a slow proxy must be named before the whole attempt times out"
);

/// The way out to the gateways.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Route {
    /// Straight.
    #[default]
    Direct,
    /// Through a proxy.
    Proxy(Arc<ProxyRoute>),
}

/// A proxy with all that it wants to know.
#[derive(Debug, PartialEq, Eq)]
pub struct ProxyRoute {
    host: InternalHost,
    port: Port,
    login: Option<Login>,
}

#[derive(Debug, PartialEq, Eq)]
struct Login {
    user: String,
    password: Secret,
}

/// Why a proxy did not open the way. The sentences say what to look at.
#[derive(Debug, Error)]
pub enum ProxyError {
    /// It wants a user and got none.
    #[error("it wants a user and a password (407); set them with the proxy")]
    LoginWanted,
    /// It does not take user and password.
    #[error("it refuses the user {0:?} or the password (407)")]
    LoginRefused(String),
    /// It does not let us go there.
    #[error("it forbids the way to {0} (403); let it be allowed there")]
    Forbidden(RegionHost),
    /// It cannot go there itself.
    #[error("it cannot reach {host} ({status})")]
    NotReached {
        /// The region host.
        host: RegionHost,
        /// 502, 503 or 504.
        status: StatusCode,
    },
    /// Any other refusal.
    #[error("it answered {0} to CONNECT; is it an HTTP proxy?")]
    Status(StatusCode),
    /// It talks before it is asked to, or on behalf of nobody.
    #[error("it sent something after its answer; is it an HTTP proxy?")]
    Talkative,
    /// Not HTTP, or the connection broke.
    #[error("it gave no answer that can be understood; is it an HTTP proxy?")]
    Answer(#[source] hyper::Error),
    /// User and password do not fit into a header.
    #[error("user and password do not fit into a header")]
    Header(#[source] http::Error),
    /// Too slow.
    #[error("it did not open the way within 8 s")]
    Timeout,
}

impl Route {
    /// The way that a document names, with the password from the secret store.
    ///
    /// # Errors
    /// When the password is missing.
    pub fn of(proxy: Option<&Proxy>, secrets: &SecretStore) -> anyhow::Result<Self> {
        let Some(proxy) = proxy else {
            return Ok(Self::Direct);
        };
        let login = match proxy.login() {
            Some((user, credential)) => Some((user.to_owned(), secrets.load(credential)?)),
            None => None,
        };
        Ok(Self::through(proxy.host().clone(), proxy.port(), login))
    }

    /// Through a proxy that was named by other means.
    pub fn through(host: InternalHost, port: Port, login: Option<(String, Secret)>) -> Self {
        let login = login.map(|(user, password)| Login { user, password });
        Self::Proxy(Arc::new(ProxyRoute { host, port, login }))
    }
}

impl fmt::Display for ProxyRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl ProxyRoute {
    /// What to dial.
    pub(crate) fn address(&self) -> (&str, u16) {
        (self.host.as_str(), self.port.get())
    }

    /// Asks for the way to a gateway; what comes back leads there.
    pub(crate) async fn open(
        &self,
        stream: TcpStream,
        gateway: &RegionHost,
    ) -> Result<TcpStream, ProxyError> {
        let request = self.request(gateway)?;
        timeout(ANSWER_TIME, self.ask(stream, gateway, request))
            .await
            .unwrap_or(Err(ProxyError::Timeout))
    }

    async fn ask(
        &self,
        stream: TcpStream,
        gateway: &RegionHost,
        request: Request<Empty<Bytes>>,
    ) -> Result<TcpStream, ProxyError> {
        let (sender, connection) = http1::Builder::new()
            .max_buf_size(READ_MAX)
            .max_headers(HEADERS_MAX)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(ProxyError::Answer)?;
        let asking = pin!(self.answer(sender, gateway, request));
        let driving = pin!(connection.with_upgrades());
        match select(asking, driving).await {
            Either::Left((answer, _)) => answer,
            // The connection has nothing more to do, so the answer is there.
            Either::Right((_, asking)) => asking.await,
        }
    }

    async fn answer(
        &self,
        mut sender: SendRequest<Empty<Bytes>>,
        gateway: &RegionHost,
        request: Request<Empty<Bytes>>,
    ) -> Result<TcpStream, ProxyError> {
        let response = sender.send_request(request).await;
        let response = response.map_err(ProxyError::Answer)?;
        let status = response.status();
        if !status.is_success() {
            return Err(self.refused(status, gateway));
        }
        let upgraded = hyper::upgrade::on(response).await;
        let upgraded = upgraded.map_err(ProxyError::Answer)?;
        match upgraded.downcast::<TokioIo<TcpStream>>() {
            // A gateway says nothing before it is spoken to.
            Ok(parts) if parts.read_buf.is_empty() => Ok(parts.io.into_inner()),
            Ok(_) | Err(_) => Err(ProxyError::Talkative),
        }
    }

    fn refused(&self, status: StatusCode, gateway: &RegionHost) -> ProxyError {
        match (status, &self.login) {
            (StatusCode::PROXY_AUTHENTICATION_REQUIRED, None) => ProxyError::LoginWanted,
            (StatusCode::PROXY_AUTHENTICATION_REQUIRED, Some(login)) => {
                ProxyError::LoginRefused(login.user.clone())
            }
            (StatusCode::FORBIDDEN, _) => ProxyError::Forbidden(gateway.clone()),
            (
                StatusCode::BAD_GATEWAY
                | StatusCode::SERVICE_UNAVAILABLE
                | StatusCode::GATEWAY_TIMEOUT,
                _,
            ) => ProxyError::NotReached {
                host: gateway.clone(),
                status,
            },
            _ => ProxyError::Status(status),
        }
    }

    fn request(&self, gateway: &RegionHost) -> Result<Request<Empty<Bytes>>, ProxyError> {
        let target = match gateway.host() {
            host if host.contains(':') => format!("[{host}]:{}", gateway.port()),
            host => format!("{host}:{}", gateway.port()),
        };
        let mut request = Request::builder()
            .method(Method::CONNECT)
            .uri(&target)
            .header(HOST, &target);
        if let Some(Login { user, password }) = &self.login {
            let pair = Secret::new(format!("{user}:{}", password.expose()));
            let basic = Secret::new(format!("Basic {}", STANDARD.encode(pair.expose())));
            let mut value = HeaderValue::from_str(basic.expose())
                .map_err(|wrong| ProxyError::Header(wrong.into()))?;
            value.set_sensitive(true);
            request = request.header(PROXY_AUTHORIZATION, value);
        }
        request.body(Empty::new()).map_err(ProxyError::Header)
    }
}

#[cfg(test)]
mod tests;
