//! Subaccounts as existing scripts add, change and renew them.

use serde_json::{Value, json};

use super::socket::{Answer, CONFIGURATION};
use crate::agent::Agent;
use crate::process::{run, until};
use crate::world::World;

/// Type, field and message of a refusal.
fn refusal(error: &Value) -> (&str, &str, &str) {
    let text = |name: &str| error[name].as_str().unwrap_or_default();
    (text("type"), text("field"), text("message"))
}

/// An agent with two enrolments of one subaccount, of which scripts made the second.
struct Twice {
    world: World,
    agent: Agent,
    /// The path of all subaccounts, of this one, and of its second enrolment.
    all: String,
    subaccount: String,
    second: String,
    /// What the call answered that added it.
    added: Answer,
}

impl Twice {
    fn start() -> Self {
        let world = World::start();
        let mut agent = world.enrol("first", &[]);
        agent.run();
        agent.until_up();
        let subaccount = agent.subaccount_path();
        let all = format!("{CONFIGURATION}/subaccounts");
        let token = world.enrol_token(&["--location-id", "second"]);
        let added = add(&agent, &token);
        assert_eq!(added.status, 201, "{added:?}");
        until("both tunnels are up", || (agent.up() == 4).then_some(()));
        Self {
            second: format!("{subaccount}?locationID=second"),
            world,
            agent,
            all,
            subaccount,
            added,
        }
    }

    fn validity(&self) -> String {
        format!("{}/validity?locationID=second", self.subaccount)
    }

    /// The serial number of the certificate that its tunnel has.
    fn serial(&self) -> String {
        let shown = self.agent.ask("GET", &self.second, &[]).json();
        serial(&shown["tunnel"]["subaccountCertificate"])
    }
}

/// Adds a subaccount with a token in place of a password.
fn add(agent: &Agent, token: &str) -> Answer {
    let first = format!("{}?locationID=first", agent.subaccount_path());
    let shown = agent.ask("GET", &first, &[]).json();
    let body = json!({"regionHost": shown["regionHost"], "subaccount": shown["subaccount"],
        "cloudUser": "somebody", "cloudPassword": token, "locationID": "second",
        "displayName": "Second", "isManaged": "true", "autoCertRenewal": "true"});
    let all = format!("{CONFIGURATION}/subaccounts");
    agent.send("POST", &all, &[], &body.to_string())
}

fn serial(certificate: &Value) -> String {
    let serial = certificate["serialNumber"].as_str().unwrap().to_owned();
    assert!(serial.contains(':'), "{serial}");
    serial
}

#[test]
fn a_subaccount_is_added_and_managed_as_scripts_do() {
    let twice = Twice::start();
    let (agent, second) = (&twice.agent, &twice.second);
    assert_eq!(twice.added.header("location"), twice.subaccount);
    let added = twice.added.json();
    assert_eq!(added["isManaged"], true);
    assert_eq!(added["autoCertRenewal"], true);
    let one = agent.ask("GET", second, &[]).json();
    assert_eq!(one["tunnel"]["state"], "Connected");
    assert_eq!(one["tunnel"]["applicationConnections"], json!([]));
    assert_eq!(one["tunnel"]["serviceChannels"], json!([]));
    let links: Vec<&String> = one["_links"].as_object().unwrap().keys().collect();
    let named = "ABAPCloud-channels HANA-channels K8S-channels VirtualMachine-channels \
                 domainMappings self state systemMappings validity";
    assert_eq!(links, named.split_whitespace().collect::<Vec<_>>());
    let listed = agent.ask("GET", &twice.all, &[]).json();
    assert_eq!(listed.as_array().unwrap().len(), 2);
    // What was read can be written back, and is then nothing new.
    let before = agent.document();
    let same = agent.send("PUT", second, &[], &one.to_string());
    assert_eq!(
        (same.status, &same.json()["isManaged"]),
        (200, &true.into())
    );
    assert_eq!(agent.document(), before);
    let free = agent.send("PUT", second, &[], r#"{"isManaged":"false"}"#);
    assert_eq!(
        (free.status, &free.json()["isManaged"]),
        (200, &false.into())
    );
}

#[test]
fn a_subaccount_is_renewed_by_its_key_or_by_a_token() {
    let twice = Twice::start();
    let (world, agent) = (&twice.world, &twice.agent);
    // What is there already is not added again, and the token is not burnt for it.
    let token = world.enrol_token(&["--location-id", "second"]);
    let again = add(agent, &token);
    assert_eq!(again.status, 409, "{again:?}");
    assert_eq!(refusal(&again.json()).0, "ILLEGAL_STATE");
    let (validity, first) = (twice.validity(), twice.serial());
    // By proof of the present key: nothing else changes.
    let before = agent.document();
    let renewed = agent.ask("POST", &validity, &[]);
    assert_eq!(renewed.status, 200, "{renewed:?}");
    let second = serial(&renewed.json());
    assert_ne!(second, first);
    assert_eq!(agent.document(), before);
    // By a token: the agent is a new instance then, once the gateway has no more use for the old.
    let taken = json!({"authenticationData": world.enrol_token(&["--location-id", "second"])});
    let taken = agent.send("POST", &validity, &[], &taken.to_string());
    assert_eq!(taken.status, 500, "{taken:?}");
    assert!(
        taken.body.contains("revoke that instance on the gateway"),
        "{taken:?}"
    );
    assert_eq!(agent.document(), before);
    let instance = |document: &Value| {
        let instance = document["subaccounts"][1]["instance"].as_str();
        instance.unwrap().to_owned()
    };
    run(world.command(&["revoke", "--instance", &instance(&before)]));
    let body = json!({"user": "somebody", "password": token}).to_string();
    let renewed = agent.send("POST", &validity, &[], &body);
    assert_eq!(renewed.status, 200, "{renewed:?}");
    let third = serial(&renewed.json());
    assert_ne!(third, second);
    assert_ne!(instance(&agent.document()), instance(&before));
    until("both tunnels are up", || (agent.up() == 4).then_some(()));
    let shown = agent.ask("GET", &twice.second, &[]).json();
    assert_eq!(shown["isManaged"], true);
    assert_eq!(twice.serial(), third);
}

/// Whether it is about the validity, body, field, a part of the message.
#[rustfmt::skip]
const WRONG: &[(bool, &str, &str, &str)] = &[
    (false, "{}", "authenticationData", "is missing"),
    (false, r#"{"cloudUser":"u"}"#, "cloudPassword", "is missing beside cloudUser"),
    (false, r#"{"cloudUser":"u","cloudPassword":"x"}"#, "cloudPassword", "enrolment token"),
    (false, r#"{"authenticationData":"x","cloudPassword":"y"}"#, "cloudPassword", "must not stand beside"),
    (false, r#"{"isManaged":1}"#, "isManaged", "expected true or false"),
    (true, r#"{"user":"u"}"#, "password", "is missing beside user"),
    (true, r#"{"authenticationData":"x"}"#, "authenticationData", "starts with"),
    (true, r#"{"cloudUser":"x"}"#, "cloudUser", "unknown field"),
];

#[test]
fn wrong_requests_about_subaccounts_are_refused_by_name() {
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    agent.run();
    agent.until_up();
    let all = format!("{CONFIGURATION}/subaccounts");
    let subaccount = agent.subaccount_path();
    let validity = format!("{subaccount}/validity");
    let before = agent.document();
    for (of_validity, body, field, rule) in WRONG {
        let path = if *of_validity { &validity } else { &all };
        let refused = agent.send("POST", path, &[], body);
        assert_eq!(refused.status, 400, "{body}: {refused:?}");
        let error = refused.json();
        let told = refusal(&error);
        assert_eq!(
            (told.0, told.1),
            ("INVALID_REQUEST", *field),
            "{body}: {error}"
        );
        assert!(told.2.contains(rule), "{body}: {error}");
    }
    // A token is not burnt where there is no such subaccount.
    let other = r#"{"authenticationData":"TOKEN"}"#.replace("TOKEN", &world.enrol_token(&[]));
    let nowhere = validity.replace("localhost", "elsewhere");
    assert_eq!(agent.send("POST", &nowhere, &[], &other).status, 404);
    let lost = agent.ask("POST", &validity, &["If-Match: \"99\""]);
    assert_eq!(lost.status, 412, "{lost:?}");
    let dry = agent.ask("POST", &format!("{validity}?dryRun=true"), &[]);
    assert_eq!(refusal(&dry.json()).1, "dryRun");
    for path in ["recovery", "recovery/state", "recoverySubaccount"] {
        let gone = agent.ask("GET", &format!("{subaccount}/{path}"), &[]);
        assert_eq!(gone.status, 410, "{gone:?}");
    }
    assert_eq!(agent.document(), before);
}

#[test]
fn a_subaccount_that_cannot_be_read_is_named() {
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    agent.run();
    agent.until_up();
    let before = agent.document();
    let corrupted = format!("{CONFIGURATION}/subaccounts/corrupted");
    assert_eq!(agent.ask("GET", &corrupted, &[]).json(), json!([]));
    let instance = before["subaccounts"][0]["instance"].as_str().unwrap();
    let secret = agent.dir.join("secrets").join(format!("{instance}.json"));
    assert!(secret.exists());
    underpass_runtime::file::replace(&secret, b"{}").unwrap();
    let found = agent.ask("GET", &corrupted, &[]).json();
    assert_eq!(
        found[0]["subaccount"],
        before["subaccounts"][0]["subaccount"]
    );
    assert!(
        found[0]["message"].as_str().unwrap().contains(instance),
        "{found}"
    );
    let validity = format!("{}/validity", agent.subaccount_path());
    let failed = agent.ask("POST", &validity, &[]);
    assert_eq!(
        (failed.status, refusal(&failed.json()).0),
        (500, "RUNTIME_FAILURE")
    );
    assert_eq!(agent.document(), before);
}
