//! Headers by which a consumer could pretend to be somebody, or speak in our name.

use serde_json::json;

use crate::http::HELLO;
use crate::raw::{RawBackend, values};
use crate::world::World;

/// Names in any spelling that servers take for the same.
const FORGED: [&str; 24] = [
    "SSL_CLIENT_CERT",
    "SSL-CLIENT-CERT",
    "ssl-client-cert",
    "Ssl_Client-Cert",
    "SSL.CLIENT.CERT",
    "SSL_CLIENT_S_DN",
    "SSL_CLIENT_I_DN",
    "SSL_CLIENT_VERIFY",
    "SSL-CLIENT-CERT-CHAIN-0",
    "SSL~CLIENT~CERT",
    "X-Forwarded-Client-Cert",
    "X_Forwarded_Client_Cert",
    "x-forwarded_client-cert",
    "Client-Cert",
    "Client-Cert-Chain",
    "Client_Cert",
    "SAP-Connectivity-Authentication",
    "sap_connectivity_authentication",
    "SAP-Connectivity-Technical-Authentication",
    "SAP-Connectivity-ConsumerAccount",
    "SAP-CP-Connectivity-Service-Token",
    "Proxy-Authorization-Info",
    "Underpass-Upgrade",
    "Underpass-Anything",
];

fn seen(world: &World, backend: &RawBackend, lines: &str) -> String {
    let mut wire = world.ask("GET", "/x", lines);
    let answer = wire.head();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    backend.told()
}

fn ok(_head: &str) -> String {
    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_owned()
}

#[test]
fn identity_never_passes_in_any_spelling() {
    let world = World::start();
    let backend = RawBackend::answering(ok);
    let _agent = world.expose_all(&backend.address, &json!({}));
    for name in FORGED {
        let head = seen(
            &world,
            &backend,
            &format!("{name}: forged\r\nX-Kept: 1\r\n"),
        );
        if name == "Proxy-Authorization-Info" {
            // An ordinary header whose name only looks like one of ours.
            assert!(head.contains("forged"), "{head}");
            continue;
        }
        assert!(!head.contains("forged"), "{name}: {head}");
        assert!(!head.to_lowercase().contains("bearer"), "{head}");
        assert_eq!(values(&head, "x-kept"), ["1"]);
    }
    // Twice, and behind a name that stays.
    let head = seen(
        &world,
        &backend,
        "X-Kept: 1\r\nSSL_CLIENT_CERT: forged\r\nssl-client-cert: forged\r\nX-Kept: 2\r\n",
    );
    assert!(!head.contains("forged"), "{head}");
    assert_eq!(values(&head, "x-kept"), ["1", "2"]);
}

/// What an application says of itself to the back end is between the two.
#[test]
fn the_applications_own_credentials_pass_untouched() {
    let world = World::start();
    let backend = RawBackend::answering(ok);
    let _agent = world.expose_all(&backend.address, &json!({}));
    let lines = "Authorization: Basic dTpw\r\nCookie: a=1; b=2\r\nX-Csrf-Token: Fetch\r\n";
    let head = seen(&world, &backend, lines);
    assert_eq!(values(&head, "authorization"), ["Basic dTpw"]);
    assert_eq!(values(&head, "cookie"), ["a=1; b=2"]);
    assert_eq!(values(&head, "x-csrf-token"), ["Fetch"]);
    assert!(!head.contains(&world.tenant.token), "{head}");
}

#[test]
fn headers_of_one_hop_end_and_ours_cannot_be_named_away() {
    let world = World::start();
    let backend = RawBackend::answering(ok);
    let _agent = world.expose_all(&backend.address, &json!({"hostInHeader": "INTERNAL"}));
    let head = seen(
        &world,
        &backend,
        "Connection: X-Named, X-Forwarded-Host, Host, Keep-Alive\r\nConnection: x-also, Proxy-Authorization\r\n\
         X-Named: gone\r\nX-Also: gone\r\nKeep-Alive: gone\r\nProxy-Connection: gone\r\n\
         X-Forwarded-Host: forged\r\nX_Forwarded_Host: forged\r\nX-Forwarded-For: 1.2.3.4\r\n",
    );
    assert!(!head.contains("gone") && !head.contains("forged"), "{head}");
    assert_eq!(values(&head, "host"), [backend.address.as_str()]);
    assert_eq!(values(&head, "x-forwarded-host"), ["backend.virtual"]);
    assert_eq!(values(&head, "x-forwarded-for"), ["1.2.3.4"]);
    assert!(values(&head, "connection").is_empty(), "{head}");

    // The other way too.
    let answering = RawBackend::answering(|_| {
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nKeep-Alive: gone\r\nProxy-Connection: gone\r\n\
         Connection: X-Named\r\nX-Named: gone\r\nX-Kept: 1\r\n\r\n"
            .to_owned()
    });
    let other = world.beside();
    let _its_agent = other.expose_all(&answering.address, &json!({}));
    let answer = other.ask("GET", "/x", "").head();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(!answer.contains("gone"), "{answer}");
    assert_eq!(values(&answer, "x-kept"), ["1"]);

    // A length cannot be named away from its body.
    let mut wire = world.ask(
        "POST",
        "/x",
        "Connection: Content-Length\r\nContent-Length: 5\r\n",
    );
    wire.send("hello");
    wire.head();
    let head = backend.told();
    assert_eq!(values(&head, "content-length"), ["5"]);
    assert!(values(&head, "transfer-encoding").is_empty(), "{head}");
}

#[test]
fn the_virtual_host_is_told_as_it_was_asked_for() {
    let world = World::start();
    let backend = RawBackend::answering(ok);
    let _agent = world.expose_all(&backend.address, &json!({}));
    // What routers of the application tell passes; nothing of ours is in it.
    let lines = "X-Forwarded-Host: app.cloud.example\r\nX-Forwarded-Proto: https\r\n";
    let head = seen(&world, &backend, lines);
    assert_eq!(values(&head, "host"), ["backend.virtual"]);
    assert_eq!(values(&head, "x-forwarded-host"), ["app.cloud.example"]);
    assert_eq!(values(&head, "x-forwarded-proto"), ["https"]);
    assert!(values(&seen(&world, &backend, ""), "x-forwarded-host").is_empty());
}

/// An application with a token is not the gateway: by that name the gateway orders the agent about.
#[test]
fn nobody_speaks_to_the_agent_in_the_gateways_name() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let agent = world.agent("", &address);
    for host in [
        "underpass.internal",
        "Underpass.Internal:80",
        "a.underpass.internal",
    ] {
        for (path, body) in [
            ("/fence", r#"{"epoch":18446744073709551615,"holder":false}"#),
            ("/retry_after", r#"{"afterMs":3600000,"reason":"x"}"#),
            ("/drain", r#"{"graceMs":0}"#),
            (
                "/hello",
                r#"{"capability":1,"version":"x","connections":1}"#,
            ),
        ] {
            let mut wire = world.connect();
            wire.send(format!(
                "POST http://{host}{path} HTTP/1.1\r\nHost: {host}\r\n\
                 {}\r\nContent-Length: {}\r\n\r\n{body}\n",
                world.tenant.authorization(),
                body.len() + 1,
            ));
            let (answer, _) = wire.rest();
            assert!(
                answer.starts_with("HTTP/1.1 400 "),
                "{host}{path}: {answer}"
            );
            assert_eq!(world.get(HELLO).status, 200, "{host}{path}");
        }
    }
    assert!(agent.up() > 0);
}
