//! Programs that end, are killed, or lose each other.

use std::process::Command;
use std::time::Duration;

use underpass_runtime::clock;

use crate::process::{Process, run, until};
use crate::world::{Agent, World};

const BACKEND: &str = "http://backend.virtual";
const AGENTS: usize = 25;
const SLOW: usize = 50;

fn total_up(agents: &[Agent]) -> usize {
    agents.iter().map(Agent::up).sum()
}

fn seconds_since(start: Duration) -> f64 {
    (clock::monotonic() - start).as_secs_f64()
}

/// Fifty tunnel connections of 25 agents; each gateway outage is measured once for all of them.
#[test]
fn serial_tunnels_are_back_soon_after_the_gateway() {
    let mut world = World::start();
    let agents: Vec<Agent> = (0..AGENTS)
        .map(|number| {
            let mut agent = world.enrol(&format!("l{number}"), &[]);
            agent.run();
            agent
        })
        .collect();
    let all_up = |agents: &[Agent]| (total_up(agents) == 2 * AGENTS).then_some(());
    until("all tunnels are up", || all_up(&agents));
    world.gateway.kill();
    until("all agents noticed", || {
        (total_up(&agents) == 0).then_some(())
    });
    std::thread::sleep(Duration::from_secs(3));
    world.restart_gateway();
    let start = clock::monotonic();
    until("all tunnels are back", || all_up(&agents));
    let took = seconds_since(start);
    println!("50 of 50 tunnels back after {took:.2} s");
    assert!(took < 2.0, "{took:.2} s");
}

/// Runs many slow requests at once and answers their status codes.
fn slow_requests(world: &World) -> Process {
    let script = format!(
        "seq {SLOW} | xargs -P {SLOW} -I @@ curl -s -o /dev/null -w '%{{http_code}}\\n' -x http://{} -H '{}' {BACKEND}/slow/1500",
        world.text("proxy"),
        world.authorization()
    );
    Process::start(
        Command::new("bash").args(["-c", &script]),
        world.path("slow.log"),
    )
}

fn arrived(world: &World, count: usize) -> bool {
    let connections =
        run(Command::new("ss").args(["-Htn", "state", "established", "dst", &world.text("proxy")]));
    connections.lines().count() >= count
}

fn all_finished(world: &World) {
    let codes = until("all requests ended", || {
        let codes = std::fs::read_to_string(world.path("slow.log")).unwrap();
        (codes.lines().count() == SLOW).then_some(codes)
    });
    assert!(codes.lines().all(|code| code == "200"), "{codes}");
}

#[test]
fn serial_a_stopping_gateway_lets_requests_finish() {
    let mut world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let _agent = world.agent("", &address);
    let _requests = slow_requests(&world);
    until("all requests run", || arrived(&world, SLOW).then_some(()));
    std::thread::sleep(Duration::from_millis(300));
    assert!(world.gateway.terminate().success());
    all_finished(&world);
}

#[test]
fn serial_a_stopping_agent_lets_requests_finish() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let mut agent = world.agent("", &address);
    let _requests = slow_requests(&world);
    until("all requests run", || arrived(&world, SLOW).then_some(()));
    std::thread::sleep(Duration::from_millis(300));
    assert!(agent.process().terminate().success());
    all_finished(&world);
    assert_eq!(world.get(&format!("{BACKEND}/hello")).status, 503);
}

/// Two network namespaces' worth of path: the host and one for all agents, with a switchable drop.
struct Namespace;

impl Namespace {
    const NAME: &'static str = "underpass-test";

    fn create() -> Self {
        let uid = run(Command::new("id").arg("-u"));
        assert_eq!(
            uid.trim(),
            "0",
            "this test makes a network namespace and needs root"
        );
        drop(
            Command::new("ip")
                .args(["netns", "delete", Self::NAME])
                .output(),
        );
        for line in [
            "netns add underpass-test",
            "link add up-host type veth peer name up-agent netns underpass-test",
            "addr add 10.213.7.1/30 dev up-host",
            "link set up-host up",
            "-n underpass-test addr add 10.213.7.2/30 dev up-agent",
            "-n underpass-test link set up-agent up",
            "-n underpass-test link set lo up",
        ] {
            run(Command::new("ip").args(line.split(' ')));
        }
        let namespace = Self;
        namespace.nft("add table inet cut");
        for hook in ["input", "output"] {
            namespace.nft(&format!(
                "add chain inet cut {hook} {{ type filter hook {hook} priority 0; }}"
            ));
        }
        namespace
    }

    fn nft(&self, rule: &str) {
        run(Command::new("ip").args(["netns", "exec", Self::NAME, "nft", rule]));
    }

    /// Drops every packet of the path, in both directions and without a word.
    fn cut(&self) {
        self.nft("add rule inet cut input iifname up-agent drop");
        self.nft("add rule inet cut output oifname up-agent drop");
    }

    fn heal(&self) {
        self.nft("flush table inet cut");
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        drop(
            Command::new("ip")
                .args(["netns", "delete", Self::NAME])
                .output(),
        );
    }
}

/// Ten agents behind one path that swallows packets.
#[test]
fn serial_a_half_open_connection_is_found_and_replaced() {
    let namespace = Namespace::create();
    let inside = ["ip", "netns", "exec", Namespace::NAME];
    let world = World::start_on("10.213.7.1");
    let (_backend, address) = world.sample_backend(&inside);
    let agents: Vec<Agent> = (0..10)
        .map(|number| {
            let mut agent = world.enrol(&format!("l{number}"), &inside);
            agent.expose(&[("backend.virtual:80", &address)]);
            agent.run();
            agent
        })
        .collect();
    until("all tunnels are up", || {
        (total_up(&agents) == 20).then_some(())
    });
    let header = format!("SAP-Connectivity-SCC-Location_ID: {}", agents[0].location);
    let slow = format!("{BACKEND}/slow/60000");
    let waiting = std::thread::scope(|scope| {
        let waiting =
            scope.spawn(|| world.curl(&["-H", &world.authorization(), "-H", &header, &slow]));
        let running = || {
            let seen = run(Command::new("ss").args([
                "-Htn",
                "state",
                "established",
                "dst",
                &world.text("proxy"),
            ]));
            (!seen.is_empty()).then_some(())
        };
        until("the request runs", running);
        std::thread::sleep(Duration::from_millis(300));
        namespace.cut();
        let start = clock::monotonic();
        until("all agents noticed", || {
            (total_up(&agents) == 0).then_some(())
        });
        let agents_noticed = seconds_since(start);
        let down = || {
            std::fs::read_to_string(&world.gateway.log)
                .unwrap()
                .matches("tunnel down")
                .count()
        };
        until("the gateway noticed", || (down() >= 20).then_some(()));
        let gateway_noticed = seconds_since(start);
        println!(
            "noticed after {agents_noticed:.1} s (agents) and {gateway_noticed:.1} s (gateway)"
        );
        assert!(agents_noticed < 13.0 && gateway_noticed < 13.0);
        namespace.heal();
        let start = clock::monotonic();
        until("all tunnels are back", || {
            (total_up(&agents) == 20).then_some(())
        });
        let back = seconds_since(start);
        println!("20 of 20 tunnels back {back:.1} s after the path healed");
        assert!(back < 3.0, "{back:.1} s");
        waiting.join().unwrap()
    });
    assert!([502, 504].contains(&waiting.status), "{waiting:?}");
}
