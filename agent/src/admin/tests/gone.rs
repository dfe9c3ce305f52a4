//! Secrets that the document names and that are not on this host, as after a whole-document write.

use underpass_shared::api::management::{DocumentTarget, ErrorType};
use underpass_shared::pki::token::EnrolToken;

use super::samples::{FREE, MANAGED};
use super::*;

const CERTIFICATE: &str = include_str!("old.pem");
const CONNECTOR: &str = "/api/v1/configuration/connector";
/// Nothing is kept under it.
const KEY: &str = "0190a5a2-6d0e-7cc0-8000-0000000000aa";

/// The fixture with a secret wherever one can be named.
fn document(proxy: &Value) -> Value {
    let mut document: Value = serde_json::from_str(&fixture()).unwrap();
    let connector = &mut document["connector"];
    connector["proxy"] = proxy.clone();
    let waiting = "0190a5a2-6d0e-7cc0-8000-0000000000ab";
    connector["certificates"] = json!({
        "ppCa": {"chain": [CERTIFICATE], "key": KEY},
        "system": {"pendingKey": waiting},
    });
    let origin = "https://hooks.example:443";
    connector["webhooks"] =
        json!([{"name": "old", "enabled": true, "origin": origin, "path": KEY, "secret": KEY}]);
    document
}

fn direct() -> Value {
    Value::Null
}

fn with_login() -> Value {
    json!({"host": "proxy.corp", "port": 8080, "user": "u", "credential": KEY})
}

async fn refused(world: &World, verb: Verb, path: &str, body: Option<&Value>) -> Value {
    let reply = world.ask(Role::Administrator, verb, path, body).await;
    let body: Value = serde_json::from_str(&reply.body).unwrap();
    let kind = serde_json::to_value(ErrorType::IllegalState).unwrap();
    assert_eq!((reply.status, &body["type"]), (409, &kind), "{body}");
    body
}

#[tokio::test]
async fn what_is_gone_is_a_conflict_that_says_what_to_do() {
    let world = World::new().await;
    world.put(&document(&direct()).to_string()).await;
    let validity = format!("/api/v1/configuration/subaccounts/gate.example.com/{FREE}/validity");
    let body = refused(&world, Verb::Post, &validity, None).await;
    assert_eq!(body["field"], "authenticationData", "{body}");
    let told = body["message"].as_str().unwrap();
    assert!(
        told.contains("give authenticationData with a new token"),
        "{told}"
    );

    let system = format!("{CONNECTOR}/onPremises/systemCertificate");
    let signed = json!({"signedCertificate": CERTIFICATE});
    let body = refused(&world, Verb::Patch, &system, Some(&signed)).await;
    let told = body["message"].as_str().unwrap();
    assert!(told.contains("make a new request"), "{told}");

    let sample = format!("{CONNECTOR}/onPremises/subjectPatternRules/0/sampleCertificate");
    let body = refused(&world, Verb::Get, &sample, None).await;
    let told = body["message"].as_str().unwrap();
    assert!(told.contains("set the certificate again"), "{told}");

    // Whether a token is there or not, the way out has to be known first.
    world.put(&document(&with_login()).to_string()).await;
    let token = EnrolToken {
        region_host: "gate.example.com".parse().unwrap(),
        subaccount: MANAGED.parse().unwrap(),
        ca_fingerprint: [1; 32],
        secret: [2; 32],
    };
    let token = json!({"authenticationData": token.to_string()});
    let subaccounts = Target::Subaccounts.to_string();
    for (path, body) in [(&validity, None), (&subaccounts, Some(&token))] {
        let body = refused(&world, Verb::Post, path, body).await;
        let told = body["message"].as_str().unwrap();
        assert!(
            told.contains("set the proxy with its password again"),
            "{told}"
        );
    }
}

#[tokio::test]
async fn nothing_leads_back_to_a_certificate_whose_key_is_gone() {
    let world = World::new().await;
    world.put(&document(&direct()).to_string()).await;
    let with = world.revision();
    world.put(&fixture()).await;
    let without = world.revision();
    let revisions = "/api/v1/configuration/revisions";
    for (verb, path, body) in [
        (Verb::Post, format!("{revisions}/{with}/restore"), None),
        (Verb::Post, format!("{revisions}/{without}/undo"), None),
        (
            Verb::Put,
            Target::Document(DocumentTarget::Whole).to_string(),
            Some(document(&direct())),
        ),
    ] {
        let body = refused(&world, verb, &path, body.as_ref()).await;
        let field = body["field"].as_str().unwrap_or_default();
        assert!(field.starts_with("certificates."), "{path}: {body}");
        assert_eq!(world.revision(), without);
    }
}

#[tokio::test]
async fn no_refusal_of_any_call_names_a_folder_of_the_host() {
    let world = World::new().await;
    let folder = world.dir.path().display().to_string();
    let mut wrong = vec![];
    for proxy in [direct(), with_login()] {
        for sample in samples(FREE) {
            world.put(&document(&proxy).to_string()).await;
            let reply = world.call(Role::Administrator, &sample).await;
            if reply.body.contains(&folder) || reply.status == 500 {
                let name = (sample.operation.verb.as_str(), &sample.url);
                wrong.push(format!("{name:?}: {reply:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What is damaged is a failure of the host, whose folders are still nobody's business.
#[tokio::test]
async fn a_damaged_secret_is_told_without_its_folder() {
    let world = World::new().await;
    let folder = world.dir.path().display().to_string();
    let file = world.dir.path().join(format!("secrets/{FREE}.json"));
    underpass_runtime::file::private_dir(file.parent().unwrap()).unwrap();
    world
        .admin
        .secrets
        .save_key(KEY.parse().unwrap(), &"x".to_owned().into())
        .unwrap();
    let other = world.dir.path().join(format!("secrets/{KEY}.key"));
    // One value in the place of another.
    std::fs::copy(other, file).unwrap();
    let validity = format!("/api/v1/configuration/subaccounts/gate.example.com/{FREE}/validity");
    let reply = world
        .ask(Role::Administrator, Verb::Post, &validity, None)
        .await;
    assert_eq!(reply.status, 500, "{reply:?}");
    assert!(
        reply.body.contains(FREE) && !reply.body.contains(&folder),
        "{reply:?}"
    );

    let request = Request::get(Target::Corrupted.to_string());
    let request = request.body(Bytes::new()).unwrap();
    let answer = world
        .admin
        .handle(&operator(Role::Administrator), request)
        .await;
    let list = answer.into_body().collect().await.unwrap().to_bytes();
    let list = String::from_utf8(list.into()).unwrap();
    assert!(list.contains(FREE) && !list.contains(&folder), "{list}");
}

#[tokio::test]
async fn a_trace_whose_file_was_cleared_away_is_not_found() {
    let world = World::new().await;
    let wanted = json!({"regionHost": "gate.example.com", "subaccount": FREE, "reason": "x"});
    let (first, second) = (Role::Administrator, Role::AssociateAdministrator);
    let traces = "/api/v1/traces";
    let reply = world.ask(first, Verb::Post, traces, Some(&wanted)).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    let id = world.admin.live().unwrap().traces.list()[0].id;
    let approve = format!("{traces}/{id}/approve");
    let reply = world.ask(second, Verb::Post, &approve, None).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    std::fs::remove_file(world.dir.path().join(format!("trace/trace-{id}.jsonl"))).unwrap();
    let content = format!("{traces}/{id}/content");
    let reply = world.ask(first, Verb::Get, &content, None).await;
    assert_eq!(reply.status, 404, "{reply:?}");
    assert!(reply.body.contains("delete the trace"), "{reply:?}");
}
