//! One request on its way through a handler, and the one way that a handler changes anything.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderName, IF_MATCH};
use http::{HeaderMap, Request, Response, StatusCode};
use serde::de::DeserializeOwned;
use underpass_shared::api::management::{self as api, ErrorType, Preview, Query, Refusal};
use underpass_shared::audit::Category;
use underpass_shared::backup::Named;
use underpass_shared::config::limits::REASON_LEN_MAX;
use underpass_shared::config::{ConfirmWithin, Document, Invalid, Joining, changes, diff};
use underpass_shared::rights::{self, Role};

use super::payload::Coming;
use super::{Admin, Answer, Payload, answer, certificates};
use crate::secrets::SecretStore;
use crate::store::{ChangeError, Snapshot};

/// What a handler is told of a request.
pub(super) struct Call {
    caller: super::Caller,
    pub(super) query: Query,
    if_match: Option<u64>,
    /// The last event that the caller knows.
    pub(super) last_event_id: Option<u64>,
    json: Result<(), Refusal>,
    content_type: Option<String>,
    accept: Option<String>,
    body: Bytes,
    /// A body that is still on its way. Who reads it has the call to himself.
    coming: Mutex<Option<Coming>>,
}

impl Call {
    pub(super) fn new(
        caller: &super::Caller,
        query: Query,
        request: Request<Payload>,
    ) -> Result<Self, Refusal> {
        let (head, payload) = request.into_parts();
        let (body, coming) = match payload {
            Payload::Whole(body) => (body, None),
            Payload::Coming(coming) => (Bytes::new(), Some(coming)),
        };
        Ok(Self {
            caller: caller.clone(),
            query,
            if_match: if_match(&head.headers)?,
            last_event_id: last_event_id(&head.headers)?,
            json: is_json(&head.headers),
            content_type: text(&head.headers, &CONTENT_TYPE),
            accept: text(&head.headers, &ACCEPT),
            body,
            coming: Mutex::new(coming),
        })
    }

    /// Who asks.
    pub(super) const fn caller(&self) -> &super::Caller {
        &self.caller
    }

    /// The revision that the caller knows, where he says so.
    pub(super) const fn if_match(&self) -> Option<u64> {
        self.if_match
    }

    /// Refuses where the caller knows another revision: before what cannot be taken back.
    pub(super) fn check_revision(&self, current: u64) -> Result<(), Refusal> {
        match self.if_match {
            Some(wanted) if wanted != current => {
                Err(answer::refusal(ChangeError::Conflict { current }))
            }
            Some(_) | None => Ok(()),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.body.is_empty()
    }

    /// The body, strictly.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        api::read(&self.json()?)
    }

    /// What the body says it is.
    pub(super) fn content_type(&self) -> &str {
        self.content_type.as_deref().unwrap_or_default()
    }

    /// Which forms of the answer the caller takes.
    pub(super) fn accept(&self) -> &str {
        self.accept.as_deref().unwrap_or_default()
    }

    /// The body's bytes, whatever they are.
    pub(super) const fn body(&self) -> &Bytes {
        &self.body
    }

    /// Takes the body away, so that it is not kept beside what is made of it.
    pub(super) fn take_payload(&mut self) -> Payload {
        let coming = self
            .coming
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        match coming.take() {
            Some(coming) => Payload::Coming(coming),
            None => Payload::Whole(std::mem::take(&mut self.body)),
        }
    }

    /// The body's bytes, which must be JSON.
    pub(super) fn json(&self) -> Result<Bytes, Refusal> {
        self.json.clone()?;
        Ok(self.body.clone())
    }
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let value = headers.get(name)?;
    value.to_str().ok().map(str::to_owned)
}

fn if_match(headers: &HeaderMap) -> Result<Option<u64>, Refusal> {
    let Some(value) = headers.get(IF_MATCH) else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default();
    if text == "*" {
        return Ok(None);
    }
    let number = text.strip_prefix('"').and_then(|t| t.strip_suffix('"'));
    let number = number.and_then(|digits| digits.parse().ok());
    let rule = "must be one revision as an ETag gives it, such as \"7\", or *";
    let number = number.ok_or_else(|| Refusal::invalid("If-Match", rule))?;
    Ok(Some(number))
}

fn last_event_id(headers: &HeaderMap) -> Result<Option<u64>, Refusal> {
    let Some(value) = headers.get("last-event-id") else {
        return Ok(None);
    };
    let number = value.to_str().ok().and_then(|text| text.parse().ok());
    let rule = "must be the id of an event";
    let number = number.ok_or_else(|| Refusal::invalid("Last-Event-ID", rule))?;
    Ok(Some(number))
}

fn is_json(headers: &HeaderMap) -> Result<(), Refusal> {
    let value = headers.get(CONTENT_TYPE).map(|value| value.to_str());
    let Some(Ok(text)) = value else {
        return Err(media_type("is missing"));
    };
    let kind = text.split(';').next().unwrap_or_default().trim();
    if kind.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(media_type(&format!("is {kind}")))
}

fn media_type(what: &str) -> Refusal {
    let message = format!("the Content-Type {what}; it must be application/json");
    let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
    Refusal::new(status, ErrorType::InvalidRequest, message).at("Content-Type")
}

/// A refusal on its way past the store, which knows broken rules only. Clones are the same.
#[derive(Clone, Default)]
pub(super) struct PastStore(Arc<Mutex<Option<Refusal>>>);

impl PastStore {
    /// On the writer's thread: what the store is told in place of a refusal.
    pub(super) fn keep<T>(&self, result: Result<T, Refusal>) -> Result<T, Invalid> {
        result.map_err(|refusal| {
            *self.slot() = Some(refusal);
            Invalid::new("", "refused")
        })
    }

    /// What the store's error means.
    pub(super) fn refusal(&self, error: ChangeError) -> Refusal {
        match (self.slot().take(), error) {
            (Some(refusal), ChangeError::Invalid(_)) => refusal,
            (_, error) => answer::refusal(error),
        }
    }

    fn slot(&self) -> MutexGuard<'_, Option<Refusal>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A change as handlers describe it: it is refused, or leads to another document.
pub(super) type EditResult = Result<Document, Refusal>;

impl Admin {
    /// Makes a change, or tells what it would change. `done` makes the answer from the number of
    /// the revision.
    pub(super) async fn change(
        &self,
        call: &Call,
        reason: &str,
        edit: impl FnOnce(&Document) -> EditResult + Send + 'static,
        done: impl FnOnce(u64) -> Response<Bytes>,
    ) -> Answer {
        let joining = if call.query.readmit_operators {
            Joining::Anybody
        } else {
            Joining::Nobody
        };
        self.change_as(call, reason, joining, edit, done).await
    }

    pub(super) async fn change_as(
        &self,
        call: &Call,
        reason: &str,
        joining: Joining,
        edit: impl FnOnce(&Document) -> EditResult + Send + 'static,
        done: impl FnOnce(u64) -> Response<Bytes>,
    ) -> Answer {
        if call.query.dry_run {
            let current = self.readable()?;
            let edit = allowed(call.caller.role(), joining, edit);
            let edit = with_keys(self.secrets.clone(), edit);
            return preview(current, call.if_match, edit).await;
        }
        let before = Named::of(self.store.current().document());
        let within = call.query.confirm_within.map(ConfirmWithin::duration);
        let revision = self
            .commit(&call.caller, reason, call.if_match, joining, within, edit)
            .await?;
        let mut response = done(revision);
        if let Some(trial) = self.store.current().trial() {
            answer::reverts_at(&mut response, trial.until_ms);
        }
        self.forget(&before);
        Ok(response)
    }

    pub(super) async fn commit(
        &self,
        caller: &super::Caller,
        reason: &str,
        if_match: Option<u64>,
        joining: Joining,
        within: Option<Duration>,
        edit: impl FnOnce(&Document) -> EditResult + Send + 'static,
    ) -> Result<u64, Refusal> {
        let author = caller.to_string();
        let recording = self.recording(caller, Category::Configuration, reason);
        let edit = with_keys(self.secrets.clone(), allowed(caller.role(), joining, edit));
        let edit = recording.intending(as_before(caller.clone(), edit));
        let past = PastStore::default();
        let slot = past.clone();
        let committed = self
            .store
            .try_out(
                &author,
                &shortened(reason),
                if_match,
                within,
                move |document| slot.keep(edit(document)),
            )
            .await;
        let committed = committed.map_err(|error| past.refusal(error));
        recording.committed(committed.as_ref());
        let committed = committed?;
        let number = committed.revision.number;
        if committed.changed {
            tracing::info!(author, reason, revision = number, "configuration changed");
        }
        Ok(number)
    }
}

/// A change that is refused where it names keys that are not in the secret store, as an undo may:
/// a key is deleted as soon as no document in use has it.
fn with_keys(
    secrets: SecretStore,
    edit: impl FnOnce(&Document) -> EditResult + Send + 'static,
) -> impl FnOnce(&Document) -> EditResult + Send + 'static {
    move |old| {
        let new = edit(old)?;
        let certificates = |document: &Document| document.connector().certificates.clone();
        certificates::check_keys(&secrets, &certificates(old), &certificates(&new))?;
        Ok(new)
    }
}

/// A change that is refused where its author lost his role while the request ran.
fn as_before(
    caller: super::Caller,
    edit: impl FnOnce(&Document) -> EditResult + Send + 'static,
) -> impl FnOnce(&Document) -> EditResult + Send + 'static {
    move |old| {
        still_permitted(&caller, old)?;
        edit(old)
    }
}

/// Refuses what somebody began who was removed, or got another role, meanwhile.
pub(super) fn still_permitted(caller: &super::Caller, document: &Document) -> Result<(), Refusal> {
    if caller.is_as_before(document) {
        return Ok(());
    }
    let message = format!("{caller} was removed or got another role meanwhile; nothing was done");
    let (status, kind) = (StatusCode::FORBIDDEN, ErrorType::ForbiddenRequest);
    Err(Refusal::new(status, kind, message))
}

/// A change that is refused where it goes beyond the role of its author, or would lock all out or
/// let somebody in again.
fn allowed(
    role: Role,
    joining: Joining,
    edit: impl FnOnce(&Document) -> EditResult + Send + 'static,
) -> impl FnOnce(&Document) -> EditResult + Send + 'static {
    move |old| {
        let new = edit(old)?;
        rights::check(role, old, &new)?;
        let operators = new.connector().operators();
        old.connector().operators().may_become(operators, joining)?;
        let organisation = &new.connector().organisation;
        (old.connector().organisation).may_become(organisation, joining)?;
        Ok(new)
    }
}

async fn preview(
    current: Arc<Snapshot>,
    if_match: Option<u64>,
    edit: impl FnOnce(&Document) -> EditResult + Send + 'static,
) -> Answer {
    let number = current.revision().number;
    if if_match.is_some_and(|wanted| wanted != number) {
        return Err(answer::refusal(ChangeError::Conflict { current: number }));
    }
    blocking(move || {
        let old = current.document();
        let new = edit(old)?;
        let preview = Preview {
            revision: number,
            changes: changes(&diff(old, &new), &diff(&new, old)),
        };
        answer::ok(&preview, number)
    })
    .await
}

/// Does what may take long for a large document beside the other requests.
pub(super) async fn blocking(work: impl FnOnce() -> Answer + Send + 'static) -> Answer {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|_panic| Err(answer::refusal(ChangeError::Panicked)))
}

/// A reason that the history takes: paths and addresses in it may be long.
fn shortened(reason: &str) -> String {
    let clean = reason.chars().filter(|c| !c.is_control());
    let mut text: String = clean.collect();
    while text.len() > REASON_LEN_MAX {
        text.pop();
    }
    text
}
