//! A gateway that goes away for a moment.

use std::time::Duration;

use underpass_runtime::clock;

use crate::agent::{Agent, total_up};
use crate::http::HELLO;
use crate::process::until;
use crate::world::World;

const AGENTS: usize = 5;
/// How long the gateway is away, round by round; all together it is one restless minute.
const AWAY_MS: [u64; 10] = [300, 4_500, 500, 2_000, 300, 3_000, 1_000, 300, 1_500, 4_000];
/// From listening again to both tunnel connections of an agent being up.
const BACK: Duration = Duration::from_secs(2);

/// Ten outages, five agents: the return of 50 agents is measured, each with two connections.
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
    until("all tunnels are up", || {
        (total_up(&agents) == 2 * AGENTS).then_some(())
    });
    let mut returns = Vec::new();
    for away in AWAY_MS {
        world.gateway.kill();
        until("all agents noticed", || {
            (total_up(&agents) == 0).then_some(())
        });
        std::thread::sleep(Duration::from_millis(away));
        world.restart_gateway();
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
        returns.extend(back.into_iter().flatten());
        // They are more than told: each carries a request, which its agent denies.
        for agent in &agents {
            let answer = world.get_at(HELLO, &agent.location);
            assert_eq!(answer.status, 403, "{answer:?}");
        }
    }
    let longest = returns.iter().max().unwrap();
    let in_time = returns.iter().filter(|&&back| back < BACK).count();
    println!(
        "{in_time} of {} back within 2 s, the last after {:.2} s",
        returns.len(),
        longest.as_secs_f64()
    );
    assert_eq!(in_time, returns.len(), "{returns:?}");
}
