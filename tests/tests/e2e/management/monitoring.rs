//! Users with a password.

use std::io::Read as _;
use std::process::Stdio;

use serde_json::{Value, json};
use underpass_runtime::clock;
use underpass_shared::api::management::{ConnectorTarget, Query, Target, Verb};
use underpass_shared::rights::Role;

use super::Managed;
use super::certificates::CUT_TIME;
use crate::process::json as parse;

/// Failures for one name in a minute.
const USER_FAILURES: usize = 10;
/// Failures of one source in a minute.
const SOURCE_FAILURES: usize = 20;
const OWN: &str = "/api/v1/operator";

fn status(managed: &Managed, user: &str, path: &str) -> u16 {
    managed.ask(&["-u", user], path).0
}

fn changes_nothing(managed: &Managed, user: &str) {
    let write = [
        "-u",
        user,
        "-X",
        "PUT",
        "-H",
        "Content-Type: application/json",
        "-d",
        "{}",
    ];
    assert_eq!(managed.ask(&write, "/api/v1/configuration/document").0, 403);
}

#[test]
fn a_user_with_a_password_reads_what_monitoring_needs_and_nothing_else() {
    let managed = Managed::start();
    let admin = managed.operator("admin", Role::Administrator);
    let client = managed.client(&admin);
    let send = |verb: Verb, target: ConnectorTarget, body: &Value| {
        let (target, query) = (Target::Connector(target), Query::default());
        let sent = client.send(verb, &target, &query, body);
        managed.runtime.block_on(sent).map(drop)
    };
    let one = || ConnectorTarget::MonitoringUser("prom".parse().unwrap());
    let prom = "prom:correct horse";
    // Off by default.
    let without = managed.ask(&["-i", "-u", prom], OWN);
    assert_eq!(without.0, 401);
    assert!(!without.1.to_lowercase().contains("www-authenticate"));
    for name in ["prom", "other"] {
        let user = json!({"name": name, "password": "correct horse"});
        send(Verb::Post, ConnectorTarget::MonitoringUsers, &user).unwrap();
    }
    let (code, own) = managed.ask(&["-u", prom], OWN);
    let own = parse(&own);
    assert_eq!(code, 200, "{own}");
    assert_eq!(
        (&own["author"], &own["role"]),
        (&json!("monitoring:prom"), &json!("Monitoring"))
    );
    assert_eq!(
        status(&managed, prom, "/api/v1/configuration/connector"),
        200
    );
    for path in [
        "/api/v1/auditLog/records",
        "/api/v1/logs",
        "/api/v1/configuration/connector/operators",
    ] {
        assert_eq!(status(&managed, prom, path), 403, "{path}");
    }
    // How the agent is, but not what weakens it.
    let (code, health) = managed.ask(&["-u", prom], "/api/v1/status");
    let health = parse(&health);
    assert_eq!(code, 200, "{health}");
    assert_eq!(
        (&health["warnings"], health["links"].is_array()),
        (&json!([]), true)
    );
    changes_nothing(&managed, prom);
    // Neither the document nor an answer has the password.
    assert!(!managed.agent.document().to_string().contains("horse"));
    // A live stream ends with the user.
    let mut stream = managed.curl(&["-N", "-u", prom], "/api/v1/events");
    let mut stream = stream
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut first = [0];
    stream
        .stdout
        .as_mut()
        .unwrap()
        .read_exact(&mut first)
        .unwrap();
    let start = clock::monotonic();
    send(Verb::Put, one(), &json!({"password": "battery staple"})).unwrap();
    stream.wait().unwrap();
    let took = clock::monotonic() - start;
    assert!(took < CUT_TIME, "{took:?}");
    assert_eq!(status(&managed, prom, OWN), 401);
    assert_eq!(status(&managed, "prom:battery staple", OWN), 200);
    send(Verb::Delete, one(), &Value::Null).unwrap();
    assert_eq!(status(&managed, "prom:battery staple", OWN), 401);
}

#[test]
fn guessing_is_slowed_down_by_name_and_by_source() {
    let managed = Managed::start();
    let admin = managed.operator("admin", Role::Administrator);
    let client = managed.client(&admin);
    for name in ["prom", "other"] {
        let user = json!({"name": name, "password": "correct horse"});
        let target = Target::Connector(ConnectorTarget::MonitoringUsers);
        let query = Query::default();
        let sent = client.send(Verb::Post, &target, &query, &user);
        managed.runtime.block_on(sent).unwrap();
    }
    let (code, body) = managed.ask(&["-i", "-u", "nobody:wrong"], OWN);
    assert_eq!(code, 401);
    assert!(body.to_lowercase().contains("www-authenticate: basic"));
    for n in 0..USER_FAILURES {
        assert_eq!(status(&managed, "prom:wrong", OWN), 401, "{n}");
    }
    let (code, body) = managed.ask(&["-i", "-u", "prom:correct horse"], OWN);
    assert_eq!(code, 429);
    assert!(body.to_lowercase().contains("retry-after: "), "{body}");
    // Another user is let in as often as he wants.
    for _ in 0..3 {
        assert_eq!(status(&managed, "other:correct horse", OWN), 200);
    }
    // One for nobody, and one that was sent away, count for the source too.
    for n in USER_FAILURES + 2..SOURCE_FAILURES {
        let unknown = format!("nobody{n}:wrong");
        assert_eq!(status(&managed, &unknown, OWN), 401, "{n}");
    }
    assert_eq!(status(&managed, "other:correct horse", OWN), 429);
    // Certificates are not slowed down.
    assert_eq!(managed.own(&admin).unwrap().role, Role::Administrator);
}
