//! Bodies of all kinds arrive as they were sent.

use bytes::Bytes;
use http::Method;
use http_body_util::{BodyExt as _, Full};
use sha2::{Digest as _, Sha256};
use underpass_shared::protocol::limits::{STREAM_WINDOW_MAX, STREAM_WINDOW_MIN};

use crate::handler::pattern;
use crate::pair::{body, get, hello, pair, post, request};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn downloads_of_every_size_are_whole() {
    let pair = pair().await;
    let windows = [STREAM_WINDOW_MIN, STREAM_WINDOW_MAX].map(|window| window as usize);
    let around = windows
        .into_iter()
        .flat_map(|window| [window - 1, window, window + 1]);
    for length in [0, 1, 255, 4_096, 16_384, 16_385].into_iter().chain(around) {
        let response = get(&pair.caller, &format!("/bytes/{length}"))
            .await
            .unwrap();
        assert_eq!(body(response).await.unwrap(), pattern(0, length));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_echo_of_uneven_chunks_is_the_same() {
    let pair = pair().await;
    let (stream, mut upload) = post(&pair.caller, "/echo").await;
    let sending = pair.tasks.spawn("upload", async move {
        let mut sent = Sha256::new();
        for size in (0..3_000).map(|step| step * 13 % 20_000) {
            let chunk = pattern(size, size);
            sent.update(&chunk);
            upload.send(chunk).await.unwrap();
        }
        upload.finish().unwrap();
        sent.finalize()
    });
    let mut echoed = Sha256::new();
    let mut response = stream.response().await.unwrap().into_body();
    while let Some(frame) = response.frame().await {
        echoed.update(frame.unwrap().into_data().unwrap());
    }
    assert_eq!(Some(echoed.finalize()), sending.await.unwrap());
}

#[tokio::test]
async fn small_uploads_empty_bodies_and_trailers_arrive() {
    let pair = pair().await;
    for text in ["", "x", "some text"] {
        let (stream, mut upload) = post(&pair.caller, "/echo").await;
        upload
            .send_body(Full::new(Bytes::from_static(text.as_bytes())))
            .await
            .unwrap();
        let response = stream.response().await.unwrap();
        assert_eq!(body(response).await.unwrap(), text);
    }
    assert_eq!(
        body(get(&pair.caller, "/empty").await.unwrap())
            .await
            .unwrap(),
        ""
    );
    let response = get(&pair.caller, "/trailers").await.unwrap();
    let collected = response.into_body().collect().await.unwrap();
    assert_eq!(
        collected.trailers().unwrap().get("x-checksum").unwrap(),
        "1"
    );
    assert_eq!(collected.to_bytes(), "body");
}

#[tokio::test]
async fn large_headers_pass_and_too_large_ones_do_no_harm() {
    let pair = pair().await;
    for (size, passes) in [(8_000, true), (75_000, true), (90_000, false)] {
        let mut large = request(Method::GET, "/hello");
        let value = http::HeaderValue::from_str(&"v".repeat(size)).unwrap();
        large.headers_mut().insert("x-large", value);
        let answer = match pair.caller.open(large, true) {
            Ok((stream, _)) => stream.response().await,
            Err(error) => Err(error),
        };
        let passed = answer.is_ok_and(|response| response.status().is_success());
        assert_eq!(passed, passes, "{size}");
        hello(&pair.caller).await;
    }
}

#[tokio::test]
async fn a_length_without_a_body_is_whole_only_where_that_is_allowed() {
    let pair = pair().await;
    let response = get(&pair.caller, "/unchanged/1000").await.unwrap();
    assert_eq!(response.status(), http::StatusCode::NOT_MODIFIED);
    assert_eq!(body(response).await.unwrap(), "");

    let head = request(Method::HEAD, "/length/1000");
    let (stream, _) = pair.caller.open(head, true).unwrap();
    let response = stream.response().await.unwrap();
    assert_eq!(response.headers()["content-length"], "1000");
    assert_eq!(body(response).await.unwrap(), "");

    let shortened = match get(&pair.caller, "/length/1000").await {
        Ok(response) => body(response).await.map(drop),
        Err(error) => Err(error),
    };
    assert!(shortened.is_err());
    hello(&pair.caller).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chunks_of_one_byte_are_echoed() {
    const LENGTH: usize = 20_000;
    let pair = pair().await;
    let (stream, mut upload) = post(&pair.caller, "/echo").await;
    pair.tasks.spawn("upload", async move {
        for byte in pattern(0, LENGTH) {
            upload.send(Bytes::from(vec![byte])).await.unwrap();
        }
        upload.finish().unwrap();
    });
    let echoed = body(stream.response().await.unwrap()).await.unwrap();
    assert_eq!(echoed, pattern(0, LENGTH));
}
