//! Two ends of a tunnel connection: the agent's dials and serves, the gateway's accepts and calls.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::BodyExt as _;
use rustls::pki_types::ServerName;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use underpass_runtime::net::{self, MovableTcp};
use underpass_runtime::pki::{Authority, Lifetime, PrivateKey};
use underpass_runtime::tasks::Tasks;
use underpass_runtime::tls::{ClientTls, Credential, LiveCertificate, ServerTls};
use underpass_runtime::tunnel::io::Watched;
use underpass_runtime::tunnel::{
    Caller, ConnectionError, Inbound, Outbound, Served, Stream, StreamError, serve,
};
use underpass_runtime::{clock, random};
use underpass_shared::id::{InstanceId, SubaccountId};
use underpass_shared::pki::identity::AgentIdentity;
use underpass_shared::protocol::capability::CAPABILITY;
use underpass_shared::protocol::internal::{Hello, HelloAnswer};
use underpass_shared::protocol::role::Role;

use crate::handler::Scripted;

/// A CA with one server and one agent certificate.
pub(crate) struct Pki {
    pub(crate) authority: Authority,
    pub(crate) server: (String, String),
    pub(crate) agent: (String, String),
}

impl Pki {
    pub(crate) fn new() -> Self {
        let lifetime = Lifetime {
            now_ms: clock::wall_ms(),
            valid: Duration::from_secs(3_600),
        };
        let (authority, _key) = Authority::create("test CA", lifetime).unwrap();
        let key = PrivateKey::generate().unwrap();
        let chain = authority.server(&["localhost"], &key, lifetime).unwrap();
        let server = (chain, key.to_pem());
        let agent = agent_credential(&authority, lifetime);
        Self {
            authority,
            server,
            agent,
        }
    }

    pub(crate) fn server_tls(&self) -> ServerTls {
        let (chain, key) = &self.server;
        let certificate = LiveCertificate::new(Credential { chain, key }).unwrap();
        ServerTls::new(&Arc::new(certificate), self.authority.certificate()).unwrap()
    }

    pub(crate) fn agent_tls(&self) -> ClientTls {
        let (chain, key) = &self.agent;
        let credential = Some(Credential { chain, key });
        ClientTls::new(self.authority.certificate(), credential, Role::Tunnel).unwrap()
    }
}

/// A client certificate with its key, both PEM.
pub(crate) fn agent_credential(authority: &Authority, lifetime: Lifetime) -> (String, String) {
    let key = PrivateKey::generate().unwrap();
    let identity = AgentIdentity {
        subaccount: SubaccountId::from_uuid(random::id()),
        instance: InstanceId::from_uuid(random::id()),
    };
    let request = key.request().unwrap();
    let chain = authority.agent(&request, &identity, lifetime).unwrap();
    (chain, key.to_pem())
}

/// One connection that is up.
pub(crate) struct Pair {
    pub(crate) caller: Caller,
    pub(crate) served: Served,
    pub(crate) serving: JoinHandle<Option<Result<(), ConnectionError>>>,
    pub(crate) handler: Arc<Scripted>,
    pub(crate) tasks: Tasks,
}

pub(crate) async fn pair() -> Pair {
    let listener = net::listen("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    connect(&Pki::new(), &listener, address).await
}

/// Connects through `address`, which leads to `listener`.
pub(crate) async fn connect(pki: &Pki, listener: &TcpListener, address: SocketAddr) -> Pair {
    let tasks = Tasks::new();
    let served = Served::new(hello_answer(CAPABILITY));
    let handler = Arc::new(Scripted::default());
    let serving = tasks.spawn("agent", {
        let (tls, served, handler, tasks) = (
            pki.agent_tls(),
            served.clone(),
            Arc::clone(&handler),
            tasks.clone(),
        );
        async move {
            let stream = TcpStream::connect(address).await.unwrap();
            net::tune_tunnel(&stream).unwrap();
            let watched = Watched::new(stream);
            let wire = watched.wire();
            let name = ServerName::try_from("localhost").unwrap();
            let stream = tls.connect(name, watched).await.unwrap();
            serve(stream, wire, &served, &handler, &tasks).await
        }
    });
    let (stream, _) = listener.accept().await.unwrap();
    net::tune_tunnel(&stream).unwrap();
    let watched = Watched::new(MovableTcp::from(stream));
    let wire = watched.wire();
    let (role, mut stream) = pki.server_tls().accept(watched).await.unwrap();
    assert_eq!(role, Role::Tunnel);
    // As the gateway does it when another thread takes the connection.
    stream.get_mut().0.get_mut().leave().unwrap();
    stream.get_mut().0.get_mut().join().unwrap();
    let caller = Caller::establish(stream, wire, &hello_of_gateway(), &tasks)
        .await
        .unwrap();
    Pair {
        caller,
        served,
        serving,
        handler,
        tasks,
    }
}

pub(crate) fn hello_of_gateway() -> Hello {
    Hello {
        capability: CAPABILITY,
        version: "test".to_owned(),
        connections: 2,
        time_ms: None,
    }
}

pub(crate) fn hello_answer(capability: u32) -> HelloAnswer {
    HelloAnswer {
        process: None,
        previous: None,
        capability,
        version: "test".to_owned(),
        instance: InstanceId::from_uuid(random::id()),
    }
}

pub(crate) fn request(method: Method, path: &str) -> Request<()> {
    let uri = format!("http://backend.virtual{path}");
    Request::builder().method(method).uri(uri).body(()).unwrap()
}

pub(crate) async fn get(caller: &Caller, path: &str) -> Result<Response<Inbound>, StreamError> {
    let (stream, _) = caller.open(request(Method::GET, path), true)?;
    stream.response().await
}

pub(crate) async fn post(caller: &Caller, path: &str) -> (Stream, Outbound) {
    caller.open(request(Method::POST, path), false).unwrap()
}

pub(crate) async fn body(response: Response<Inbound>) -> Result<Bytes, StreamError> {
    Ok(response.into_body().collect().await?.to_bytes())
}

/// A request that needs the connection to be healthy.
pub(crate) async fn hello(caller: &Caller) {
    let response = get(caller, "/hello").await.unwrap();
    assert_eq!(body(response).await.unwrap(), "hello");
}

/// Waits for a condition.
pub(crate) async fn until(what: &str, condition: impl Fn() -> bool) {
    let waiting = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(20), waiting).await;
    assert!(waited.is_ok(), "{what} did not come true in 20 s");
}
