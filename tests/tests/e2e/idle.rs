//! Programs that wait for work.

use crate::world::World;

/// KiB that a program at rest allocates at most.
const ANONYMOUS_MAX: u64 = 6 * 1024;

#[test]
fn serial_idle_programs_are_small() {
    let world = World::start();
    let mut agent = world.agent("", "127.0.0.1:1");
    // Debug builds carry far more code than what is shipped; what they allocate is the same.
    let (agent_bar, gateway_bar) = if cfg!(debug_assertions) {
        (32, 18)
    } else {
        (12, 13)
    };
    for (name, process, bar) in [
        ("agent", &*agent.process(), agent_bar),
        ("gateway", &world.gateway, gateway_bar),
    ] {
        let pss = process.kib("smaps_rollup", "Pss:");
        let anonymous = process.kib("smaps_rollup", "Pss_Anon:");
        println!("{name}: {pss} KiB, {anonymous} KiB of them not from files");
        assert!(pss < bar * 1024, "{name} takes {pss} KiB");
        assert!(
            anonymous < ANONYMOUS_MAX,
            "{name} allocates {anonymous} KiB"
        );
    }
}
