//! One agent hands its subaccount over to another while applications call.

mod load;
mod words;

use serde_json::{Value, json};
use underpass_runtime::clock;

use self::load::Load;
use super::socket::Answer;
use crate::agent::Agent;
use crate::http::HELLO;
use crate::process::{json as parse, run, until};
use crate::world::World;

const MIGRATION: &str = "/api/v1/migration";

/// Two agents and what one asks of them.
struct Pair {
    source: Agent,
    target: Agent,
    name: Value,
}

fn id() -> String {
    underpass_runtime::random::id().to_string()
}

impl Pair {
    /// The source serves; the target has its mappings, as a restore without enrolments leaves them.
    fn start(world: &World, location: &str, backend: &str) -> Self {
        let mut source = world.enrol(location, &[]);
        source.expose(&[("backend.virtual:80", backend)]);
        let document = source.document();
        source.run();
        source.until_up();
        let path = world.path(&format!("target-{location}"));
        let mut target = Agent::new(path, location, &[]);
        std::fs::create_dir(&target.dir).unwrap();
        let mut restored = document.clone();
        let fresh = "00000000-0000-4000-8000-000000000007";
        restored["subaccounts"][0]["instance"] = json!(fresh);
        restored["subaccounts"][0]["credential"] = json!(fresh);
        restored["subaccounts"][0]["connected"] = json!(false);
        run(target.command(&["document", "apply", &target.write(&restored)]));
        target.run();
        until("the target runs", || {
            std::fs::metadata(target.dir.join("status.json")).ok()
        });
        let own = &document["subaccounts"][0];
        let name = json!({"regionHost": own["regionHost"], "subaccount": own["subaccount"],
                          "locationID": own["locationId"]});
        Self {
            source,
            target,
            name,
        }
    }

    fn csr(&self, id: &str, name: &Value) -> String {
        let asked = json!({"handover": id, "subaccounts": [name]});
        let answer = post(&self.target, "csr", &asked);
        let csr = done(&answer)["requests"][0]["csr"].clone();
        csr.as_str().unwrap().to_owned()
    }

    fn vouch(&self, id: &str, valid_sec: u32) -> Value {
        let mut request = self.name.clone();
        request["csr"] = json!(self.csr(id, &self.name));
        let asked = json!({"handover": id, "mode": "move", "validSec": valid_sec,
                           "requests": [request]});
        done(&post(&self.source, "vouch", &asked))
    }

    fn accept(&self, vouched: &Value) -> Value {
        let shown = done(&post(&self.target, "accept", vouched));
        until("the target waits", || {
            let state = state(&self.target);
            (state == "waiting").then_some(())
        });
        shown
    }

    /// The target is connected, and requests still go to the source.
    fn offer(&self, id: &str, valid_sec: u32) {
        let vouched = self.vouch(id, valid_sec);
        self.accept(&vouched);
    }

    fn ready(&self, id: &str) {
        let shown = done(&post(&self.target, "ready", &json!({"handover": id})));
        assert_eq!(shown["parts"][0]["state"], "ready");
    }
}

fn post(agent: &Agent, call: &str, body: &Value) -> Answer {
    agent.send(
        "POST",
        &format!("{MIGRATION}/{call}"),
        &[],
        &body.to_string(),
    )
}

fn done(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

fn refused(answer: &Answer, status: u16, text: &str) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert!(answer.body.contains(text), "{answer:?}");
}

/// The state of the newest handover's only part.
fn state(agent: &Agent) -> String {
    let list = agent.ask("GET", MIGRATION, &[]).json();
    let newest = list["handovers"].as_array().unwrap().last().unwrap();
    newest["parts"][0]["state"].as_str().unwrap().to_owned()
}

/// The connections of the only agent at the gateway: instance, and how many carry and wait.
fn carrying(world: &World) -> (String, usize, usize) {
    let agents = parse(&run(world.command(&["agents", "--json"])));
    let agent = &agents["agents"][0];
    let connections = agent["connections"].as_array().unwrap();
    let waiting = connections.iter().filter(|one| one["waits"].is_string());
    let waiting = waiting.count();
    let instance = agent["instance"].as_str().unwrap().to_owned();
    (instance, connections.len() - waiting, waiting)
}

#[test]
fn serial_a_move_and_its_rollback_lose_no_request() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let pair = Pair::start(&world, "", &address);
    let (first, ..) = carrying(&world);
    let load = Load::start(&world);
    load.pass(50);

    let id_1 = id();
    pair.offer(&id_1, 600);
    let (holder, carry, wait) = carrying(&world);
    assert_eq!((holder, carry, wait), (first.clone(), 2, 2));
    load.pass(50);
    // Not before the target carries.
    let release = json!({"handover": id_1, "mode": "disable"});
    refused(
        &post(&pair.source, "release", &release),
        409,
        "does not carry",
    );
    let began = clock::monotonic();
    pair.ready(&id_1);
    println!("cut-over: {:?}", clock::monotonic() - began);
    assert_eq!(carrying(&world).1, 2);
    load.pass(50);
    done(&post(&pair.source, "release", &release));
    until("the source is down", || {
        (pair.source.up() == 0).then_some(())
    });
    assert_eq!(world.get(HELLO).status, 200);
    load.pass(50);

    // Back: the source connects and carries before the target ends.
    let shown = done(&post(&pair.source, "abort", &json!({"handover": id_1})));
    assert_eq!(shown["parts"][0]["state"], "aborted");
    pair.source.until_up();
    load.pass(50);
    done(&post(&pair.target, "abort", &json!({"handover": id_1})));
    until("the target is down", || {
        (pair.target.up() == 0).then_some(())
    });
    load.pass(50);

    let id_2 = id();
    pair.offer(&id_2, 600);
    pair.ready(&id_2);
    load.pass(50);
    let remove = json!({"handover": id_2, "mode": "remove"});
    let shown = done(&post(&pair.source, "release", &remove));
    assert_eq!(shown["parts"][0]["state"], "completed");
    until("the place is the target's", || {
        let (holder, carry, wait) = carrying(&world);
        (holder != first && (carry, wait) == (2, 0)).then_some(())
    });
    load.pass(50);
    let (answered, wrong) = load.end();
    println!("{answered} requests");
    assert!(wrong.is_empty(), "{} of {answered}: {wrong:?}", wrong.len());

    // For good: neither again nor back.
    let again = post(&pair.target, "abort", &json!({"handover": id_2}));
    refused(&again, 409, "is over");
    assert_eq!(pair.source.tell(&["subaccount", "list"]), json!([]));
    assert_eq!(world.get(HELLO).status, 200);
}

#[test]
fn a_handover_is_taken_back_in_each_of_its_states_by_either_side() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let pair = Pair::start(&world, "", &address);
    let before = pair.target.tell(&["document", "show"]);
    let (first, ..) = carrying(&world);
    for (state_at, by_source) in [
        ("requested", false),
        ("vouched", true),
        ("waiting", false),
        ("waiting", true),
        ("ready", false),
        ("ready", true),
    ] {
        let (id, case) = (id(), format!("{state_at}, by the source: {by_source}"));
        match state_at {
            "requested" => drop(pair.csr(&id, &pair.name)),
            "vouched" => drop(pair.vouch(&id, 600)),
            "waiting" => pair.offer(&id, 600),
            _ => {
                pair.offer(&id, 600);
                pair.ready(&id);
            }
        }
        let abort = json!({"handover": id});
        if by_source {
            done(&post(&pair.source, "abort", &abort));
            done(&post(&pair.target, "abort", &abort));
        } else {
            done(&post(&pair.target, "abort", &abort));
            if state_at != "requested" {
                done(&post(&pair.source, "abort", &abort));
                assert_eq!(state(&pair.source), "aborted", "{case}");
            }
        }
        assert_eq!(state(&pair.target), "aborted", "{case}");
        assert_eq!(pair.target.tell(&["document", "show"]), before, "{case}");
        until(&case, || {
            (carrying(&world) == (first.clone(), 2, 0)).then_some(())
        });
        pair.source.until_up();
        assert_eq!(world.get(HELLO).status, 200, "{case}");
        // Once more is the same.
        done(&post(&pair.target, "abort", &abort));
    }
    let agents = parse(&run(world.command(&["status", "--json"])));
    assert_eq!(agents["agents"].as_array().unwrap().len(), 1, "{agents}");
}

/// Whoever carries goes on until the other one does.
#[test]
fn a_source_that_hangs_gets_nothing_back() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let mut pair = Pair::start(&world, "", &address);
    let id = id();
    pair.offer(&id, 600);
    pair.ready(&id);
    pair.source.process().signal("STOP");
    let abort = json!({"handover": id});
    std::thread::scope(|scope| {
        let aborting = scope.spawn(|| post(&pair.target, "abort", &abort));
        while !aborting.is_finished() {
            assert_eq!(world.get(HELLO).status, 200);
        }
        let answer = aborting.join().unwrap();
        assert!(answer.status >= 400, "{answer:?}");
    });
    assert_eq!(world.get(HELLO).status, 200);
    pair.source.process().signal("CONT");
    until("the source carries again", || {
        (post(&pair.target, "abort", &abort).status == 200).then_some(())
    });
    assert_eq!(world.get(HELLO).status, 200);
}

#[test]
fn at_its_time_a_handover_ends_where_it_stands() {
    const VALID: u32 = 10;
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let unready = Pair::start(&world, "a", &address);
    let ready = Pair::start(&world, "b", &address);
    let (one, two) = (id(), id());
    unready.offer(&one, VALID);
    ready.offer(&two, VALID);
    ready.ready(&two);
    until("the handovers end", || {
        let ended = [
            (&unready.source, "aborted"),
            (&unready.target, "aborted"),
            (&ready.source, "completed"),
            (&ready.target, "completed"),
        ];
        ended
            .iter()
            .all(|(agent, wanted)| state(agent) == *wanted)
            .then_some(())
    });
    until("who has no place is out", || {
        let all = [
            &unready.source,
            &unready.target,
            &ready.source,
            &ready.target,
        ];
        (all.map(Agent::up) == [2, 0, 0, 2]).then_some(())
    });
    for location in ["a", "b"] {
        assert_eq!(world.get_at(HELLO, location).status, 200);
    }
    // It is too late for a word.
    let late = post(&ready.source, "abort", &json!({"handover": two}));
    assert_eq!(late.json()["parts"][0]["state"], "completed", "{late:?}");
    refused(
        &post(&unready.target, "ready", &json!({"handover": one})),
        409,
        "Aborted",
    );
}

#[test]
fn a_copy_serves_beside_its_source() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let mut pair = Pair::start(&world, "", &address);
    let id = id();
    let name = json!({"regionHost": pair.name["regionHost"],
                      "subaccount": pair.name["subaccount"], "locationID": "copy"});
    let mut request = pair.name.clone();
    request["csr"] = json!(pair.csr(&id, &name));
    let mut asked = json!({"handover": id, "mode": "copy", "requests": [request]});
    refused(&post(&pair.source, "vouch", &asked), 400, "newLocationID");
    asked["requests"][0]["newLocationID"] = json!("copy");
    let vouched = done(&post(&pair.source, "vouch", &asked));
    done(&post(&pair.target, "accept", &vouched));
    until("the copy is up", || (pair.target.up() == 2).then_some(()));
    done(&post(&pair.target, "ready", &json!({"handover": id})));
    done(&post(&pair.source, "release", &json!({"handover": id})));
    assert_eq!(
        (state(&pair.source).as_str(), pair.source.up()),
        ("completed", 2)
    );
    assert_eq!(world.get(HELLO).status, 200);
    // It has no mappings of its own yet, and says so itself.
    assert_eq!(world.get_at(HELLO, "copy").status, 403);
    pair.source.process().terminate();
    assert!(pair.source.process().wait().success());
    assert_eq!(pair.target.up(), 2);
}

#[test]
fn a_target_tells_what_it_reaches() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let pair = Pair::start(&world, "", &address);
    let port: u16 = address.rsplit_once(':').unwrap().1.parse().unwrap();
    let system =
        |port: u16| json!({"localHost": "127.0.0.1", "localPort": port, "protocol": "HTTP"});
    let asked = json!({"systems": [system(port), system(1)],
                       "gateways": [world.text("regionHost"), format!("localhost:{port}"), "localhost:1"]});
    let seen = done(&post(&pair.target, "preflight", &asked));
    let reached = |list: &str| -> Vec<bool> {
        let all = seen[list].as_array().unwrap().iter();
        all.map(|one| one["check"]["reachable"].as_bool().unwrap())
            .collect()
    };
    assert_eq!(reached("systems"), [true, false], "{seen}");
    assert_eq!(reached("gateways"), [true, false, false], "{seen}");
    let tls = seen["gateways"][0]["check"]["steps"][1]["seen"].as_str();
    assert!(tls.unwrap().contains("TLS is spoken"), "{seen}");
    let steps = seen["gateways"][2]["check"]["steps"].as_array().unwrap();
    assert_eq!(steps[0]["step"], "connection", "{seen}");
    let many = json!({"systems": vec![system(1); 1_001]});
    refused(&post(&pair.target, "preflight", &many), 400, "1000 entries");
}
