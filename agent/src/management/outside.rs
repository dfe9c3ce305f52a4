//! What is answered to those who show no certificate.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use underpass_runtime::tasks::Tasks;
use underpass_shared::api::management::{ErrorType, Refusal};

use super::Shared;
use crate::admin::{Knock, refused, serve};

/// The path of the probes for load balancers and scripts.
const EXPOSED: &str = "/exposed";
/// The path of the call that pairs.
const PAIR: &str = "/api/v1/pairing";

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

/// Answers a client that wants to be paired, while one may be; all others learn that they need a
/// certificate.
pub(super) async fn receive(
    shared: &Shared,
    knock: Option<Knock>,
    request: Request<Incoming>,
    tasks: &Tasks,
) -> Response<Bytes> {
    let pairs = request.uri().path() == PAIR && request.method() == Method::POST;
    let (Some(knock), true) = (knock, pairs && shared.admin.pairs().await) else {
        return unauthorised(
            "the client certificate of an operator is needed; pair with `underpass-agent pair` first",
        );
    };
    let request = match serve::collect(request).await {
        Ok(request) => request,
        Err(refusal) => return refused(&refusal),
    };
    // A client that leaves must not stop it half way.
    let admin = Arc::clone(&shared.admin);
    let work = async move { admin.pair(knock, request).await };
    match tasks.spawn("management-pairing", work).await {
        Ok(Some(response)) => response,
        Ok(None) | Err(_) => refused(&Refusal::failure(
            "pairing ended in a panic; this is a defect of this program",
        )),
    }
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
