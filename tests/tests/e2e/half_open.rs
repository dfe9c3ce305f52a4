//! A path that swallows packets and says nothing.

use std::process::Command;
use std::time::Duration;

use underpass_runtime::clock;

use crate::agent::{Agent, total_up};
use crate::http::{BACKEND, HELLO, connections_to};
use crate::process::{json, run, until};
use crate::world::World;

const AGENTS: usize = 10;
/// Silence until both ends have noticed.
const NOTICED: Duration = Duration::from_secs(13);
/// From the path's return to the tunnels'.
const REPLACED: Duration = Duration::from_secs(3);

/// A network namespace for agents and back ends, with one link to the host that can be cut.
struct Namespace {
    name: String,
    /// The host's address on the link.
    host: String,
}

impl Namespace {
    const PREFIX: &str = "underpass-";

    /// Needs root, `ip` and `nft`; without them the test fails and says so.
    fn create() -> Self {
        let user = run(Command::new("id").arg("-u"));
        assert_eq!(user.trim(), "0", "network namespaces need root");
        Self::remove_stale();
        let pid = std::process::id();
        // Each process has a network of its own.
        let net = format!("10.213.{}.{}", pid / 64 % 256, pid % 64 * 4);
        let at = |offset: u32| {
            let (start, last) = net.rsplit_once('.').unwrap();
            format!("{start}.{}", last.parse::<u32>().unwrap() + offset)
        };
        let namespace = Self {
            name: format!("{}{pid}", Self::PREFIX),
            host: at(1),
        };
        let (name, inside) = (&namespace.name, at(2));
        ip(&format!("netns add {name}"));
        ip(&format!(
            "link add up{pid} type veth peer name agents netns {name}"
        ));
        ip(&format!("addr add {}/30 dev up{pid}", namespace.host));
        ip(&format!("link set up{pid} up"));
        ip(&format!("-n {name} addr add {inside}/30 dev agents"));
        ip(&format!("-n {name} link set agents up"));
        ip(&format!("-n {name} link set lo up"));
        namespace.nft("add table inet cut");
        for hook in ["input", "output"] {
            namespace.nft(&format!(
                "add chain inet cut {hook} {{ type filter hook {hook} priority 0; }}"
            ));
        }
        namespace
    }

    /// Those of test processes that were killed.
    fn remove_stale() {
        let list = run(Command::new("ip").args(["netns", "list"]));
        for name in list.lines().filter_map(|line| line.split(' ').next()) {
            let pid = name.strip_prefix(Self::PREFIX);
            if pid.is_some_and(|pid| !std::path::Path::new("/proc").join(pid).exists()) {
                ip(&format!("netns delete {name}"));
            }
        }
    }

    /// The words that run a command inside.
    fn inside(&self) -> [&str; 4] {
        ["ip", "netns", "exec", &self.name]
    }

    fn nft(&self, rule: &str) {
        let [ip, rest @ ..] = self.inside();
        run(Command::new(ip).args(rest).args(["nft", rule]));
    }

    /// Drops every packet of the link, in both directions.
    fn cut(&self) {
        self.nft("add rule inet cut input iifname agents drop");
        self.nft("add rule inet cut output oifname agents drop");
    }

    fn heal(&self) {
        self.nft("flush table inet cut");
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        // The link goes with it.
        drop(
            Command::new("ip")
                .args(["netns", "delete", &self.name])
                .output(),
        );
    }
}

fn ip(arguments: &str) {
    run(Command::new("ip").args(arguments.split(' ')));
}

/// Tunnel connections that are up, as the gateway tells.
fn gateway_up(world: &World) -> u64 {
    let status = json(&run(world.command(&["status", "--json"])));
    let tunnels = status["tunnels"].as_array().unwrap().iter();
    tunnels
        .map(|one| one["connections"].as_u64().unwrap())
        .sum()
}

/// Ten agents, each with two connections and a waiting request, lose their path all at once.
#[test]
fn serial_half_open_connections_are_found_and_replaced() {
    let namespace = Namespace::create();
    let inside = namespace.inside();
    let world = World::start_on(&namespace.host);
    let (_backend, address) = world.sample_backend(&inside);
    let agents: Vec<Agent> = (0..AGENTS)
        .map(|number| {
            let mut agent = world.enrol(&format!("l{number}"), &inside);
            agent.expose(&[("backend.virtual:80", &address)]);
            agent.run();
            agent
        })
        .collect();
    let all_up = || (total_up(&agents) == 2 * AGENTS).then_some(());
    until("all tunnels are up", all_up);

    let slow = format!("{BACKEND}/slow/60000");
    std::thread::scope(|scope| {
        let waiting: Vec<_> = agents
            .iter()
            .map(|agent| {
                let location = &agent.location;
                scope.spawn(|| (world.get_at(&slow, location), clock::monotonic()))
            })
            .collect();
        until("all requests wait", || {
            (connections_to(&address, &inside) == AGENTS).then_some(())
        });
        namespace.cut();
        let start = clock::monotonic();
        let (mut agents_noticed, mut gateway_noticed) = (None, None);
        until("both ends noticed", || {
            let now = clock::monotonic() - start;
            if total_up(&agents) == 0 {
                agents_noticed.get_or_insert(now);
            }
            if gateway_up(&world) == 0 {
                gateway_noticed.get_or_insert(now);
            }
            agents_noticed.and(gateway_noticed)
        });
        println!("noticed by all agents: {agents_noticed:?}, by the gateway: {gateway_noticed:?}");
        assert!(agents_noticed < Some(NOTICED) && gateway_noticed < Some(NOTICED));
        assert_eq!(world.get_at(HELLO, &agents[0].location).status, 503);
        for waiting in waiting {
            let (answer, when) = waiting.join().unwrap();
            assert!([502, 504].contains(&answer.status), "{answer:?}");
            assert!(when < start + NOTICED, "{:?}", when - start);
        }
    });

    namespace.heal();
    let start = clock::monotonic();
    let mut back = [None; AGENTS];
    until("all tunnels are back", || {
        for (agent, back) in agents.iter().zip(&mut back) {
            if back.is_none() && agent.up() == 2 {
                *back = Some(clock::monotonic() - start);
            }
        }
        back.iter().all(Option::is_some).then_some(())
    });
    println!("back after the path healed: {:?}", back.iter().max());
    assert!(back.iter().all(|&back| back < Some(REPLACED)), "{back:?}");
    for agent in &agents {
        assert_eq!(world.get_at(HELLO, &agent.location).status, 200);
    }
}
