//! Restores through the handlers, on real stores: what was backed up comes back, or nothing.

mod generate;
mod golden;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use http::Request;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tempfile::TempDir;
use underpass_runtime::archive::{self, About, Identity, Lock};
use underpass_shared::api::management::RestoreApplied;
use underpass_shared::backup::{Content, Head};
use underpass_shared::config::{ConnectorFields, Document};

use self::generate::{Pool, backup};
use super::{Admin, Caller};
use crate::admin::OsUser;
use crate::audit::{Audit, Present};
use crate::restore::{Journal, Recovered, Value as Kept, recover};
use crate::store::Store;
use crate::vault::Vault;

/// Backups that are restored one after another; `UNDERPASS_ROUNDS` says another number.
const ROUNDS: u64 = 30;
/// Rounds after which one restore is taken back.
const BACK: u64 = 5;

/// An agent that does not run.
struct Agent {
    admin: Admin,
    store: Store,
    folder: PathBuf,
    key: Identity,
    _dir: TempDir,
}

/// All that an agent has, without what tells of restores.
#[derive(Debug, PartialEq)]
struct State {
    document: String,
    values: BTreeMap<String, Vec<u8>>,
}

impl Agent {
    fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let store = Store::open(dir.path(), || 1_700_000_000_000).unwrap();
        let present = Present::following(store.snapshot());
        let audit = Audit::open(dir.path(), || 1_700_000_000_000, present).unwrap();
        Self {
            admin: Admin::stopped(dir.path(), store.clone(), audit),
            store,
            folder: dir.path().to_owned(),
            key: Identity::generate(),
            _dir: dir,
        }
    }

    async fn ask(&self, request: Request<Bytes>) -> (u16, Value) {
        let caller = Caller::Local(OsUser::new("tester"));
        let response = self.admin.handle(&caller, request).await;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    async fn post(&self, path: &str) -> (u16, Value) {
        self.ask(Request::post(path).body(Bytes::new()).unwrap())
            .await
    }

    /// Seals a content to the agent's test key.
    fn seal(&self, content: &Content) -> Vec<u8> {
        let about = About {
            product: "underpass-agent",
            version: "0.1.0",
            created_at_ms: content.created_at_ms,
            instance: content.instance.to_string(),
            revision: Some(Head {
                number: content.revision.number,
                hash: content.hash(),
            }),
        };
        let lock = Lock::Recipients(vec![self.key.recipient()]);
        let json = content.write().unwrap();
        archive::seal(about, &json, &lock).unwrap().1
    }

    async fn plan(&self, archive: &[u8], choice: &Value) -> (u16, Value) {
        let key = self.key.to_text();
        let mut body = vec![];
        let choice = choice.to_string();
        let parts: [(&str, &[u8]); 3] = [
            ("identity", key.expose().as_bytes()),
            ("choice", choice.as_bytes()),
            ("backup", archive),
        ];
        for (name, content) in parts {
            let head = format!("--x-x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(content);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"--x-x--\r\n");
        let request = Request::post("/api/v1/restore/plan")
            .header("content-type", "multipart/form-data; boundary=x-x");
        self.ask(request.body(body.into()).unwrap()).await
    }

    /// Plans and applies; the plan.
    async fn restore(&self, content: &Content, choice: &Value) -> Value {
        let (status, plan) = self.plan(&self.seal(content), choice).await;
        assert_eq!(status, 201, "{plan}");
        let id = plan["id"].as_str().unwrap();
        let (status, applied) = self.post(&format!("/api/v1/restore/plan/{id}/apply")).await;
        assert_eq!(status, 200, "{applied}");
        plan
    }

    fn state(&self) -> State {
        state(&self.folder, &self.store)
    }
}

fn state(folder: &Path, store: &Store) -> State {
    let vault = Vault::new(folder);
    let mut values = BTreeMap::new();
    for entry in std::fs::read_dir(folder.join("secrets"))
        .into_iter()
        .flatten()
    {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if !name.starts_with("restore-") && name != "audit.key" {
            let value = vault.read(&name).map(|value| value.to_vec());
            // What waits is sealed under another name.
            values.insert(name, value.unwrap_or_default());
        }
    }
    State {
        document: store.current().document().to_json(),
        values,
    }
}

/// The parts that another host takes over.
fn all() -> Value {
    json!({"parts": ["subaccounts", "mappings", "trust", "settings", "identity", "operators"]})
}

/// What an agent has after it took a backup over, but for what belongs to its host.
fn expected(content: &Content, document: &Document, own: &State) -> State {
    let mut json: Value = serde_json::from_str(&document.to_json()).unwrap();
    let here: Value = serde_json::from_str(&own.document).unwrap();
    json["connector"]["certificates"]["ui"] = here["connector"]["certificates"]["ui"].clone();
    let document = Document::from_json(&json.to_string()).unwrap();
    let mut values = BTreeMap::new();
    for (id, secret) in &content.secrets.passwords {
        values.insert(format!("{id}.password"), secret.expose().into());
    }
    for (id, secret) in &content.secrets.keys {
        values.insert(format!("{id}.key"), secret.expose().into());
    }
    for (id, enrolment) in &content.enrolments {
        let json = serde_json::to_vec(enrolment).unwrap();
        values.insert(format!("{id}.json"), json);
    }
    let identity = serde_json::to_vec(&content.identity).unwrap();
    values.insert("identity.json".to_owned(), identity);
    let ui = here["connector"]["certificates"]["ui"]["key"]
        .as_str()
        .unwrap();
    let name = format!("{ui}.key");
    values.insert(name.clone(), own.values[&name].clone());
    State {
        document: document.to_json(),
        values,
    }
}

/// Gives an agent a certificate of its own host.
async fn with_host_certificate(agent: &Agent, pool: &Pool) {
    let (certificate, key) = pool.host_certificate();
    let id = underpass_runtime::random::id().to_string();
    let ui = json!({"schema": 1, "connector": {"certificates": {"ui": {
        "chain": [certificate], "key": id}}}});
    let vault = Vault::new(&agent.folder);
    vault.write(&format!("{id}.key"), key.as_bytes()).unwrap();
    let document = Document::from_json(&ui.to_string()).unwrap();
    let made = agent
        .store
        .change("test", "host", None, move |_| Ok(document));
    made.await.unwrap();
}

#[tokio::test]
async fn backups_with_a_bit_of_everything_come_back_equal_and_leave_the_host_alone() {
    let rounds = std::env::var("UNDERPASS_ROUNDS").ok();
    let rounds = rounds.map_or(ROUNDS, |text| text.parse().unwrap());
    let (agent, pool) = (Agent::new(), Pool::new());
    with_host_certificate(&agent, &pool).await;
    for seed in 0..rounds {
        let (content, document) = backup(seed, &pool);
        let before = agent.state();
        let plan = agent.restore(&content, &all()).await;
        let after = agent.state();
        let wanted = expected(&content, &document, &before);
        assert_eq!(after.document, wanted.document, "{seed}");
        let names = |state: &State| state.values.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&after), names(&wanted), "{seed}");
        assert_eq!(after.values, wanted.values, "{seed}");
        assert_eq!(plan["secrets"]["missing"], 0, "{seed}: {plan}");
        if seed % BACK != 0 {
            continue;
        }
        let (status, back) = agent.post("/api/v1/restore/rollback").await;
        assert_eq!(status, 200, "{seed}: {back}");
        let back = agent.state();
        if seed > 0 {
            assert_eq!(back, before, "{seed}");
        } else {
            // There was no identity to go back to, and nobody who administered the agent.
            let document: Value = serde_json::from_str(&back.document).unwrap();
            let operators = &document["connector"]["operators"];
            assert_eq!(operators.as_array().unwrap().len(), 2, "{seed}");
            let mut wanted: Value = serde_json::from_str(&before.document).unwrap();
            wanted["connector"]["operators"] = operators.clone();
            assert_eq!(document, wanted, "{seed}");
        }
        // The way back has a way back.
        let (status, again) = agent.post("/api/v1/restore/rollback").await;
        assert_eq!(status, 200, "{seed}: {again}");
        assert_eq!(agent.state(), after, "{seed}");
    }
}

#[tokio::test]
async fn a_value_of_the_same_id_is_kept_beside_and_a_second_apply_answers_the_first() {
    let (agent, pool) = (Agent::new(), Pool::new());
    let (content, _) = backup(3, &pool);
    agent.restore(&content, &all()).await;
    let mut other = content.clone();
    for secret in other.secrets.passwords.values_mut() {
        *secret = underpass_shared::backup::KeptSecret::new("another".to_owned());
    }
    let (_, plan) = agent.plan(&agent.seal(&other), &json!({})).await;
    let renamed = other.secrets.passwords.len() - 1;
    // The monitoring user's is a part of operators, which were not asked for.
    assert_eq!(plan["secrets"]["renamed"], renamed, "{plan}");
    let before = agent.state();
    let apply = format!(
        "/api/v1/restore/plan/{}/apply",
        plan["id"].as_str().unwrap()
    );
    let (status, applied) = agent.post(&apply).await;
    assert_eq!(status, 200, "{applied}");
    let state = agent.state();
    let another = state.values.values().filter(|one| *one == b"another");
    assert_eq!(another.count(), renamed);
    assert_ne!(state, before);
    assert_eq!(agent.post(&apply).await, (200, applied.clone()));
    let applied: RestoreApplied = serde_json::from_value(applied).unwrap();
    assert!(applied.changed && applied.author == "os:tester");
    assert_eq!(agent.state(), state);
    let (_, shown) = agent
        .ask(Request::get("/api/v1/restore").body(Bytes::new()).unwrap())
        .await;
    assert_eq!(shown["last"]["revision"], applied.revision);
    assert_eq!(shown["rollback"]["revision"], applied.revision);
    let (status, _) = agent.post("/api/v1/restore/rollback").await;
    assert_eq!((status, agent.state()), (200, before));
}

#[tokio::test]
async fn what_cannot_be_restored_changes_nothing_and_says_why() {
    let (agent, pool) = (Agent::new(), Pool::new());
    let (content, _) = backup(5, &pool);
    agent.restore(&content, &all()).await;
    let (state, archive) = (agent.state(), agent.seal(&content));
    for (archive, choice, says) in [
        (&archive[..archive.len() - 1], json!({}), "cut"),
        (b"no zip", json!({}), "no backup archive"),
        (&archive, json!({"parts": []}), "at least one"),
        (
            &archive,
            json!({"parts": ["everything"]}),
            "unknown variant",
        ),
        (&archive, json!({"surprise": 1}), "unknown field"),
        (
            &archive,
            json!({"hosts": [{"find": ".a", "replace": "b"}]}),
            "both be",
        ),
        (
            &archive,
            json!({"parts": ["machine"]}),
            "belongs to the host",
        ),
    ] {
        let (status, refused) = agent.plan(archive, &choice).await;
        let text = refused.to_string();
        assert!(status == 400 && text.contains(says), "{status} {text}");
    }
    let mut flipped = archive.clone();
    let place = flipped.len() / 2;
    flipped[place] ^= 1;
    assert_eq!(agent.plan(&flipped, &json!({})).await.0, 400);
    // The last Administrator is not taken away.
    let mut headless: Value = serde_json::from_str(content.document.get()).unwrap();
    headless["connector"]["operators"] = json!([]);
    let document = Document::from_json(&headless.to_string()).unwrap();
    let mut without = content.clone();
    without.document = Content::document_of(&document).unwrap();
    without.revision.content_hash = document.hash();
    let (_, plan) = agent.plan(&agent.seal(&without), &all()).await;
    assert!(
        plan["refused"].to_string().contains("last Administrator"),
        "{plan}"
    );
    let id = plan["id"].as_str().unwrap();
    let apply = format!("/api/v1/restore/plan/{id}/apply");
    assert_eq!(agent.post(&apply).await.0, 409);
    // A plan is for one revision.
    let (_, plan) = agent.plan(&archive, &json!({"parts": ["trust"]})).await;
    assert_eq!(agent.state(), state);
    let edit = |old: &Document| {
        let mut fields: ConnectorFields = (***old.connector()).clone().into();
        fields.description = Some("another".parse().unwrap_or_default());
        old.with_connector(fields.try_into()?)
    };
    agent.store.change("test", "x", None, edit).await.unwrap();
    let id = plan["id"].as_str().unwrap();
    let (status, refused) = agent
        .post(&format!("/api/v1/restore/plan/{id}/apply"))
        .await;
    assert_eq!(status, 409, "{refused}");
    let gone = format!("/api/v1/restore/plan/{id}");
    let delete = || Request::delete(&gone).body(Bytes::new()).unwrap();
    assert_eq!(agent.ask(delete()).await.0, 204);
    assert_eq!(agent.ask(delete()).await.0, 404);
}

/// What is under way when a process ends is gone on with, or taken back, by the next one.
#[tokio::test]
async fn an_interrupted_restore_is_finished_or_taken_back() {
    let (agent, pool) = (Agent::new(), Pool::new());
    let (content, document) = backup(7, &pool);
    agent.restore(&content, &all()).await;
    let (before, next) = (agent.state(), backup(8, &pool).1);
    let kept = |name: &str, text: &str| Kept {
        name: name.to_owned(),
        content: text.as_bytes().to_vec().into(),
    };
    let base = agent.store.current().revision().number;
    let done = RestoreApplied {
        plan: None,
        revision: base + 1,
        changed: true,
        time_stamp: 1,
        author: "tester".to_owned(),
        reason: "test".to_owned(),
    };
    let fresh = [kept("a.password", "new"), kept("b.password", "new")];
    let staged = [kept("identity.json", "another")];
    let journal = Journal::new(&agent.folder);
    let begin = || {
        let done = done.clone();
        journal
            .begin(base, next.hash(), done, &fresh, &staged)
            .unwrap()
    };
    begin();
    assert_ne!(agent.state(), before);
    assert_eq!(
        recover(&agent.folder, &agent.store).await,
        Recovered::TakenBack
    );
    assert_eq!(agent.state(), before);
    assert_eq!(
        recover(&agent.folder, &agent.store).await,
        Recovered::Nothing
    );

    begin();
    let new = next.clone();
    let made = agent
        .store
        .change("tester", "test", Some(base), move |_| Ok(new));
    made.await.unwrap();
    // Changes of others do not hide it.
    let later = document.to_json();
    let again = agent
        .store
        .change("tester", "later", None, move |_| Ok(document));
    again.await.unwrap();
    assert_eq!(
        recover(&agent.folder, &agent.store).await,
        Recovered::Finished
    );
    let after = agent.state();
    assert_eq!(after.values["identity.json"], b"another");
    assert_eq!(after.values["b.password"], b"new");
    assert_eq!(after.document, later);
    assert!(!after.values.keys().any(|name| name.contains("staged")));
    assert_eq!(
        recover(&agent.folder, &agent.store).await,
        Recovered::Nothing
    );
}
