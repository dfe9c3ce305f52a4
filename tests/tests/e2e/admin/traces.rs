//! Traces of payload, which take two operators.

use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};
use underpass_fleet::client::{AgentClient, Known};
use underpass_fleet::pairing::pair;
use underpass_runtime::tasks::Tasks;
use underpass_shared::api::management::{Query, Target, TroubleTarget, Verb};

use crate::agent::Agent;
use crate::process::{json as parse, refuse, run, until};
use crate::world::World;

/// Passwords and tokens that no trace may hold.
const SECRETS: [&str; 5] = ["geheim1", "geheim2", "geheim3", "geheim4", "eyJh"];

/// An operator on another host.
struct Remote {
    client: AgentClient,
    runtime: Runtime,
    _tasks: Tasks,
}

impl Remote {
    fn new(agent: &Agent, name: &str, role: &str) -> Self {
        let invite = [
            "pair",
            "--host",
            "127.0.0.1",
            "--role",
            role,
            "--name",
            name,
        ];
        let told = agent.tell(&invite);
        let link = told["pairing"].as_str().unwrap().parse().unwrap();
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let tasks = Tasks::new();
        let known: Known = runtime.block_on(pair(&link, None, &tasks)).unwrap().known;
        let addresses = std::fs::read_to_string(agent.dir.join("addresses.json")).unwrap();
        let address = parse(&addresses)["management"][0].as_str().unwrap().parse();
        Self {
            client: AgentClient::new(address.unwrap(), &known, &tasks).unwrap(),
            runtime,
            _tasks: tasks,
        }
    }

    /// What a call comes to, or why it is refused.
    fn call(&self, verb: Verb, target: TroubleTarget, body: &Value) -> Result<Value, String> {
        let (query, target) = (Query::default(), Target::Trouble(target));
        let called = self.client.send(verb, &target, &query, body);
        let reply = self.runtime.block_on(called);
        let reply = reply.map_err(|error| format!("{error:?}"))?;
        Ok(reply.read().unwrap_or_default())
    }

    fn post(&self, target: TroubleTarget) -> Result<Value, String> {
        self.call(Verb::Post, target, &json!({}))
    }
}

impl World {
    /// A POST with credentials of all kinds.
    fn post(&self, url: &str, kind: &str, body: &str) {
        let kind = format!("Content-Type: {kind}");
        let answer = self.call(&[
            "-H",
            &kind,
            "-H",
            "Authorization: Bearer eyJhbGciOiJub25lIn0.e30.x",
            "-H",
            "Cookie: session=geheim3",
            "--data-binary",
            body,
            url,
        ]);
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}

/// The lines of a trace.
fn content(agent: &Agent, id: u64) -> Vec<Value> {
    let text = run(agent.command(&["trace", "content", &id.to_string()]));
    for secret in SECRETS {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    text.lines().map(parse).collect()
}

fn number(trace: &Value) -> u64 {
    trace["id"].as_u64().unwrap()
}

#[test]
fn a_trace_takes_two_operators_and_holds_no_credentials() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let agent = world.agent("", &address);
    let (anna, ben) = (
        Remote::new(&agent, "anna", "Support"),
        Remote::new(&agent, "ben", "Support"),
    );
    let reader = Remote::new(&agent, "reader", "Display");
    let document = agent.document();
    let of = |name: &str| document["subaccounts"][0][name].clone();
    let mut input = json!({"regionHost": of("regionHost"), "subaccount": of("subaccount"),
                           "virtualHost": "backend.virtual", "virtualPort": 80, "seconds": 600,
                           "megabytes": 1, "bodyBytes": 64, "reason": "ticket 7"});
    let forbidden = reader
        .call(Verb::Post, TroubleTarget::Traces, &input)
        .unwrap_err();
    assert!(forbidden.contains("403"), "{forbidden}");
    let id = asked_for(&anna, &reader, &input);
    world.post(
        "http://backend.virtual/echo",
        "text/plain",
        "before the trace",
    );
    let status = |text: &str| run(agent.command(&["security-status"])).contains(text);
    assert!(status("no payload is traced"));

    let running = ben.post(TroubleTarget::TraceApproval(id)).unwrap();
    assert_eq!(
        (&running["state"], &running["decidedBy"]),
        (&json!("running"), &json!("operator:ben"))
    );
    assert!(status("payload is traced: backend.virtual:80 of"));
    traffic(&world);
    let stopped = anna.post(TroubleTarget::TraceEnd(id)).unwrap();
    assert_eq!(
        (&stopped["state"], &stopped["requests"]),
        (&json!("ended"), &json!(4)),
        "{stopped}"
    );
    world.post(
        "http://backend.virtual/echo",
        "text/plain",
        "after the trace",
    );
    holds_no_credentials(&agent, id);
    is_read_and_recorded(&agent, &reader, id);
    input["virtualHost"] = json!("nowhere.virtual");
    let missing = anna
        .call(Verb::Post, TroubleTarget::Traces, &input)
        .unwrap_err();
    assert!(missing.contains("404"), "{missing}");
}

/// Asks for a trace, which neither who asks nor who only reads approves.
fn asked_for(anna: &Remote, reader: &Remote, input: &Value) -> u64 {
    let asked = anna.call(Verb::Post, TroubleTarget::Traces, input).unwrap();
    let id = number(&asked);
    assert_eq!(
        (&asked["state"], &asked["requestedBy"]),
        (&json!("requested"), &json!("operator:anna"))
    );
    let own = anna.post(TroubleTarget::TraceApproval(id)).unwrap_err();
    assert!(
        own.contains("403") && own.contains("another operator"),
        "{own}"
    );
    assert!(
        reader
            .post(TroubleTarget::TraceApproval(id))
            .unwrap_err()
            .contains("403")
    );
    id
}

/// Requests with credentials in every place, and such as are denied.
fn traffic(world: &World) {
    let form = "application/x-www-form-urlencoded";
    world.post(
        "http://backend.virtual/echo?sap-client=1&password=geheim1",
        form,
        "user=anna&j_password=geheim2",
    );
    world.post(
        "http://backend.virtual/echo",
        "application/json",
        "{\"user\":\"anna\",\"password\":\"geheim4\"}",
    );
    world.post(
        "http://backend.virtual/echo",
        "text/plain",
        &format!("{}cut off here", "x".repeat(64)),
    );
    assert_eq!(
        world
            .get("http://backend.virtual/closed?token=geheim1")
            .status,
        403
    );
    assert_eq!(world.get("http://other.virtual/hello").status, 403);
}

fn holds_no_credentials(agent: &Agent, id: u64) {
    let lines = content(agent, id);
    let text = serde_json::to_string(&lines).unwrap();
    for shown in [
        "sap-client=1&password=(redacted)",
        "user=anna&j_password=(redacted)",
        "resource",
        "\"status\":403",
    ] {
        assert!(text.contains(shown), "{shown}: {text}");
    }
    for hidden in [
        "before the trace",
        "after the trace",
        "cut off",
        "other.virtual",
    ] {
        assert!(!text.contains(hidden), "{hidden}: {text}");
    }
    let of_request = |number: u64| lines.iter().filter(move |one| one["request"] == number);
    let events: Vec<&str> = of_request(1)
        .map(|one| one["event"].as_str().unwrap())
        .collect();
    assert_eq!(events.len(), 5, "{events:?}");
    assert!(
        events.contains(&"requestBody") && events.contains(&"answerBody"),
        "{events:?}"
    );
    let answer = of_request(1).find(|one| one["event"] == "answer").unwrap();
    assert_eq!(answer["status"], 200);
}

/// Who reads payload is recorded, and who only reads settings gets none.
fn is_read_and_recorded(agent: &Agent, reader: &Remote, id: u64) {
    let denied = reader.call(Verb::Get, TroubleTarget::TraceContent(id), &json!({}));
    assert!(denied.unwrap_err().contains("403"));
    run(agent.command(&["trace", "delete", &id.to_string()]));
    assert!(
        refuse(agent.command(&["trace", "content", &id.to_string()])).contains("there is no trace")
    );
    let audit = run(agent.command(&["audit", "list", "--json"]));
    for told in [
        "asked for a payload trace",
        "approved the payload trace",
        "stopped the payload trace",
        "read the payload trace",
        "deleted the payload trace",
        "another operator has to approve it",
    ] {
        assert!(audit.contains(told), "{told}: {audit}");
    }
}

#[test]
fn the_setting_of_a_subaccount_asks_for_a_trace_that_ends_by_itself() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let mut agent = world.agent("", &address);
    let anna = Remote::new(&agent, "anna", "SubaccountAdministrator");
    is_switched(&world, &agent, &anna);
    ends_by_time(&agent, &anna);
    ends_with_the_agent(&world, &mut agent, &anna);
}

/// On by the setting once another operator approves it, and off again.
fn is_switched(world: &World, agent: &Agent, anna: &Remote) {
    let document = agent.document();
    let of = |name: &str| {
        document["subaccounts"][0][name]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let path = format!(
        "/api/v1/configuration/connector/logAndTrace/subaccounts/{}/{}",
        of("regionHost"),
        of("subaccount")
    );
    let switch = |on: bool| {
        let answer = agent.send(
            "PATCH",
            &path,
            &[],
            &json!({"trafficTrace": on}).to_string(),
        );
        assert_eq!(answer.status, 204, "{answer:?}");
        agent.ask("GET", &path, &[]).json()
    };
    let shown = switch(true);
    assert_eq!(
        (&shown["trafficTrace"], &shown["effective"]),
        (&json!(true), &json!(false))
    );
    let why = shown["notEffectiveBecause"].as_str().unwrap();
    assert!(why.contains("another operator"), "{shown}");
    let silent = refuse(agent.command(&["trace", "request", "--reason", " "]));
    assert!(silent.contains("must say why"), "{silent}");
    let own = refuse(agent.command(&["trace", "approve", &shown["trace"].to_string()]));
    assert!(own.contains("another operator"), "{own}");
    assert_eq!(
        switch(true)["trace"],
        shown["trace"],
        "it is asked for already"
    );
    let id = shown["trace"].as_u64().unwrap();
    anna.post(TroubleTarget::TraceApproval(id)).unwrap();
    assert_eq!(agent.ask("GET", &path, &[]).json()["effective"], true);
    assert_eq!(world.get("http://backend.virtual/hello").status, 200);
    let off = switch(false);
    assert_eq!(
        (&off["trafficTrace"], &off["effective"]),
        (&json!(false), &json!(false))
    );
    assert!(content(agent, id).len() >= 3);
}

/// Two seconds are over by themselves; the agent says so where nobody asked it to.
fn ends_by_time(agent: &Agent, anna: &Remote) {
    let asked = agent.tell(&["trace", "request", "--seconds", "2", "--reason", "short"]);
    anna.post(TroubleTarget::TraceApproval(number(&asked)))
        .unwrap();
    let ended = until("it ends by itself", || {
        let all = agent.tell(&["trace", "list"]);
        let one = all["traces"][0].clone();
        (one["state"] == "ended").then_some(one)
    });
    assert_eq!(ended["endedBecause"], "its time is over");
    let audit = run(agent.command(&["audit", "list", "--json"]));
    assert!(audit.contains("ended: its time is over"), "{audit}");
}

/// What runs when the agent stops has ended, and is there to be read.
fn ends_with_the_agent(world: &World, agent: &mut Agent, anna: &Remote) {
    let asked = agent.tell(&["trace", "request", "--reason", "stop"]);
    anna.post(TroubleTarget::TraceApproval(number(&asked)))
        .unwrap();
    assert_eq!(world.get("http://backend.virtual/hello").status, 200);
    agent.process().terminate();
    assert!(agent.process().wait().success());
    agent.run();
    agent.until_up();
    let shown = agent.tell(&["trace", "list"])["traces"][0].clone();
    assert_eq!(
        (&shown["state"], &shown["endedBecause"]),
        (&json!("ended"), &json!("the agent stops"))
    );
    assert!(!content(agent, number(&asked)).is_empty());
}
