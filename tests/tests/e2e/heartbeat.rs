//! The URL that agents ask while they serve, for a monitor outside.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::agent::Agent;
use crate::process::{json, refuse, run, until};
use crate::world::World;

/// Seconds between two heartbeats.
const EVERY: u64 = 2;

/// A monitor that counts what it is asked, and answers 200.
fn monitor() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/ping/x?agent=1", listener.local_addr().unwrap());
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let mut head = String::new();
            while stream.read_line(&mut head).unwrap() > 2 {}
            if head.starts_with("GET /ping/x?agent=1 HTTP/1.1\r\n") {
                counted.fetch_add(1, Ordering::SeqCst);
            }
            let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK";
            // A killed agent may have left.
            drop(stream.get_mut().write_all(answer));
        }
    });
    (url, count)
}

fn problem(agent: &Agent) -> Option<String> {
    let text = std::fs::read_to_string(agent.dir.join("status.json")).ok()?;
    let problem = json(&text)["heartbeat"]["problem"].clone();
    problem.as_str().map(str::to_owned)
}

#[test]
fn a_monitor_hears_of_an_agent_while_it_serves_and_not_without_it() {
    let mut world = World::start();
    let mut agent = world.enrol("", &[]);
    let (url, count) = monitor();
    let asked = || count.load(Ordering::SeqCst);
    let refused = refuse(agent.command(&["heartbeat", "set", &url, "--every", "0"]));
    assert!(refused.contains("everySec"), "{refused}");
    let every = EVERY.to_string();
    run(agent.command(&["heartbeat", "set", &url, "--every", &every]));
    assert_eq!(asked(), 0);
    agent.run();
    agent.until_up();
    until("the monitor is asked twice", || {
        (asked() >= 2).then_some(())
    });
    let status = json(&run(agent.command(&["status", "--json"])));
    assert!(status["heartbeat"]["sentMs"].is_i64(), "{status}");
    assert!(run(agent.command(&["status"])).contains("heartbeat sent"));

    // An agent that lives but serves nobody is none.
    world.gateway.kill();
    let text = until("the heartbeat is withheld", || problem(&agent));
    assert_eq!(text, "withheld, for 1 of 1 tunnels are down");
    let before = asked();
    world.restart_gateway();
    agent.until_up();
    until("it is asked again", || (asked() > before).then_some(()));

    agent.process().kill();
    let last = asked();
    // Silence is what is tested, for longer than one comes after the other.
    std::thread::sleep(Duration::from_secs(EVERY + 2));
    assert_eq!(asked(), last);
    agent.run();
    until("it is asked after the start", || {
        (asked() > last).then_some(())
    });
    run(agent.command(&["heartbeat", "off"]));
    assert!(run(agent.command(&["heartbeat", "show"])).contains("no heartbeat"));
}
