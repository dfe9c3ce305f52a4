//! What stays behind, and why.

use serde_json::json;

use super::*;

/// Mappings and resources that a document cannot have, and some that are made to fit.
pub(super) fn odd() -> Answers {
    let list = json!([
        mapping(
            "erp",
            &json!({"totalResourcesCount": 7, "newField": {"a": 1}})
        ),
        mapping("ERP", &json!({})),
        mapping("ws", &json!({"protocol": "WSRFC"})),
        mapping(
            "k",
            &json!({"authenticationMode": "KERBEROS", "sncPartnerName": "p:CN=x"})
        ),
        mapping("r", &json!({"protocol": "RFC", "virtualPort": "443"})),
        mapping("here", &json!({"localHost": "localhost"})),
    ]);
    let mut answers = with(subaccount(), sub("/systemMappings"), list);
    let paths = json!([
        resource("/a b", true),
        resource("/a%20b", true),
        resource("/x//y%2fz", true),
        resource("/a/../b", true),
        resource("/q?x", true),
        resource("/n", true),
    ]);
    answers = with(answers, sub("/systemMappings/erp:443/resources"), paths);
    for (host, list) in [
        ("ERP", json!([])),
        ("ws", json!([resource("/w", true)])),
        ("k", json!([])),
        ("r", json!([resource("STFC_CONNECTION", true)])),
        ("here", json!([])),
    ] {
        answers = with(
            answers,
            sub(&format!("/systemMappings/{host}:443/resources")),
            list,
        );
    }
    answers
}

#[test]
fn every_field_that_stays_behind_is_named_with_its_reason() {
    let planned = alone(&odd());
    let report = &planned.report;
    let at = |host: &str| format!("{ID}@{REGION} {host}:443");
    let left = |field: &str, words: &str| places(report, Kind::NotCarried, field, words);
    assert_eq!(left("newField", "does not know"), [at("erp")]);
    assert_eq!(
        left("totalResourcesCount", "counts 7 resources, and lists 6"),
        [at("erp")]
    );
    assert_eq!(
        left("virtualHost", "without regard to case"),
        [format!("{ID}@{REGION} erp:443")]
    );
    assert_eq!(left("", "unknown variant `WSRFC`"), [at("ws")]);
    assert_eq!(left("authenticationMode", "does not exist"), [at("k")]);
    assert_eq!(left("sncPartnerName", "no use"), [at("k")]);
    assert_eq!(
        left("autoCertRenewal", "always renewed"),
        [format!("{ID}@{REGION}")]
    );
    assert_eq!(
        places(
            report,
            Kind::WithoutEffect,
            "protocol",
            "HTTP and HTTPS only"
        ),
        [at("r")]
    );
    let local = report
        .decisions
        .iter()
        .find(|one| one.topic == Topic::LocalHosts);
    assert_eq!(
        local.unwrap().places,
        [format!("{} → localhost:8443", at("here"))]
    );
    // Whatever was found is carried, or left and counted.
    assert_eq!(
        (
            report.counts.system_mappings.found,
            report.counts.system_mappings.carried
        ),
        (6, 4)
    );
    assert_eq!(planned.document, alone(&odd()).document);
}

#[test]
fn every_resource_that_stays_behind_is_named_with_its_reason() {
    let planned = alone(&odd());
    let report = &planned.report;
    let at = |host: &str| format!("{ID}@{REGION} {host}:443");
    let left = |field: &str, words: &str| places(report, Kind::NotCarried, field, words);
    assert_eq!(left("resources[].id", "no function modules"), [at("r")]);
    assert_eq!(
        left("resources[].id", "dot segments"),
        [format!("{} /a/../b", at("erp"))]
    );
    assert_eq!(
        left("resources[].id", "? in the path").len() + left("resources[].id", "backslash").len(),
        1
    );
    assert_eq!(left("resources[].id", "same path"), [at("erp")]);
    let erp = mapped(&planned, "erp");
    let kept: Vec<&str> = erp.resources.iter().map(|one| one.path.as_str()).collect();
    assert_eq!(kept, ["/a%20b", "/n", "/x//y%2Fz"]);
    assert!(erp.path_options.encoded_slashes && erp.path_options.empty_segments);
    // Of a protocol that is not known no resources are asked for.
    assert_eq!(
        (
            report.counts.resources.found,
            report.counts.resources.carried
        ),
        (8, 3)
    );
}

#[test]
fn what_is_not_decided_stays_behind_and_is_open() {
    let none = Choice::default();
    let nothing = planned(&subaccount(), &Document::empty(), &none);
    assert_eq!(nothing.document, Document::empty());
    assert!(nothing.report.is_open());
    assert_eq!(nothing.report.counts.resources.left(), 3);
    let neo: Answers = subaccount()
        .into_iter()
        .map(|(path, value)| {
            let text = value.to_string().replace(ID, "neo").replace("plant", "a/b");
            (
                path.replace(ID, "neo"),
                serde_json::from_str(&text).unwrap(),
            )
        })
        .collect();
    let open = |report: &Report| {
        report
            .decisions
            .iter()
            .filter(|one| one.open)
            .map(|one| one.topic)
            .collect::<Vec<_>>()
    };
    let undecided = alone(&neo);
    assert_eq!(
        open(&undecided.report),
        [Topic::Subaccount, Topic::LocationId]
    );
    let mut decided = choice();
    decided
        .subaccounts
        .insert("neo".to_owned(), ID.parse().unwrap());
    decided
        .locations
        .insert("a/b".to_owned(), "ab".parse().unwrap());
    let carried = planned(&neo, &Document::empty(), &decided);
    assert!(!carried.report.is_open());
    assert_eq!(only(&carried.document).key().location_id.as_str(), "ab");
    decided.left_out.insert(format!("neo@{REGION}"));
    let left = planned(&neo, &Document::empty(), &decided);
    assert_eq!(left.document, Document::empty());
    assert_eq!(left.report.counts.system_mappings.left(), 1);
}
