//! Nobody is locked out, and nobody comes back.

use serde_json::json;
use underpass_shared::api::management::{OperatorChange, OperatorTarget, Query, Target, Verb};
use underpass_shared::rights::Role;

use super::{Managed, refused};
use crate::process::{refuse, run};

const LAST: &str = "the last Administrator cannot be removed";

#[test]
fn the_last_administrator_cannot_go_by_any_way() {
    let managed = Managed::start();
    let anna = managed.operator("anna", Role::Administrator);
    let agent = &managed.agent;
    let error = refuse(agent.command(&["revision", "undo", "1"]));
    assert!(error.contains(LAST), "{error}");
    let bert = managed.operator("bert", Role::AssociateAdministrator);
    for command in [
        &["operator", "revoke", "anna"][..],
        &["operator", "role", "anna", "Support"],
    ] {
        let error = refuse(agent.command(command));
        assert!(error.contains(LAST), "{command:?}: {error}");
    }
    let before = agent.document();
    let mut document = before.clone();
    let operators = document["connector"]["operators"].as_array_mut().unwrap();
    operators.retain(|one| one["name"] == "bert");
    let file = agent.write(&document);
    assert!(refuse(agent.command(&["document", "apply", &file])).contains(LAST));
    document["connector"]["operators"] = json!([]);
    let file = agent.write(&document);
    assert!(refuse(agent.command(&["document", "apply", &file])).contains(LAST));
    // She cannot do it to herself either, and others cannot at all.
    let (own, query) = (
        managed.own(&anna).unwrap().operator.unwrap(),
        Query::default(),
    );
    let target = Target::Operators(OperatorTarget::One(own.id));
    let demotion = OperatorChange {
        role: Some(Role::Display),
        ..OperatorChange::default()
    };
    for (known, status) in [(&anna, 400), (&bert, 403)] {
        let client = managed.client(known);
        let sent = client.send(Verb::Patch, &target, &query, &demotion);
        assert_eq!(refused(managed.runtime.block_on(sent)), status);
    }
    assert_eq!(agent.document(), before);
    // With a second one it goes.
    run(agent.command(&["operator", "role", "bert", "Administrator"]));
    run(agent.command(&["operator", "revoke", "anna"]));
    assert_eq!(refused(managed.own(&anna)), 401);
    assert_eq!(managed.own(&bert).unwrap().role, Role::Administrator);
}

#[test]
fn removed_operators_come_back_only_when_it_is_said() {
    let managed = Managed::start();
    let _anna = managed.operator("anna", Role::Administrator);
    let bert = managed.operator("bert", Role::Display);
    let agent = &managed.agent;
    let with_both = agent.document();
    run(agent.command(&["operator", "revoke", "bert"]));
    assert_eq!(refused(managed.own(&bert)), 401);
    let file = agent.write(&with_both);
    for command in [
        &["revision", "undo", "3"][..],
        &["document", "apply", &file],
        &["document", "apply", &file, "--dry-run"],
    ] {
        let error = refuse(agent.command(command));
        assert!(error.contains("readmitOperators"), "{command:?}: {error}");
    }
    assert_eq!(refused(managed.own(&bert)), 401);
    run(agent.command(&["document", "apply", &file, "--readmit-operators"]));
    assert_eq!(managed.own(&bert).unwrap().role, Role::Display);
}
