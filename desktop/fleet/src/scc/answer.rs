//! What the answers of a connector mean.

use http::header::{CONTENT_TYPE, LINK, LOCATION};
use http::response::Parts;
use http::{HeaderMap, StatusCode};
use serde_json::Value;
use underpass_shared::config::Certificate;
use underpass_shared::scc::{Form, Refused};

use super::SccError;
use crate::error::clean;

/// What came of a question.
#[derive(Debug)]
pub(super) enum Answer {
    /// JSON, and how many bytes it had.
    Json(Value, usize),
    /// A certificate.
    Certificate(Certificate),
    /// It does not tell.
    Refused(Refused),
}

/// What an answer says.
pub(super) enum Said {
    /// This.
    Answer(Answer),
    /// This, and more by another address.
    Page(Value, usize, String),
    /// It asks for the user once more: the session is over.
    LoggedOut,
    /// It may say more a moment later.
    Later(Refused),
}

/// Reads an answer to `path`.
pub(super) fn read(head: &Parts, body: &[u8], form: Form, path: &str) -> Result<Said, SccError> {
    let wrong = |why: String| SccError::Answer {
        path: path.to_owned(),
        why: clean(&why),
    };
    let html = content_type(&head.headers).starts_with("text/html");
    match head.status {
        StatusCode::UNAUTHORIZED => return Err(SccError::Login),
        status if status.is_redirection() => {
            let to = head.headers.get(LOCATION).and_then(|to| to.to_str().ok());
            // Towards its page for people, as it does when a session is over.
            if to.is_some_and(|to| to.to_ascii_lowercase().contains("log")) {
                return Ok(Said::LoggedOut);
            }
            return Err(wrong(format!("a redirect to {}", to.unwrap_or_default())));
        }
        status if status.is_success() => {}
        status => return Ok(refusal(status, body)),
    }
    if html {
        return Ok(Said::LoggedOut);
    }
    if head.status == StatusCode::NO_CONTENT {
        return Ok(Said::Answer(Answer::Json(Value::Null, 0)));
    }
    if form == Form::Certificate {
        let text = std::str::from_utf8(body).ok();
        let pem = text.and_then(|text| text.parse::<Certificate>().ok());
        let certificate = pem.map_or_else(|| Certificate::from_der(body), Ok);
        let certificate = certificate.map_err(|rule| wrong(rule.to_string()))?;
        return Ok(Said::Answer(Answer::Certificate(certificate)));
    }
    let value = serde_json::from_slice(body).map_err(|error| wrong(error.to_string()))?;
    Ok(match next(&head.headers) {
        Some(next) => Said::Page(value, body.len(), next),
        None => Said::Answer(Answer::Json(value, body.len())),
    })
}

fn content_type(headers: &HeaderMap) -> String {
    let found = headers.get(CONTENT_TYPE).and_then(|one| one.to_str().ok());
    found.unwrap_or_default().trim().to_ascii_lowercase()
}

fn refusal(status: StatusCode, body: &[u8]) -> Said {
    let told: Option<Value> = serde_json::from_slice(body).ok();
    let message = told.as_ref().and_then(|told| told.get("message"));
    let message = message.and_then(Value::as_str).unwrap_or_default();
    let refused = Refused {
        status: status.as_u16(),
        message: clean(message),
    };
    let passing = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
    if passing {
        return Said::Later(refused);
    }
    Said::Answer(Answer::Refused(refused))
}

/// Where a list goes on (RFC 8288), as a path of the same server.
fn next(headers: &HeaderMap) -> Option<String> {
    let links = headers.get_all(LINK).iter();
    let links = links.filter_map(|link| link.to_str().ok());
    links.flat_map(|link| link.split(',')).find_map(|link| {
        let (target, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
        let is_next = parameters
            .split(';')
            .any(|one| matches!(one.trim(), "rel=next" | "rel=\"next\""));
        let path = target.starts_with('/') && !target.starts_with("//");
        (is_next && path).then(|| target.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use http::Response;

    use super::*;

    fn said(status: u16, headers: &[(&str, &str)], body: &str) -> Result<Said, SccError> {
        let mut response = Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        let (head, ()) = response.body(())?.into_parts();
        read(&head, body.as_bytes(), Form::Json, "/x")
    }

    #[test]
    fn an_expired_session_is_told_apart_from_an_answer() {
        let html = [("content-type", "text/html;charset=UTF-8")];
        assert!(matches!(said(200, &html, "<html>"), Ok(Said::LoggedOut)));
        let login = [("location", "/login")];
        assert!(matches!(said(302, &login, ""), Ok(Said::LoggedOut)));
        assert!(matches!(
            said(302, &[("location", "/x")], ""),
            Err(SccError::Answer { .. })
        ));
        assert!(matches!(said(401, &[], ""), Err(SccError::Login)));
        assert!(matches!(said(200, &[], "{"), Err(SccError::Answer { .. })));
    }

    #[test]
    fn refusals_keep_their_words_and_passing_ones_are_asked_again() {
        let body = r#"{"type":"NOT_FOUND","message":"no\nsuch"}"#;
        let Ok(Said::Answer(Answer::Refused(refused))) = said(404, &[], body) else {
            panic!("no refusal")
        };
        assert_eq!((refused.status, refused.message.as_str()), (404, "no such"));
        for status in [429, 500, 503] {
            assert!(
                matches!(said(status, &[], ""), Ok(Said::Later(_))),
                "{status}"
            );
        }
    }

    #[test]
    fn only_pages_of_the_same_server_are_followed() {
        let page = |link: &str| match said(200, &[("link", link)], "[]") {
            Ok(Said::Page(_, _, next)) => Some(next),
            Ok(Said::Answer(_) | Said::LoggedOut | Said::Later(_)) | Err(_) => None,
        };
        assert_eq!(
            page("</x?page=2>; rel=\"next\"").as_deref(),
            Some("/x?page=2")
        );
        assert_eq!(
            page("</a>; rel=prev, </b>; rel=next").as_deref(),
            Some("/b")
        );
        for foreign in [
            "<https://evil/x>; rel=next",
            "<//evil/x>; rel=next",
            "</x>; rel=prev",
            "x",
        ] {
            assert_eq!(page(foreign), None, "{foreign}");
        }
    }
}
