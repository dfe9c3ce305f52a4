//! Settings of the agent as a whole, by the calls that SAP's operators know.

use serde_json::{Value, json};

use super::socket::{Answer, CONFIGURATION};
use crate::agent::Agent;
use crate::process::until;
use crate::world::World;

impl Agent {
    pub(super) fn setting(&self, path: &str) -> Value {
        let answer = self.ask("GET", &format!("{CONFIGURATION}/{path}"), &[]);
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.json()
    }

    pub(super) fn set(&self, method: &str, path: &str, body: &Value) -> Answer {
        let path = format!("{CONFIGURATION}/{path}");
        self.send(method, &path, &[], &body.to_string())
    }

    pub(super) fn log(&self) -> String {
        std::fs::read_to_string(self.dir.with_extension("log")).unwrap()
    }
}

pub(super) fn enrolled(world: &World) -> Agent {
    let mut agent = world.enrol("", &[]);
    agent.run();
    agent.until_up();
    agent
}

/// Method, path, body, status; what is then at which place of which path.
#[rustfmt::skip]
fn changes() -> Vec<(&'static str, &'static str, Value, u16, &'static str, Value)> {
    let times = |hours: Value, minutes: Value| json!({"expirationToleranceInHr": hours, "certificateValidityInMin": minutes});
    let region = json!({"name": "Home", "regionHost": "gate.example.com:8443"});
    let self_link = "/_links/self/href";
    vec![
        ("PUT", "connector", json!({"description": "west"}), 200, "/description", json!("west")),
        ("PUT", "connector", json!({"description": "", "ha": "master", "_links": {}}), 200, "/description", json!("")),
        ("PATCH", "connector/onPremises/ppSettings", json!({}), 204, "", times(json!(2), json!(60))),
        ("PUT", "connector/onPremises/ppSettings", times(json!("336"), json!(1)), 204, "", times(json!(336), json!(1))),
        ("PATCH", "connector/onPremise/ppSettings", json!({"expirationToleranceInHr": 5}), 204, "", times(json!(5), json!(1))),
        ("PATCH", "connector/alerting", json!({}), 204, "/thresholds", json!({"cpuLoad": 90, "cpuLoadViolationToleranceSec": 60, "freeDiskSpaceMb": 100, "certificateValidityDays": 30})),
        ("PATCH", "connector/alerting", json!({"thresholds": {"cpuLoad": "80", "freeDiscForTraceMb": 7}, "notification": {"CPU": "false"}}), 204, "/thresholds/cpuLoad", json!(80)),
        ("PATCH", "connector/alerting", json!({"thresholds": {"freeDiscForTraceMb": null}}), 204, "/notification/CPU", json!(false)),
        ("PATCH", "connector/logAndTrace", json!({"sccLogLevel": "INFO", "otherLogLevel": "INFO", "rolloverThreshold": "75 MB", "cleanup": "7", "tlsTrace": true, "cpicTraceLevel": 1}), 204, "/rolloverThreshold", json!("75 MB")),
        ("PATCH", "connector/logAndTrace", json!({"isTlsTraceActive": true}), 204, "/isTlsTraceActive", json!(false)),
        ("PUT", "connector/tunnel", json!({"connections": "2"}), 204, "/connections", json!(2)),
        ("POST", "connector/regions", region.clone(), 201, "", json!([region])),
        ("POST", "connector/ui/cipherSuites", json!(["TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256"]), 204, "", json!(["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384"])),
        ("PATCH", "connector/email", json!({"enabled": "false"}), 204, self_link, json!("/api/v1/configuration/connector/email")),
    ]
}

#[test]
fn settings_are_shown_replaced_and_changed() {
    let world = World::start();
    let agent = enrolled(&world);
    for (method, path, body, status, place, wanted) in changes() {
        let answer = agent.set(method, path, &body);
        assert_eq!(answer.status, status, "{path} {body}: {answer:?}");
        let shown = agent.setting(path);
        let mut found = shown.pointer(place).cloned().unwrap_or_default();
        if let Some(object) = found.as_object_mut() {
            object.remove("_links");
        }
        assert_eq!(found, wanted, "{path} {body}: {shown}");
        // What was read can be written back, and is then nothing new.
        let (before, write) = (
            agent.document(),
            if method == "POST" { "GET" } else { method },
        );
        let same = agent.set(write, path, &shown);
        assert!(same.status < 300, "{path}: {same:?}");
        assert_eq!(agent.document(), before, "{path}");
    }
    assert_eq!(agent.setting("connector")["ha"], "master");
    assert_eq!(agent.setting("connector/haRole"), "master");
    let region = "connector/regions/gate.example.com:8443";
    assert_eq!(agent.setting(region)["name"], "Home");
    let gone = agent.set("DELETE", region, &Value::Null);
    assert_eq!(gone.status, 204);
    assert_eq!(agent.setting("connector/regions"), json!([]));
    // Traces belong to subaccounts that are there.
    let subaccount = agent.subaccount_path().replace(CONFIGURATION, "");
    let traces = format!("connector/logAndTrace{subaccount}");
    let shown = agent.setting(&traces);
    assert_eq!(shown["trafficTrace"], false);
    assert_eq!(shown["effective"], false);
    let set = agent.set("PATCH", &traces, &json!({"trafficTrace": "true"}));
    assert_eq!(set.status, 204, "{set:?}");
    assert_eq!(agent.setting(&traces)["trafficTrace"], true);
    let other = traces
        .replace("127.0.0.1", "127.0.0.2")
        .replace("localhost", "other");
    assert_eq!(agent.set("PATCH", &other, &json!({})).status, 404);
}

/// Method, path, body, status, field, and a part of the message.
type Wrong = (
    &'static str,
    &'static str,
    Value,
    u16,
    Option<&'static str>,
    &'static str,
);

#[rustfmt::skip]
fn wrong() -> Vec<Wrong> {
    vec![
        ("PUT", "connector", json!({"description": null}), 400, Some("description"), "invalid type: null"),
        ("PUT", "connector", json!({"description": "x".repeat(1_025)}), 400, Some("description"), "at most 1024"),
        ("POST", "connector/haRole", json!("shadow"), 409, None, "there are no pairs"),
        ("POST", "connector/haRole", json!("boss"), 400, None, "unknown variant `boss`"),
        ("PUT", "connector/ha/master/config", json!({"haEnabled": true}), 409, Some("haEnabled"), "location ID of its own"),
        ("PUT", "connector/ha/master/config", json!({"haEnabled": false, "allowedShadowHost": "a b"}), 400, Some("allowedShadowHost"), "host"),
        ("PUT", "connector/ha/master/config", json!({"haEnabled": false, "haPort": 0}), 400, Some("haPort"), "between 1 and 65535"),
        ("POST", "connector/ha/master/state", json!({"op": "SWITCH"}), 409, None, "no shadow"),
        ("POST", "connector/ha/master/state", json!({"op": "FORCE_SWITCH"}), 409, None, "no shadow"),
        ("POST", "connector/ha/master/state", json!({"op": "RESET"}), 400, Some("op"), "unknown variant"),
        ("GET", "connector/ha/shadow/config", Value::Null, 403, None, "this agent is a master"),
        ("PUT", "connector/ha/shadow/config", json!({"masterHost": "a", "masterPort": "8443"}), 403, None, "this agent is a master"),
        ("PUT", "connector/ha/shadow/config", json!({"checkIntervalInSeconds": 0}), 400, Some("checkIntervalInSeconds"), "between 1 and 86400"),
        ("PUT", "connector/ha/shadow/config", json!([null, null]), 400, None, "must be a JSON object"),
        ("GET", "connector/ha/shadow/state", Value::Null, 403, None, "this agent is a master"),
        ("POST", "connector/ha/shadow/state", json!({"op": "CONNECT", "user": "u", "password": "p"}), 403, None, "this agent is a master"),
        ("POST", "connector/ha/shadow/state", json!({"op": "JOIN"}), 400, Some("op"), "unknown variant"),
        ("DELETE", "connector/ha/shadow/state", Value::Null, 403, None, "this agent is a master"),
        ("PUT", "connector/authentication/basic", json!({"user": "u", "password": "p"}), 409, None, "no user to rename"),
        ("PUT", "connector/authentication/basic", json!({"oldPassword": "a", "newPassword": "b"}), 409, None, "underpass-agent pair"),
        ("PUT", "connector/authentication/basic", json!({"oldPassword": "a"}), 400, Some("newPassword"), "is missing"),
        ("PUT", "connector/authentication/basic", json!({"oldPassword": "a", "newPassword": "a"}), 400, Some("newPassword"), "another one"),
        ("GET", "connector/solutionManagement", json!({}), 501, None, "Solution Manager"),
        ("PUT", "connector/authentication/ldap", json!({}), 501, None, "no LDAP"),
        ("PUT", "connector/onPremises/ppSettings", json!({"expirationToleranceInHr": 1}), 400, None, "missing field `certificateValidityInMin`"),
        ("PATCH", "connector/onPremises/ppSettings", json!({"expirationToleranceInHr": 337}), 400, Some("expirationToleranceInHr"), "between 1 and 336"),
        ("PATCH", "connector/onPremises/ppSettings", json!({"more": 1}), 400, Some("more"), "unknown field"),
        ("PATCH", "connector/onPremises/ppSettings", json!([]), 400, None, "must be a JSON object"),
        ("PATCH", "connector/alerting", json!({"thresholds": {"cpuLoad": 0}}), 400, Some("thresholds.cpuLoad"), "between 1 and 100"),
        ("PATCH", "connector/alerting", json!({"notification": {"cpu": true}}), 400, Some("notification.cpu"), "unknown field"),
        ("PUT", "connector/alerting", json!({}), 400, None, "missing field `thresholds`"),
        ("PATCH", "connector/logAndTrace", json!({"sccLogLevel": "LOUD"}), 400, Some("sccLogLevel"), "unknown variant"),
        ("PATCH", "connector/logAndTrace", json!({"cpicTraceLevel": 4}), 400, Some("cpicTraceLevel"), "between 0 and 3"),
        ("PATCH", "connector/logAndTrace", json!({"rolloverThreshold": "1 GB"}), 400, Some("rolloverThreshold"), "such as 75 MB"),
        ("PATCH", "connector/email", json!({"enabled": true}), 400, Some("sendTo"), "is missing"),
        ("PATCH", "connector/email", json!({"trustOption": "some"}), 400, Some("trustOption"), "unknown variant"),
        ("PATCH", "connector/email", json!({"smtpPort": 0}), 400, Some("smtpPort"), "between 1 and 65535"),
        ("PATCH", "connector/email", json!({"smtpPassword": "x"}), 400, Some("smtpUsername"), "is missing beside the password"),
        ("PATCH", "connector/email", json!({"smtpUsername": "u", "smtpPassword": "a\nb"}), 400, Some("smtpPassword"), "control characters"),
        ("PATCH", "connector/email", json!({"smtpUsername": "u", "smtpPassword": "***"}), 400, Some("smtpPassword"), "none of this user"),
        ("DELETE", "connector/email/truststore/certificates/nobody", Value::Null, 404, None, "no trusted certificate nobody"),
        ("POST", "connector/ui/cipherSuites", json!([]), 400, Some("cipherSuites"), "must keep a suite of TLS 1.3"),
        ("POST", "connector/ui/cipherSuites", json!(["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"]), 400, Some("cipherSuites"), "must keep a suite of TLS 1.3"),
        ("POST", "connector/ui/cipherSuites", json!(["TLS_RSA_WITH_NULL_MD5"]), 400, Some("[0]"), "unknown variant"),
        ("PUT", "connector/tunnel", json!({"connections": 17}), 400, Some("connections"), "between 1 and 16"),
        ("POST", "connector/regions", json!({"name": "a", "regionHost": "a b"}), 400, Some("regionHost"), "must be a host name"),
        ("POST", "connector/regions", json!({"name": "", "regionHost": "a"}), 400, Some("regions"), "name must not be empty"),
        ("DELETE", "connector/regions/nowhere", Value::Null, 404, None, "no region"),
        ("POST", "connector/onPremises/subjectPatternRules", json!({"description": "", "condition": "always true", "subjectPattern": {"CN": "x"}}), 400, Some("condition"), "only the last rule"),
        ("POST", "connector/onPremises/subjectPatternRules", json!({"description": "", "condition": {"variable": "a", "operator": "exist"}, "subjectPattern": {"CN": "${a"}}), 400, Some("subjectPattern"), "CN: pattern has a $"),
        ("DELETE", "connector/onPremises/subjectPatternRules/0", Value::Null, 409, None, "and stays"),
        ("DELETE", "connector/onPremises/subjectPatternRules/1", Value::Null, 404, None, "no subject rule 1"),
    ]
}

#[test]
fn wrong_settings_are_refused_by_name() {
    let world = World::start();
    let agent = enrolled(&world);
    let before = agent.document();
    for (method, path, body, status, field, rule) in wrong() {
        let answer = agent.set(method, path, &body);
        assert_eq!(answer.status, status, "{path} {body}: {answer:?}");
        let error = answer.json();
        assert_eq!(error["field"].as_str(), field, "{path} {body}: {error}");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(rule), "{path} {body}: {message}");
    }
    let newer = "/api/v2/configuration/connector/authentication";
    for path in [newer, &format!("{newer}/ldap")] {
        let refused = agent.ask("GET", path, &[]);
        assert_eq!(refused.status, 501, "{refused:?}");
        assert!(refused.body.contains("no LDAP"), "{refused:?}");
    }
    let twice = r#"{"expirationToleranceInHr":1,"expirationToleranceInHr":2}"#;
    let times = format!("{CONFIGURATION}/connector/onPremises/ppSettings");
    let twice = agent.send("PATCH", &times, &[], twice).json();
    assert!(twice.to_string().contains("duplicate field"), "{twice}");
    assert_eq!(agent.document(), before);
    assert!(!agent.dir.join("secrets").read_dir().unwrap().any(|one| {
        let name = one.unwrap().file_name();
        name.to_str().unwrap().ends_with(".password")
    }));
}

/// The rules of subjects of an agent.
struct Rules(Agent);

const RULES: &str = "connector/onPremises/subjectPatternRules";
/// The condition of the rule that is always there.
const LAST: &str = "always true";

impl Rules {
    fn conditions(&self) -> Vec<String> {
        let all = self.0.setting(RULES);
        let texts = all.as_array().unwrap().iter();
        let texts = texts.map(|one| one["condition"].as_str().unwrap().to_owned());
        texts.collect()
    }

    fn move_to(&self, index: u8, position: &Value) -> Answer {
        let path = format!("{RULES}/{index}/move");
        self.0.set("POST", &path, &json!({"position": position}))
    }

    fn set(&self, index: u8, body: &Value) -> u16 {
        self.0.set("PUT", &format!("{RULES}/{index}"), body).status
    }
}

fn rule(variable: &str, operator: &str, value: Option<&str>) -> Value {
    let mut condition = json!({"variable": variable, "operator": operator});
    if let Some(value) = value {
        condition["value"] = json!(value);
    }
    json!({"description": variable, "condition": condition,
           "subjectPattern": {"CN": format!("${{{variable}}}"), "O": ""}})
}

#[test]
fn subject_rules_keep_their_order() {
    let world = World::start();
    let rules = Rules(enrolled(&world));
    for (i, body) in [
        rule("mail", "exist", None),
        rule("user_type", "is_not", Some("technical")),
        rule("cp.origin", "exist_not", None),
    ]
    .iter()
    .enumerate()
    {
        let made = rules.0.set("POST", RULES, body);
        assert_eq!((made.status, made.body.as_str()), (201, ""), "{made:?}");
        let place = format!("{CONFIGURATION}/{RULES}/{i}");
        assert_eq!(made.header("location"), place);
    }
    let (mail, kind, origin) = (
        "mail exists",
        "user_type is not technical",
        "cp.origin does not exist",
    );
    assert_eq!(rules.conditions(), [mail, kind, origin, LAST]);
    let moved = rules.move_to(2, &json!("0"));
    assert_eq!(
        (moved.status, moved.json()[0]["condition"].as_str()),
        (200, Some(origin))
    );
    assert_eq!(rules.conditions(), [origin, mail, kind, LAST]);
    assert_eq!(rules.move_to(0, &json!(3)).status, 400);
    assert_eq!(rules.move_to(3, &json!(0)).status, 409);
    assert_eq!(rules.move_to(4, &json!(0)).status, 404);
    assert_eq!(rules.set(2, &rule("user_type", "is", Some(""))), 204);
    let gone = rules.0.set("DELETE", &format!("{RULES}/1"), &Value::Null);
    assert_eq!(gone.status, 204);
    assert_eq!(rules.conditions(), [origin, "user_type is ", LAST]);
}

#[test]
fn the_last_subject_rule_stays_and_its_sample_names_what_is_missing() {
    let world = World::start();
    let rules = Rules(enrolled(&world));
    let mut fallback = json!({"description": "all", "condition": LAST,
                              "subjectPattern": {"CN": "${name}", "OU": "${mail}", "C": "DE"}});
    assert_eq!(rules.set(0, &fallback), 204);
    assert_eq!(rules.0.setting(RULES)[0], fallback);
    fallback["condition"] = json!({"variable": "a", "operator": "exist"});
    assert_eq!(rules.set(0, &fallback), 400);
    assert_eq!(rules.conditions(), [LAST]);
    // Values for a sample are checked before what is missing for it.
    for (query, status, field) in [
        ("?name=a&mail=b%40c", 409, None),
        ("?name=a", 400, Some("mail")),
        ("?name=a&mail=b&more=c", 400, Some("more")),
        ("?name=a&name=b&mail=c", 400, Some("name")),
    ] {
        let path = format!("{CONFIGURATION}/{RULES}/0/sampleCertificate{query}");
        let answer = rules.0.ask("GET", &path, &[]);
        assert_eq!(answer.status, status, "{query}: {answer:?}");
        assert_eq!(answer.json()["field"].as_str(), field, "{query}");
    }
}

#[test]
fn the_password_for_mail_is_kept_apart_and_goes_with_its_user() {
    const EMAIL: &str = "connector/email";
    let world = World::start();
    let agent = enrolled(&world);
    let passwords = || {
        let entries = agent.dir.join("secrets").read_dir().unwrap();
        let names = entries.map(|one| one.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.ends_with(".password")).count()
    };
    let mail = json!({"enabled": true, "trustOption": "emailTrustStore",
        "sendTo": "John Doe <j.doe@company.com>, \"Doe, Jane\" <jane@company.com>",
        "sendFrom": "agent@company.com", "smtpHost": "mail.company.com", "smtpPort": "587",
        "smtpUsername": "agent", "smtpPassword": "s3cret",
        "additionalProperties": {"mail.smtp.someKey": "someValue"}});
    let tried = agent.set("PUT", &format!("{EMAIL}?dryRun=true"), &mail);
    assert_eq!((tried.status, passwords()), (200, 0), "{tried:?}");
    assert_eq!(agent.set("PUT", EMAIL, &mail).status, 204);
    assert_eq!(passwords(), 1);
    let shown = agent.setting(EMAIL);
    assert_eq!(shown["smtpPassword"], "***");
    assert_eq!(shown["smtpPort"], 587);
    assert_eq!(shown["additionalProperties"], mail["additionalProperties"]);
    assert_eq!(shown["withoutEffect"], json!(["mail.smtp.someKey"]));
    assert!(!agent.document().to_string().contains("s3cret"));
    let credential = |agent: &Agent| agent.document()["connector"]["email"]["credential"].clone();
    let kept = credential(&agent);
    assert_eq!(agent.set("PUT", EMAIL, &shown).status, 204);
    assert_eq!(
        agent.set("PATCH", EMAIL, &json!({"smtpPort": 25})).status,
        204
    );
    assert_eq!((passwords(), credential(&agent)), (1, kept.clone()));
    let other = agent.set("PATCH", EMAIL, &json!({"smtpPassword": "other"}));
    assert_eq!((other.status, passwords()), (204, 1));
    assert_ne!(credential(&agent), kept);
    let moved = agent.set("PATCH", EMAIL, &json!({"smtpUsername": "else"}));
    assert_eq!((moved.status, passwords()), (400, 1), "{moved:?}");
    assert_eq!(
        agent
            .set("PATCH", EMAIL, &json!({"smtpPassword": ""}))
            .status,
        204
    );
    assert_eq!((passwords(), credential(&agent)), (0, Value::Null));
    assert!(!agent.log().contains("s3cret"));

    let store = "connector/email/truststore";
    let ca = std::fs::read_to_string(world.path("gateway/tls/ca.pem")).unwrap();
    let entry = json!({"alias": "corp-ca", "certificate": ca});
    let certificates = format!("{store}/certificates");
    let made = agent.set("POST", &certificates, &entry);
    assert_eq!(made.status, 201, "{made:?}");
    let place = made.header("location");
    assert_eq!(place, format!("{CONFIGURATION}/{certificates}/corp-ca"));
    assert_eq!(agent.set("POST", &certificates, &entry).status, 409);
    let shown = agent.setting(store);
    assert_eq!(shown["trustedEmailCertificates"][0]["alias"], "corp-ca");
    assert_eq!(
        agent.setting(&certificates),
        shown["trustedEmailCertificates"]
    );
    assert_eq!(agent.ask("GET", &place, &[]).json()["ca"], true);
    // It is not trusted for anything else.
    let back_ends = agent.setting("connector/onPremises/truststore");
    assert_eq!(back_ends["trustedBackends"], json!([]));
    assert_eq!(agent.ask("DELETE", &place, &[]).status, 204);
    assert_eq!(agent.setting(&certificates), json!([]));
}

#[test]
fn levels_of_the_log_change_while_it_is_written() {
    const LOGS: &str = "connector/logAndTrace";
    let world = World::start();
    let agent = enrolled(&world);
    let level = |level: Value| {
        let set = agent.set("PATCH", LOGS, &json!({"sccLogLevel": level}));
        assert_eq!(set.status, 204, "{set:?}");
    };
    let describe = |text: &str| {
        let set = agent.set("PUT", "connector", &json!({"description": text}));
        assert_eq!(set.status, 200);
    };
    let told = |log: &str| log.matches("changed the agent's description").count();
    let shown = agent.setting(LOGS);
    assert_eq!(
        (&shown["sccLogLevel"], &shown["otherLogLevel"]),
        (&json!("INFO"), &json!("INFO"))
    );
    describe("loud");
    assert_eq!(told(&agent.log()), 1);
    level(json!("WARN"));
    // The level follows the commit on another thread.
    until("nothing is told any more", || {
        let before = told(&agent.log());
        describe(&format!("quiet {}", agent.log().len()));
        (told(&agent.log()) == before).then_some(())
    });
    assert_eq!(agent.setting(LOGS)["sccLogLevel"], "WARN");
    let before = told(&agent.log());
    level(json!(null));
    assert_eq!(agent.setting(LOGS)["sccLogLevel"], "INFO");
    let mut number = 0;
    until("it is told again", || {
        number += 1;
        describe(&format!("loud {number}"));
        (told(&agent.log()) > before).then_some(())
    });
}

#[test]
fn a_choice_of_cipher_suites_takes_effect_at_the_next_handshake() {
    const SUITES: &str = "connector/ui/cipherSuites";
    let world = World::start();
    let agent = enrolled(&world);
    let all = agent.setting("availableCipherSuites");
    assert_eq!(agent.setting(SUITES), all);
    assert_eq!(all.as_array().unwrap().len(), 9);
    let url = until("the management API is reachable", || {
        let text = std::fs::read_to_string(agent.dir.join("addresses.json")).ok()?;
        let addresses: Value = serde_json::from_str(&text).ok()?;
        addresses["managementUrls"][0].as_str().map(str::to_owned)
    });
    let speaks = |suite: &str| {
        let mut curl = std::process::Command::new("curl");
        curl.args(["-sk", "--max-time", "20", "--tls13-ciphers", suite]);
        let done = curl
            .arg(format!("{url}/exposed?action=ping"))
            .output()
            .unwrap();
        done.status.success()
    };
    let (small, large) = ("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384");
    assert!(speaks(small) && speaks(large));
    assert_eq!(agent.set("POST", SUITES, &json!([large])).status, 204);
    assert!(!speaks(small) && speaks(large));
    assert_eq!(agent.set("DELETE", SUITES, &Value::Null).status, 204);
    assert!(speaks(small) && speaks(large));
    assert_eq!(agent.setting(SUITES), all);
}

#[test]
fn tunnels_have_as_many_connections_as_are_wanted() {
    const TUNNEL: &str = "connector/tunnel";
    let world = World::start();
    let agent = enrolled(&world);
    assert_eq!(agent.setting(TUNNEL)["connections"], 2);
    for (method, connections) in [("PUT", 4), ("PATCH", 1), ("PUT", 3), ("PUT", 2)] {
        let set = agent.set(method, TUNNEL, &json!({"connections": connections}));
        assert_eq!(set.status, 204, "{set:?}");
        until("as many are up", || {
            (agent.up() == connections).then_some(())
        });
    }
}
