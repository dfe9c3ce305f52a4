//! An agent without a pair, and operators without passwords, as SAP's calls ask for them.

use serde_json::{Value, json};

use super::settings::enrolled;
use crate::world::World;

#[test]
fn an_agent_says_that_it_is_alone_and_takes_that_back_without_a_change() {
    let world = World::start();
    let agent = enrolled(&world);
    assert_eq!(agent.setting("connector/haRole"), "master");
    let known = agent.setting("connector/authentication");
    assert_eq!(known["type"], "certificate");
    assert!(known["configuration"].is_null(), "{known}");

    let alone = agent.setting("connector/ha/master/config");
    assert_eq!(alone["haEnabled"], false);
    assert_eq!(alone["allowedShadowHost"], "");
    let status = agent.ask("GET", "/api/v1/status", &[]).json();
    let listens = status["management"]["listening"][0].as_str().unwrap();
    let port = alone["haPort"].as_str().unwrap();
    assert!(listens.ends_with(&format!(":{port}")), "{listens} {port}");
    let state = agent.setting("connector/ha/master/state");
    assert_eq!(state["state"], "ALONE");
    assert_eq!(state["shadowHost"], "");

    let before = agent.document();
    let named = json!({"haEnabled": "false", "haPort": 9443, "allowedShadowHost": "b.corp"});
    for (method, path, body) in [
        ("PUT", "connector/ha/master/config", &alone),
        ("PUT", "connector/ha/master/config", &named),
        ("POST", "connector/haRole", &json!("master")),
        ("DELETE", "connector/ha/master/state", &Value::Null),
        ("DELETE", "connector/ha/master/state", &Value::Null),
    ] {
        let same = agent.set(method, path, body);
        assert_eq!(same.status, 204, "{path}: {same:?}");
        assert_eq!(same.body, "", "{path}");
    }
    assert_eq!(agent.document(), before);
    assert_eq!(agent.setting("connector/ha/master/config"), alone);
    assert_eq!(agent.setting("connector/ha/master/state"), state);
}

/// What a script that sets up a pair of SAP's kind comes to hear, and that no password is kept.
#[test]
fn what_takes_a_pair_or_a_password_is_refused_with_a_way_on() {
    let world = World::start();
    let agent = enrolled(&world);
    let before = agent.document();
    for (method, path, body, status, kind, advice) in [
        (
            "PUT",
            "connector/authentication/basic",
            json!({"oldPassword": "manage", "newPassword": "hunter2hunter2"}),
            409,
            "ILLEGAL_STATE",
            "`underpass-agent pair`",
        ),
        (
            "PUT",
            "connector/ha/master/config",
            json!({"haEnabled": true}),
            409,
            "ILLEGAL_STATE",
            "a location ID of its own",
        ),
        (
            "POST",
            "connector/haRole",
            json!("shadow"),
            409,
            "ILLEGAL_STATE",
            "`underpass migrate`",
        ),
        (
            "POST",
            "connector/ha/shadow/state",
            json!({"op": "CONNECT", "user": "Administrator", "password": "hunter2hunter2"}),
            403,
            "FORBIDDEN_REQUEST",
            "there are no pairs in this version",
        ),
    ] {
        let refused = agent.set(method, path, &body);
        assert_eq!(refused.status, status, "{path}: {refused:?}");
        let error = refused.json();
        assert_eq!(error["type"], kind, "{path}: {error}");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(advice), "{path}: {message}");
        assert!(!message.contains("hunter2"), "{path}: {message}");
    }
    assert_eq!(agent.document(), before);
    assert!(!agent.log().contains("hunter2"), "a password is in the log");
}
