//! Agents behind a corporate proxy.

use std::fs::File;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use underpass_agent::secrets::SecretStore;
use underpass_runtime::random;
use underpass_shared::api::management::Connection;
use underpass_shared::id::CredentialId;
use underpass_shared::secret::Secret;

use crate::agent::Agent;
use crate::connect_proxy::{ConnectProxy, PASSWORD};
use crate::http::HELLO;
use crate::live::Live;
use crate::process::{refuse, run, until};
use crate::world::World;

/// Where the command looks for the proxy's password.
const VARIABLE: &str = "UNDERPASS_PROXY_PASSWORD";

/// Calls that show that the old way goes on: far longer than a drain takes.
const CALLS: usize = 20;

/// Keeps a password; answers the proxy for the document.
fn proxy(dir: &Path, proxy: &ConnectProxy, password: &str) -> Value {
    let id = CredentialId::from_uuid(random::id());
    let secret = Secret::new(password.to_owned());
    SecretStore::new(dir).save(id, &secret).unwrap();
    json!({"host": proxy.address.ip(), "port": proxy.address.port(),
           "user": "corp\\user", "credential": id.to_string()})
}

#[test]
fn an_agent_enrols_and_stays_connected_through_a_proxy() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let proxy = ConnectProxy::start();
    let mut agent = Agent::new(world.path("agent"), "", &[]);
    let token = world.enrol_token(&["--location-id", ""]);
    let enrol = |url: &str, password: Option<&str>| {
        let mut command: Command = agent.command(&["enrol", &token, "--proxy", url]);
        command.env_remove(VARIABLE);
        if let Some(password) = password {
            command.env(VARIABLE, password);
        }
        command
    };
    // None of these burns the token.
    let refused = refuse(enrol(&proxy.url(), None));
    assert!(
        refused.contains("no password in UNDERPASS_PROXY_PASSWORD"),
        "{refused}"
    );
    let told = proxy.url().replace('@', ":secret@");
    let refused = refuse(enrol(&told, None));
    assert!(
        refused.contains("must not stand in the proxy's address"),
        "{refused}"
    );
    assert_eq!(proxy.heads().len(), 0);
    let refused = refuse(enrol(&proxy.url(), Some("wrong")));
    assert!(refused.contains("refuses the user"), "{refused}");
    let stranger = format!("http://{}", proxy.address);
    let refused = refuse(enrol(&stranger, None));
    assert!(refused.contains("wants a user"), "{refused}");
    // From standard input as well as from the environment.
    let file = world.path("password");
    underpass_runtime::file::replace(&file, format!("{PASSWORD}\n").as_bytes()).unwrap();
    let mut command = enrol(&proxy.url(), None);
    run(command.stdin(File::open(file).unwrap()));

    let document = agent.document();
    assert_eq!(document["connector"]["proxy"]["user"], "corp\\user");
    assert!(!document.to_string().contains(PASSWORD));
    agent.expose(&[("backend.virtual:80", &address)]);
    agent.run();
    agent.until_up();
    assert_eq!(world.get(HELLO).status, 200);
    assert_eq!(proxy.open(), 2);
    let gateway = format!("connect {} http/1.1\r\n", world.text("regionHost"));
    let heads = proxy.heads();
    assert!(
        heads.iter().all(|head| head.starts_with(&gateway)),
        "{heads:?}"
    );

    // It dies, with all that leads through it, and comes back.
    let at = proxy.address;
    drop(proxy);
    until("the tunnels are down", || (agent.up() == 0).then_some(()));
    let proxy = ConnectProxy::start_on(at);
    agent.until_up();
    assert_eq!(world.get(HELLO).status, 200);
    assert_eq!(proxy.open(), 2);
    let log = agent.process().output();
    assert!(
        log.contains("the proxy") && log.contains("cannot be reached"),
        "{log}"
    );
    assert!(!log.contains(PASSWORD), "{log}");

    // Later enrolments take the way that is configured.
    agent.process().terminate();
    agent.process().wait();
    let asked = proxy.heads().len();
    let token = world.enrol_token(&["--location-id", "second"]);
    run(agent.command(&["enrol", &token]));
    assert_eq!(proxy.heads().len(), asked + 1);
}

#[test]
fn a_change_of_the_proxy_loses_no_request() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let agent = world.enrol("", &[]);
    agent.expose(&[("backend.virtual:80", &address)]);
    let live = Live::start(&agent);
    live.until_up();
    let (one, other) = (ConnectProxy::start(), ConnectProxy::start());
    let set = |value: Value| live.change(|document| document["connector"]["proxy"] = value);
    let ways = |first: usize, second: usize| {
        until("the tunnels lead the new way alone", || {
            let up = live.connections() == [Connection::Up, Connection::Up];
            (up && one.open() == first && other.open() == second).then_some(())
        });
    };
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let calls = scope.spawn(|| {
            let mut count = 0;
            while !ended.load(Ordering::SeqCst) {
                let answer = world.get(HELLO);
                assert_eq!(answer.status, 200, "{answer:?}");
                count += 1;
            }
            count
        });
        set(proxy(&agent.dir, &one, PASSWORD));
        ways(2, 0);
        set(proxy(&agent.dir, &other, PASSWORD));
        ways(0, 2);
        // What does not work replaces nothing.
        set(proxy(&agent.dir, &one, "wrong"));
        until("the wrong password is told", || {
            let told = |one: &Connection| matches!(one, Connection::Failed(reason) if reason.contains("refuses the user"));
            live.connections().iter().all(told).then_some(())
        });
        for _ in 0..CALLS {
            assert_eq!(world.get(HELLO).status, 200);
        }
        assert_eq!((one.open(), other.open()), (0, 2));
        set(proxy(&agent.dir, &one, PASSWORD));
        ways(2, 0);
        set(Value::Null);
        ways(0, 0);
        ended.store(true, Ordering::SeqCst);
        assert!(calls.join().unwrap() > 0, "calls were made all the time");
    });
}
