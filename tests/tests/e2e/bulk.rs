//! Large bodies in little memory.

use std::process::Command;

use underpass_runtime::clock;

use crate::http::BACKEND;
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
    let token = world.tenant.authorization();
    let proxy = world.text("proxy");
    let curl = format!("curl -sSf --max-time 300 -x http://{proxy} -H '{token}'");
    let direct = format!("curl -sSf --noproxy '*' http://{address}/bytes/{BULK}");
    let hash = |what: &str, script: &str| {
        let start = clock::monotonic();
        let script = format!("{script} | sha256sum");
        let hash = run(Command::new("bash").args(["-o", "pipefail", "-c", &script]));
        let took = (clock::monotonic() - start).as_secs_f64();
        println!("{what}: {took:.1} s");
        hash
    };
    let expected = hash("direct", &direct);
    let down = hash("down", &format!("{curl} {BACKEND}/bytes/{BULK}"));
    assert_eq!(down, expected);
    // Up and down again: the echo proves what arrived.
    let upload = "-H Expect: -T - -X POST";
    let up = hash("up", &format!("{direct} | {curl} {upload} {BACKEND}/echo"));
    assert_eq!(up, expected);
    for (name, process) in [("gateway", &world.gateway), ("agent", &*agent.process())] {
        let peak = process.number("status", "VmHWM:");
        println!("{name}: peak {peak} KiB");
        assert!(peak < PEAK_KIB, "{name} used {peak} KiB");
    }
}
