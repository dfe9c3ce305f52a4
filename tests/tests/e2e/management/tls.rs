//! What the listener says before anybody speaks HTTP, as openssl sees it.

use std::io::Write as _;
use std::process::{Command, Stdio};

use underpass_shared::rights::Role;

use super::Managed;

/// What `openssl s_client` tells of a connection; `input` is what is typed into it.
fn s_client(managed: &Managed, arguments: &[&str], input: &str) -> String {
    let mut child = Command::new("timeout")
        .args(["10", "openssl", "s_client", "-connect"])
        .arg(managed.address().to_string())
        .arg("-CAfile")
        .arg(managed.agent.dir.join("tls/identity.pem"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It may have hung up before.
    drop(child.stdin.take().unwrap().write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&text).into_owned()
}

#[test]
fn the_certificate_goes_by_the_server_name() {
    let managed = Managed::start();
    let own = managed.addresses()["serverName"]
        .as_str()
        .unwrap()
        .to_owned();
    let upper = own.to_uppercase();
    let other = format!("x{}", &own[1..]);
    for (arguments, subject) in [
        (&["-servername", &own][..], own.as_str()),
        (&["-servername", &upper], &own),
        (&["-servername", "localhost"], "host"),
        (&["-servername", &other], "host"),
        (&["-noservername"], "host"),
    ] {
        let seen = s_client(&managed, arguments, "");
        assert!(
            seen.contains("Verify return code: 0 (ok)"),
            "{arguments:?}: {seen}"
        );
        let line = seen.lines().find(|line| line.starts_with("subject="));
        let shown = line.unwrap().contains(".agent.underpass");
        assert_eq!(shown, subject == own, "{arguments:?}: {line:?}");
    }
}

#[test]
fn old_tls_resumption_and_renegotiation_are_not_to_be_had() {
    let managed = Managed::start();
    for old in ["-tls1_2", "-tls1_1", "-tls1"] {
        // At its lowest level openssl itself would try.
        let seen = s_client(&managed, &[old, "-cipher", "DEFAULT@SECLEVEL=0"], "");
        assert!(seen.contains("Cipher is (NONE)"), "{old}: {seen}");
    }
    let request = "GET /exposed?action=ping HTTP/1.1\nHost: a\nConnection: close\n\n";
    let seen = s_client(&managed, &["-tls1_3", "-ign_eof", "-crlf"], request);
    assert!(
        seen.contains("HTTP/1.1 200") && !seen.contains("SSL-Session"),
        "{seen}"
    );
    assert!(!seen.contains("New Session Ticket"), "{seen}");

    let mut lenient = Managed::start_with(&["--management-tls12"]);
    assert!(lenient.logged("also speaks TLS 1.2"));
    let seen = s_client(&lenient, &["-tls1_2", "-reconnect"], "");
    assert_eq!(seen.matches("New, TLSv1.2").count(), 6, "{seen}");
    assert!(!seen.contains("Reused,"), "{seen}");
    assert!(!seen.contains("TLS session ticket:"), "{seen}");
    // A line with R asks for new keys.
    let seen = s_client(&lenient, &["-tls1_2"], "R\n");
    assert!(seen.contains("RENEGOTIATING"), "{seen}");
    assert!(seen.contains("no renegotiation"), "{seen}");
    for old in ["-tls1_1", "-tls1"] {
        let seen = s_client(&lenient, &[old, "-cipher", "DEFAULT@SECLEVEL=0"], "");
        assert!(seen.contains("Cipher is (NONE)"), "{old}: {seen}");
    }
    // Pairing needs TLS 1.3 even so.
    let link = lenient.invite(Role::Display, &[]);
    let json = ["-H", "Content-Type: application/json", "-d", "{}"];
    let old = ["--tls-max", "1.2"];
    assert_eq!(
        lenient
            .ask(&[&old[..], &json].concat(), "/api/v1/pairing")
            .0,
        401
    );
    assert_eq!(lenient.ask(&json, "/api/v1/pairing").0, 400);
    lenient.try_pair(&link).unwrap();
}
