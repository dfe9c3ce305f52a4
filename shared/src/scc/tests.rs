//! Readings and plans of a small connector.

mod anything;
mod trust;

use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::api::management::ImportMode;
use crate::config::{Document, Mapping, Protocol, Subaccount};

const ID: &str = "0190a5a2-6d0e-7cc0-8000-000000000001";
const REGION: &str = "cf.eu10.hana.ondemand.com";
const CERTIFICATE: &str = include_str!("../config/tests/ca.pem");

/// Answers by the end of their addresses below the API's root.
type Answers = Vec<(String, Value)>;

fn sub(rest: &str) -> String {
    format!("configuration/subaccounts/{REGION}/{ID}{rest}")
}

fn mapping(host: &str, more: &Value) -> Value {
    let mut all = json!({
        "virtualHost": host, "virtualPort": "443", "localHost": "erp.corp", "localPort": "8443",
        "protocol": "HTTPS", "backendType": "abapSys", "hostInHeader": "INTERNAL",
        "authenticationMode": "NONE", "sid": "ERP", "description": "ERP",
        "creationDate": "1700000000000", "totalResourcesCount": 0, "enabledResourcesCount": 0,
        "allowedClients": [], "blacklistedUsers": [], "_links": {"self": {"href": "x"}},
    });
    for (name, value) in more.as_object().unwrap() {
        all[name] = value.clone();
    }
    all
}

fn resource(id: &str, exact: bool) -> Value {
    json!({"id": id, "enabled": true, "exactMatchOnly": exact, "websocketUpgradeAllowed": false,
           "description": "", "creationDate": "1700000000001", "_links": {}})
}

fn subaccount() -> Answers {
    let own = json!({"regionHost": REGION, "subaccount": ID, "locationID": "plant", "displayName": "Acme",
                     "description": "", "autoCertRenewal": false, "isManaged": true, "tunnel": {"state": "Connected"}});
    vec![
        (
            "configuration/subaccounts".to_owned(),
            json!([{"regionHost": REGION, "subaccount": ID, "locationID": "plant"}]),
        ),
        (sub(""), own),
        (
            sub("/systemMappings"),
            json!([mapping("erp", &json!({"totalResourcesCount": 3}))]),
        ),
        (
            sub("/systemMappings/erp:443/resources"),
            json!([
                resource("/a/b", false),
                resource("/c/", false),
                resource("/d", true)
            ]),
        ),
    ]
}

fn refused() -> Refused {
    Refused {
        status: 404,
        message: "no".to_owned(),
    }
}

/// Answers what is asked; what it does not know it refuses.
fn read(answers: &[(String, Value)]) -> Reading {
    let mut reading = Reading::of(Source {
        address: "https://scc".to_owned(),
        read_at_ms: 1,
    });
    loop {
        let calls = reading.open_calls();
        if calls.is_empty() {
            return reading;
        }
        for call in calls {
            let known = answers
                .iter()
                .find(|(path, _)| call.path == format!("/api/v1/{path}"));
            match known {
                Some((_, value)) if call.form == Form::Certificate => {
                    let pem = value.as_str().and_then(|pem| pem.parse().ok());
                    match pem {
                        Some(certificate) => reading.keep_certificate(&call.path, &certificate),
                        None => reading.keep_refusal(&call.path, refused()),
                    }
                }
                Some((_, value)) => reading.keep(&call.path, value.clone()),
                None => reading.keep_refusal(&call.path, refused()),
            }
        }
    }
}

fn choice() -> Choice {
    let mut choice = Choice::default();
    let gateway = "gateway.example.com".parse().unwrap();
    choice.regions.insert(REGION.to_uppercase(), gateway);
    choice
}

fn planned(answers: &[(String, Value)], present: &Document, choice: &Choice) -> Planned {
    let mut last = 0;
    let mut fresh = || {
        last += 1;
        Uuid::from_u128(last)
    };
    plan(&read(answers), present, choice, &mut fresh).unwrap()
}

fn alone(answers: &[(String, Value)]) -> Planned {
    planned(answers, &Document::empty(), &choice())
}

fn only(document: &Document) -> &Subaccount {
    assert_eq!(document.subaccounts().len(), 1);
    &document.subaccounts()[0]
}

fn mapped<'a>(planned: &'a Planned, host: &str) -> &'a Mapping {
    only(&planned.document).mapping(host, 443).unwrap()
}

/// The places of a finding whose reason contains some words.
fn places(report: &Report, kind: Kind, field: &str, words: &str) -> Vec<String> {
    let found = report
        .of(kind)
        .filter(|one| one.field == field && one.why.contains(words));
    found
        .flat_map(|one| one.places.iter().map(|at| at.place.clone()))
        .collect()
}

fn with(mut answers: Answers, path: String, value: Value) -> Answers {
    answers.retain(|(known, _)| *known != path);
    answers.push((path, value));
    answers
}

#[test]
fn a_reading_asks_on_until_all_is_told_and_keeps_no_passwords() {
    let proxy = json!({"host": "p", "port": "3128", "user": "u", "password": "hunter2"});
    let answers = with(
        subaccount(),
        "configuration/connector/proxy".to_owned(),
        proxy,
    );
    let old = "configuration/connector/onPremise/ppSettings".to_owned();
    let answers = with(
        answers,
        old,
        json!({"expirationToleranceInHr": 3, "certificateValidityInMin": 90}),
    );
    let reading = read(&answers);
    let file = reading.to_json().unwrap();
    assert!(!file.contains("hunter2"), "{file}");
    let whose = SourceSubaccount {
        region_host: String::new(),
        subaccount: String::new(),
    };
    assert_eq!(
        Reading::from_file(file.as_bytes(), "x", &whose).unwrap(),
        reading
    );
    let planned = alone(&answers);
    // Told by the address of older versions, so it is not missing.
    assert_eq!(
        planned
            .document
            .connector()
            .pp_settings
            .certificate_validity_in_min
            .get(),
        90
    );
    assert!(
        places(&planned.report, Kind::NotRead, "", "404")
            .iter()
            .all(|path| !path.contains("ppSettings"))
    );
    assert!(planned.document.connector().proxy().is_none());
    let passwords = |one: &&Decision| one.topic == Topic::Passwords;
    assert_eq!(planned.report.decisions.iter().filter(passwords).count(), 1);
    assert!(matches!(
        Reading::from_file(b"PK\x03\x04", "x", &whose),
        Err(InvalidReading::Archive)
    ));
}

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

/// Mappings and resources that a document cannot have, and some that are made to fit.
fn odd() -> Answers {
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

#[test]
fn a_list_of_mappings_is_enough_and_hostile_text_stays_text() {
    let whose = SourceSubaccount {
        region_host: REGION.to_owned(),
        subaccount: ID.to_owned(),
    };
    let mut hostile = mapping(
        "erp",
        &json!({"description": "a\nb", "<b>*x*": "# |y|\n# z"}),
    );
    hostile["resources"] = json!([resource("/a", true)]);
    let file = json!([hostile]).to_string();
    let reading = Reading::from_file(file.as_bytes(), "list.json", &whose).unwrap();
    let planned = plan(&reading, &Document::empty(), &choice(), &mut || Uuid::nil()).unwrap();
    assert_eq!(mapped(&planned, "erp").resources.len(), 1);
    assert_eq!(&*mapped(&planned, "erp").description, "a b");
    let markdown = planned.report.to_markdown();
    assert!(
        markdown.contains("`<b>*x*`: this version does not know"),
        "{markdown}"
    );
    assert!(markdown.contains("\\# \\|y\\| \\# z"), "{markdown}");
    assert!(
        markdown.contains("one line and at most 1024 characters"),
        "{markdown}"
    );
    let json = serde_json::to_string(&planned.report).unwrap();
    assert_eq!(
        serde_json::from_str::<Report>(&json).unwrap(),
        planned.report
    );
}
