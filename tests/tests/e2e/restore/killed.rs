//! A running agent that is killed while it restores: its next start finishes that or takes it back.

use std::time::Duration;

use underpass_runtime::clock;

use super::{back_up, key, mark, restore, state};
use crate::agent::Agent;
use crate::faults::copy;
use crate::process::{Process, in_full, until};
use crate::world::World;

/// How often it is killed, each time a little later, and how often in full.
const KILLS: u32 = 8;
const KILLS_IN_FULL: u32 = 100;

/// Starts an agent and waits until it can be managed.
fn started(agent: &mut Agent) {
    drop(std::fs::remove_file(agent.dir.join("addresses.json")));
    agent.run();
    let addresses = agent.dir.join("addresses.json");
    until("the management API is reachable", || {
        addresses.exists().then_some(())
    });
}

#[test]
fn a_running_agent_that_is_killed_while_it_restores_has_the_old_state_or_the_new_one() {
    let world = World::start();
    let (recipient, key) = key(&world);
    let other = world.enrol("other", &[]);
    mark(&other, "other");
    let archive = back_up(&world, &other, "other.zip", &recipient);
    let own = world.enrol("own", &[]);
    mark(&own, "own");
    // It gets its identity.
    back_up(&world, &own, "own.zip", &recipient);
    let mut agent = Agent::new(world.path("copy"), "own", &[]);
    let parts = "subaccounts,mappings,trust,settings,identity,operators";
    let log = world.path("restore.log");
    let begin = |agent: &Agent| {
        let mut command = restore(agent, &archive, &key, &["--only", parts, "--yes"]);
        Process::start(&mut command, log.clone())
    };

    copy(&own.dir, &agent.dir);
    let old = state(&agent);
    started(&mut agent);
    let began = clock::monotonic();
    assert!(begin(&agent).wait().success());
    let took = clock::monotonic() - began;
    agent.process().kill();
    let new = state(&agent);
    assert_eq!(new.0["connector"]["description"], "other");

    let kills = if in_full() { KILLS_IN_FULL } else { KILLS };
    let (mut olds, mut news) = (0, 0);
    for number in 0..kills {
        copy(&own.dir, &agent.dir);
        started(&mut agent);
        let mut restoring = begin(&agent);
        // From before it was asked until it has answered, at last surely.
        let later = took * number / (kills - 1);
        std::thread::sleep(later + Duration::from_millis(1));
        if number == kills - 1 {
            restoring.wait();
        }
        agent.process().kill();
        let acknowledged = restoring.wait().success();
        started(&mut agent);
        let shown = agent.document();
        agent.process().kill();
        let found = state(&agent);
        assert_eq!(found.0, shown, "after {later:?}");
        let is_new = found == new;
        assert!(
            is_new || found == old,
            "after {later:?}: neither old nor new"
        );
        assert!(
            is_new || !acknowledged,
            "after {later:?}: acknowledged and lost"
        );
        if is_new { news += 1 } else { olds += 1 }
    }
    println!("{kills} kills within {took:?}: {olds} times the old state, {news} times the new one");
    assert!(news > 0);
}
