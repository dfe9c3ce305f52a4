//! The stream of what happens.

use http::StatusCode;
use underpass_shared::api::management::{ErrorType, Event, Refusal};

use super::call::Call;
use super::{Admin, Answer, body};

impl Admin {
    /// Tells Administrators something that they are to know.
    pub(super) fn notice(&self, text: String) {
        if let Some(live) = &self.live {
            live.events.tell(Event::Notice { text });
        }
    }

    pub(super) fn events(&self, call: &Call) -> Answer {
        let events = &self.live()?.events;
        let revision = self.store.current().revision().number;
        let role = call.caller().role();
        let Some(stream) = events.stream(role, call.last_event_id, revision) else {
            let (status, kind) = (StatusCode::SERVICE_UNAVAILABLE, ErrorType::RuntimeFailure);
            let message = "too many callers listen to events; end one of them";
            return Err(Refusal::new(status, kind, message));
        };
        Ok(body::events(stream))
    }
}
