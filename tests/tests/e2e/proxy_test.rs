//! What `underpass-agent proxy test` sees on the way through a proxy.

use std::process::Command;

use serde_json::Value;

use crate::agent::Agent;
use crate::connect_proxy::{ConnectProxy, PASSWORD};
use crate::process::{json, run};
use crate::world::World;

/// Name, outcome and words of each step, and whether all went well.
fn walk(agent: &Agent, arguments: &[&str], password: &str) -> (bool, Vec<[String; 3]>) {
    let words = [&["proxy", "test", "--json"], arguments].concat();
    let mut command: Command = agent.command(&words);
    let output = command.env("UNDERPASS_PROXY_PASSWORD", password).output();
    let output = output.unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.stdout.is_empty(), "{told}");
    let report = json(&String::from_utf8(output.stdout).unwrap());
    assert!(!report.to_string().contains(PASSWORD), "{report}");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let steps = report["checks"].as_array().unwrap().iter().map(|check| {
        assert!(check["millis"].is_u64(), "{check}");
        let words = format!("{} {}", text(&check["seen"]), text(&check["advice"]));
        [text(&check["name"]), text(&check["outcome"]), words]
    });
    (output.status.success(), steps.collect())
}

#[track_caller]
fn assert_steps(steps: &[[String; 3]], expected: &[(&str, &str, &str)]) {
    assert_eq!(steps.len(), expected.len(), "{steps:?}");
    for ([name, outcome, words], (what, how, says)) in steps.iter().zip(expected) {
        assert_eq!((name.as_str(), outcome.as_str()), (*what, *how), "{words}");
        assert!(words.contains(says), "{words}");
    }
}

#[test]
fn each_step_through_a_proxy_is_told() {
    const NAME: (&str, &str, &str) = ("name of the proxy", "ok", "127.0.0.1");
    const TCP: (&str, &str, &str) = ("connection to the proxy", "ok", "127.0.0.1");
    const CONNECT: (&str, &str, &str) = ("CONNECT", "ok", "is open");
    let mut world = World::start();
    let proxy = ConnectProxy::start();
    let gateway = world.text("tunnel").replace("127.0.0.1", "localhost");

    // Before there is an agent.
    let nobody = Agent::new(world.path("nobody"), "", &[]);
    let (well, steps) = walk(&nobody, &[&proxy.url(), "--host", &gateway], PASSWORD);
    assert!(well);
    let seen = ("TLS with the gateway", "warn", "Underpass gateway CA");
    assert_steps(&steps, &[NAME, TCP, CONNECT, seen]);
    assert!(!nobody.dir.exists());

    // With the proxy that is set, whether the agent runs or not.
    let mut agent = world.enrol("", &[]);
    let mut set = agent.command(&["proxy", "set", &proxy.url()]);
    run(set.env("UNDERPASS_PROXY_PASSWORD", PASSWORD));
    let pinned = ("TLS with the gateway", "ok", "the gateway that was pinned");
    assert_steps(&walk(&agent, &[], "").1, &[NAME, TCP, CONNECT, pinned]);
    agent.run();
    agent.until_up();
    let (well, steps) = walk(&agent, &[], "");
    assert!(well);
    assert_steps(&steps, &[NAME, TCP, CONNECT, pinned]);

    let (well, steps) = walk(&agent, &[&proxy.url()], "wrong");
    assert!(!well);
    assert_steps(&steps, &[NAME, TCP, ("CONNECT", "fail", "(407)")]);

    world.gateway.kill();
    let (well, steps) = walk(&agent, &[], "");
    assert!(!well);
    assert_steps(&steps, &[NAME, TCP, ("CONNECT", "fail", "(502")]);

    drop(proxy);
    let (well, steps) = walk(&agent, &[], "");
    assert!(!well);
    let refused = ("connection to the proxy", "fail", "refused");
    assert_steps(&steps, &[NAME, refused]);

    let unknown = ["http://proxy.invalid:3128", "--host", "gateway.invalid"];
    let (well, steps) = walk(&nobody, &unknown, "");
    assert!(!well);
    assert_steps(&steps, &[("name of the proxy", "fail", "DNS")]);
}
