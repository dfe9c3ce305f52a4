//! Programs that are asked to end while requests run.

use crate::http::{HELLO, connections_to};
use crate::process::{Process, until};
use crate::world::World;

const SLOW: usize = 50;
/// How long each takes: enough for all to have begun when the first ends.
const PATH: &str = "/slow/1500";

/// Starts the requests and waits until the back end has them all.
fn running(world: &World, backend: &str) -> Process {
    let requests = world.many(SLOW, PATH);
    until("all requests run", || {
        (connections_to(backend, &[]) == SLOW).then_some(())
    });
    requests
}

fn all_succeeded(requests: &Process) {
    let codes = until("all requests ended", || {
        let codes = requests.output();
        (codes.lines().count() == SLOW).then_some(codes)
    });
    assert!(codes.lines().all(|code| code == "200"), "{codes}");
}

#[test]
fn serial_a_stopping_gateway_lets_requests_finish() {
    let mut world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let _agent = world.agent("", &address);
    let requests = running(&world, &address);
    world.gateway.terminate();
    assert!(world.gateway.wait().success());
    all_succeeded(&requests);
}

#[test]
fn serial_a_stopping_agent_lets_requests_finish() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let mut agent = world.agent("", &address);
    let requests = running(&world, &address);
    agent.process().terminate();
    // New ones are still taken or told to go elsewhere, and nothing else.
    until("new requests are refused", || {
        let answer = world.get(HELLO);
        assert!([200, 503].contains(&answer.status), "{answer:?}");
        (answer.status == 503).then_some(())
    });
    assert_eq!(requests.output(), "", "the old ones still run");
    assert!(agent.process().wait().success());
    all_succeeded(&requests);
    assert_eq!(world.get(HELLO).status, 503);
    assert!(!agent.dir.join("status.json").exists());
}
