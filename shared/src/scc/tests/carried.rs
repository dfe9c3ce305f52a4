//! What comes over, the first time and again.

use serde_json::json;

use super::*;

#[test]
fn mappings_come_over_with_the_meaning_that_they_had() {
    let carried = alone(&subaccount());
    let own = only(&carried.document).own();
    assert_eq!(
        own.key.to_string(),
        format!("gateway.example.com/{ID}/plant")
    );
    assert!(!own.connected && own.managed && &*own.display_name == "Acme");
    let erp = mapped(&carried, "erp");
    assert_eq!(erp.protocol, Protocol::Https);
    assert_eq!(erp.creation_date.ms(), Some(1_700_000_000_000));
    assert!(erp.path_options.bsp_mangling);
    let risky: Vec<_> = erp
        .resources
        .iter()
        .map(|one| (one.path.as_str(), one.risky_prefix_match))
        .collect();
    assert_eq!(risky, [("/a/b", true), ("/c/", false), ("/d", false)]);
    assert!(erp.resources[2].exact_match_only && !erp.resources[1].exact_match_only);
    let counts = carried.report.counts;
    assert_eq!(
        (counts.subaccounts.carried, counts.resources.carried),
        (1, 3)
    );
    assert!(!carried.report.is_open());
    assert!(carried.report.steps[0].contains(&format!(
        "enrol-token create --subaccount {ID} --location-id plant"
    )));
    let strict = Choice {
        prefix: Prefix::Segments,
        strict_sessions: true,
        ..choice()
    };
    let strict = planned(&subaccount(), &Document::empty(), &strict);
    let erp = mapped(&strict, "erp");
    assert!(!erp.path_options.bsp_mangling);
    assert!(erp.resources.iter().all(|one| !one.risky_prefix_match));
}

#[test]
fn the_second_time_nothing_changes_and_the_agents_own_stays_unless_overwritten() {
    let channel = json!([{"id": 1, "type": "K8S", "port": 5000, "enabled": true, "connections": 1,
                          "k8sCluster": "c:443", "k8sService": "s", "state": {}}]);
    let answers = with(subaccount(), sub("/channels/K8S"), channel);
    let answers = with(
        answers,
        sub("/domainMappings"),
        json!([{"virtualDomain": "v", "internalDomain": "i"}]),
    );
    let first = alone(&answers);
    let again = planned(&answers, &first.document, &choice());
    assert_eq!(again.document, first.document);
    assert_eq!((first.report.steps.len(), again.report.steps.len()), (1, 0));
    let changed = with(
        answers,
        sub("/domainMappings"),
        json!([{"virtualDomain": "w", "internalDomain": "i"}]),
    );
    let changed = with(
        changed,
        sub("/systemMappings/erp:443/resources"),
        json!([resource("/d", false), resource("/e", true)]),
    );
    let kept = planned(&changed, &first.document, &choice());
    let own = only(&kept.document).own();
    assert_eq!(
        own.domain_mappings.as_slice()[0].virtual_domain.as_str(),
        "v"
    );
    assert_eq!(mapped(&kept, "erp").resources.len(), 4);
    let conflicts = kept
        .report
        .decisions
        .iter()
        .filter(|one| one.topic == Topic::Conflict);
    assert_eq!(conflicts.map(|one| one.places.len()).sum::<usize>(), 2);
    // The connector counts three, lists two, and one of them is another one at the agent.
    let counts = kept.report.counts;
    assert_eq!((counts.resources.found, counts.resources.carried), (3, 1));
    let overwriting = Choice {
        mode: ImportMode::Overwrite,
        ..choice()
    };
    let over = planned(&changed, &first.document, &overwriting);
    assert_eq!(mapped(&over, "erp").resources.len(), 2);
    let own = only(&over.document).own();
    assert_eq!(
        own.domain_mappings.as_slice()[0].virtual_domain.as_str(),
        "w"
    );
    // Whoever was enrolled stays enrolled.
    assert_eq!(own.instance, only(&first.document).own().instance);
}

#[test]
fn subject_rules_come_over_all_or_none() {
    let path = "configuration/connector/onPremises/subjectPatternRules".to_owned();
    let rule = |condition: &str| json!({"description": "d", "condition": condition, "subjectPattern": {"CN": "${mail}", "O": null}});
    let all = json!([
        rule("user_type is business"),
        rule("mail exists"),
        rule("x does not exist"),
        rule("y is not a b"),
        rule("always true")
    ]);
    let carried = alone(&with(subaccount(), path.clone(), all));
    let rules = &carried.document.connector().subject_pattern_rules;
    let told: Vec<String> = rules
        .rules()
        .iter()
        .map(|one| one.condition.to_string())
        .collect();
    assert_eq!(
        told,
        [
            "user_type is business",
            "mail exists",
            "x does not exist",
            "y is not a b"
        ]
    );
    assert_eq!(&*rules.fallback().description, "d");
    assert_eq!(carried.report.counts.subject_rules.carried, 5);
    let broken = json!([rule("mail likes x"), rule("mail exists")]);
    let none = alone(&with(subaccount(), path, broken));
    assert!(
        none.document
            .connector()
            .subject_pattern_rules
            .rules()
            .is_empty()
    );
    assert_eq!(none.report.counts.subject_rules.left(), 2);
    assert_eq!(
        places(&none.report, Kind::NotCarried, "", "not understood"),
        ["subject rule 0"]
    );
}
