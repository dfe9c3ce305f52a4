//! Backups over the API: in SAP's shape and in our own, and how often one may guess.

use std::time::Duration;

use http::header::{CONTENT_DISPOSITION, RETRY_AFTER};
use underpass_runtime::archive::{Identity, Key};

use super::*;
use crate::backup::{Opened, open};

const BACKUP: &str = "/api/v1/configuration/backup";
const VERIFICATION: &str = "/api/v1/backup/verification";
const CONFIGURATION: &str = "/api/v1/backup/configuration";
const BOUNDARY: &str = "parts";

/// What came back, with its body.
struct Told {
    status: u16,
    kind: String,
    retry_after: Option<u64>,
    body: Bytes,
}

impl Told {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

impl World {
    async fn post(&self, path: &str, kind: &str, body: impl Into<Bytes>) -> Told {
        let request = Request::post(path).header("content-type", kind);
        let request = request.body(body.into()).unwrap();
        let caller = operator(Role::Administrator);
        let response = self.admin.handle(&caller, request).await;
        let status = response.status().as_u16();
        let kind = response.headers()["content-type"].to_str().unwrap().into();
        let named = response.headers().contains_key(CONTENT_DISPOSITION);
        assert_eq!(named, status == 200 && path == BACKUP);
        let retry_after = response.headers().get(RETRY_AFTER);
        let retry_after = retry_after.map(|value| value.to_str().unwrap().parse().unwrap());
        let body = response.into_body().collect().await.unwrap().to_bytes();
        Told {
            status,
            kind,
            retry_after,
            body,
        }
    }

    async fn backup(&self, input: &Value) -> Told {
        self.post(BACKUP, "application/json", input.to_string())
            .await
    }

    async fn verify(&self, parts: &[(&str, &[u8])]) -> Told {
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        self.post(VERIFICATION, &kind, form(parts)).await
    }

    /// A backup, and the text of the key that opens it.
    async fn sealed(&self) -> (Bytes, Identity) {
        let identity = Identity::generate();
        let recipients = json!([identity.recipient().to_string()]);
        let told = self.backup(&json!({ "recipients": recipients })).await;
        assert_eq!((told.status, &*told.kind), (200, "application/zip"));
        (told.body, identity)
    }
}

fn form(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = vec![];
    for (name, content) in parts {
        let head =
            format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n");
        body.extend([head.as_bytes(), content, b"\r\n"].concat());
    }
    body.extend(format!("--{BOUNDARY}--\r\n").into_bytes());
    body
}

#[tokio::test]
async fn the_documented_call_gives_the_whole_agent() {
    let world = World::new().await;
    let told = world.backup(&json!({"password": "correct horse"})).await;
    assert_eq!((told.status, &*told.kind), (200, "application/zip"));
    let key = Key::Passphrase("correct horse".to_owned().into());
    let Opened { document, .. } = open(&told.body, &key).unwrap();
    assert_eq!(document.to_json(), world.document());
    for (input, field, rule) in [
        (json!({}), "password", "is missing"),
        (
            json!({"password": "elevenchars"}),
            "password",
            "at least 12",
        ),
        (
            json!({"password": "x".repeat(1_025)}),
            "password",
            "at most 1024",
        ),
        (
            json!({"recipients": ["age1x"]}),
            "recipients[0]",
            "must be a public key of age",
        ),
        (
            json!({"recipients": [format!("age1{}", "q".repeat(58))]}),
            "recipients[0]",
            "must be a public key of age",
        ),
        (
            json!({"password": "correct horse", "history": 1_001}),
            "history",
            "1000",
        ),
    ] {
        let told = world.backup(&input).await;
        let body = told.json();
        assert_eq!(
            (told.status, &body["field"]),
            (400, &json!(field)),
            "{body}"
        );
        let message = body["message"].as_str().unwrap();
        assert!(message.contains(rule), "{body}");
        assert!(!message.contains("xxxx"), "{body}");
    }
}

#[tokio::test]
async fn verification_tells_what_is_in_a_backup_and_changes_nothing() {
    let world = World::new().await;
    let (archive, identity) = world.sealed().await;
    let (before, revision) = (world.document(), world.revision());
    let key = identity.to_text();
    let parts = [("backup", &*archive), ("identity", key.expose().as_bytes())];
    let told = world.verify(&parts).await;
    let found = told.json();
    assert_eq!(told.status, 200, "{found}");
    assert_eq!(found["own"], true);
    assert_eq!(found["revision"]["number"], revision);
    assert_eq!(
        (&found["subaccounts"], &found["mappings"]),
        (&json!(2), &json!(4))
    );
    // Nobody enrolled these, and no password was set.
    let warnings = found["warnings"].as_array().unwrap();
    assert!(!warnings.is_empty(), "{found}");
    assert_eq!((world.document(), world.revision()), (before, revision));
    let [backup, identity] = parts;
    let x: &[u8] = b"x";
    for (parts, field) in [
        (vec![identity], "backup"),
        (vec![backup], "password"),
        (vec![backup, ("password", x)], "password"),
        (vec![backup, ("identity", x)], "identity"),
        (vec![backup, identity, ("password", x)], "identity"),
        (vec![backup, identity, ("more", x)], "more"),
        (vec![("backup", x), identity], "backup"),
    ] {
        let told = world.verify(&parts).await;
        let body = told.json();
        assert_eq!(
            (told.status, &body["field"]),
            (400, &json!(field)),
            "{body}"
        );
    }
    let told = world.post(VERIFICATION, "application/json", "{}").await;
    assert_eq!(told.status, 415);
}

#[tokio::test]
async fn the_configuration_in_a_backup_is_shown_as_of_its_revision() {
    let world = World::new().await;
    let (archive, identity) = world.sealed().await;
    let key = identity.to_text();
    let parts = [("backup", &*archive), ("identity", key.expose().as_bytes())];
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    let told = world.post(CONFIGURATION, &kind, form(&parts)).await;
    assert_eq!((told.status, &*told.kind), (200, "application/json"));
    assert_eq!(told.body, world.document());
    let stranger = Identity::generate().to_text();
    let wrong = [parts[0], ("identity", stranger.expose().as_bytes())];
    let told = world.post(CONFIGURATION, &kind, form(&wrong)).await;
    assert_eq!(
        (told.status, &told.json()["field"]),
        (400, &json!("identity"))
    );
}

#[tokio::test]
async fn who_guesses_hears_the_same_and_then_waits() {
    let world = World::new().await;
    let (archive, identity) = world.sealed().await;
    let (stranger, key) = (Identity::generate().to_text(), identity.to_text());
    let wrong = [
        ("backup", &*archive),
        ("identity", stranger.expose().as_bytes()),
    ];
    let right = [("backup", &*archive), ("identity", key.expose().as_bytes())];
    // What is no guess does not count.
    for _ in 0..9 {
        assert_eq!(world.verify(&right).await.status, 200);
    }
    let first = world.verify(&wrong).await;
    assert_eq!(first.status, 400);
    for _ in 1..5 {
        assert_eq!(world.verify(&wrong).await.body, first.body);
    }
    // Nor does the right key help any longer.
    let late = world.verify(&right).await;
    assert_eq!(
        (late.status, &late.json()["type"]),
        (429, &json!("FORBIDDEN_REQUEST"))
    );
    let seconds = late.retry_after.unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    let message = late.json()["message"].to_string();
    assert!(message.contains(&format!("in {seconds} s")), "{message}");
}

#[tokio::test]
async fn who_finds_all_places_taken_is_told_when_to_come_again() {
    let mut world = World::new().await;
    world.admin.backups.spool.wait = Duration::from_millis(1);
    let (archive, identity) = world.sealed().await;
    let mut taken = vec![];
    while let Ok(place) = world.admin.backups.spool.place().await {
        taken.push(place);
    }
    let key = identity.to_text();
    let parts = [("backup", &*archive), ("identity", key.expose().as_bytes())];
    let input = json!({"recipients": [identity.recipient().to_string()]});
    for told in [world.verify(&parts).await, world.backup(&input).await] {
        assert_eq!(
            (told.status, &told.json()["type"]),
            (429, &json!("ILLEGAL_STATE"))
        );
        assert_eq!(told.retry_after, Some(30));
    }
    drop(taken);
    assert_eq!(world.verify(&parts).await.status, 200);
    assert_eq!(world.backup(&input).await.status, 200);
}
