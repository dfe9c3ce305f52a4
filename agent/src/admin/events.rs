//! The stream of what happens.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};
use underpass_shared::api::management::{ErrorType, Refusal};

use super::call::Call;
use super::{Admin, Answer, body};

impl Admin {
    pub(super) fn events(&self, call: &Call) -> Answer {
        let Some(events) = &self.events else {
            return Err(Refusal::illegal_state("the agent does not run"));
        };
        let revision = self.store.current().revision().number;
        let role = call.caller().role();
        let Some(stream) = events.stream(role, call.last_event_id, revision) else {
            let (status, kind) = (StatusCode::SERVICE_UNAVAILABLE, ErrorType::RuntimeFailure);
            let message = "too many callers listen to events; end one of them";
            return Err(Refusal::new(status, kind, message));
        };
        let mut response = Response::new(Bytes::new());
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        body::stream(&mut response, stream);
        Ok(response)
    }
}
