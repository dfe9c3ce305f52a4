//! Wrong requests, each with its exact answer; none of them changes anything.

use super::socket::CONFIGURATION;
use crate::agent::Agent;
use crate::process::run;
use crate::world::World;

/// Method, path behind the subaccount's (or a whole one), body, status, type, field, rule.
type Wrong = (
    &'static str,
    &'static str,
    &'static str,
    u16,
    &'static str,
    Option<&'static str>,
    &'static str,
);

const MAPPINGS: &str = "/systemMappings";
const MAPPING: &str = "/systemMappings/a:1";
const RESOURCES: &str = "/systemMappings/a:1/resources";

#[rustfmt::skip]
const WRONG: &[Wrong] = &[
    ("POST", MAPPINGS, "", 400, "INVALID_REQUEST", None, "EOF"),
    ("POST", MAPPINGS, "{", 400, "INVALID_REQUEST", None, "EOF"),
    ("POST", MAPPINGS, r#"{"localHost":"b"}"#, 400, "INVALID_REQUEST", None, "missing field `localPort`"),
    ("POST", MAPPINGS, r#"{"localHost":"b","localPort":1,"protocol":"HTTP","backendType":"nonSAPsys"}"#, 400, "INVALID_REQUEST", Some("virtualHost"), "is missing"),
    ("POST", MAPPINGS, r#"{"virtualHost":"b","virtualPort":0}"#, 400, "INVALID_REQUEST", Some("virtualPort"), "between 1 and 65535"),
    ("POST", MAPPINGS, r#"{"virtualHost":"b/c"}"#, 400, "INVALID_REQUEST", Some("virtualHost"), "labels"),
    ("POST", MAPPINGS, r#"{"virtualHost":"b","password":"x"}"#, 400, "INVALID_REQUEST", Some("password"), "unknown field `password`"),
    ("POST", MAPPINGS, r#"{"protocol":"GOPHER"}"#, 400, "INVALID_REQUEST", Some("protocol"), "unknown variant `GOPHER`"),
    ("POST", MAPPINGS, r#"{"virtualHost":"b","virtualPort":"1","localHost":"b","localPort":"1","protocol":"LDAP","backendType":"hana"}"#, 400, "INVALID_CONFIGURATION", Some("protocol"), "LDAP and LDAPS lead to back ends of type nonSAPsys"),
    ("POST", MAPPINGS, r#"{"virtualHost":"a","virtualPort":"1","localHost":"b","localPort":"1","protocol":"HTTP","backendType":"hana"}"#, 409, "ILLEGAL_STATE", Some("virtualHost"), "there is a system mapping a:1 already"),
    ("PUT", MAPPING, r#"{"virtualHost":"z","localHost":"b","localPort":1,"protocol":"HTTP","backendType":"hana"}"#, 400, "INVALID_REQUEST", Some("virtualHost"), "cannot be changed"),
    ("PUT", "/systemMappings/b:1", r#"{"localHost":"b","localPort":1,"protocol":"HTTP","backendType":"hana"}"#, 404, "NOT_FOUND", None, "there is no system mapping b:1"),
    ("POST", RESOURCES, r#"{"id":"no-slash"}"#, 400, "INVALID_REQUEST", Some("id"), "path must start with /"),
    ("POST", RESOURCES, r#"{"id":"/a/../b"}"#, 400, "INVALID_REQUEST", Some("id"), "dot segments"),
    ("POST", RESOURCES, r#"{"id":"/x","enabled":"yes"}"#, 400, "INVALID_REQUEST", Some("enabled"), "expected true or false"),
    ("POST", RESOURCES, r#"{"id":"/x"}"#, 409, "ILLEGAL_STATE", Some("id"), "there is a resource /x already"),
    ("DELETE", "/systemMappings/a:1/resources/-y", "", 404, "NOT_FOUND", None, "there is no resource /y"),
    ("DELETE", "/systemMappings/a:1/resources/-y+", "", 400, "INVALID_REQUEST", Some("id"), "encoded"),
    ("GET", "/systemMappings/a:0", "", 400, "INVALID_REQUEST", Some("virtualHost:virtualPort"), "port must be"),
    ("GET", "/nothing", "", 404, "NOT_FOUND", None, "there is nothing at"),
    ("PATCH", MAPPINGS, "{}", 405, "INVALID_REQUEST", None, "only GET, HEAD, POST, DELETE, OPTIONS"),
    ("POST", "/state", r#"{"connected":true}"#, 405, "INVALID_REQUEST", None, "only PUT, OPTIONS"),
    ("PUT", "/state", r#"{"connected":1}"#, 400, "INVALID_REQUEST", Some("connected"), "expected true or false"),
    ("PUT", "/state?dryrun=true", r#"{"connected":true}"#, 400, "INVALID_REQUEST", Some("dryrun"), "is unknown"),
    ("PUT", "/state?locationID=other", r#"{"connected":true}"#, 404, "NOT_FOUND", None, "does not exist"),
    ("PUT", "", r#"{"locationID":"other"}"#, 400, "INVALID_REQUEST", Some("locationID"), "the gateway gives location IDs"),
    ("PUT", "", r#"{"autoCertRenewal":"false"}"#, 400, "INVALID_REQUEST", Some("autoCertRenewal"), "can only be true"),
    ("POST", "/api/v1/configuration/subaccounts", r#"{"authenticationData":"x"}"#, 400, "INVALID_REQUEST", Some("authenticationData"), "starts with `underpass-enrol.`"),
    ("GET", "/api/v1/configuration/subaccounts/gate/0190a5a2-6d0e-7cc0-8000-000000000001", "", 404, "NOT_FOUND", None, "Subaccount with value '0190a5a2-6d0e-7cc0-8000-000000000001@gate' does not exist"),
    ("GET", "/api/v1/configuration/subaccounts/gate/7", "", 400, "INVALID_REQUEST", Some("subaccount"), "GUID"),
    ("GET", "/api/v1/configuration/revisions?limit=0", "", 400, "INVALID_REQUEST", Some("limit"), "between 1 and 1000"),
    ("GET", "/api/v1/configuration/revisions/99", "", 404, "NOT_FOUND", None, "no revision 99"),
    ("PUT", "/api/v1/configuration/document", r#"{"schema":1,"x":1}"#, 400, "INVALID_CONFIGURATION", Some("x"), "unknown field"),
    ("PUT", "/api/v1/configuration/document", r#"{"schema":999}"#, 400, "INVALID_CONFIGURATION", Some("schema"), "use an agent of the version"),
    ("HEAD", "/state", "", 405, "", None, ""),
    ("HEAD", "/systemMappings/b:1", "", 404, "", None, ""),
];

fn prepared(world: &World) -> Agent {
    let mut agent = world.enrol("", &[]);
    run(agent.command(&["mapping", "add", "a:1", "10.0.0.1:80"]));
    run(agent.command(&["resource", "add", "a:1", "/x"]));
    agent.run();
    agent.until_up();
    agent
}

#[test]
fn wrong_requests_are_refused_by_name() {
    let world = World::start();
    let agent = prepared(&world);
    let (before, subaccount) = (agent.document(), agent.subaccount_path());
    for (method, path, body, status, kind, field, rule) in WRONG {
        let whole = if path.starts_with("/api/") {
            (*path).to_owned()
        } else {
            format!("{subaccount}{path}")
        };
        let answer = match *method {
            "HEAD" => {
                let head = super::socket::curl(&[], &agent.dir, &whole, &["--head"]);
                super::socket::answer(&run(head))
            }
            method => agent.send(method, &whole, &[], body),
        };
        assert_eq!(answer.status, *status, "{method} {path} {body}: {answer:?}");
        if *method == "HEAD" {
            continue;
        }
        let error = answer.json();
        assert_eq!(error["type"], *kind, "{method} {path} {body}: {error}");
        assert_eq!(
            error["field"].as_str(),
            *field,
            "{method} {path} {body}: {error}"
        );
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(rule), "{method} {path} {body}: {message}");
        if *status == 405 {
            assert!(message.contains(&answer.header("allow")));
        }
    }
    assert_eq!(agent.document(), before);
}

#[test]
fn wrong_heads_and_sizes_are_refused() {
    let world = World::start();
    let agent = prepared(&world);
    let (before, subaccount) = (agent.document(), agent.subaccount_path());
    let mappings = format!("{subaccount}/systemMappings");
    let large = world.path("large.json");
    let text = format!("{{\"virtualHost\":\"{}\"}}", "a".repeat(1024 * 1024));
    underpass_runtime::file::replace(&large, text.as_bytes()).unwrap();
    let file = format!("@{}", large.display());
    let answer = agent.send("POST", &mappings, &[], &file);
    assert_eq!(answer.status, 413, "{answer:?}");
    let message = &answer.json()["message"];
    assert_eq!(message, "the body must have at most 1048576 bytes");
    // The document may be larger, and is then only not one.
    let document = format!("{CONFIGURATION}/document");
    let answer = agent.send("PUT", &document, &[], &file);
    assert_eq!(answer.status, 400, "{answer:?}");

    let form = ["-X", "POST", "-d", "{}"];
    let form = run(super::socket::curl(&[], &agent.dir, &mappings, &form));
    let form = super::socket::answer(&form);
    assert_eq!(form.status, 415);
    assert_eq!(form.json()["field"], "Content-Type");
    for tag in ["7", "\"x\"", "W/\"1\"", "\"1\", \"2\""] {
        let header = format!("If-Match: {tag}");
        let answer = agent.ask("DELETE", &mappings, &[&header]);
        assert_eq!(answer.status, 400, "{tag}: {answer:?}");
        assert_eq!(answer.json()["field"], "If-Match");
    }
    let long = format!("X: {}", "a".repeat(20_000));
    assert_eq!(agent.ask("GET", &mappings, &[&long]).status, 431);
    assert_eq!(agent.document(), before);
}

#[test]
fn addresses_of_new_things_lead_to_them() {
    let world = World::start();
    let agent = prepared(&world);
    let subaccount = agent.subaccount_path();
    let mapping = r#"{"virtualHost":"b","virtualPort":2,"localHost":"c","localPort":"3","protocol":"HTTPS","backendType":"abapSys","hostInHeader":"internal"}"#;
    let made = agent.send(
        "POST",
        &format!("{subaccount}/systemMappings"),
        &[],
        mapping,
    );
    assert_eq!((made.status, made.body.as_str()), (201, ""));
    let place = made.header("location");
    assert_eq!(place, format!("{subaccount}/systemMappings/b:2"));
    let shown = agent.ask("GET", &place, &[]).json();
    assert_eq!(shown["hostInHeader"], "INTERNAL");
    assert_eq!(shown["localPort"], "3");
    assert_eq!(
        shown["_links"]["resources"]["href"],
        format!("{place}/resources")
    );
    let resource = r#"{"id":"/sap/a-b%20c+d","enabled":"true"}"#;
    let made = agent.send("POST", &format!("{place}/resources"), &[], resource);
    assert_eq!(made.status, 201, "{made:?}");
    let resource = format!("{place}/resources/-sap-a+2Db%2520c+2Bd");
    assert_eq!(made.header("location"), resource);
    let shown = agent.ask("GET", &resource, &[]);
    assert_eq!(shown.json()["id"], "/sap/a-b%20c+d");
    assert_eq!(shown.json()["enabled"], true);
    // What was read can be written back, and is then nothing new.
    for place in [&place, &resource] {
        let shown = agent.ask("GET", place, &[]);
        let same = agent.send("PUT", place, &[], &shown.body);
        assert_eq!(same.status, 204, "{same:?}");
        assert_eq!(same.header("etag"), shown.header("etag"));
    }
    let exact = r#"{"exactMatchOnly":true}"#;
    assert_eq!(agent.send("PUT", &resource, &[], exact).status, 204);
    let changed = agent.ask("GET", &resource, &[]).json();
    assert_eq!(
        (&changed["exactMatchOnly"], &changed["enabled"]),
        (&true.into(), &false.into())
    );
    assert_eq!(
        agent
            .ask("DELETE", &format!("{place}/resources"), &[])
            .status,
        204
    );
    assert_eq!(agent.ask("GET", &resource, &[]).status, 404);
    let named = agent.send("PUT", &subaccount, &[], r#"{"displayName":"Acme"}"#);
    assert_eq!(
        (named.status, &named.json()["displayName"]),
        (200, &"Acme".into())
    );
    let version = agent.ask("GET", "/api/v1/connector/version", &[]).json();
    assert_eq!(version["version"], env!("CARGO_PKG_VERSION"));
}
