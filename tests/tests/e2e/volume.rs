//! Large bodies and small memory.

use std::process::Command;

use crate::process::run;
use crate::world::World;

const BULK: u64 = 2 << 30;
/// What gateway and agent may each have used at their peak.
const PEAK_KIB: u64 = 64 * 1024;

#[test]
fn serial_two_gib_down_and_up_in_little_memory() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let mut agent = world.agent("", &address);
    let (token, proxy) = (world.authorization(), world.text("proxy"));
    let curl = format!("curl -sSf --max-time 300 -x http://{proxy} -H '{token}'");
    let shell = |script: &str| run(Command::new("bash").args(["-o", "pipefail", "-c", script]));
    let direct = format!("curl -sSf --noproxy '*' http://{address}/bytes/{BULK}");
    let expected = shell(&format!("{direct} | sha256sum"));
    let down = shell(&format!(
        "{curl} http://backend.virtual/bytes/{BULK} | sha256sum"
    ));
    assert_eq!(down, expected);
    // Up and down again: the echo proves what arrived.
    let up = shell(&format!(
        "{direct} | {curl} -H Expect: -T - -X POST http://backend.virtual/echo | sha256sum"
    ));
    assert_eq!(up, expected);
    for (name, process) in [("gateway", &world.gateway), ("agent", agent.process())] {
        let peak = process.kib("status", "VmHWM:");
        println!("{name}: peak {peak} KiB");
        assert!(peak < PEAK_KIB, "{name} used {peak} KiB");
    }
}

#[test]
fn serial_idle_programs_are_small() {
    let world = World::start();
    let mut agent = world.agent("", "127.0.0.1:1");
    let agent_kib = agent.process().kib("smaps_rollup", "Pss:");
    let gateway_kib = world.gateway.kib("smaps_rollup", "Pss:");
    println!("agent {agent_kib} KiB, gateway {gateway_kib} KiB");
    // Debug builds carry more code; what is shipped is measured by the bench.
    let bars = if cfg!(debug_assertions) {
        (24, 30)
    } else {
        (12, 15)
    };
    assert!(agent_kib < bars.0 * 1024, "agent {agent_kib} KiB");
    assert!(gateway_kib < bars.1 * 1024, "gateway {gateway_kib} KiB");
}
