//! Crowds: many requests, many connections, and many that leave without a word.

use std::time::Duration;

use underpass_runtime::clock;

use crate::crowd::Crowd;
use crate::http::{HELLO, connections_to};
use crate::process::until;
use crate::world::World;

const SLOW: usize = 1_000;
const SLOW_TIME: Duration = Duration::from_secs(7);
const IDLE: usize = 10_000;
/// Resident memory that each program may take with all of them.
const IDLE_KIB: u64 = 250 * 1024;
const RESETS: usize = 512;
const RESET_ROUNDS: usize = 20;
/// Requests that run while a program is killed.
const KILLED: usize = 100;
/// How soon consumers are told that their agent is gone.
const TOLD: Duration = Duration::from_secs(2);

#[test]
fn serial_a_thousand_slow_requests_succeed_together() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let _agent = world.agent("", &address);
    let crowd = Crowd::new(&world);
    let start = clock::monotonic();
    let codes = crowd.get_all(SLOW, "/slow/2000");
    let took = clock::monotonic() - start;
    println!("{SLOW} slow requests took {took:?}");
    assert_eq!(codes, vec![200; SLOW]);
    assert!(took < SLOW_TIME, "{took:?}");
}

#[test]
fn serial_ten_thousand_idle_consumers_cost_little() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let mut agent = world.agent("", &address);
    let crowd = Crowd::new(&world);
    let mut consumers = crowd.keep_open(IDLE, "/hello");
    assert_eq!(connections_to(&world.text("proxy"), &[]), IDLE);
    for (name, process) in [("gateway", &world.gateway), ("agent", &*agent.process())] {
        let resident = process.number("status", "VmRSS:");
        println!("{name} with {IDLE} idle consumers: {resident} KiB");
        assert!(resident < IDLE_KIB, "{name} takes {resident} KiB");
    }
    let some = consumers.iter_mut().step_by(IDLE / 100);
    assert_eq!(crowd.use_again(some, "/hello"), vec![200; 100]);
}

/// In the middle of everything that a request consists of.
#[test]
fn serial_consumers_that_leave_abruptly_harm_nobody() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let mut agent = world.agent("", &address);
    let crowd = Crowd::new(&world);
    let mut cut = crowd.get("/hello");
    cut.truncate(cut.len() / 2);
    let requests = [
        cut,
        crowd.get("/slow/5000"),
        crowd.get("/bytes/100000000"),
        crowd.unfinished_upload("/echo"),
    ];
    for round in 0..RESET_ROUNDS {
        let wait = Duration::from_millis(20 * (round as u64 % 5));
        crowd.reset_all(RESETS, &requests[round % requests.len()], wait);
        assert_eq!(world.get(HELLO).status, 200, "round {round}");
    }
    assert_eq!(crowd.get_all(RESETS, "/hello"), vec![200; RESETS]);
    until("the back end is left alone", || {
        (connections_to(&address, &[]) <= RESETS).then_some(())
    });
    assert_eq!(agent.up(), 2);
    assert_eq!(world.logged("tunnel up"), 2, "a tunnel was replaced");
    assert_eq!(world.logged("tunnel down"), 0, "a tunnel was lost");
    for log in [world.gateway.output(), agent.process().output()] {
        assert!(!log.contains("WARN") && !log.contains("ERROR"), "{log}");
    }
}

#[test]
fn serial_an_agent_killed_under_load_is_noticed_at_once() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let mut agent = world.agent("", &address);
    let crowd = Crowd::new(&world);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let codes = crowd.get_all(KILLED, "/slow/60000");
            (codes, clock::monotonic())
        });
        until("all requests wait", || {
            (connections_to(&address, &[]) == KILLED).then_some(())
        });
        agent.process().kill();
        let killed = clock::monotonic();
        let (codes, told) = waiting.join().unwrap();
        assert!(
            codes.iter().all(|code| [502, 503].contains(code)),
            "{codes:?}"
        );
        assert!(told < killed + TOLD, "{:?}", told - killed);
    });
    assert_eq!(world.get(HELLO).status, 503);
    agent.run();
    agent.until_up();
    assert_eq!(world.get(HELLO).status, 200);
}

#[test]
fn serial_a_gateway_killed_under_load_comes_back() {
    let mut world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let agent = world.agent("", &address);
    let crowd = Crowd::new(&world);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| crowd.get_all(KILLED, "/slow/60000"));
        until("all requests wait", || {
            (connections_to(&address, &[]) == KILLED).then_some(())
        });
        world.gateway.kill();
        assert_eq!(waiting.join().unwrap(), vec![0; KILLED]);
    });
    // What nobody waits for any more ends at the back end as well.
    until("the back end is left alone", || {
        (connections_to(&address, &[]) == 0).then_some(())
    });
    world.restart_gateway();
    agent.until_up();
    until("requests pass", || {
        (world.get(HELLO).status == 200).then_some(())
    });
}
