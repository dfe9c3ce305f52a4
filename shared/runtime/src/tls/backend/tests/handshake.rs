//! Whole handshakes: versions, what is sent along, and the reason that comes back.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::version::{TLS12, TLS13};
use rustls_pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};
use tokio_rustls::TlsAcceptor;

use super::super::{BackendTls, CertificateRefused, TlsFailure, TrustStore};
use super::forge::{Ca, leaf};

/// Bytes between the two ends of a test.
const PIPE: usize = 64 * 1024;

fn server(presented: &Ca, version: &'static rustls::SupportedProtocolVersion) -> TlsAcceptor {
    let key = PrivateKeyDer::try_from(presented.key()).unwrap();
    let mut config = ServerConfig::builder_with_provider(crate::tls::provider())
        .with_protocol_versions(&[version])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![presented.der.clone()], key)
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    TlsAcceptor::from(Arc::new(config))
}

fn tls(trusted: &Ca) -> BackendTls {
    let store = TrustStore::new([trusted.der.as_ref()]);
    BackendTls::new(Arc::new(store), false, None)
}

#[tokio::test]
async fn both_versions_work_and_each_handshake_is_a_full_one() {
    let root = Ca::root("Root", |_| {});
    let presented = root.leaf_with_key(leaf("erp.test"));
    let client = tls(&root);
    for version in [&TLS12, &TLS13] {
        let acceptor = server(&presented, version);
        for _again in 0..2 {
            let (near, far) = duplex(PIPE);
            let (near, far) = tokio::join!(client.connect("erp.test", near), acceptor.accept(far));
            let (mut near, mut far) = (near.unwrap(), far.unwrap());
            let (_, session) = far.get_ref();
            assert_eq!(session.protocol_version(), Some(version.version));
            assert_eq!(session.server_name(), Some("erp.test"));
            assert_eq!(session.alpn_protocol(), Some(b"http/1.1".as_slice()));
            assert_eq!(session.handshake_kind(), Some(rustls::HandshakeKind::Full));
            far.write_all(b"x").await.unwrap();
            assert_eq!(near.read_u8().await.unwrap(), b'x');
        }
    }
}

#[tokio::test]
async fn addresses_are_not_sent_as_names() {
    let root = Ca::root("Root", |_| {});
    let presented = root.leaf_with_key(leaf("10.1.2.3"));
    let (near, far) = duplex(PIPE);
    let (client, acceptor) = (tls(&root), server(&presented, &TLS13));
    let (near, far) = tokio::join!(client.connect("10.1.2.3", near), acceptor.accept(far));
    near.unwrap();
    assert_eq!(far.unwrap().get_ref().1.server_name(), None);
}

#[tokio::test]
async fn the_reason_of_a_failure_comes_back() {
    let (root, other) = (Ca::root("Root", |_| {}), Ca::root("Other", |_| {}));
    let presented = root.leaf_with_key(leaf("erp.test"));
    for (trusted, host, reason) in [
        (&other, "erp.test", CertificateRefused::Untrusted),
        (&root, "other.test", CertificateRefused::OtherName),
    ] {
        let (near, far) = duplex(PIPE);
        let (client, acceptor) = (tls(trusted), server(&presented, &TLS13));
        let (near, far) = tokio::join!(client.connect(host, near), acceptor.accept(far));
        assert_eq!(TlsFailure::of(&near.unwrap_err()), reason.into());
        assert!(far.is_err());
    }
    for (says, reason) in [
        ("HTTP/1.1 400 Bad Request\r\n\r\n", TlsFailure::NotTls),
        ("", TlsFailure::Handshake),
        // The alerts `handshake_failure` and `protocol_version`.
        ("\x15\x03\x03\x00\x02\x02\x28", TlsFailure::NothingInCommon),
        ("\x15\x03\x03\x00\x02\x02\x46", TlsFailure::NothingInCommon),
    ] {
        let (near, mut far) = duplex(PIPE);
        far.write_all(says.as_bytes()).await.unwrap();
        far.shutdown().await.unwrap();
        let error = tls(&root).connect("erp.test", near).await.unwrap_err();
        assert_eq!(TlsFailure::of(&error), reason, "{says:?}");
    }
}
