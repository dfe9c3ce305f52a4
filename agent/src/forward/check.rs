//! The way to an internal system, gone once, step by step, for somebody who looks.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use underpass_runtime::tasks::Tasks;
use underpass_runtime::tls::{BackendTls, ClientTls, TlsFailure};
use underpass_runtime::{clock, net, pki};
use underpass_shared::api::management::{CheckOutcome, CheckStep, CheckedStep, ConnectionCheck};
use underpass_shared::config::{Connector, Mapping, Part, ProbePath, ProtocolFamily};
use underpass_shared::head::{HEADERS_MAX, READ_MAX};
use underpass_shared::host::InternalAddress;
use underpass_shared::protocol::role::Role;

use super::dial::{Resolve as _, System};
use super::guard::{Guard, OwnListeners};
use super::tls::TlsRules;
use crate::secrets::SecretStore;

/// How long one step may take; all five together stay below the time of a request.
const STEP_TIME: Duration = Duration::from_secs(10);
/// Addresses that are named; a name rarely has more.
const ADDRESSES_NAMED: usize = 8;

/// What is checked.
pub(crate) struct Wanted<'a> {
    pub(crate) mapping: &'a Mapping,
    pub(crate) connector: &'a Part<Connector>,
    pub(crate) secrets: &'a SecretStore,
    pub(crate) own: &'a OwnListeners,
    /// What is asked for in place of `/`.
    pub(crate) path: Option<&'a ProbePath>,
}

/// A step that failed: what was seen, what to do.
struct Failed(String, &'static str);

/// How a step went; with something that is worth a look.
struct Went {
    seen: String,
    advice: Option<&'static str>,
}

/// Steps so far.
struct Walk {
    steps: Vec<CheckedStep>,
}

impl Walk {
    /// Takes a step within its time; None where the way ends.
    async fn step<T>(
        &mut self,
        step: CheckStep,
        going: impl Future<Output = Result<(T, Went), Failed>>,
    ) -> Option<T> {
        let start = clock::monotonic();
        let late = || Failed("no answer within 10 s".to_owned(), late(step));
        let went = timeout(STEP_TIME, going)
            .await
            .unwrap_or_else(|_| Err(late()));
        let millis = clock::monotonic().saturating_sub(start).as_millis();
        let (found, outcome, seen, advice) = match went {
            Ok((found, Went { seen, advice: None })) => (Some(found), CheckOutcome::Ok, seen, None),
            Ok((found, Went { seen, advice })) => {
                (Some(found), CheckOutcome::Warning, seen, advice)
            }
            Err(Failed(seen, advice)) => (None, CheckOutcome::Failed, seen, Some(advice)),
        };
        self.steps.push(CheckedStep {
            step,
            outcome,
            millis: u64::try_from(millis).unwrap_or(u64::MAX),
            seen,
            advice: advice.map(str::to_owned),
        });
        found
    }
}

const fn late(step: CheckStep) -> &'static str {
    match step {
        CheckStep::NameResolution => "this host's DNS does not answer; check its resolver",
        CheckStep::TargetGuard | CheckStep::Connection => {
            "a firewall on the way seems to drop the packets; let this agent's host pass"
        }
        CheckStep::Tls => "what answers may not speak TLS, or something on the way swallows it",
        CheckStep::Http => "the system accepts connections but does not answer; look at its load",
    }
}

/// Goes the whole way. Nothing is sent to an address that the target guard refuses.
pub(crate) async fn check(wanted: Wanted<'_>, tasks: &Tasks) -> ConnectionCheck {
    let mut walk = Walk { steps: vec![] };
    let reachable = go(&mut walk, &wanted, tasks).await.is_some();
    ConnectionCheck {
        reachable,
        steps: walk.steps,
    }
}

async fn go(walk: &mut Walk, wanted: &Wanted<'_>, tasks: &Tasks) -> Option<()> {
    let (mapping, address) = (wanted.mapping, &wanted.mapping.internal_address);
    let found = walk
        .step(CheckStep::NameResolution, resolve(address))
        .await?;
    let rules = Guard {
        allowed: wanted.connector.allowed_targets(),
        own: wanted.own,
    };
    let guarded = async { guard(found, rules) };
    let peers = walk.step(CheckStep::TargetGuard, guarded).await?;
    let (stream, peer) = walk.step(CheckStep::Connection, connect(peers)).await?;
    let is_http = mapping.protocol.family() == ProtocolFamily::Http;
    let path = wanted.path.map_or("/", ProbePath::as_str);
    if mapping.protocol.uses_tls() {
        let rules = TlsRules::new(wanted.secrets.clone()).of(wanted.connector, mapping);
        let shaking = shake(&rules.tls, address, stream, peer);
        let stream = walk.step(CheckStep::Tls, shaking).await?;
        if is_http {
            walk.step(CheckStep::Http, ask(stream, address, path, tasks))
                .await?;
        }
    } else if is_http {
        walk.step(CheckStep::Http, ask(stream, address, path, tasks))
            .await?;
    }
    Some(())
}

fn named(addresses: &[SocketAddr]) -> String {
    let named = addresses.iter().take(ADDRESSES_NAMED);
    let named: Vec<String> = named.map(|one| one.ip().to_string()).collect();
    named.join(", ")
}

async fn resolve(address: &InternalAddress) -> Result<(Vec<SocketAddr>, Went), Failed> {
    let advice = "check the name, and this host's DNS";
    let found = System
        .resolve(address.host.as_str(), address.port.get())
        .await;
    let found = found.map_err(|error| Failed(error.to_string(), advice))?;
    if found.is_empty() {
        return Err(Failed("the name has no address".to_owned(), advice));
    }
    let (seen, advice) = (named(&found), None);
    Ok((found, Went { seen, advice }))
}

fn guard(found: Vec<SocketAddr>, rules: Guard<'_>) -> Result<(Vec<SocketAddr>, Went), Failed> {
    let mut refused = None;
    let (mut allowed, all) = (vec![], found.len());
    for peer in found {
        match rules.check(peer) {
            Ok(()) => allowed.push(peer),
            Err(denied) => refused = Some(format!("{peer}: {denied}")),
        }
    }
    match refused {
        Some(refused) if allowed.is_empty() => Err(Failed(
            refused,
            "map a system of your network; loopback and the like need an entry in the allowed targets: underpass-agent target add, or the agent's settings",
        )),
        Some(refused) => {
            let seen = format!(
                "{} of {all} addresses are allowed; {refused}",
                allowed.len()
            );
            let advice = Some("the name also has addresses that are not dialled; check the DNS");
            Ok((allowed, Went { seen, advice }))
        }
        None => {
            let (seen, advice) = ("allowed".to_owned(), None);
            Ok((allowed, Went { seen, advice }))
        }
    }
}

async fn connect(peers: Vec<SocketAddr>) -> Result<((TcpStream, SocketAddr), Went), Failed> {
    let connected = net::connect_first(&peers, STEP_TIME, net::connect_edge).await;
    let (stream, peer) = connected
        .map_err(|error| Failed(format!("{}: {error}", named(&peers)), unconnected(&error)))?;
    let (seen, advice) = (format!("connected to {peer}"), None);
    Ok(((stream, peer), Went { seen, advice }))
}

fn unconnected(error: &io::Error) -> &'static str {
    if error.kind() == ErrorKind::ConnectionRefused {
        "the host is there, but nothing listens on this port; check the port and start the system"
    } else if error.kind() == ErrorKind::TimedOut {
        late(CheckStep::Connection)
    } else {
        "check host, port, routes and firewalls between this agent and the system"
    }
}

type TlsStream = tokio_rustls::client::TlsStream<TcpStream>;

async fn shake(
    tls: &BackendTls,
    address: &InternalAddress,
    stream: TcpStream,
    peer: SocketAddr,
) -> Result<(TlsStream, Went), Failed> {
    let host = address.host.as_str();
    match tls.connect(host, stream).await {
        Ok(stream) => {
            let session = stream.get_ref().1;
            let version = session.protocol_version();
            let version = version
                .and_then(|version| version.as_str())
                .unwrap_or("TLS");
            let chain = session.peer_certificates().unwrap_or_default();
            let leaf = chain.first().map(|leaf| pki::describe(leaf));
            let seen = format!(
                "{version}, {} certificates; {}",
                chain.len(),
                leaf.unwrap_or_default()
            );
            let advice = None;
            Ok((stream, Went { seen, advice }))
        }
        Err(error) => {
            let failure = TlsFailure::of(&error);
            let shown = match failure {
                TlsFailure::Certificate(_) => presented(host, peer).await,
                TlsFailure::NothingInCommon | TlsFailure::NotTls | TlsFailure::Handshake => None,
            };
            let shown = shown.map(|shown| format!("; {shown}")).unwrap_or_default();
            Err(Failed(format!("{failure}{shown}"), unbelieved(failure)))
        }
    }
}

const fn unbelieved(failure: TlsFailure) -> &'static str {
    match failure {
        TlsFailure::Certificate(_) => {
            "add the CA that issued the certificate to the trust store, or give the system a certificate for this host"
        }
        TlsFailure::NothingInCommon => "switch TLS 1.2 or 1.3 on at the system",
        TlsFailure::NotTls => "check the port, or map it with the protocol without TLS",
        TlsFailure::Handshake => {
            "the system ended the handshake; see its log, it may want a client certificate"
        }
    }
}

/// The certificate that was not believed, by a second look.
async fn presented(host: &str, peer: SocketAddr) -> Option<String> {
    let (tls, seen) = ClientTls::looking(Role::Enrol).ok()?;
    let name = ServerName::try_from(host.to_owned()).ok()?;
    // It is refused in any case.
    drop(tls.connect(name, net::connect_edge(peer).await.ok()?).await);
    seen.describe()
}

async fn ask<S>(
    stream: S,
    address: &InternalAddress,
    path: &str,
    tasks: &Tasks,
) -> Result<((), Went), Failed>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let advice = "what answers does not speak HTTP; check port and protocol";
    let failed = |error: hyper::Error| Failed(error.to_string(), advice);
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(READ_MAX)
        .max_headers(HEADERS_MAX)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(failed)?;
    tasks.spawn("check", connection);
    let request = Request::builder()
        .method(Method::HEAD)
        .uri(path)
        .header(http::header::HOST, address.to_string())
        .body(Empty::<Bytes>::new())
        .map_err(|error| Failed(error.to_string(), advice))?;
    let status = sender.send_request(request).await.map_err(failed)?.status();
    let seen = format!("HEAD {path} was answered with {status}");
    let advice = status
        .is_server_error()
        .then_some("the system answers with an error of its own; see its log");
    Ok(((), Went { seen, advice }))
}
