//! Receivers of alerts that take connections and never answer, and the traffic beside them.

use std::net::TcpListener;
use std::time::Duration;

use serde_json::{Value, json};

use crate::agent::Agent;
use crate::crowd::{Crowd, Seen};
use crate::process::until;
use crate::world::World;

/// Requests through each agent, in turns.
const REQUESTS: usize = 1_500;
/// How much longer the 99th of a hundred requests may take beside receivers that hang.
const FACTOR: f64 = 1.3;
/// What a busy machine adds now and then.
const NOISE: Duration = Duration::from_millis(1);

/// Takes connections, which stay open, and says nothing.
fn hang() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

impl Agent {
    /// Has alerts sent by mail, to a webhook and to a syslog server.
    fn tells(&self, port: u16) {
        let mail = json!({"enabled": true, "sendTo": "a@x", "sendFrom": "b@x",
                          "smtpHost": "127.0.0.1", "smtpPort": port});
        let hook = json!([{"name": "hook", "enabled": true,
                           "url": format!("http://127.0.0.1:{port}/in")}]);
        // Over TLS, since what goes out in the clear waits for nobody.
        let syslog = json!([{"name": "siem", "enabled": true, "host": "127.0.0.1", "port": port,
                             "transport": "tls"}]);
        for (part, value) in [("email", mail), ("webhooks", hook), ("syslog", syslog)] {
            let path = format!("/api/v1/configuration/connector/{part}");
            let answer = self.send("PUT", &path, &[], &value.to_string());
            assert_eq!(answer.status, 204, "{answer:?}");
        }
    }

    /// Channels that have something to send, and never sent anything.
    fn waiting(&self) -> usize {
        let told = self.ask("GET", "/api/v1/alerts/delivery", &[]).json();
        let waits = |one: &&Value| one["waiting"] != 0 && one["lastSuccessMs"].is_null();
        told["channels"]
            .as_array()
            .unwrap()
            .iter()
            .filter(waits)
            .count()
    }
}

/// The time within which 99 of 100 were answered.
fn p99(seen: &[&Seen]) -> Duration {
    let mut times: Vec<Duration> = seen.iter().map(|one| one.time).collect();
    times.sort_unstable();
    times[times.len() * 99 / 100]
}

#[test]
fn serial_requests_are_as_fast_while_receivers_hang() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let quiet = world.agent("quiet", &address);
    let hung = world.agent("hung", &address);
    let (_nobody, port) = hang();
    hung.tells(port);
    let rules = [
        "thresholds.freeDiskSpaceMb=10000000",
        "thresholds.freeDiscForAuditLogMb=10000000",
        "thresholds.freeDiscForTraceMb=10000000",
    ];
    for agent in [&quiet, &hung] {
        agent.rules(&rules);
        agent.until_alert("Disk");
    }
    until("all channels hang", || (hung.waiting() == 3).then_some(()));

    // One request through each in turns: what else happens on the machine meets both.
    let crowd = Crowd::new(&world);
    let both = [
        crowd.get_at("quiet", "/hello"),
        crowd.get_at("hung", "/hello"),
    ];
    let list: Vec<String> = both.iter().cycle().take(2 * REQUESTS).cloned().collect();
    let seen = crowd.play(&[list]);
    assert!(seen.iter().all(|one| one.status == 200));
    let of = |turn: usize| seen.iter().skip(turn).step_by(2).collect::<Vec<_>>();
    let (beside_none, beside_hung) = (p99(&of(0)), p99(&of(1)));
    println!("p99: {beside_none:?}, beside receivers that hang: {beside_hung:?}");
    assert!(beside_hung <= beside_none.mul_f64(FACTOR) + NOISE);
    assert_eq!(hung.waiting(), 3, "none of them took anything");
}
