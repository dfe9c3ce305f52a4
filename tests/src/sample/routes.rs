//! What the sample back end answers, path by path.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::PoisonError;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::header::{
    ALLOW, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION, SET_COOKIE,
};
use http::{Method, Request, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, BodyStream, Full, StreamBody};
use hyper::body::Incoming;

use super::{Pattern, UpgradeSlot, websocket};

type Body = BoxBody<Bytes, hyper::Error>;

/// Longer waits would only hide a forgotten request.
const MAX_DELAY: Duration = Duration::from_secs(600);

pub(super) async fn answer(
    request: Request<Incoming>,
    own_address: &str,
    slot: &UpgradeSlot,
) -> Result<Response<Body>, Infallible> {
    let path = request.uri().path().to_owned();
    let wanted = match path.as_str() {
        "/echo" | "/early" => Method::POST,
        "/sink" => Method::PUT,
        _ => Method::GET,
    };
    let method = request.method();
    let fits = method == wanted || (method == Method::HEAD && wanted == Method::GET);
    let response = match path.as_str() {
        "/hello" | "/secret" | "/ws" | "/redirect" | "/cookie" | "/headers" | "/echo"
        | "/early" | "/sink"
            if !fits =>
        {
            not_allowed(&wanted)
        }
        "/hello" => text(StatusCode::OK, "Hello from the sample back end.\n"),
        "/secret" => text(StatusCode::OK, "This page is not exposed.\n"),
        "/echo" => echo(request).await,
        "/early" => echo_early(request),
        "/sink" => sink(request).await,
        "/ws" => upgrade(request, slot),
        "/redirect" => redirect(own_address),
        "/cookie" => cookie(own_address),
        "/headers" => headers(request.headers()),
        _ if fits => match path.strip_prefix('/').and_then(|rest| rest.split_once('/')) {
            Some(("bytes", length)) => bytes(length),
            Some(("slow", millis)) => slow(millis).await,
            Some(_) | None => not_found(),
        },
        _ => not_found(),
    };
    Ok(response)
}

/// Sends back what comes, from the first bytes on. They are awaited, since reading is what asks a
/// client that expects 100 for the body.
async fn echo(request: Request<Incoming>) -> Response<Body> {
    let (head, mut body) = request.into_parts();
    let first = stream::iter(body.frame().await);
    let frames = StreamBody::new(first.chain(BodyStream::new(body)));
    let mut response = echoed(&head.headers, BodyExt::boxed(frames));
    if let Some(length) = head.headers.get(CONTENT_LENGTH).cloned() {
        response.headers_mut().insert(CONTENT_LENGTH, length);
    }
    response
}

/// Sends back what comes, with a head that does not wait for it.
fn echo_early(request: Request<Incoming>) -> Response<Body> {
    let (head, body) = request.into_parts();
    echoed(&head.headers, BodyExt::boxed(body))
}

fn echoed(headers: &HeaderMap, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    let content_type = headers
        .get(CONTENT_TYPE)
        .cloned()
        .unwrap_or(HeaderValue::from_static("application/octet-stream"));
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

/// Answers how many bytes came; keeps none of them.
async fn sink(request: Request<Incoming>) -> Response<Body> {
    let mut body = request.into_body();
    let mut count: u64 = 0;
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => {
                let length = frame.data_ref().map_or(0, Bytes::len);
                count = count.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
            }
            Err(_) => return text(StatusCode::BAD_REQUEST, "The body broke off.\n"),
        }
    }
    with_type("text/plain; charset=utf-8", full(format!("{count}\n")))
}

fn upgrade(mut request: Request<Incoming>, slot: &UpgradeSlot) -> Response<Body> {
    let Some(handshake) = websocket::handshake(request.headers()) else {
        let mut response = text(
            StatusCode::UPGRADE_REQUIRED,
            "This page speaks WebSocket, version 13.\n",
        );
        websocket::say_what_is_wanted(response.headers_mut());
        return response;
    };
    let upgrade = hyper::upgrade::on(&mut request);
    *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(upgrade);
    let mut response = Response::new(full(Bytes::new()));
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    *response.headers_mut() = handshake;
    response
}

/// Absolute and with the address the server itself listens on, as naive applications do it.
fn redirect(own_address: &str) -> Response<Body> {
    let mut response = text(StatusCode::FOUND, "");
    if let Ok(location) = HeaderValue::try_from(format!("http://{own_address}/hello")) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

fn cookie(own_address: &str) -> Response<Body> {
    let host = own_address
        .rsplit_once(':')
        .map_or(own_address, |(host, _)| host);
    let mut response = text(StatusCode::OK, "A cookie was set.\n");
    let value = format!("sample=1; Domain={host}; Path=/; HttpOnly");
    if let Ok(value) = HeaderValue::try_from(value) {
        response.headers_mut().insert(SET_COOKIE, value);
    }
    response
}

/// One member per header name; values of a repeated header are joined by `, `.
fn headers(received: &HeaderMap) -> Response<Body> {
    let mut members: BTreeMap<&str, String> = BTreeMap::new();
    for (name, value) in received {
        let value = String::from_utf8_lossy(value.as_bytes());
        members
            .entry(name.as_str())
            .and_modify(|all| {
                all.push_str(", ");
                all.push_str(&value);
            })
            .or_insert_with(|| value.clone().into_owned());
    }
    let json = serde_json::to_vec_pretty(&members).unwrap_or_default();
    with_type("application/json", full(json))
}

fn bytes(length: &str) -> Response<Body> {
    let Ok(length) = length.parse() else {
        return not_found();
    };
    let body = Pattern::new(length).map_err(|never| match never {}).boxed();
    let mut response = with_type("application/octet-stream", body);
    response
        .headers_mut()
        .insert(CONTENT_LENGTH, HeaderValue::from(length));
    response
}

async fn slow(millis: &str) -> Response<Body> {
    let Ok(millis) = millis.parse() else {
        return not_found();
    };
    let delay = Duration::from_millis(millis).min(MAX_DELAY);
    tokio::time::sleep(delay).await;
    text(StatusCode::OK, "Done.\n")
}

fn not_found() -> Response<Body> {
    text(StatusCode::NOT_FOUND, "There is nothing here.\n")
}

fn not_allowed(wanted: &Method) -> Response<Body> {
    let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "Not with this method.\n");
    let allow = match wanted.as_str() {
        "POST" => "POST",
        "PUT" => "PUT",
        _ => "GET, HEAD",
    };
    response
        .headers_mut()
        .insert(ALLOW, HeaderValue::from_static(allow));
    response
}

fn text(status: StatusCode, body: &'static str) -> Response<Body> {
    let mut response = with_type("text/plain; charset=utf-8", full(body));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    response
}

fn with_type(content_type: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn full(body: impl Into<Bytes>) -> Body {
    Full::new(body.into())
        .map_err(|never| match never {})
        .boxed()
}
