//! Answers: what the handlers found, as responses.

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE, ETAG, LOCATION, RETRY_AFTER};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde::Serialize;
use underpass_shared::api::management::operations::TOTAL_COUNT;
use underpass_shared::api::management::{ErrorType, Refusal, Target};

use super::Answer;
use crate::store::ChangeError;

/// When a change is taken back unless it is confirmed, milliseconds UTC.
pub(crate) const REVERTS_AT: HeaderName = HeaderName::from_static("underpass-reverts-at-ms");

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// 200 with a body, as of a revision.
pub(super) fn ok(body: &impl Serialize, revision: u64) -> Answer {
    let json = serde_json::to_vec(body);
    let json = json.map_err(|error| Refusal::failure(error.to_string()))?;
    Ok(json_text(json.into(), revision))
}

/// 200 with JSON that is there already.
pub(super) fn json_text(json: Bytes, revision: u64) -> Response<Bytes> {
    let mut response = empty(StatusCode::OK, revision);
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    *response.body_mut() = json;
    response
}

/// 200 with something else than JSON.
pub(super) fn bytes(body: Vec<u8>, kind: &'static str, revision: u64) -> Response<Bytes> {
    let mut response = empty(StatusCode::OK, revision);
    let kind = HeaderValue::from_static(kind);
    response.headers_mut().insert(CONTENT_TYPE, kind);
    *response.body_mut() = body.into();
    response
}

/// 204: done.
pub(super) fn done(revision: u64) -> Response<Bytes> {
    empty(StatusCode::NO_CONTENT, revision)
}

/// 201 without a body: `target` is new.
pub(super) fn created(target: &Target, revision: u64) -> Response<Bytes> {
    let mut response = empty(StatusCode::CREATED, revision);
    locate(&mut response, target);
    response
}

/// Names the address of what is new.
pub(super) fn locate(response: &mut Response<Bytes>, target: &Target) {
    // Every target is printable ASCII.
    if let Ok(location) = HeaderValue::try_from(target.to_string()) {
        response.headers_mut().insert(LOCATION, location);
    }
}

fn empty(status: StatusCode, revision: u64) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    tag(&mut response, revision);
    response
}

/// Names the revision that an answer is about.
pub(super) fn tag(response: &mut Response<Bytes>, revision: u64) {
    if let Ok(tag) = HeaderValue::try_from(format!("\"{revision}\"")) {
        response.headers_mut().insert(ETAG, tag);
    }
}

/// Says when a change is taken back unless it is confirmed.
pub(super) fn reverts_at(response: &mut Response<Bytes>, ms: i64) {
    response.headers_mut().insert(REVERTS_AT, ms.into());
}

/// What a change said in the head of its answer, in another answer to it: also when the change
/// takes itself back.
pub(super) fn as_told(mut response: Response<Bytes>, changed: &Response<Bytes>) -> Response<Bytes> {
    for (name, value) in changed.headers() {
        response.headers_mut().insert(name, value.clone());
    }
    response
}

/// 304 in place of what the caller has already, by his `If-None-Match`.
pub(super) fn unless_same(response: &mut Response<Bytes>, condition: &HeaderValue) {
    let Some(Ok(tag)) = response.headers().get(ETAG).map(HeaderValue::to_str) else {
        return;
    };
    let known = condition.to_str().unwrap_or_default().split(',');
    let mut known = known.map(|one| one.trim().trim_start_matches("W/"));
    if response.status() == StatusCode::OK && known.any(|one| one == "*" || one == tag) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response.headers_mut().remove(CONTENT_TYPE);
        *response.body_mut() = Bytes::new();
    }
}

/// Says how many entries a list has of which a part is shown.
pub(super) fn total(response: &mut Response<Bytes>, count: usize) {
    let name = HeaderName::from_static(TOTAL_COUNT);
    response.headers_mut().insert(name, count.into());
}

/// The answer without its body, whose length it tells.
pub(super) fn without_body(mut response: Response<Bytes>) -> Response<Bytes> {
    let len = std::mem::take(response.body_mut()).len();
    if response.status() != StatusCode::NO_CONTENT {
        response.headers_mut().insert(CONTENT_LENGTH, len.into());
    }
    response
}

/// Names the methods that are possible.
pub(super) fn with_allow(mut response: Response<Bytes>, allow: &str) -> Response<Bytes> {
    if let Ok(allow) = HeaderValue::try_from(allow) {
        response.headers_mut().insert(ALLOW, allow);
    }
    response
}

/// A refusal as a response; `allow` names the methods that are possible.
pub(super) fn refused(refusal: &Refusal, allow: Option<&str>) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = refusal.status;
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    if let Some(seconds) = refusal.retry_after {
        let seconds = HeaderValue::from(seconds);
        response.headers_mut().insert(RETRY_AFTER, seconds);
    }
    if refusal.status == StatusCode::METHOD_NOT_ALLOWED
        && let Some(allow) = allow
    {
        response = with_allow(response, allow);
    }
    *response.body_mut() = serde_json::to_vec(&refusal.body).unwrap_or_default().into();
    response
}

/// Why the store refused a change, as the API says it.
pub(super) fn refusal(error: ChangeError) -> Refusal {
    match error {
        ChangeError::Invalid(invalid) => invalid.into(),
        ChangeError::OnTrial(refused) => super::trial::refusal(refused),
        ChangeError::NothingOnTrial => Refusal::not_found(error.to_string()),
        ChangeError::Conflict { .. } => Refusal::new(
            StatusCode::PRECONDITION_FAILED,
            ErrorType::IllegalState,
            error.to_string(),
        ),
        ChangeError::Stopped => Refusal::new(
            StatusCode::SERVICE_UNAVAILABLE,
            ErrorType::RuntimeFailure,
            error.to_string(),
        ),
        ChangeError::Problem(_)
        | ChangeError::DiskFull
        | ChangeError::Storage(_)
        | ChangeError::History(_)
        | ChangeError::Panicked => Refusal::failure(format!("{:#}", anyhow::Error::from(error))),
    }
}
