//! Wishes that can be fulfilled, and those that cannot.

use std::cell::Cell;

use serde_json::json;
use underpass_shared::config::Document;
use underpass_shared::host::InternalHost;
use underpass_shared::id::RegionHost;
use underpass_shared::restore::RegionRule;

use super::*;

const REGION: &str = "gateway.example:443";

pub(in crate::migrate) fn agent(n: u8) -> AgentId {
    AgentId::of_authority(&[n; 32])
}

pub(in crate::migrate) fn key(tenant: u128, location: &str) -> SubaccountKey {
    let id = Uuid::from_u128(tenant).to_string();
    let key = json!({"regionHost": REGION, "subaccount": id, "locationId": location});
    serde_json::from_value(key).unwrap()
}

/// An agent with subaccounts, each with mappings to some internal addresses.
pub(in crate::migrate) fn document(subaccounts: &[(SubaccountKey, bool, &[&str])]) -> Document {
    let id = |n: usize| Uuid::from_u128(n as u128 + 1).to_string();
    let subaccounts = subaccounts.iter().enumerate().map(|(n, one)| {
        let (key, connected, internal) = one;
        let mappings = internal.iter().enumerate().map(|(n, address)| {
            json!({"virtualAddress": format!("v{n}:80"), "internalAddress": address,
                   "protocol": "HTTP", "backendType": "nonSAPsys", "resources": []})
        });
        let mut own = serde_json::to_value(key).unwrap();
        own["instance"] = json!(id(n));
        own["credential"] = json!(id(n));
        own["connected"] = json!(connected);
        own["mappings"] = mappings.collect();
        own
    });
    let mut json: serde_json::Value = serde_json::from_str(&Document::empty().to_json()).unwrap();
    json["subaccounts"] = subaccounts.collect();
    Document::from_json(&json.to_string()).unwrap()
}

fn source() -> Document {
    document(&[
        (key(1, ""), true, &["erp.old.corp:80", "10.0.0.1:80"]),
        (
            key(2, "north"),
            true,
            &["erp.old.corp:80", "crm.old.corp:443"],
        ),
        (key(3, ""), false, &[]),
    ])
}

pub(in crate::migrate) fn target(n: u8) -> TargetWish {
    TargetWish::of(agent(n))
}

/// The way back of an agent from its backup.
pub(in crate::migrate) fn from_backup(target: AgentId, making: Making<'_>) -> Plan {
    let wish = Wish {
        origin: Origin::Backup {
            file: "b.zip".into(),
        },
        mode: Mode::Move,
        settings: true,
        tolerant: false,
        targets: vec![TargetWish::of(target)],
    };
    let known = [(target, Document::empty())].into();
    make(&wish, making, (3, &source()), &known).unwrap()
}

fn replacement(find: &str, replace: &str) -> HostRule {
    HostRule {
        find: find.to_owned(),
        replace: replace.to_owned(),
    }
}

fn plan(mode: Mode, targets: Vec<TargetWish>) -> Result<Plan, PlanError> {
    plan_onto(mode, targets, &Document::empty())
}

/// The same where all targets have a configuration.
fn plan_onto(mode: Mode, targets: Vec<TargetWish>, present: &Document) -> Result<Plan, PlanError> {
    let number = Cell::new(0_u128);
    let id = || {
        number.set(number.get() + 1);
        Uuid::from_u128(number.get())
    };
    let making = Making { now_ms: 7, id: &id };
    let wish = Wish {
        origin: Origin::Agent { agent: agent(0) },
        mode,
        settings: false,
        tolerant: false,
        targets,
    };
    let known = (0..=20).map(|n| (agent(n), present.clone())).collect();
    make(&wish, making, (3, &source()), &known)
}

#[test]
fn all_of_an_agent_goes_unless_some_is_named() {
    let all = plan(Mode::Move, vec![target(1)]).unwrap();
    assert_eq!((all.revision, all.created_ms), (Some(3), 7));
    let assigned = &all.targets[0].subaccounts;
    assert!(assigned.iter().all(|one| one.from == one.to));
    let mappings: Vec<usize> = assigned.iter().map(|one| one.mappings).collect();
    assert_eq!(mappings, [2, 2, 0]);
    // What has no tunnel cannot be handed over, which is told.
    let handed: Vec<_> = all.targets[0].handed_over().map(|one| &one.from).collect();
    assert_eq!(handed, [&key(1, ""), &key(2, "north")]);
    assert_eq!(all.warnings.len(), 1);
    assert!(
        all.warnings[0].contains("enrolment token"),
        "{:?}",
        all.warnings
    );

    let split = |n, key: &SubaccountKey| TargetWish {
        subaccounts: vec![key.clone()],
        ..target(n)
    };
    let two = vec![split(1, &key(2, "north")), split(2, &key(1, ""))];
    let split = plan(Mode::Move, two).unwrap();
    let first = split.target(agent(1)).unwrap();
    assert_eq!(first.subaccounts[0].from, key(2, "north"));
    assert_ne!(first.handover, split.targets[1].handover);
    assert!(split.warnings.is_empty());
}

#[test]
fn copies_are_told_apart_by_their_location_ids() {
    let copy = |n, location: &str| TargetWish {
        subaccounts: vec![key(1, "")],
        location_id: Some(location.parse().unwrap()),
        ..target(n)
    };
    let plan = |targets| plan(Mode::Copy, targets);
    let two = plan(vec![copy(1, "b"), copy(2, "c")]).unwrap();
    assert_eq!(two.targets[1].subaccounts[0].to, key(1, "c"));
    assert_eq!(
        plan(vec![copy(1, "b"), copy(2, "b")]),
        Err(PlanError::Shared(key(1, "")))
    );
    assert_eq!(
        plan(vec![copy(1, "")]),
        Err(PlanError::SameLocation(key(1, "")))
    );
    assert_eq!(
        plan(vec![target(1)]),
        Err(PlanError::SameLocation(key(1, "")))
    );
}

#[test]
fn wishes_that_cannot_be_fulfilled_are_refused_with_the_rule() {
    let of = |subaccounts: Vec<SubaccountKey>| TargetWish {
        subaccounts,
        ..target(1)
    };
    let with = |hosts: Vec<HostRule>| TargetWish { hosts, ..target(1) };
    let named = TargetWish {
        location_id: Some("b".parse().unwrap()),
        ..target(1)
    };
    for (targets, wrong) in [
        (vec![], PlanError::NoTarget),
        (vec![target(0)], PlanError::OwnTarget),
        (vec![target(1), target(1)], PlanError::Twice(agent(1))),
        ((1..=17).map(target).collect(), PlanError::TooManyTargets),
        (vec![target(99)], PlanError::Unknown(agent(99))),
        (
            vec![of(vec![key(9, "")])],
            PlanError::NoSubaccount(key(9, "")),
        ),
        (vec![target(1), target(2)], PlanError::Shared(key(1, ""))),
        (
            vec![of(vec![key(1, ""), key(1, "")])],
            PlanError::Shared(key(1, "")),
        ),
        (vec![named], PlanError::MovedLocation),
        (
            vec![with(vec![replacement("a", "b"); 101])],
            PlanError::TooManyReplacements,
        ),
    ] {
        assert_eq!(plan(Mode::Move, targets), Err(wrong));
    }
    let nowhere = with(vec![replacement(".corp", "..")]);
    let told = plan(Mode::Move, vec![nowhere]).unwrap_err().to_string();
    assert!(told.contains("hosts"), "{told}");
    let present = document(&[(key(1, ""), true, &[])]);
    let told = plan_onto(Mode::Move, vec![target(1)], &present).unwrap_err();
    assert!(matches!(told, PlanError::Taken { .. }), "{told}");
}

#[test]
fn a_gateway_has_another_name_where_the_rule_fits() {
    let region = |text: &str| text.parse::<RegionHost>().unwrap();
    let rule = |find: &str, replace: &str| RegionRule {
        find: region(find),
        replace: region(replace),
    };
    let with = |regions| TargetWish {
        regions,
        ..target(1)
    };
    let renamed = with(vec![rule(REGION, "edge.example:443")]);
    let renamed = plan(Mode::Move, vec![renamed]).unwrap();
    for one in &renamed.targets[0].subaccounts {
        assert_eq!(one.to.region_host, region("edge.example:443"));
        assert_eq!(renamed.targets[0].at_source(&one.to), Some(&one.from));
    }
    // Somebody who means another gateway is told what it takes.
    let told = renamed.warnings.join("\n");
    assert!(told.contains("needs a new enrolment"), "{told}");
    for (rules, wrong) in [
        (
            vec![rule("other.example", "x.example")],
            PlanError::NoRegion {
                region: region("other.example"),
                known: region(REGION).to_string(),
            },
        ),
        (
            vec![rule(REGION, REGION)],
            PlanError::SameRegion(region(REGION)),
        ),
        (
            vec![rule(REGION, "a.example"), rule(REGION, "b.example")],
            PlanError::RegionTwice(region(REGION)),
        ),
    ] {
        assert_eq!(plan(Mode::Move, vec![with(rules)]), Err(wrong));
    }
}

#[test]
fn each_mapping_is_tried_once_and_named_ones_where_they_are() {
    let planned = plan(Mode::Move, vec![target(1)]).unwrap();
    let tests = planned.targets[0].tests.as_ref().unwrap();
    let shown: Vec<String> = tests.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["v0:80", "v1:80", "v0:80", "v1:80"]);
    let named = |tests: &[&str]| {
        let tests = tests.iter().map(|text| text.parse().unwrap());
        let tests = TestsWish::Named(tests.collect());
        let planned = plan(Mode::Move, vec![TargetWish { tests, ..target(1) }])?;
        Ok(planned.targets[0].tests.clone().unwrap())
    };
    assert_eq!(named(&[]), Ok(vec![]));
    let two = named(&["v0:80/sap/opu"]).unwrap();
    let keys: Vec<_> = two.iter().map(|one| &one.subaccount).collect();
    assert_eq!(keys, [&key(1, ""), &key(2, "north")]);
    assert_eq!(two[0].path.as_deref(), Some("/sap/opu"));
    assert!(matches!(named(&["v9:80"]), Err(PlanError::NoTest(..))));
    assert_eq!(named(&["v0:80"; 51]), Err(PlanError::TooManyTests));
    assert!("v0".parse::<TestWish>().is_err());
}

#[test]
fn only_so_many_mappings_are_tried_and_that_is_told() {
    let internal = vec!["10.0.0.1:80"; 60];
    let many = document(&[(key(1, ""), true, &internal)]);
    let id = Uuid::nil;
    let making = Making { now_ms: 7, id: &id };
    let wish = Wish {
        origin: Origin::Agent { agent: agent(0) },
        mode: Mode::Move,
        settings: false,
        tolerant: false,
        targets: vec![target(1)],
    };
    let known = [(agent(1), Document::empty())].into();
    let planned = make(&wish, making, (3, &many), &known).unwrap();
    assert_eq!(planned.targets[0].tests.as_ref().unwrap().len(), TESTS_MAX);
    assert!(
        planned.warnings[0].contains("50 of 60"),
        "{:?}",
        planned.warnings
    );
}

#[test]
fn a_backup_is_planned_as_a_running_source_and_never_copied() {
    let making = Making {
        now_ms: 7,
        id: &Uuid::nil,
    };
    let back = from_backup(agent(1), making);
    assert_eq!((back.revision, back.source()), (Some(3), None));
    assert_eq!(back.targets[0].subaccounts.len(), 3);
    assert!(
        back.warnings[0].contains("in the backup"),
        "{:?}",
        back.warnings
    );
    let wish = Wish {
        origin: back.origin,
        mode: Mode::Copy,
        settings: true,
        tolerant: false,
        targets: vec![target(1)],
    };
    let known = [(agent(1), Document::empty())].into();
    let refused = make(&wish, making, (3, &source()), &known);
    assert_eq!(refused, Err(PlanError::CopyOfBackup));
}

#[test]
fn hosts_are_replaced_as_a_whole_or_at_their_end() {
    let rules = [
        replacement("ERP.old.corp", "erp-b.corp"),
        replacement(".old.corp", ".new.corp"),
        replacement("10.0.0.1", "10.9.9.9"),
    ];
    for (host, expected) in [
        ("erp.old.corp", "erp-b.corp"),
        ("crm.old.corp", "crm.new.corp"),
        ("cold.corp", "cold.corp"),
        ("old.corp", "old.corp"),
        ("10.0.0.1", "10.9.9.9"),
        ("110.0.0.1", "110.0.0.1"),
    ] {
        let host: InternalHost = host.parse().unwrap();
        assert_eq!(replaced(&host, &rules).unwrap().as_str(), expected);
    }
}

#[test]
fn each_way_is_gone_once_with_the_hosts_of_the_target() {
    let hosts = vec![
        replacement(".old.corp", ".new.corp"),
        replacement("typo", "other"),
    ];
    let plan = plan(Mode::Move, vec![TargetWish { hosts, ..target(1) }]).unwrap();
    assert!(plan.warnings.iter().any(|one| one.contains("typo")));
    let (systems, gateways) = ways(&source(), &plan.targets[0]).unwrap();
    let systems: Vec<String> = systems
        .iter()
        .map(|one| format!("{}:{}", one.target.local_host, one.target.local_port.0))
        .collect();
    assert_eq!(
        systems,
        ["10.0.0.1:80", "crm.new.corp:443", "erp.new.corp:80"]
    );
    assert_eq!(gateways, [REGION.parse().unwrap()]);
}
