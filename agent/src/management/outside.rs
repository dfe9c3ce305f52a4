//! What is answered to those who show no certificate.

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use underpass_shared::api::management::{ErrorType, Refusal};

use crate::admin::refused;

/// The path of the probes for load balancers and scripts.
const EXPOSED: &str = "/exposed";

/// Answers a probe; nothing where the request is none.
///
/// There are no pairs yet, so every agent is its own master.
pub(super) fn probe<B>(request: &Request<B>) -> Option<Response<Bytes>> {
    if request.uri().path() != EXPOSED {
        return None;
    }
    if ![Method::GET, Method::HEAD].contains(request.method()) {
        let message = format!("{} is not possible here, only GET", request.method());
        let kind = ErrorType::InvalidRequest;
        let refusal = Refusal::new(StatusCode::METHOD_NOT_ALLOWED, kind, message);
        let mut response = refused(&refusal);
        response
            .headers_mut()
            .insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return Some(response);
    }
    let text = match request.uri().query() {
        Some("action=ping") => "",
        Some("action=hasMasterRole" | "action=ensureMasterRole") => "true",
        Some(_) | None => {
            let rule = "must be ping, hasMasterRole or ensureMasterRole, and nothing else";
            return Some(refused(&Refusal::invalid("action", rule)));
        }
    };
    let mut response = Response::new(Bytes::from_static(text.as_bytes()));
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    Some(response)
}

/// 401, with what is missing.
pub(super) fn unauthorised(message: &str) -> Response<Bytes> {
    let kind = ErrorType::ForbiddenRequest;
    refused(&Refusal::new(StatusCode::UNAUTHORIZED, kind, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(method: Method, uri: &str) -> Option<(u16, String)> {
        let request = Request::builder().method(method).uri(uri);
        let response = probe(&request.body(()).unwrap())?;
        let body = String::from_utf8(response.body().to_vec()).unwrap();
        Some((response.status().as_u16(), body))
    }

    #[test]
    fn probes_are_answered_and_nothing_else() {
        let get = |uri: &str| ask(Method::GET, uri);
        assert_eq!(get("/exposed?action=ping").unwrap().0, 200);
        for action in ["hasMasterRole", "ensureMasterRole"] {
            let answer = get(&format!("/exposed?action={action}")).unwrap();
            assert_eq!(answer, (200, "true".to_owned()));
        }
        for wrong in ["", "?", "?action=", "?action=stop", "?action=ping&x=1"] {
            assert_eq!(get(&format!("/exposed{wrong}")).unwrap().0, 400, "{wrong}");
        }
        let post = ask(Method::POST, "/exposed?action=ping");
        assert_eq!(post.unwrap().0, 405);
        for other in ["/", "/exposed/", "/api/v1/status", "/Exposed"] {
            assert!(get(other).is_none(), "{other}");
        }
    }
}
