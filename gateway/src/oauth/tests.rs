//! Tests of the token endpoint.

use std::net::Ipv4Addr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{StatusCode, header};
use serde_json::Value;
use underpass_runtime::pki::PrivateKey;
use underpass_shared::id::SubaccountId;
use uuid::Uuid;

use super::*;
use crate::binding::Client;
use crate::state::{State, StoreClock};
use crate::token::{SigningKeys, Verifier};

const ISSUER: &str = "https://localhost:1/oauth/token";
const NOW_MS: i64 = 1_800_000_000_000;
const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const THERE: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));

struct Bench {
    endpoint: TokenEndpoint,
    verifier: Verifier,
    id: String,
    secret: String,
    subaccount: SubaccountId,
}

impl Bench {
    async fn new() -> Self {
        let state = State::memory(StoreClock::new(|| NOW_MS)).unwrap();
        let directory = Directory::open(state).await.unwrap();
        let subaccount = SubaccountId::from_uuid(Uuid::from_u128(9));
        directory
            .add_subaccount(subaccount, "acme", 0)
            .await
            .unwrap();
        let Client {
            id,
            secret,
            secret_hash,
        } = Client::generate();
        directory
            .add_binding(&id, secret_hash, subaccount, 0)
            .await
            .unwrap();
        let key = SigningKeys::from_pem(&PrivateKey::generate().unwrap().to_pem(), 0).unwrap();
        let verifier = Verifier::new(key.clone(), ISSUER, directory.clone());
        let endpoint = TokenEndpoint::new(directory, Issuer::new(key, ISSUER.to_owned()));
        Self {
            endpoint,
            verifier,
            id,
            secret: secret.expose().to_owned(),
            subaccount,
        }
    }

    fn form(&self) -> String {
        format!(
            "grant_type=client_credentials&client_id={}&client_secret={}",
            self.id, self.secret
        )
    }

    fn basic(&self) -> String {
        format!(
            "Basic {}",
            STANDARD.encode(format!("{}:{}", self.id, self.secret))
        )
    }

    fn send(&self, request: http::request::Builder, body: &str) -> Response<Bytes> {
        let request = request.body(Bytes::from(body.to_owned())).unwrap();
        self.endpoint.handle(&request, HERE, NOW_MS)
    }

    /// Posts a form, as the SDKs do.
    fn post(&self, body: &str) -> Response<Bytes> {
        let kind = "application/x-www-form-urlencoded;charset=UTF-8";
        self.send(
            Request::post(TOKEN_PATH).header(header::CONTENT_TYPE, kind),
            body,
        )
    }

    fn good(&self, response: &Response<Bytes>) {
        let body = body(response);
        assert_eq!(response.status(), StatusCode::OK, "{body}");
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json");
        assert_eq!(body["token_type"], "bearer");
        assert_eq!(body["expires_in"], 43_200);
        assert_eq!(body["scope"], "underpass.proxy");
        assert!(body["jti"].is_string());
        let token = body["access_token"].as_str().unwrap();
        assert_eq!(
            self.verifier.verify(token, NOW_MS).unwrap().subaccount,
            self.subaccount
        );
    }
}

fn body(response: &Response<Bytes>) -> Value {
    serde_json::from_slice(response.body()).unwrap()
}

#[track_caller]
fn bad(response: &Response<Bytes>, status: u16, error: &str) {
    let body = body(response);
    assert_eq!(
        (response.status().as_u16(), body["error"].as_str()),
        (status, Some(error))
    );
    assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
    let challenged = response.headers().contains_key(header::WWW_AUTHENTICATE);
    assert_eq!(challenged, status == 401);
}

#[tokio::test]
async fn every_way_of_asking_works() {
    let bench = Bench::new().await;
    let grant = "grant_type=client_credentials";
    let with_basic =
        |builder: http::request::Builder| builder.header(header::AUTHORIZATION, bench.basic());
    bench.good(&bench.post(&bench.form()));
    bench.good(&bench.send(Request::post(TOKEN_PATH), &bench.form()));
    let queried = format!("{TOKEN_PATH}?{}", bench.form());
    bench.good(&bench.send(Request::post(&queried), ""));
    bench.good(&bench.send(Request::get(&queried), ""));
    let granted = format!("{TOKEN_PATH}?{grant}");
    bench.good(&bench.send(with_basic(Request::get(&granted)), ""));
    bench.good(&bench.send(with_basic(Request::post(&granted)), ""));
    bench.good(&bench.send(with_basic(Request::post(TOKEN_PATH)), grant));
    let twice = format!("client_id={}&{grant}", bench.id);
    bench.good(&bench.send(with_basic(Request::post(TOKEN_PATH)), &twice));
    bench.good(&bench.send(with_basic(Request::post(&granted)), &bench.form()));
    let escaped = bench
        .form()
        .replace('-', "%2D")
        .replace("grant%2D", "grant-");
    bench.good(&bench.post(&escaped));
}

#[tokio::test]
async fn wrong_clients_get_401_and_learn_nothing() {
    let bench = Bench::new().await;
    let grant = "grant_type=client_credentials";
    let good = bench.post(&bench.form());
    assert_eq!(good.status(), StatusCode::OK);
    let wrong_secret = bench.post(&format!("{grant}&client_id={}&client_secret=x", bench.id));
    bad(&wrong_secret, 401, "invalid_client");
    let wrong_id = bench.post(&format!(
        "{grant}&client_id=x&client_secret={}",
        bench.secret
    ));
    bad(&wrong_id, 401, "invalid_client");
    assert_eq!(wrong_secret.body(), wrong_id.body());
    bad(
        &bench.post(&format!("{grant}&client_id={}", bench.id)),
        401,
        "invalid_client",
    );
    bad(
        &bench.post(&format!("{grant}&client_id={}&client_secret=", bench.id)),
        401,
        "invalid_client",
    );
    bad(&bench.post(grant), 401, "invalid_client");
    for value in ["Basic", "Basic !", "Bearer abc", "Basic eDp4", "Basic eA=="] {
        let request = Request::post(TOKEN_PATH).header(header::AUTHORIZATION, value);
        bad(&bench.send(request, grant), 401, "invalid_client");
    }
}

#[tokio::test]
async fn broken_requests_get_400() {
    let bench = Bench::new().await;
    let client = format!("client_id={}&client_secret={}", bench.id, bench.secret);
    bad(&bench.post(&client), 400, "invalid_request");
    for grant in [
        "password",
        "",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
    ] {
        let response = bench.post(&format!("{client}&grant_type={grant}"));
        bad(&response, 400, "unsupported_grant_type");
    }
    bad(
        &bench.post(&format!("{}&client_id=other", bench.form())),
        400,
        "invalid_request",
    );
    bad(
        &bench.post(&format!("{}&x=%FF", bench.form())),
        400,
        "invalid_request",
    );
    bad(&bench.post(&"a=b&".repeat(40)), 400, "invalid_request");
    let json = Request::post(TOKEN_PATH).header(header::CONTENT_TYPE, "application/json");
    bad(&bench.send(json, "{}"), 400, "invalid_request");
    let other = format!("Basic {}", STANDARD.encode("x:y"));
    let both = Request::post(TOKEN_PATH).header(header::AUTHORIZATION, other);
    bad(&bench.send(both, &bench.form()), 400, "invalid_request");
    let two = Request::post(TOKEN_PATH)
        .header(header::AUTHORIZATION, bench.basic())
        .header(header::AUTHORIZATION, bench.basic());
    bad(
        &bench.send(two, "grant_type=client_credentials"),
        400,
        "invalid_request",
    );
}

#[tokio::test]
async fn the_zone_must_be_the_clients() {
    let bench = Bench::new().await;
    let zone = |zone: String| Request::post(TOKEN_PATH).header("x-zid", zone);
    bench.good(&bench.send(zone(bench.subaccount.to_string()), &bench.form()));
    let other = Uuid::from_u128(1).to_string();
    bad(
        &bench.send(zone(other.clone()), &bench.form()),
        400,
        "invalid_request",
    );
    let two = zone(bench.subaccount.to_string()).header("x-zid", other);
    bad(&bench.send(two, &bench.form()), 400, "invalid_request");
}

#[tokio::test]
async fn paths_and_methods_are_few() {
    let bench = Bench::new().await;
    let keys = bench.send(Request::get("/token_keys"), "");
    assert_eq!(keys.status(), StatusCode::OK);
    assert_eq!(body(&keys)["keys"][0]["kty"], "EC");
    let put = bench.send(Request::put(TOKEN_PATH), "");
    bad(&put, 405, "method_not_allowed");
    assert_eq!(put.headers()[header::ALLOW], "GET, POST");
    bad(
        &bench.send(Request::post("/token_keys"), ""),
        405,
        "method_not_allowed",
    );
    for path in [
        "/",
        "/oauth/token/",
        "/oauth",
        "/oauth//token",
        "/OAUTH/token",
    ] {
        bad(
            &bench.send(Request::post(path), &bench.form()),
            404,
            "not_found",
        );
    }
}

#[tokio::test]
async fn failures_close_the_door_for_that_caller_only() {
    let bench = Bench::new().await;
    let request = |body: String| Request::post(TOKEN_PATH).body(Bytes::from(body)).unwrap();
    let (right, wrong) = (request(bench.form()), request(bench.form() + "x"));
    for _ in 0..FAILURES_MAX {
        let response = bench.endpoint.handle(&wrong, HERE, NOW_MS);
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    }
    let closed = bench.endpoint.handle(&right, HERE, NOW_MS + 1_000);
    assert_eq!(closed.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(closed.headers()[header::RETRY_AFTER], "59");
    bench.good(&bench.endpoint.handle(&right, THERE, NOW_MS + 1_000));
    bench.good(&bench.endpoint.handle(&right, HERE, NOW_MS + 60_000));
}

#[test]
fn the_failure_limit_is_bounded() {
    let mut limit = FailureLimit::default();
    let caller = |at: u32| (IpAddr::V4(Ipv4Addr::from_bits(at)), None);
    for at in 0..10_000 {
        for _ in 0..FAILURES_MAX {
            limit.note(caller(at), i64::from(at));
        }
    }
    assert_eq!(limit.tracked(), TRACKED_MAX);
    assert!(limit.wait(&caller(9_999), 10_000).is_some());
    assert!(limit.wait(&caller(0), 10_000).is_none());
    limit.note(caller(0), 10_000_000);
    assert_eq!(limit.tracked(), 1);
    assert!(limit.wait(&caller(9_999), -1).is_none());
}

#[tokio::test]
async fn a_client_that_asks_without_end_has_to_wait() {
    let bench = Bench::new().await;
    for _ in 0..BURST {
        assert_eq!(bench.post(&bench.form()).status(), StatusCode::OK);
    }
    // Others cannot use up what is the client's, and it is told nothing before its proof.
    let wrong = bench.post(&(bench.form() + "x"));
    bad(&wrong, 401, "invalid_client");
    let limited = bench.post(&bench.form());
    bad(&limited, 429, "too_many_requests");
    assert_eq!(limited.headers()[header::RETRY_AFTER], "1");
    let form = Request::post(TOKEN_PATH).body(Bytes::from(bench.form()));
    let later = NOW_MS + i64::try_from(REFILL.as_millis()).unwrap();
    // Another address is the same client.
    bench.good(&bench.endpoint.handle(&form.unwrap(), THERE, later));
}
