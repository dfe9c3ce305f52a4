//! Back ends that are asked from time to time, though nobody calls them.

use serde_json::{Value, json};

use crate::agent::Agent;
use crate::process::{refuse, run, until};
use crate::world::World;

fn probed(agent: &Agent, name: &str) -> Option<Value> {
    let all = agent.ask("GET", "/api/v1/probes", &[]).json();
    let all = all["probes"].as_array()?.clone();
    all.into_iter()
        .find(|one| one["virtualAddress"].as_str().unwrap().starts_with(name))
}

fn answered(agent: &Agent, name: &str, up: bool) -> Value {
    until(name, || probed(agent, name).filter(|one| one["up"] == up))
}

/// Sets the probes of three mappings, while the agent is stopped.
fn set_probes(agent: &Agent) {
    let mut document = agent.document();
    let before = document["subaccounts"][0]["mappings"].clone();
    assert!(before[0].get("probe").is_none(), "{before}");
    for (at, probe) in [
        (0, json!({"everySec": 1, "timeoutSec": 5, "path": "/hello"})),
        (1, json!(null)),
        (2, json!({"everySec": 1})),
    ] {
        let all = document["subaccounts"][0]["mappings"]
            .as_array_mut()
            .unwrap();
        // They are sorted by their names.
        let name = ["up", "silent", "guarded"][at];
        let one = all
            .iter_mut()
            .find(|one| one["virtualAddress"].as_str().unwrap().starts_with(name));
        one.unwrap()["probe"] = probe;
    }
    run(agent.command(&["document", "apply", &agent.write(&document)]));
}

#[test]
fn back_ends_are_asked_and_told_of_when_they_do_not_answer() {
    let world = World::start();
    let (mut backend, address) = world.sample_backend(&[]);
    let (_nginx, files) = world.nginx();
    let mut agent = world.enrol("", &[]);
    agent.expose(&[
        ("up.virtual:80", &address),
        ("silent.virtual:80", &address),
        ("guarded.virtual:80", "169.254.169.254:80"),
    ]);
    set_probes(&agent);
    agent.run();
    agent.until_up();
    run(agent.command(&[
        "mapping",
        "add",
        "files.virtual:80",
        &files,
        "--probe-every",
        "1",
    ]));
    let up = answered(&agent, "up", true);
    assert_eq!(
        (&up["failures"], &up["regionHost"].is_string()),
        (&json!(0), &true)
    );
    assert!(
        up["message"].as_str().unwrap().contains("HEAD /hello"),
        "{up}"
    );
    // Without a path, that something answers is enough.
    answered(&agent, "files", true);
    let guarded = answered(&agent, "guarded", false);
    assert!(
        guarded["message"]
            .as_str()
            .unwrap()
            .contains("169.254.169.254"),
        "{guarded}"
    );
    assert!(probed(&agent, "silent").is_none());
    let diagnosed = |kind: &str| {
        let all = agent.tell(&["diagnosis", "list"]).to_string();
        all.contains(&format!("\"{kind}\""))
    };
    until("the guarded one is told of", || {
        diagnosed("backendGuarded").then_some(())
    });
    assert!(!diagnosed("backendRefuses"));

    backend.kill();
    let down = answered(&agent, "up", false);
    assert!(
        down["message"].as_str().unwrap().contains("refused"),
        "{down}"
    );
    until("it fails again", || {
        let failures = probed(&agent, "up")?["failures"].as_u64().unwrap();
        (failures >= 2).then_some(())
    });
    assert_eq!(probed(&agent, "up").unwrap()["sinceMs"], down["sinceMs"]);
    until("the one that refuses is told of", || {
        diagnosed("backendRefuses").then_some(())
    });
    wrong_probes_are_refused_and_none_ends_them(&agent);
    let refused = agent.command(&["mapping", "add", "x:1", &files, "--probe-path", "/x"]);
    assert!(refuse(refused).contains("--probe-every"));
}

/// Who is never asked, or no longer, is not shown.
fn wrong_probes_are_refused_and_none_ends_them(agent: &Agent) {
    let path = agent.subaccount_path();
    let mapping = format!("{path}/systemMappings/files.virtual:80");
    let mut input = agent.ask("GET", &mapping, &[]).json();
    assert_eq!(input["probe"]["everySec"], 1);
    let wrong = |probe: Value| {
        let mut input = input.clone();
        input["probe"] = probe;
        agent.send("PUT", &mapping, &[], &input.to_string())
    };
    for (probe, field) in [
        (json!({"everySec": 86_401}), "probe.everySec"),
        (json!({"everySec": 9, "path": "x"}), "probe.path"),
        (json!({"every": 9}), "probe.every"),
    ] {
        let answer = wrong(probe);
        assert_eq!(
            (answer.status, &answer.json()["field"]),
            (400, &json!(field)),
            "{answer:?}"
        );
    }
    input["probe"] = json!({"everySec": 0});
    let answer = agent.send("PUT", &mapping, &[], &input.to_string());
    assert_eq!(answer.status, 204, "{answer:?}");
    until("it is asked no more", || {
        probed(agent, "files").is_none().then_some(())
    });
}
