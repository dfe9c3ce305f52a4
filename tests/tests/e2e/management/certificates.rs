//! Which client certificates count, and for how long.

use std::process::Command;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use underpass_agent::keys::{KeyStore, Purpose};
use underpass_fleet::client::Known;
use underpass_runtime::clock;
use underpass_runtime::pki::{Authority, CertificateInfo, Lifetime, PrivateKey};
use underpass_runtime::tls::{ClientTls, Credential};
use underpass_shared::api::management::{OperatorChange, OperatorTarget, Query, Target, Verb};
use underpass_shared::pki::operator::OperatorIdentity;
use underpass_shared::rights::Role;
use underpass_shared::secret::Secret;

use super::{Managed, hung_up, refused};
use crate::process::{json, refuse, run, until};

/// Who the caller is.
const OWN: &str = "/api/v1/operator";
/// How soon a connection ends that may not be any longer.
pub(super) const CUT_TIME: Duration = Duration::from_secs(5);

/// The same operator with a certificate of other times, by the agent's own authority or another.
fn reissued(
    managed: &Managed,
    known: &Known,
    now_ms: i64,
    valid: Duration,
    foreign: bool,
) -> Known {
    let lifetime = Lifetime { now_ms, valid };
    let authority = if foreign {
        Authority::create("foreign", lifetime).unwrap().0
    } else {
        let kept = KeyStore::new(&managed.agent.dir).load(Purpose::Identity);
        let kept = kept.unwrap().unwrap();
        Authority::load(&kept.chain, &PrivateKey::from_pem(&kept.key).unwrap()).unwrap()
    };
    let id = CertificateInfo::from_pem(&known.certificate)
        .unwrap()
        .operator;
    let OperatorIdentity(id) = id.unwrap();
    let key = PrivateKey::generate().unwrap();
    let request = key.request().unwrap();
    let certificate = authority.operator(&request, OperatorIdentity(id), lifetime);
    Known {
        certificate: certificate.unwrap(),
        key: Secret::new(key.to_pem()),
        ..known.clone()
    }
}

#[test]
fn foreign_and_expired_certificates_and_those_of_other_agents_get_not_a_word() {
    let (managed, other) = (Managed::start(), Managed::start());
    let anna = managed.operator("anna", Role::Administrator);
    let day = Duration::from_secs(86_400);
    let now = clock::wall_ms();
    // What is good is let in, so that the rest means something.
    let good = reissued(&managed, &anna, now, day, false);
    assert_eq!(managed.own(&good).unwrap().author, "operator:anna");
    let foreign = reissued(&managed, &anna, now, day, true);
    let expired = reissued(&managed, &anna, now - 172_800_000, day, false);
    let early = reissued(&managed, &anna, now + 172_800_000, day, false);
    let elsewhere = other.operator("anna", Role::Administrator);
    let elsewhere = Known {
        agent: anna.agent,
        ca_cert: anna.ca_cert.clone(),
        ..elsewhere
    };
    for bad in [&foreign, &expired, &early, &elsewhere] {
        assert!(hung_up(managed.own(bad)));
    }
    // A server certificate of the same authority is none of a client.
    let kept = KeyStore::new(&managed.agent.dir).load(Purpose::Identity);
    let kept = kept.unwrap().unwrap();
    let authority = Authority::load(&kept.chain, &PrivateKey::from_pem(&kept.key).unwrap());
    let key = PrivateKey::generate().unwrap();
    let lifetime = Lifetime {
        now_ms: now,
        valid: day,
    };
    let server = Known {
        certificate: authority
            .unwrap()
            .server(&["localhost"], &key, lifetime)
            .unwrap(),
        key: Secret::new(key.to_pem()),
        ..anna
    };
    assert!(hung_up(managed.own(&server)));
}

/// A connection that is up: one request was answered on it.
async fn live(managed: &Managed, known: &Known, path: &str) -> impl AsyncRead + Unpin + use<> {
    let credential = Credential {
        chain: &known.certificate,
        key: known.key.expose(),
    };
    let tls = ClientTls::management(&known.ca_cert, credential).unwrap();
    let stream = TcpStream::connect(managed.address().to_string())
        .await
        .unwrap();
    let name = known.agent.server_name().try_into().unwrap();
    let mut stream = tls.connect(name, stream).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: agent\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
    stream
}

/// Connects, does something, and answers how long the connection lasted afterwards.
pub(super) fn lasts(managed: &Managed, known: &Known, act: impl FnOnce()) -> Duration {
    lasts_at(managed, known, OWN, act)
}

/// The same with a request for something else before.
fn lasts_at(managed: &Managed, known: &Known, path: &str, act: impl FnOnce()) -> Duration {
    let mut stream = managed.runtime.block_on(live(managed, known, path));
    act();
    let start = clock::monotonic();
    let end = async {
        let mut rest = Vec::new();
        // An end without a goodbye is one too.
        drop(stream.read_to_end(&mut rest).await);
    };
    let limit = Duration::from_secs(20);
    let end = managed
        .runtime
        .block_on(async { tokio::time::timeout(limit, end).await });
    end.unwrap();
    clock::monotonic() - start
}

#[test]
fn live_connections_end_with_what_they_rest_on() {
    let managed = Managed::start();
    let anna = managed.operator("anna", Role::Administrator);
    let bert = managed.operator("bert", Role::Display);
    let carl = managed.operator("carl", Role::Monitoring);
    let tell = |arguments: &[&str]| {
        run(managed.agent.command(arguments));
    };
    let removed = lasts(&managed, &bert, || tell(&["operator", "revoke", "bert"]));
    let demoted = lasts(&managed, &carl, || {
        tell(&["operator", "role", "carl", "Support"]);
    });
    let dora = managed.operator("dora", Role::Display);
    let listening = lasts_at(&managed, &dora, "/api/v1/events", || {
        tell(&["operator", "revoke", "dora"]);
    });
    let short = Duration::from_secs(2);
    let short = reissued(&managed, &anna, clock::wall_ms(), short, false);
    let expired = lasts(&managed, &short, || {});
    println!(
        "removed {removed:?}, listening {listening:?}, other role {demoted:?}, expired {expired:?}"
    );
    for took in [removed, listening, demoted, expired] {
        assert!(took < CUT_TIME, "{took:?}");
    }
    assert_eq!(refused(managed.own(&bert)), 401);
    assert_eq!(managed.own(&carl).unwrap().role, Role::Support);
    // It counts until the end of its last second.
    until("the certificate ends", || {
        hung_up(managed.own(&short)).then_some(())
    });
    assert_eq!(managed.own(&anna).unwrap().role, Role::Administrator);
    // Who removes another, or is given another name, stays.
    let client = managed.client(&anna);
    let list: Vec<serde_json::Value> = managed
        .runtime
        .block_on(client.get(&Target::Operators(OperatorTarget::All)))
        .unwrap();
    let id = list.iter().find(|one| one["name"] == "carl").unwrap();
    let id = id["id"].as_str().unwrap().parse().unwrap();
    let change = OperatorChange {
        name: Some("charles".parse().unwrap()),
        ..OperatorChange::default()
    };
    let kept = lasts_not(&managed, &carl, || {
        let (target, query) = (Target::Operators(OperatorTarget::One(id)), Query::default());
        let sent = client.send(Verb::Patch, &target, &query, &change);
        managed.runtime.block_on(sent).unwrap();
    });
    assert!(kept);
}

fn lasts_not(managed: &Managed, known: &Known, act: impl FnOnce()) -> bool {
    let mut stream = managed.runtime.block_on(live(managed, known, OWN));
    act();
    let end = async {
        let mut rest = Vec::new();
        drop(stream.read_to_end(&mut rest).await);
    };
    let limit = Duration::from_secs(1);
    let end = managed
        .runtime
        .block_on(async { tokio::time::timeout(limit, end).await });
    end.is_err()
}

#[test]
fn scripts_bring_their_own_keys() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let request = |name: &str, kind: &[&str]| {
        let (key, csr) = (path(&format!("{name}.key")), path(&format!("{name}.csr")));
        let fixed = [
            "req",
            "-new",
            "-nodes",
            "-subj",
            "/CN=Administrator",
            "-keyout",
            &key,
            "-out",
            &csr,
        ];
        run(Command::new("openssl").args(fixed).args(kind));
        csr
    };
    let ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
    let first = request("first", &ec);
    let managed = Managed::start_with(&["--first-administrator", &first]);
    let certificate = managed.agent.dir.join("tls/first-administrator.pem");
    until("the first administrator has a certificate", || {
        certificate.exists().then_some(())
    });
    let with = |certificate: &str, key: &str| {
        let answer = managed.ask(&["--cert", certificate, "--key", key], "/api/v1/operator");
        (answer.0, json(&answer.1))
    };
    let own = with(&certificate.display().to_string(), &path("first.key"));
    assert_eq!(
        (own.0, own.1["role"].as_str()),
        (200, Some("Administrator"))
    );
    // Names in a request say nothing; RSA is taken where it is long enough.
    let issue = |name: &str, csr: &str| {
        let out = path(&format!("{name}.pem"));
        let arguments = [
            "operator", "issue", "--csr", csr, "--name", name, "--role", "Display", "--out", &out,
        ];
        (managed.agent.command(&arguments), out)
    };
    let (mut command, out) = issue("rsa", &request("rsa", &["-newkey", "rsa:2048"]));
    run(&mut command);
    let own = with(&out, &path("rsa.key"));
    assert_eq!((own.0, own.1["role"].as_str()), (200, Some("Display")));
    for (name, kind) in [
        ("weak", ["-newkey", "rsa:1024"]),
        ("p384", ["-newkey", "ec"]),
    ] {
        let more = ["-pkeyopt", "ec_paramgen_curve:P-384"];
        let more = if name == "p384" { &more[..] } else { &[] };
        let (mut command, _) = issue(name, &request(name, &[&kind, more].concat()));
        assert!(refuse(&mut command).contains("csr: must be"), "{name}");
    }
    let (mut command, _) = issue("rsa", &first);
    assert!(refuse(&mut command).contains("rsa occurs twice"));
}
