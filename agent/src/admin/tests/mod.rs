//! The handlers in process, on a real store.

mod backup;
mod gone;
mod restore;
mod roles;
mod samples;
mod trial;

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tempfile::TempDir;
use underpass_runtime::tasks::Tasks;
use underpass_runtime::telemetry::{FileLimits, LogFiles, Recent};
use underpass_shared::api::management::operations::{Operation, operations};
use underpass_shared::api::management::{Target, Verb};
use underpass_shared::config::Document;
use underpass_shared::id::OperatorId;
use underpass_shared::rights::Role;
use uuid::Uuid;

use self::samples::{Sample, fixture, sample};
use super::{Admin, Caller, Live, Operator};
use crate::alerts::{Alerts, Keep};
use crate::audit::{Audit, Present};
use crate::control::Control;
use crate::diagnosis::Diagnoses;
use crate::events::Events;
use crate::forward::OwnListeners;
use crate::logs::Logs;
use crate::measure::Meter;
use crate::probes::Probes;
use crate::status::StatusBoard;
use crate::store::Store;
use crate::trace::Traces;

/// A running agent's handlers, with a configuration in which there is one of everything.
struct World {
    admin: Admin,
    store: Store,
    dir: TempDir,
}

/// What came back.
#[derive(Debug)]
struct Reply {
    status: u16,
    kind: Option<String>,
    /// Of a refusal.
    body: String,
}

impl World {
    async fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let store = Store::open(dir.path(), || 1_700_000_000_000).unwrap();
        let present = Present::following(store.snapshot());
        let audit = Audit::open(dir.path(), || 1_700_000_000_000, present).unwrap();
        let tasks = Tasks::new();
        let events = Events::new(&tasks);
        let limits = FileLimits {
            bytes: 1_000,
            days: 0,
        };
        let log_files = LogFiles::start(&dir.path().join("log"), &Recent::new(), limits).unwrap();
        let live = Live {
            board: StatusBoard::default(),
            events: events.clone(),
            own: OwnListeners::default(),
            alerts: Alerts::open(Keep::nowhere(), events).await,
            delivery: None,
            logs: Logs::new(Recent::new(), &tasks),
            log_files: Some(log_files),
            levels: None,
            control: Control::new(true),
            meter: Meter::new(),
            history: Err("nothing is kept".to_owned()),
            diagnoses: Diagnoses::default(),
            traces: Traces::open(dir.path()),
            probes: Probes::default(),
        };
        let admin = Admin::running(dir.path(), store.clone(), audit, live);
        let world = Self { admin, store, dir };
        world.put(&fixture()).await;
        world
    }

    /// The configuration as text; equal texts are equal configurations.
    fn document(&self) -> String {
        self.store.current().document().to_json()
    }

    fn revision(&self) -> u64 {
        self.store.current().revision().number
    }

    /// Makes a document the present one, past all rights.
    async fn put(&self, document: &str) {
        let document = Document::from_json(document).unwrap();
        let changed = self
            .store
            .change("test", "test", None, move |_old| Ok(document));
        changed.await.unwrap();
    }

    async fn ask(&self, role: Role, verb: Verb, path: &str, body: Option<&Value>) -> Reply {
        let request = Request::builder()
            .method(Method::from_bytes(verb.as_str().as_bytes()).unwrap())
            .uri(path)
            .header("content-type", "application/json");
        let body = body.map(ToString::to_string).unwrap_or_default();
        let request = request.body(Bytes::from(body)).unwrap();
        let response = self.admin.handle(&operator(role), request).await;
        let status = response.status().as_u16();
        // A stream has no end.
        let body = match status {
            ..400 => Bytes::new(),
            400.. => response.into_body().collect().await.unwrap().to_bytes(),
        };
        let error: Option<Value> = (status >= 400).then(|| serde_json::from_slice(&body).unwrap());
        let kind = error.and_then(|error| error["type"].as_str().map(str::to_owned));
        let body = String::from_utf8(body.into()).unwrap();
        Reply { status, kind, body }
    }

    /// Makes a call of the table.
    async fn call(&self, role: Role, sample: &Sample) -> Reply {
        let operation = sample.operation;
        let body = sample.body.as_ref();
        self.ask(role, operation.verb, &sample.url, body).await
    }
}

/// The caller with a role, as the fixture knows him.
fn operator(role: Role) -> Caller {
    let at = Role::ALL.iter().position(|one| *one == role);
    Caller::Operator(Operator {
        id: caller_id(at.unwrap()),
        name: role.to_string(),
        role,
    })
}

/// Who the caller with the role at a place of [`Role::ALL`] is.
fn caller_id(at: usize) -> OperatorId {
    OperatorId::from_uuid(Uuid::from_u128(0x100 + u128::try_from(at).unwrap()))
}

/// All calls, each with what is needed to make it.
fn samples(subaccount: &str) -> Vec<Sample> {
    operations().map(|one| sample(one, subaccount)).collect()
}

impl Reply {
    fn is_forbidden(&self) -> bool {
        let forbidden = self.status == 403;
        let says = self.kind.as_deref() == Some("FORBIDDEN_REQUEST");
        assert_eq!(forbidden, says, "{self:?}");
        forbidden
    }
}
