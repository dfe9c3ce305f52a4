//! A path that swallows packets and says nothing.

use std::time::Duration;

use underpass_runtime::clock;

use crate::agent::{Agent, total_up};
use crate::http::{BACKEND, HELLO, connections_to};
use crate::netns::{Link, Namespace};
use crate::process::{json, run, until};
use crate::world::World;

const AGENTS: usize = 10;
/// Silence until both ends have noticed.
const NOTICED: Duration = Duration::from_secs(13);
/// From the path's return to the tunnels'.
const REPLACED: Duration = Duration::from_secs(3);

/// The link of this process: each has a network of its own.
fn link() -> Link {
    let pid = std::process::id();
    let at = |offset: u32| format!("10.213.{}.{}", pid / 64 % 256, pid % 64 * 4 + offset);
    Link {
        name: format!("up{pid}"),
        outside: at(1),
        inside: at(2),
    }
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
    let link = link();
    let namespace = Namespace::create("underpass-", "", &link);
    let inside = namespace.inside();
    let world = World::start_on(&link.outside);
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
        namespace.swallow();
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
