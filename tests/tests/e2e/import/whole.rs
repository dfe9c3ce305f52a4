//! Everything that a connector has arrives, or is named in the report.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use underpass_shared::config::{Document, MappingFields, SubaccountFields};

use super::connector::{Connector, TRUSTED, dump};
use super::{Desk, NEO, decided, tally, words};
use crate::process::{json as parse, run, until};
use crate::world::World;

/// The mapping of our document that a mapping of the connector is to become, as JSON.
fn expected(told: &Value, resources: &[Value]) -> Value {
    let text = |name: &str| told[name].as_str().unwrap();
    let protocol = text("protocol");
    let port = |name: &str| text(name).split('-').next().unwrap().to_owned();
    let host = text("virtualHost").to_lowercase();
    let http = protocol.starts_with("HTTP");
    let mut mapping = json!({
        "virtualAddress": format!("{host}:{}", port("virtualPort")),
        "internalAddress": format!("{}:{}", text("localHost"), port("localPort")),
        "protocol": protocol,
        "backendType": told["backendType"],
        "authenticationMode": told["authenticationMode"],
        "hostInHeader": told["hostInHeader"],
        "systemId": told["sid"],
        "description": told["description"],
        "creationDate": text("creationDate").parse::<u64>().unwrap(),
    });
    if text("virtualPort").contains('-') {
        mapping["furtherPorts"] = json!(9);
    }
    if http && ["abapSys", "netweaverGW"].contains(&text("backendType")) {
        mapping["pathOptions"] = json!({"bspMangling": true});
    }
    if protocol.starts_with("RFC") {
        mapping["rfcOptions"] = json!({"sapRouter": told["sapRouter"], "allowedClients": told["allowedClients"],
            "blockedUsers": told["blacklistedUsers"]});
        if let Some(name) = told.get("sncPartnerName") {
            mapping["rfcOptions"]["sncPartnerName"] = name.clone();
        }
    }
    let resources = resources.iter().filter(|_| http).map(|one| {
        let (path, exact) = (one["id"].as_str().unwrap(), one["exactMatchOnly"] == true);
        json!({"path": path, "enabled": one["enabled"], "exactMatchOnly": exact,
            "websocketUpgradeAllowed": one["websocketUpgradeAllowed"],
            "riskyPrefixMatch": !exact && !path.ends_with('/'), "description": one["description"],
            "creationDate": one["creationDate"].as_str().unwrap().parse::<u64>().unwrap()})
    });
    mapping["resources"] = resources.collect();
    mapping
}

/// Compares every mapping and resource, and counts both.
fn compare(dump: &Value, document: &Document) -> (usize, usize) {
    let mut arrived: BTreeMap<String, MappingFields> = BTreeMap::new();
    for subaccount in document.subaccounts() {
        for one in subaccount.mappings() {
            let key = format!("{} {}", subaccount.key().subaccount, one.virtual_address);
            arrived.insert(key, MappingFields::clone(one));
        }
    }
    let (mut mappings, mut resources) = (0, 0);
    for (path, told) in dump.as_object().unwrap() {
        let Some(subaccount) = path.strip_suffix("/systemMappings") else {
            continue;
        };
        for told in told.as_array().unwrap() {
            let address = format!(
                "{}:{}",
                told["virtualHost"].as_str().unwrap(),
                told["virtualPort"].as_str().unwrap()
            );
            let listed = dump[format!("{path}/{address}/resources")].as_array();
            let wanted = expected(told, listed.map_or(&[], Vec::as_slice));
            let mut wanted: MappingFields = serde_json::from_value(wanted).unwrap();
            wanted.resources.sort_by(|a, b| a.path.cmp(&b.path));
            let id = subaccount
                .rsplit('/')
                .next()
                .unwrap()
                .replace("p1234567trial", NEO);
            let found = arrived.remove(&format!("{id} {}", wanted.virtual_address));
            resources += wanted.resources.len();
            assert_eq!(found, Some(wanted), "{id} {address}");
            mappings += 1;
        }
    }
    assert!(arrived.is_empty(), "{arrived:?}");
    (mappings, resources)
}

fn own<'a>(document: &'a Document, id: &str) -> &'a SubaccountFields {
    let found = document
        .subaccounts()
        .iter()
        .find(|one| one.key().subaccount.to_string().ends_with(id));
    found.unwrap().own()
}

/// Settings, trust and rules; then what belongs to subaccounts.
fn compare_rest(document: &Document) {
    let connector = document.connector();
    let json = serde_json::to_value(&***connector).unwrap();
    assert_eq!(json["description"], "Plant connector");
    assert_eq!(json["audit"], json!({"level": "ALL", "cleanup": 90}));
    assert_eq!(
        json["ppSettings"],
        json!({"expirationToleranceInHr": 1, "certificateValidityInMin": 30})
    );
    assert_eq!(json["logAndTrace"]["sccLogLevel"], "WARN");
    assert_eq!(json["logAndTrace"]["rolloverThreshold"], 75);
    assert_eq!(
        json["alerting"]["thresholds"]["certificateValidityDays"],
        45
    );
    assert_eq!(json["alerting"]["notification"]["troubleshooting"], false);
    // Without the password it could send nothing.
    assert_eq!(
        (&json["email"]["enabled"], &json["email"]["smtpUsername"]),
        (&json!(false), &json!("scc"))
    );
    assert!(json.get("proxy").is_none(), "{}", json["proxy"]);
    let rules = &json["subjectPatternRules"];
    assert_eq!(rules["rules"].as_array().unwrap().len(), 4);
    assert_eq!(
        rules["rules"][3]["condition"],
        json!({"variable": "cp.origin", "operator": "is_not", "value": "partner"})
    );
    assert_eq!(
        rules["rules"][0]["subjectPattern"],
        json!({"CN": "${mail}", "O": "Corp"})
    );
    let trust = connector.backend_trust();
    let aliases: Vec<&str> = trust
        .certificates()
        .iter()
        .map(|one| one.alias.as_str())
        .collect();
    assert_eq!(aliases, ["corp-root-0", "corp-root-1", "corp-root-2"]);
    compare_own(document);
}

/// Channels, domains and identity providers of a subaccount.
fn compare_own(document: &Document) {
    let first = own(document, "a1");
    let kinds: Vec<_> = first
        .channels
        .as_slice()
        .iter()
        .map(|one| {
            (
                one.id.get(),
                one.service.kind().as_str(),
                one.service.local_port(),
                one.enabled,
            )
        })
        .collect();
    assert_eq!(
        kinds,
        [
            (1, "HANA", 30_015, true),
            (2, "VirtualMachine", 2_222, true),
            (3, "ABAPCloud", 3_301, true),
            (4, "ABAPCloudSNC", 4_802, true),
            (5, "K8S", 5_432, true)
        ]
    );
    assert_eq!(first.domain_mappings.as_slice().len(), 3);
    assert!(first.identity_trust.auto_sync() && first.identity_trust.providers()[0].enabled);
    assert_eq!(&*first.identity_trust.apps()[0].application_type, "JAVA");
    assert!(own(document, "a3").managed && !first.managed);
    assert_eq!(&*first.display_name, "Subaccount 0");
    assert!(
        document
            .subaccounts()
            .iter()
            .all(|one| !one.own().connected)
    );
}

#[test]
fn a_connector_comes_over_whole_as_one_revision_after_a_dry_run() {
    let connector = Connector::start(&[]);
    let desk = Desk::start();
    let (before, revision) = desk.document();
    let decided = decided("gateway.example.com:4443");
    let (markdown, json) = (desk.path("report.md"), desk.path("report.json"));
    let reports = [
        "--report",
        markdown.to_str().unwrap(),
        "--report",
        json.to_str().unwrap(),
    ];
    let dry = [
        &words(&decided)[..],
        &["--into", "plant", "--dry-run"],
        &reports,
    ]
    .concat();
    let told = parse(&run(desk.import(&connector, &dry)));
    assert_eq!(desk.document(), (before, revision));
    // Nothing but GETs, in one session, however many questions there were.
    assert_eq!(
        (connector.stats("writes"), connector.stats("sessions")),
        (0, 1)
    );
    assert!(
        connector.stats("requests") > 140,
        "{}",
        connector.stats("requests")
    );
    assert_eq!(tally(&told, "subaccounts"), (4, 4));
    assert_eq!(tally(&told, "systemMappings"), (100, 100));
    let (found, carried) = tally(&told, "resources");
    assert_eq!(found, 1_000);
    assert_eq!(tally(&told, "channels"), (5, 5));
    assert_eq!(tally(&told, "subjectRules"), (5, 5));
    let trusted = u64::try_from(TRUSTED).unwrap();
    assert_eq!(tally(&told, "trustedCertificates"), (trusted, trusted));
    report(
        &std::fs::read_to_string(markdown).unwrap(),
        &parse(&std::fs::read_to_string(json).unwrap()),
    );

    let apply = [&words(&decided)[..], &["--into", "plant", "--yes"]].concat();
    let told = parse(&run(desk.import(&connector, &apply)));
    assert_eq!(told["revision"], revision + 1);
    let (document, applied) = desk.document();
    assert_eq!(applied, revision + 1);
    let (mappings, resources) = compare(&dump(&[]), &document);
    assert_eq!(
        (mappings, u64::try_from(resources).unwrap()),
        (100, carried)
    );
    compare_rest(&document);
    // The rest of the thousand are function modules.
    let modules = dump(&[]).to_string().matches("Z_FUNCTION_").count();
    assert_eq!(resources + modules, 1_000);

    let again = parse(&run(desk.import(&connector, &apply)));
    assert_eq!(again["changes"], json!([]));
    assert_eq!(desk.document(), (document, applied));
}

/// The report names every field that stays behind, with the reason.
fn report(markdown: &str, json: &Value) {
    let findings = json["findings"].as_array().unwrap();
    let named = |kind: &str, field: &str, why: &str, places: usize| {
        let found = findings.iter().find(|one| {
            one["kind"] == kind
                && one["field"] == field
                && one["why"].as_str().unwrap().contains(why)
        });
        let found = found.unwrap_or_else(|| panic!("{kind} {field} {why}: {findings:#?}"));
        assert_eq!(found["places"].as_array().unwrap().len(), places, "{found}");
    };
    named(
        "notCarried",
        "newInSomeVersion",
        "does not know the field",
        4,
    );
    named("notCarried", "resources[].id", "no function modules", 158);
    named("notCarried", "autoCertRenewal", "always renewed", 1);
    named("notCarried", "trafficTrace", "does not switch them on", 1);
    named("notCarried", "certificate", "not the certificate", 4);
    named("notCarried", "hostAgentPath", "no counterpart", 1);
    named("notCarried", "subjectDN", "key cannot leave", 3);
    named("notCarried", "haEnabled", "set up between agents", 1);
    named("notCarried", "logPath", "path of the connector's host", 1);
    named(
        "notCarried",
        "host, port, user, password",
        "does not tell the password",
        1,
    );
    named("changed", "alias", "A-Z a-z 0-9", TRUSTED);
    named("withoutEffect", "protocol", "HTTP and HTTPS only", 36);
    named(
        "withoutEffect",
        "authenticationMode",
        "does not tell the user",
        20,
    );
    named("withoutEffect", "mail.debug", "no such property", 1);
    named("state", "enabledResourcesCount", "follows from", 100);
    named("state", "tunnel", "key cannot leave", 4);
    decisions(json["decisions"].as_array().unwrap());
    for words in [
        "## Not carried",
        "## Decisions",
        "`newInSomeVersion`",
        "SNC: library",
        "enrol-token create",
    ] {
        assert!(markdown.contains(words), "{words}");
    }
}

/// Each decision is named, and none is open.
fn decisions(decisions: &[Value]) {
    let topics: Vec<&str> = decisions
        .iter()
        .map(|one| one["topic"].as_str().unwrap())
        .collect();
    for topic in [
        "region",
        "enrolment",
        "keys",
        "passwords",
        "prefix",
        "sessions",
    ] {
        assert!(topics.contains(&topic), "{topic}: {topics:?}");
    }
    assert!(decisions.iter().all(|one| one["open"] == false));
}

#[test]
fn an_imported_subaccount_serves_requests_as_soon_as_it_is_enrolled() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let port = address.rsplit(':').next().unwrap();
    let connector = Connector::start(&["--hello", port]);
    let desk = Desk::start();
    let mut document = desk.agent.document();
    document["connector"]["allowedTargets"] = json!(["127.0.0.0/8"]);
    run(desk
        .agent
        .command(&["document", "apply", &desk.agent.write(&document)]));
    let tunnel = world.text("tunnel");
    let gateway = format!("localhost:{}", tunnel.rsplit(':').next().unwrap());
    let table = format!(
        "0190a5a2-6d0e-7cc0-8000-0000000000a1={}",
        world.tenant.subaccount
    );
    let region = format!("cf.eu10.hana.ondemand.com={gateway}");
    let more = [
        "--into",
        "plant",
        "--yes",
        "--region",
        &region,
        "--subaccount",
        &table,
    ];
    // Two regions have no gateway yet, and one id is no GUID; that is not passed over.
    let refused = desk.import(&connector, &more).output().unwrap();
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(
        !refused.status.success() && told.contains("3 decisions are open"),
        "{told}"
    );
    let (_, revision) = desk.document();
    let more = [&more[..], &["--leave-open"]].concat();
    let told = parse(&run(desk.import(&connector, &more)));
    assert_eq!(told["revision"], revision + 1);
    assert_eq!(tally(&told, "subaccounts"), (4, 2));
    let (document, _) = desk.document();
    assert_eq!(document.connector().allowed_targets().len(), 1);

    let token = world.enrol_token(&["--location-id", "plant"]);
    run(desk.agent.command(&["enrol", &token]));
    let hello = until("the tunnel is up", || {
        let answer = world.get_at("http://hello.virtual/hello", "plant");
        (answer.status == 200).then_some(answer)
    });
    assert!(hello.body.contains("Hello"), "{}", hello.body);
    // A plain prefix opens what begins alike, as it did; the back end itself knows no such page.
    let alike = world.get_at("http://hello.virtual/hello-there", "plant");
    assert_eq!(alike.status, 404, "{}", alike.body);
    let closed = world.get_at("http://hello.virtual/headers", "plant");
    assert_eq!(closed.status, 403, "{}", closed.body);
}
