//! Every documented call of SAP Cloud Connector's configuration API, as existing scripts make it: by
//! curl over TLS, with the certificate of an operator.
//!
//! The tables tell one story, from a new agent to one whose subaccount is gone. A call that the
//! agent has and no row makes fails the test.

mod tables;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use http::Method;
use serde_json::{Value, json};
use underpass_shared::api::management::Target;
use underpass_shared::api::management::operations::operations;

use self::tables::{BELOW, CONNECTOR, RULES, Row, SECOND};
use super::certificates::{openssl, script};
use super::socket::{Answer, CONFIGURATION};
use crate::agent::Agent;
use crate::process::{json as parse, run, until};
use crate::world::World;

/// Calls of the configuration API that SAP's has not.
const OWN: &[&str] = &[
    "/document",
    "/revisions",
    "/pendingConfirm",
    "/connector/operators",
    "/connector/pairing",
    "/connector/organisation",
    "/connector/monitoringUsers",
    "/connector/tunnel",
    "/connector/regions",
    "/connector/history",
    "/connector/heartbeat",
    "/connector/alertRules",
    "/connector/webhooks",
    "/connector/syslog",
    "/accessCheck",
    "/systemMappings/check",
    "/systemMappings/export",
    "/systemMappings/import",
    "/{virtualAddress}/check",
];

/// A script with a client certificate, and what it has called so far.
struct Script {
    dir: PathBuf,
    name: String,
    address: String,
    identity: String,
    subaccount: String,
    called: BTreeSet<(&'static str, &'static str)>,
    calls: usize,
}

/// A key with a certificate of version 3, which servers need.
const STORE: &str = "
openssl req -newkey rsa:2048 -nodes -keyout store.key -out store.csr -subj '/CN=store' \
    -addext 'subjectAltName=DNS:localhost' 2>/dev/null
openssl x509 -req -in store.csr -CA ca.pem -CAkey ca.key -days 2 -copy_extensions copy \
    -out store.pem 2>/dev/null
openssl pkcs12 -export -legacy -inkey store.key -in store.pem -certfile ca.pem \
    -passout pass:s3cret -out store.p12";

impl Script {
    /// The agent issues a certificate for the request of a script.
    fn new(world: &World, agent: &Agent) -> Self {
        let dir = world.pki();
        script(agent, &dir);
        let addresses = until("the management API listens", || {
            std::fs::read_to_string(agent.dir.join("addresses.json")).ok()
        });
        let addresses: Value = parse(&addresses);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Self {
            name: text(&addresses["serverName"]),
            address: text(&addresses["management"][0]),
            identity: text(&addresses["caCert"]),
            subaccount: agent.subaccount_path(),
            called: BTreeSet::new(),
            calls: 0,
            dir,
        }
    }

    /// The whole path of a row: `C` is the configuration, `S` the subaccount.
    fn path(&self, path: &str) -> String {
        match path.split_at(1) {
            ("C", rest) => format!("{CONFIGURATION}{rest}"),
            ("S", rest) => format!("{}{rest}", self.subaccount),
            // Levels and traces of a subaccount stand below settings of the agent.
            ("L", rest) => {
                let subaccount = self.subaccount.trim_start_matches(CONFIGURATION);
                format!("{CONFIGURATION}/connector{rest}{subaccount}")
            }
            _ => path.to_owned(),
        }
    }

    /// Makes a call. The body is a form where it is no JSON; `@` stands before names of files.
    fn call(&mut self, method: &str, path: &str, body: &str) -> Answer {
        let path = self.path(path);
        self.note(method, &path);
        let port = self.address.rsplit_once(':').unwrap().1;
        let resolve = format!("{}:{port}:127.0.0.1", self.name);
        let mut curl = Command::new("curl");
        curl.current_dir(&self.dir)
            .args(["-sS", "--max-time", "30", "-X", method, "-H", "Expect:"])
            .args(["--cacert", &self.identity, "--resolve", &resolve])
            .args(["--cert", "script.pem", "--key", "script.key"])
            .args(["-D", "head", "-o", "body"])
            .arg(format!("https://{}:{port}{path}", self.name));
        match body.chars().next() {
            None => {}
            Some('{' | '[' | '"') => {
                curl.args(["-H", "Content-Type: application/json", "-d", body]);
            }
            Some(_) => {
                let fields = body.split(' ').flat_map(|field| ["-F", field]);
                curl.args(fields);
            }
        }
        drop(std::fs::remove_file(self.dir.join("body")));
        run(&mut curl);
        let head = std::fs::read_to_string(self.dir.join("head")).unwrap();
        let body = std::fs::read(self.dir.join("body")).unwrap_or_default();
        Answer {
            status: head[9..12].parse().unwrap(),
            head,
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    fn note(&mut self, method: &str, path: &str) {
        self.calls += 1;
        let path = path.split('?').next().unwrap();
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        if let Ok(operation) = Target::parse(path).and_then(|target| target.operation(&method)) {
            self.called
                .insert((operation.path, operation.verb.as_str()));
        }
    }

    fn walk(&mut self, rows: &[Row<'_>]) {
        for (method, path, body, status, shown) in rows {
            let answer = self.call(method, path, body);
            let what = format!("{method} {path} {body}: {answer:?}");
            assert_eq!(answer.status, *status, "{what}");
            match status {
                201 | 204 => assert_eq!(answer.body, "", "{what}"),
                410 | 501 => assert!(!answer.json()["message"].is_null(), "{what}"),
                _ => {}
            }
            if *status == 201 {
                self.new_thing(&answer.header("location"));
            }
            for place in shown.split_whitespace() {
                assert!(answer.json().pointer(place).is_some(), "no {place}: {what}");
            }
        }
    }

    /// What is new is at the address that its answer names.
    fn new_thing(&mut self, location: &str) {
        let there = self.call("GET", location, "");
        assert_eq!(there.status, 200, "{location}: {there:?}");
    }

    /// The five calls of one of the agent's own certificates.
    fn own_certificate(&mut self, path: &str) {
        let signing = r#"{"type":"csr","keySize":2048,"subjectDN":"CN=agent"}"#;
        let request = self.call("POST", path, signing);
        assert_eq!(request.status, 200, "{path}: {request:?}");
        underpass_runtime::file::replace(&self.dir.join("csr"), request.body.as_bytes()).unwrap();
        openssl(
            &self.dir,
            "openssl x509 -req -in csr -CA ca.pem -CAkey ca.key -days 2 -copy_extensions copy \
             -out signed.pem 2>/dev/null",
        );
        let fields = "/subjectDN /issuer /notBeforeTimeStamp /notAfterTimeStamp /serialNumber";
        self.walk(&[("PATCH", path, "signedCertificate=@signed.pem", 204, "")]);
        self.walk(&[("GET", path, "", 200, fields)]);
        if !path.ends_with("ppCaCertificate") {
            openssl(&self.dir, STORE);
            let store = "pkcs12=@store.p12 password=s3cret keyPassword=s3cret";
            self.walk(&[
                ("PUT", path, store, 204, ""),
                ("GET", path, "", 200, fields),
            ]);
        }
    }

    /// The calls of the agent that no row has made.
    fn missing(&self) -> Vec<(&'static str, &'static str)> {
        let below = |path: &'static str| path.strip_prefix(CONFIGURATION);
        let documented = operations().filter(|one| {
            below(one.path).is_some_and(|path| !OWN.iter().any(|own| path.contains(own)))
        });
        let all = documented.map(|one| (one.path, one.verb.as_str()));
        all.filter(|one| !self.called.contains(one)).collect()
    }
}

/// Gives the agent whom gateways will name one day.
fn name_identities(agent: &Agent) {
    let mut document = agent.document();
    document["subaccounts"][0]["identityTrust"] = json!({
        "providers": [{"id": "main", "name": "Main"}],
        "apps": [{"id": "app", "name": "App", "applicationType": "JAVA"}],
    });
    run(agent.command(&["document", "apply", &agent.write(&document)]));
}

/// A CA of the agent's own, which the rows about sample certificates need.
fn make_ca(script: &mut Script, path: &Path) {
    let store = "openssl req -x509 -newkey rsa:2048 -nodes -keyout own.key -out own.pem -days 2 \
                 -subj /CN=Users -addext keyUsage=critical,keyCertSign 2>/dev/null; \
                 openssl pkcs12 -export -legacy -inkey own.key -in own.pem -passout pass:s3cret \
                 -out own.p12";
    openssl(path, store);
    let fields = "pkcs12=@own.p12 password=s3cret";
    let ca = "C/connector/onPremises/ppCaCertificate";
    script.walk(&[("PUT", ca, fields, 204, "")]);
}

#[test]
fn every_documented_call_answers_as_documented() {
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    agent.run();
    agent.until_up();
    name_identities(&agent);
    let mut script = Script::new(&world, &agent);

    script.walk(CONNECTOR);
    for name in [
        "ui/uiCertificate",
        "onPremises/systemCertificate",
        "onPremises/ppCaCertificate",
    ] {
        script.own_certificate(&format!("C/connector/{name}"));
    }
    let dir = script.dir.clone();
    make_ca(&mut script, &dir);
    script.walk(RULES);
    script.walk(BELOW);

    // A second enrolment of the subaccount, by the gateway's token.
    let token = world.enrol_token(&["--location-id", "second"]);
    let body = json!({"authenticationData": token, "displayName": "Second"}).to_string();
    let added = script.call("POST", "C/subaccounts", &body);
    assert_eq!(added.status, 201, "{added:?}");
    assert_eq!(added.header("location"), script.subaccount);
    assert_eq!(added.json()["locationID"], "second");
    script.walk(SECOND);

    // The whole agent in one archive, and back.
    let sealed = script.call("POST", "C/backup", r#"{"password":"correct-horse"}"#);
    assert_eq!(sealed.status, 200, "{sealed:?}");
    std::fs::rename(script.dir.join("body"), script.dir.join("agent.zip")).unwrap();
    script.walk(&[("DELETE", "S?locationID=second", "", 204, "")]);
    let archive = "backup=@agent.zip password=correct-horse";
    let restored = script.call("PUT", "C/backup", archive);
    assert_eq!(restored.status, 204, "{restored:?}");
    let names = script.call("GET", "C/subaccounts", "").json();
    assert_eq!(names.as_array().map(Vec::len), Some(2), "{names}");

    assert_eq!(script.missing(), [], "no row makes these calls");
    println!(
        "{} calls of {} operations",
        script.calls,
        script.called.len()
    );
}
