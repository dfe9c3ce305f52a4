//! Programs that wait for work.

use std::time::Duration;

use crate::process::until;
use crate::world::World;

/// KiB that a program at rest allocates at most.
const ANONYMOUS_MAX: u64 = 6 * 1024;
/// How often an agent at rest wakes in a second, for PINGs and timers.
const WAKES_MAX: u64 = 5;

#[test]
fn serial_idle_programs_are_small() {
    let world = World::start();
    let mut agent = world.agent("", "127.0.0.1:1");
    for (name, process, bar) in [
        ("agent", &*agent.process(), 12),
        ("gateway", &world.gateway, 13),
    ] {
        let pss = process.number("smaps_rollup", "Pss:");
        let anonymous = process.number("smaps_rollup", "Pss_Anon:");
        println!("{name}: {pss} KiB, {anonymous} KiB of them not from files");
        // A debug build is mostly code, of which the system maps as much as lies in its cache.
        if !cfg!(debug_assertions) {
            assert!(pss < bar * 1024, "{name} takes {pss} KiB");
        }
        assert!(
            anonymous < ANONYMOUS_MAX,
            "{name} allocates {anonymous} KiB"
        );
    }
}

#[test]
fn serial_an_idle_agent_sleeps() {
    let world = World::start();
    let mut agent = world.agent("", "127.0.0.1:1");
    let process = agent.process();
    let wakes = || process.number("status", "voluntary_ctxt_switches:");
    // The start may still have something to do; then nobody has.
    until("a second in which the agent sleeps", || {
        let before = wakes();
        std::thread::sleep(Duration::from_secs(1));
        (wakes() - before <= WAKES_MAX).then_some(())
    });
}
