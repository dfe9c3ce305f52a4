//! Who gets a connection, and who gets nothing.

use std::sync::Arc;
use std::time::Duration;

use rustls::client::Resumption;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, HandshakeKind, ServerConfig};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use underpass_runtime::pki::Lifetime;
use underpass_runtime::tls::{ClientTls, Credential};
use underpass_runtime::{clock, net};
use underpass_shared::protocol::role::Role;

use crate::pair::{Pki, agent_credential};

/// Shakes hands; tells the role that the server saw, if it let the client in.
async fn shake(pki: &Pki, config: Arc<ClientConfig>) -> (Option<Role>, Option<HandshakeKind>) {
    let listener = net::listen("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    let tls = pki.server_tls();
    let server = async {
        let (stream, _) = listener.accept().await.unwrap();
        // The stream is dropped, which the client sees as the end.
        tls.accept(stream).await.map(|(role, _)| role)
    };
    let client = async {
        let stream = TcpStream::connect(address).await.unwrap();
        let connector = tokio_rustls::TlsConnector::from(config);
        let name = ServerName::try_from("localhost").unwrap();
        let mut stream = connector.connect(name, stream).await.ok()?;
        // Tickets, if there were any, would be read here.
        drop(stream.read(&mut [0; 16]).await);
        let session = stream.get_ref().1;
        assert_eq!(session.tls13_tickets_received(), 0);
        session.handshake_kind()
    };
    let (role, kind) = tokio::join!(server, client);
    (role.ok(), kind)
}

fn tls(pki: &Pki, credential: Option<&(String, String)>, role: Role) -> Arc<ClientConfig> {
    let credential = credential.map(|(chain, key)| Credential { chain, key });
    ClientTls::new(pki.authority.certificate(), credential, role)
        .unwrap()
        .config()
}

#[tokio::test]
async fn the_right_certificate_and_role_get_in() {
    let pki = Pki::new();
    for role in [Role::Tunnel, Role::Control] {
        assert_eq!(
            shake(&pki, tls(&pki, Some(&pki.agent), role)).await.0,
            Some(role)
        );
    }
    assert_eq!(
        shake(&pki, tls(&pki, None, Role::Enrol)).await.0,
        Some(Role::Enrol)
    );
}

#[tokio::test]
async fn foreign_expired_and_missing_certificates_get_nothing() {
    let pki = Pki::new();
    let foreign = Pki::new().agent;
    let past = Lifetime {
        now_ms: clock::wall_ms() - 100_000_000,
        valid: Duration::from_secs(60),
    };
    let expired = agent_credential(&pki.authority, past);
    for role in [Role::Tunnel, Role::Control] {
        for credential in [Some(&foreign), Some(&expired), Some(&pki.server), None] {
            assert_eq!(shake(&pki, tls(&pki, credential, role)).await.0, None);
        }
    }
}

#[tokio::test]
async fn other_protocols_and_versions_get_nothing() {
    let pki = Pki::new();
    for alpn in [
        vec![],
        vec![b"h2".to_vec()],
        vec![b"underpass-tunnel/2".to_vec()],
    ] {
        let mut config = ClientConfig::clone(&tls(&pki, Some(&pki.agent), Role::Tunnel));
        config.alpn_protocols = alpn;
        assert_eq!(shake(&pki, Arc::new(config)).await.0, None);
    }
    let mut roots = rustls::RootCertStore::empty();
    let pem = pki.authority.certificate().as_bytes();
    let ca = CertificateDer::from_pem_slice(pem).unwrap();
    roots.add(ca).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut old = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS12])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    old.alpn_protocols = vec![Role::Enrol.alpn().to_vec()];
    assert_eq!(shake(&pki, Arc::new(old)).await.0, None);
}

#[tokio::test]
async fn a_client_refuses_a_server_of_another_ca() {
    let (pki, other) = (Pki::new(), Pki::new());
    let config = tls(&other, Some(&pki.agent), Role::Tunnel);
    assert_eq!(shake(&pki, config).await, (None, None));
}

#[tokio::test]
async fn no_handshake_is_ever_resumed() {
    let pki = Pki::new();
    for (credential, role) in [
        (Some(&pki.agent), Role::Tunnel),
        (Some(&pki.agent), Role::Control),
        (None, Role::Enrol),
    ] {
        let mut config = ClientConfig::clone(&tls(&pki, credential, role));
        config.resumption = Resumption::in_memory_sessions(16);
        let config = Arc::new(config);
        for _ in 0..3 {
            let (seen, kind) = shake(&pki, Arc::clone(&config)).await;
            assert_eq!(seen, Some(role));
            assert!(matches!(kind, Some(HandshakeKind::Full)), "{kind:?}");
        }
    }
}

#[tokio::test]
async fn a_client_of_these_tests_would_resume_where_it_could() {
    let pki = Pki::new();
    let (chain, key) = &pki.server;
    let certificates: Result<Vec<_>, _> =
        CertificateDer::pem_slice_iter(chain.as_bytes()).collect();
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut generous = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(certificates.unwrap(), key)
        .unwrap();
    generous.alpn_protocols = vec![Role::Enrol.alpn().to_vec()];
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(generous));

    let mut config = ClientConfig::clone(&tls(&pki, None, Role::Enrol));
    config.resumption = Resumption::in_memory_sessions(16);
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let mut kinds = Vec::new();
    for _ in 0..2 {
        let (near, far) = tokio::io::duplex(64 * 1024);
        let name = ServerName::try_from("localhost").unwrap();
        let (server, client) = tokio::join!(acceptor.accept(far), connector.connect(name, near));
        // Tickets come after the handshake.
        drop(server.unwrap());
        let mut client = client.unwrap();
        drop(client.read(&mut [0; 16]).await);
        kinds.push(client.get_ref().1.handshake_kind());
    }
    assert!(matches!(
        kinds[..],
        [Some(HandshakeKind::Full), Some(HandshakeKind::Resumed)]
    ));
}
