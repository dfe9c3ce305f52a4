//! An agent that is of an older version than its gateway.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use underpass_runtime::clock;
use underpass_runtime::net::{self, MovableTcp};
use underpass_runtime::pki::{Authority, Lifetime, PrivateKey};
use underpass_runtime::tasks::Tasks;
use underpass_runtime::tls::{Credential, LiveCertificate, ServerTls};
use underpass_runtime::tunnel::Caller;
use underpass_runtime::tunnel::io::Watched;
use underpass_shared::protocol::capability::CAPABILITY;
use underpass_shared::protocol::internal::Hello;
use underpass_shared::protocol::role::Role;

use crate::process::until;
use crate::world::World;

/// How long what it started may take to end.
const END: Duration = Duration::from_secs(5);

/// A gateway of another version in the place of that of a world: it has its CA and its address,
/// takes its tunnels and sends nothing through them.
struct Newer {
    tasks: Tasks,
    thread: Option<JoinHandle<()>>,
}

impl Newer {
    fn start(world: &World, version: &'static str) -> Self {
        let address: SocketAddr = world.text("tunnel").parse().unwrap();
        let tls = server_tls(world);
        let tasks = Tasks::new();
        let stop = tasks.clone();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.unwrap().block_on(async {
                let listener = net::listen(address).unwrap();
                let mut callers = vec![];
                loop {
                    let stream = tokio::select! {
                        accepted = listener.accept() => accepted.unwrap().0,
                        () = stop.stopped() => break,
                    };
                    let watched = Watched::new(MovableTcp::from(stream));
                    let wire = watched.wire();
                    let hello = Hello {
                        capability: CAPABILITY,
                        version: version.to_owned(),
                        connections: 1,
                        time_ms: None,
                    };
                    // What the agent asks for beside its tunnels is not answered.
                    if let Ok((Role::Tunnel, stream)) = tls.accept(watched).await {
                        let caller = Caller::establish(stream, wire, &hello, &stop).await;
                        callers.push(caller.unwrap());
                    }
                }
                callers.iter().for_each(Caller::close);
                assert!(stop.join(END).await, "its connections end");
            });
        });
        Self {
            tasks,
            thread: Some(thread),
        }
    }
}

impl Drop for Newer {
    fn drop(&mut self) {
        self.tasks.stop();
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || std::thread::panicking(), "{ended:?}");
        }
    }
}

fn server_tls(world: &World) -> ServerTls {
    let read = |name: &str| std::fs::read_to_string(world.path(name)).unwrap();
    let ca_key = PrivateKey::from_pem(&read("gateway/tls/ca-key.pem")).unwrap();
    let ca = Authority::load(&read("gateway/tls/ca.pem"), &ca_key).unwrap();
    let lifetime = Lifetime {
        now_ms: clock::wall_ms(),
        valid: Duration::from_secs(3_600),
    };
    let key = PrivateKey::generate().unwrap();
    let chain = ca.server(&["localhost"], &key, lifetime).unwrap();
    let credential = Credential {
        chain: &chain,
        key: &key.to_pem(),
    };
    let certificate = LiveCertificate::new(credential).unwrap();
    ServerTls::new(&Arc::new(certificate), ca.certificate()).unwrap()
}

#[test]
fn an_agent_is_told_of_a_newer_version_until_it_is_no_older() {
    let mut world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let agent = world.agent("", &address);
    agent.rules(&["delays.troubleshooting=0", "delays.resolution=1"]);
    let version = |wanted: &str| {
        until("the version of the gateway", || {
            let status = agent.status();
            (status["links"][0]["gatewayVersion"] == wanted).then_some(())
        });
    };
    version(env!("CARGO_PKG_VERSION"));
    agent.is_solved("agentOutdated", "");

    world.gateway.kill();
    let newer = Newer::start(&world, "99.1.0");
    let told = agent.diagnosed("agentOutdated", &world.text("regionHost"));
    let message = told["message"].as_str().unwrap();
    let wanted = format!(
        "is of version 99.1.0, this agent of {}",
        env!("CARGO_PKG_VERSION")
    );
    assert!(message.ends_with(&wanted), "{message}");
    assert_eq!(told["category"], "host");
    let alert = agent.until_alert("Troubleshooting");
    let text = alert["text"].as_str().unwrap();
    assert!(
        text.starts_with("A newer version is out: the gateway "),
        "{text}"
    );
    version("99.1.0");

    drop(newer);
    world.restart_gateway();
    agent.until_up();
    agent.is_solved("agentOutdated", "");
    agent.until_resolved("Troubleshooting");
    version(env!("CARGO_PKG_VERSION"));
}
