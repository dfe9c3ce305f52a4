//! Back ends with TLS: whom the agent believes, and what it says when it does not.

use std::time::Duration;

use serde_json::{Value, json};
use underpass_runtime::clock;
use underpass_runtime::pki::{Authority, Lifetime, PrivateKey};

use crate::http::BACKEND;
use crate::live::Live;
use crate::process::{json as parse, run};
use crate::world::World;

/// The page of nginx that is exposed.
const PAGE: &str = "http://backend.virtual/open/page";
/// How long certificates of these tests are good.
const VALID: Duration = Duration::from_secs(3_600);
/// What clients look for.
const NOT_OPEN: &str = "Unable to open connection to backend system backend.virtual:80: ";

pub(crate) fn authority(name: &str) -> Authority {
    Authority::create(name, lifetime(0)).unwrap().0
}

/// One whose certificate is good no longer.
pub(crate) fn ended_authority(name: &str) -> Authority {
    Authority::create(name, lifetime(1)).unwrap().0
}

fn lifetime(days_ago: i64) -> Lifetime {
    Lifetime {
        now_ms: clock::wall_ms() - days_ago * 86_400_000,
        valid: VALID,
    }
}

/// A certificate and its key, PEM.
pub(crate) fn server(ca: &Authority, days_ago: i64) -> (String, String) {
    let key = PrivateKey::generate().unwrap();
    let certificate = ca.server(&["localhost"], &key, lifetime(days_ago)).unwrap();
    (certificate, key.to_pem())
}

pub(crate) fn trust(cas: &[&Authority]) -> Value {
    let entry = |(i, ca): (usize, &&Authority)| json!({"alias": format!("ca-{i}"), "certificate": ca.certificate()});
    let certificates: Vec<Value> = cas.iter().enumerate().map(entry).collect();
    json!({"certificates": certificates})
}

/// An internal address by name, as certificates want it.
pub(crate) fn by_name(address: &str) -> String {
    address.replace("127.0.0.1", "localhost")
}

#[test]
fn a_back_end_is_believed_as_long_as_its_ca_is_trusted() {
    let world = World::start();
    let (ca, other) = (authority("Right"), authority("Other"));
    let (certificate, key) = server(&ca, 0);
    let (_nginx, address) = world.nginx_tls("nginx", &certificate, &key);
    let agent = world.enrol("", &[]);
    agent.expose_tls("backend.virtual:80", &by_name(&address));
    let live = Live::start(&agent);
    live.until_up();
    let trusting = |cas: &[&Authority]| {
        live.change(|document| document["connector"]["backendTrust"] = trust(cas));
    };
    let refused = |reason: &str| {
        let answer = world.get(PAGE);
        let told = answer.body.strip_prefix(NOT_OPEN);
        assert_eq!(answer.status, 502, "{answer:?}");
        assert!(
            told.is_some_and(|told| told.starts_with(reason)),
            "{answer:?}"
        );
        // Where the system is inside is nobody's business outside.
        assert!(!answer.body.contains("localhost"), "{answer:?}");
        assert!(!answer.body.contains("127.0.0.1"), "{answer:?}");
    };
    let served = || assert_eq!(world.get(PAGE).status, 200);

    refused("untrusted certificate: the trust store is empty; add the CA");
    trusting(&[&other]);
    refused("untrusted certificate: neither");
    trusting(&[&other, &ca]);
    served();
    served();
    trusting(&[&other]);
    refused("untrusted certificate: neither");
    trusting(&[]);
    refused("untrusted certificate: the trust store is empty");
    trusting(&[&ca]);
    served();
    live.change(|document| {
        let mapping = &mut document["subaccounts"][0]["mappings"][0];
        mapping["internalAddress"] = json!(address);
    });
    refused("name mismatch: ");
    live.change(|document| {
        document["connector"]["backendTrust"] = json!({"trustAllBackends": true})
    });
    served();

    let log = std::fs::read_to_string(world.path("nginx/access.log")).unwrap();
    let lines: Vec<Vec<&str>> = log.lines().map(|line| line.split(' ').collect()).collect();
    // Two requests on one connection; none after trust was gone; no name is sent for an address.
    let seen: Vec<_> = lines.iter().map(|fields| &fields[1..]).collect();
    assert_eq!(
        seen,
        [
            ["1", "TLSv1.3", "localhost", "200"],
            ["2", "TLSv1.3", "localhost", "200"],
            ["1", "TLSv1.3", "localhost", "200"],
            ["1", "TLSv1.3", "-", "200"],
        ]
    );
    assert_eq!(lines[0][0], lines[1][0]);
}

#[test]
fn an_expired_certificate_is_named_and_may_be_overruled_loudly() {
    let world = World::start();
    let ca = authority("Right");
    let (certificate, key) = server(&ca, 10);
    let (_nginx, address) = world.nginx_tls("nginx", &certificate, &key);
    let mut agent = world.enrol("", &[]);
    agent.expose_tls("backend.virtual:80", &by_name(&address));
    let mut document = agent.document();
    document["connector"]["backendTrust"] = trust(&[&ca]);
    run(agent.command(&["document", "apply", &agent.write(&document)]));
    agent.run();
    agent.until_up();
    let answer = world.get(PAGE);
    assert_eq!(answer.status, 502);
    let expired = format!("{NOT_OPEN}the certificate or one of its issuers is expired");
    assert_eq!(answer.body, expired);
    assert!(!run(agent.command(&["status"])).contains("WARNING"));
    agent.process().terminate();
    agent.process().wait();

    let mut document = agent.document();
    document["connector"]["backendTrust"]["trustAllBackends"] = json!(true);
    run(agent.command(&["document", "apply", &agent.write(&document)]));
    agent.run();
    agent.until_up();
    for _ in 0..3 {
        assert_eq!(world.get(&format!("{BACKEND}/open/page")).status, 200);
    }
    assert!(
        run(agent.command(&["status"]))
            .contains("WARNING: the certificates of back ends are not checked")
    );
    let status = parse(&run(agent.command(&["status", "--json"])));
    assert_eq!(status["warnings"].as_array().unwrap().len(), 1);
    let log = agent.process().output();
    assert_eq!(log.matches("trustAllBackends").count(), 1, "{log}");
}
