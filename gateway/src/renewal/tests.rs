//! Certificates and keys are renewed by a clock that the test moves, under connections that stay.

use std::sync::atomic::AtomicI64;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use underpass_runtime::pki::{Authority, PrivateKey};
use underpass_runtime::tls::{ClientTls, ServerStream, ServerTls};
use underpass_shared::protocol::role::Role;

use super::*;
use crate::certificates::SERVER_LIFE;
use crate::state::State;
use crate::token::{KEY_LIFE, SigningKeys};

const DAY: i64 = 24 * 60 * 60 * 1_000;

/// Half of the life of a server certificate, in days.
fn half() -> i64 {
    i64::try_from(SERVER_LIFE.as_millis()).unwrap() / 2 / DAY
}

struct Bench {
    folder: tempfile::TempDir,
    now: Arc<AtomicI64>,
    renewal: Renewal,
}

impl Bench {
    async fn new(given: Option<Given>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // Half a life ago, so that what is renewed then is good by the host's clock too.
        let start = underpass_runtime::clock::wall_ms() - half() * DAY;
        let now = Arc::new(AtomicI64::new(start));
        let hand = Arc::clone(&now);
        let state = State::memory(StoreClock::system()).unwrap();
        let keys = SigningKeys::load_or_create(folder.path(), start).unwrap();
        let renewed = Renewed {
            clock: StoreClock::new(move || hand.load(Ordering::Relaxed)),
            data_dir: folder.path().to_owned(),
            certificates: Arc::new(Certificates::open(folder.path()).unwrap()),
            names: vec!["localhost".to_owned()],
            given,
            keys: keys.into(),
            directory: Directory::open(state).await.unwrap(),
            metrics: Arc::new(Metrics::new(1)),
        };
        Self {
            renewal: Renewal::begin(renewed).unwrap(),
            folder,
            now,
        }
    }

    /// Moves the time by some days and looks.
    fn pass(&mut self, days: i64) {
        self.now.fetch_add(days * DAY, Ordering::Relaxed);
        self.renewal.look();
    }
}

type Pair = (
    tokio_rustls::client::TlsStream<DuplexStream>,
    ServerStream<DuplexStream>,
);

/// A handshake as an agent has it.
async fn handshake(tls: &ServerTls, ca: &str) -> Pair {
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    let client = ClientTls::new(ca, None, Role::Enrol).unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let (client, server) = tokio::join!(client.connect(name, theirs), tls.accept(ours));
    (client.unwrap(), server.unwrap().1)
}

fn seen(pair: &Pair) -> CertificateInfo {
    let certificates = pair.0.get_ref().1.peer_certificates().unwrap();
    CertificateInfo::from_der(&certificates[0]).unwrap()
}

async fn talks(pair: &mut Pair) {
    pair.1.write_all(b"x").await.unwrap();
    pair.1.flush().await.unwrap();
    assert_eq!(pair.0.read_u8().await.unwrap(), b'x');
}

#[tokio::test]
async fn the_server_certificate_is_renewed_at_half_of_its_life_under_a_connection() {
    let mut bench = Bench::new(None).await;
    let ca = bench.renewal.certificates.bundle();
    let tls = ServerTls::new(&bench.renewal.server(), &ca).unwrap();
    let mut first = handshake(&tls, &ca).await;
    bench.pass(half() - 1);
    let before = handshake(&tls, &ca).await;
    assert_eq!(seen(&first).fingerprint, seen(&before).fingerprint);
    bench.pass(1);
    let after = seen(&handshake(&tls, &ca).await);
    assert_ne!(seen(&first).fingerprint, after.fingerprint);
    assert_ne!(seen(&first).spki_hash, after.spki_hash);
    let told = &bench.renewal.metrics.certificates.server_ms;
    assert_eq!(told.load(Ordering::Relaxed), after.not_after_ms);
    assert_eq!(bench.renewal.own.renew_at_ms, after.renew_at_ms());
    talks(&mut first).await;
}

#[tokio::test]
async fn a_given_certificate_is_read_again_when_its_files_change() {
    let folder = tempfile::tempdir().unwrap();
    let given = Given {
        certificate: folder.path().join("cert.pem"),
        key: folder.path().join("key.pem"),
    };
    let lifetime = crate::certificates::lifetime(Duration::from_secs(3_600));
    let (authority, _key) = Authority::create("public", lifetime).unwrap();
    let write = |path: &Path, text: &str| {
        underpass_runtime::file::replace(path, text.as_bytes()).unwrap();
    };
    let make = || {
        let key = PrivateKey::generate().unwrap();
        let leaf = authority.server(&["localhost"], &key, lifetime).unwrap();
        (leaf, key.to_pem())
    };
    let (old, new) = (make(), make());
    write(&given.certificate, &old.0);
    write(&given.key, &old.1);
    let mut bench = Bench::new(Some(given.clone())).await;
    let ca = authority.certificate().to_owned();
    let tls = ServerTls::new(&bench.renewal.token(), &ca).unwrap();
    let fingerprint = |pem: &str| CertificateInfo::from_pem(pem).unwrap().fingerprint;
    let mut first = handshake(&tls, &ca).await;
    assert_eq!(seen(&first).fingerprint, fingerprint(&old.0));
    // Only one of the two files is there yet, or rubbish: the old one stays.
    write(&given.certificate, &new.0);
    bench.renewal.look();
    assert_eq!(
        seen(&handshake(&tls, &ca).await).fingerprint,
        fingerprint(&old.0)
    );
    write(&given.key, "rubbish");
    bench.renewal.look();
    assert_eq!(
        seen(&handshake(&tls, &ca).await).fingerprint,
        fingerprint(&old.0)
    );
    write(&given.key, &new.1);
    bench.renewal.look();
    assert_eq!(
        seen(&handshake(&tls, &ca).await).fingerprint,
        fingerprint(&new.0)
    );
    talks(&mut first).await;
}

#[tokio::test]
async fn token_keys_overlap_on_the_disk_and_in_use() {
    let mut bench = Bench::new(None).await;
    let life = i64::try_from(KEY_LIFE.as_millis()).unwrap() / DAY;
    let kid = |bench: &Bench| {
        let now_ms = bench.now.load(Ordering::Relaxed);
        bench.renewal.keys.get().signing(now_ms).kid().to_owned()
    };
    let first = kid(&bench);
    let generation = bench.renewal.directory.token_generation();
    let before = generation.load(Ordering::Relaxed);
    bench.pass(life - 1);
    assert_eq!(kid(&bench), first);
    let stored = SigningKeys::load(bench.folder.path()).unwrap();
    assert_eq!(stored.jwks(), bench.renewal.keys.get().jwks());
    assert_eq!(stored.jwks()["keys"].as_array().unwrap().len(), 2);
    assert!(generation.load(Ordering::Relaxed) > before);
    bench.pass(1);
    assert_ne!(kid(&bench), first);
    assert!(bench.renewal.keys.get().find(&first).is_some());
    bench.pass(1);
    assert!(bench.renewal.keys.get().find(&first).is_none());
}
