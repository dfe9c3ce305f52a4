//! Who may do what: every call with every role, and every change by every way to make it.

use std::collections::BTreeSet;
use std::time::Duration;

use underpass_shared::api::management::operations::Success;
use underpass_shared::api::management::{DocumentTarget, openapi};
use underpass_shared::pki::token::EnrolToken;
use underpass_shared::rights::Access;

use super::samples::{FREE, MANAGED, alerting, operators as people, with};
use super::*;
use crate::store::Ending;

/// The status of a call that did what it is for.
fn success(operation: &Operation) -> u16 {
    match operation.answer {
        Success::Done => 204,
        Success::Gives(_) | Success::Sends(_) | Success::Streams(_) => 200,
        Success::Creates(_) => 201,
    }
}

/// Whether a role may make a call on a subaccount.
fn may(role: Role, operation: &Operation, subaccount: &str) -> bool {
    // Traces are no part of a subaccount.
    let traces = operation.path.contains("/logAndTrace/");
    let of_subaccount = operation.path.contains("{subaccount}") && !traces;
    let opens_only = operation.path.ends_with("{subaccount}/state");
    let alters = operation.changes || operation.path.ends_with("/validity");
    let kept = of_subaccount && subaccount == MANAGED && alters && !opens_only;
    // The sample of the whole document changes a setting that is the Administrators'.
    let document = operation.path.ends_with("/document") && operation.changes;
    let mightiest = kept || document || operation.path.ends_with("/undo");
    operation.access.allows(role) && (!mightiest || role == Role::Administrator)
}

#[tokio::test]
async fn every_call_is_open_to_its_roles_and_to_no_other() {
    let world = World::new().await;
    let (mut walked, mut wrong) = (0, vec![]);
    for subaccount in [FREE, MANAGED] {
        for sample in samples(subaccount) {
            let operation = sample.operation;
            for role in Role::ALL {
                world.put(&fixture()).await;
                let before = world.document();
                let reply = world.call(role, &sample).await;
                let may = may(role, operation, subaccount);
                let fine = match may {
                    true if sample.works => reply.status == success(operation),
                    // A master forbids what shadows do, whatever the role.
                    true if operation.path.contains("/ha/shadow/") => {
                        reply.is_forbidden() && reply.body.contains("only a shadow does this")
                    }
                    true => !reply.is_forbidden(),
                    false => reply.is_forbidden() && world.document() == before,
                };
                walked += 1;
                if !fine {
                    let name = (operation.verb.as_str(), &sample.url);
                    wrong.push(format!("{name:?} as {role}, may {may}: {reply:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(walked, operations().count() * Role::ALL.len() * 2);
}

/// Does what each call does by other calls: a role that may not make it may not get there by
/// applying the whole document, nor back by an undo or a restore.
#[tokio::test]
async fn no_other_way_leads_to_a_change_that_a_role_may_not_make() {
    let world = World::new().await;
    let mut wrong = vec![];
    for subaccount in [FREE, MANAGED] {
        for sample in samples(subaccount) {
            let operation = sample.operation;
            let undo = operation.path.ends_with("/undo") || operation.path.ends_with("/restore");
            if !operation.changes || !sample.works || undo {
                continue;
            }
            world.put(&fixture()).await;
            let before = world.document();
            let reply = world.call(Role::Administrator, &sample).await;
            assert_eq!(reply.status, success(operation), "{sample:?}");
            let (after, revision) = (world.document(), world.revision());
            assert_ne!(before, after, "the sample changes nothing: {sample:?}");
            for role in Role::ALL {
                // The ways themselves are for those who may change something.
                let may = may(role, operation, subaccount) && Access::Subaccounts.allows(role);
                for (way, verb, path, from, to) in ways(&before, &after, revision) {
                    world.put(from).await;
                    let body = serde_json::from_str(to).unwrap();
                    let body = (verb == Verb::Put).then_some(&body);
                    let reply = world.ask(role, verb, &path, body).await;
                    let reached = world.document() == to;
                    let fine = match may {
                        true => reached && reply.status == 204,
                        false => world.document() == from && reply.is_forbidden(),
                    };
                    if !fine {
                        wrong.push(format!("{way} of {sample:?} as {role}: {reply:?}"));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The ways from one document to another beside the call that was made for it.
fn ways<'a>(
    before: &'a str,
    after: &'a str,
    revision: u64,
) -> Vec<(&'static str, Verb, String, &'a str, &'a str)> {
    let revisions = "/api/v1/configuration/revisions";
    // Operators come back this way, since it is said.
    let said = "?readmitOperators=true";
    let document = format!("{}{said}", Target::Document(DocumentTarget::Whole));
    let mut ways = vec![
        ("document", Verb::Put, document.clone(), before, after),
        ("document back", Verb::Put, document, after, before),
        (
            "undo",
            Verb::Post,
            format!("{revisions}/{revision}/undo{said}"),
            after,
            before,
        ),
    ];
    // A restore leaves those who may come in as they are.
    let admitted = |document: &str| {
        let document: Value = serde_json::from_str(document).unwrap();
        let connector = &document["connector"];
        ["operators", "organisation", "monitoringUsers"].map(|name| connector[name].clone())
    };
    if admitted(before) == admitted(after) {
        let there = format!("{revisions}/{revision}/restore");
        let back = format!("{revisions}/{}/restore", revision - 1);
        ways.push(("restore", Verb::Post, there, before, after));
        ways.push(("restore back", Verb::Post, back, after, before));
    }
    ways
}

/// A value for each setting of the agent as a whole that is not the one of the fixture, and the
/// roles that may set it. A new setting needs its line here.
pub(super) fn settings() -> Vec<(&'static str, Value, Access)> {
    use Access::{Administration, Connector, Subaccounts, Trace};
    let traces = json!([{"regionHost": "gate.example.com", "subaccount": FREE,
                         "traces": {"trafficTrace": true}}]);
    let times = json!({"expirationToleranceInHr": 1, "certificateValidityInMin": 1});
    vec![
        (
            "cipherSuites",
            json!(["TLS_AES_128_GCM_SHA256"]),
            Administration,
        ),
        ("description", json!("new"), Connector),
        ("email", json!({"smtpHost": "mail"}), Connector),
        ("emailTrust", json!([]), Connector),
        ("backupSchedules", json!([]), Administration),
        (
            "heartbeat",
            json!({"url": "https://hc.example/ping"}),
            Administration,
        ),
        ("logAndTrace", json!({"sccLogLevel": "DEBUG"}), Trace),
        ("ppSettings", times, Subaccounts),
        ("regions", json!([]), Administration),
        (
            "syslog",
            json!([{"name": "siem", "enabled": true, "host": "log.corp", "transport": "tls"}]),
            Connector,
        ),
        (
            "webhooks",
            json!([{"name": "chat", "enabled": true, "origin": "https://h", "path": FRESH}]),
            Connector,
        ),
        ("subaccountTraces", traces, Trace),
        ("subjectPatternRules", json!({"rules": []}), Connector),
        ("alerting", alerting(), Administration),
        (
            "alertRules",
            json!({"thresholds": {"memoryPercent": 80}}),
            Administration,
        ),
        ("allowedTargets", json!(["127.0.0.1"]), Administration),
        ("audit", json!({"level": "ALL"}), Administration),
        (KEPT, json!({"system": {"pendingKey": MANAGED}}), Connector),
        ("backendTrust", json!({"trustAllBackends": true}), Connector),
        ("operators", people("Support"), Administration),
        ("monitoringUsers", json!([]), Administration),
        ("organisation", json!({}), Administration),
        (
            "proxy",
            json!({"host": "other.corp", "port": 8080}),
            Administration,
        ),
        ("history", json!({"fineHours": 48}), Administration),
        ("tunnelConnections", json!(5), Administration),
    ]
}

/// A secret that nothing of the fixture has: a known one is led elsewhere by Administrators alone.
const FRESH: &str = "0190a5a2-6d0e-7cc0-8000-0000000000bb";

/// Who may set it needs the key as well, so only the others are tried.
const KEPT: &str = "certificates";

#[tokio::test]
async fn every_setting_of_the_agent_is_kept_from_roles_that_may_not_set_it() {
    let described = openapi("");
    let known = &described["components"]["schemas"]["ConnectorRequest"]["properties"];
    let known: BTreeSet<&str> = known
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let walked: BTreeSet<&str> = settings().iter().map(|(name, _, _)| *name).collect();
    assert_eq!(walked, known, "each setting has its line in settings()");

    let world = World::new().await;
    for (name, value, access) in settings() {
        let changed = with(&fixture(), &format!("/connector/{name}"), value).to_string();
        world.put(&fixture()).await;
        let before = world.document();
        world.put(&changed).await;
        let (after, revision) = (world.document(), world.revision());
        for role in Role::ALL {
            // The ways themselves are for those who may change something.
            let allowed = access.allows(role) && Access::Subaccounts.allows(role);
            if name == KEPT && allowed {
                continue;
            }
            for (way, verb, path, from, to) in ways(&before, &after, revision) {
                world.put(from).await;
                let body = serde_json::from_str(to).unwrap();
                let body = (verb == Verb::Put).then_some(&body);
                let reply = world.ask(role, verb, &path, body).await;
                assert_eq!(
                    reply.is_forbidden(),
                    !allowed,
                    "{way} {name} {role}: {reply:?}"
                );
                let expected = if allowed { to } else { from };
                assert_eq!(world.document(), expected, "{way} {name} {role}");
            }
        }
    }
}

/// A Subaccount Administrator neither takes a subaccount from the Administrators nor gives one to
/// them, and neither brings back nor removes one of theirs.
#[tokio::test]
async fn managed_subaccounts_stay_the_administrators() {
    let world = World::new().await;
    let fixture = fixture();
    let parsed: Value = serde_json::from_str(&fixture).unwrap();
    let only_free = json!([parsed["subaccounts"][0]]);
    for changed in [
        with(&fixture, "/subaccounts/0/managed", true).to_string(),
        with(&fixture, "/subaccounts", only_free).to_string(),
        with(&fixture, "/subaccounts", json!([])).to_string(),
    ] {
        world.put(&fixture).await;
        let before = world.document();
        world.put(&changed).await;
        let (after, revision) = (world.document(), world.revision());
        for role in [Role::SubaccountAdministrator, Role::AssociateAdministrator] {
            for (way, verb, path, from, to) in ways(&before, &after, revision) {
                world.put(from).await;
                let body = serde_json::from_str(to).unwrap();
                let body = (verb == Verb::Put).then_some(&body);
                let reply = world.ask(role, verb, &path, body).await;
                assert!(reply.is_forbidden(), "{way} {role}: {reply:?}");
                assert_eq!(world.document(), from);
            }
        }
    }
}

/// A request may wait for its turn while its caller loses his role.
#[tokio::test]
async fn who_lost_his_role_while_his_request_ran_changes_nothing() {
    let world = World::new().await;
    let fixture = fixture();
    let parsed: Value = serde_json::from_str(&fixture).unwrap();
    let people = parsed["connector"]["operators"].as_array().unwrap();
    let administrator = Role::Administrator;
    let is_caller = |one: &Value| one["name"] == administrator.to_string();
    let mut removed = people.clone();
    removed.retain(|one| !is_caller(one));
    let mut demoted = people.clone();
    for one in demoted.iter_mut().filter(|one| is_caller(one)) {
        one["role"] = json!(Role::Support.to_string());
    }
    let setting = json!({"description": "new"});
    let connector = "/api/v1/configuration/connector";
    for now in [removed, demoted] {
        let now = with(&fixture, "/connector/operators", now).to_string();
        world.put(&now).await;
        let before = world.document();
        let reply = world.ask(administrator, Verb::Put, connector, Some(&setting));
        assert!(reply.await.is_forbidden());
        assert_eq!(world.document(), before);
        // Nor does he end what others have on trial.
        let tried = with(&now, "/connector/description", "tried").to_string();
        let tried = Document::from_json(&tried).unwrap();
        let minute = Some(Duration::from_mins(1));
        let tried = world
            .store
            .try_out("test", "test", None, minute, move |_old| Ok(tried));
        let first = tried.await.unwrap().revision.number;
        for verb in [Verb::Post, Verb::Delete] {
            let pending = Target::Document(DocumentTarget::PendingConfirm).to_string();
            let reply = world.ask(administrator, verb, &pending, None).await;
            assert!(reply.is_forbidden(), "{verb:?}: {reply:?}");
        }
        let reverted = world.store.revert(Ending::of(first), "test");
        reverted.await.unwrap();
        assert_eq!(world.document(), before);
    }
    world.put(&fixture).await;
    let reply = world.ask(administrator, Verb::Put, connector, Some(&setting));
    assert_eq!(reply.await.status, 200);
}

/// A token is good once, so it is not used for what the caller may not do.
#[tokio::test]
async fn what_an_enrolment_may_not_bring_is_refused_before_the_token_is_used() {
    let world = World::new().await;
    let token = |subaccount: &str| {
        let token = EnrolToken {
            region_host: "gate.example.com".parse().unwrap(),
            subaccount: subaccount.parse().unwrap(),
            ca_fingerprint: [1; 32],
            secret: [2; 32],
        };
        token.to_string()
    };
    let proxy = json!({"host": "other.corp", "port": 8080, "user": "u", "password": "p"});
    for enrolment in [
        json!({"authenticationData": token(MANAGED)}),
        json!({"authenticationData": token(MANAGED), "locationID": ""}),
        json!({"authenticationData": token(FREE), "proxy": proxy}),
    ] {
        let path = Target::Subaccounts.to_string();
        for role in [Role::SubaccountAdministrator, Role::AssociateAdministrator] {
            let reply = world.ask(role, Verb::Post, &path, Some(&enrolment)).await;
            assert!(reply.is_forbidden(), "{enrolment}: {reply:?}");
        }
    }
}
