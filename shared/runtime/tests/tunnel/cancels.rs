//! A thousand streams given up at once, again and again: the connection stays.

use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use http::StatusCode;
use http_body_util::BodyExt as _;
use underpass_runtime::clock;
use underpass_runtime::tunnel::AbortOnDrop;

use crate::pair::{Pair, body, get, hello, pair, post, request, until};

const STREAMS: usize = 1_000;
const TIMES: usize = 20;

async fn still_there(pair: &Pair) {
    hello(&pair.caller).await;
    assert!(pair.caller.is_open());
    until("all streams ended", || pair.caller.active() == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_streams_opened_and_cancelled() {
    let pair = pair().await;
    for _ in 0..TIMES {
        for _ in 0..STREAMS {
            let opened = pair.caller.open(request(http::Method::GET, "/wait"), true);
            drop(opened.unwrap());
        }
        still_there(&pair).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_downloads_cancelled() {
    let pair = pair().await;
    for _ in 0..TIMES {
        let downloads = join_all((0..STREAMS).map(|_| async {
            let mut body = get(&pair.caller, "/stall").await.unwrap().into_body();
            body.frame().await.unwrap().unwrap();
            body
        }));
        drop(downloads.await);
        still_there(&pair).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_early_answers_to_running_uploads() {
    let pair = &pair().await;
    for _ in 0..TIMES {
        let answers = (0..STREAMS).map(|number| async move {
            let path = ["/early", "/early-held"][number % 2];
            let (stream, mut upload) = post(&pair.caller, path).await;
            let task = pair.tasks.spawn("upload", async move {
                let chunk = Bytes::from_static(&[1; 1024]);
                while upload.send(chunk.clone()).await.is_ok() {}
            });
            let upload = AbortOnDrop::new(task.abort_handle());
            let mut response = stream.response().await.unwrap();
            response.body_mut().abort_at_end(upload);
            assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
            assert_eq!(body(response).await.unwrap(), "too large");
        });
        join_all(answers).await;
        still_there(pair).await;
    }
    assert_eq!(
        pair.handler.requests.load(Ordering::Relaxed),
        TIMES * (STREAMS + 1)
    );
}

#[tokio::test]
async fn an_early_answer_waits_no_longer_than_its_upload() {
    for path in ["/early", "/early-held"] {
        let pair = pair().await;
        let (stream, mut upload) = post(&pair.caller, path).await;
        let response = stream.response().await.unwrap();
        assert_eq!(body(response).await.unwrap(), "too large");
        // The upload goes on all the same, and ends by itself.
        upload.send(Bytes::from_static(b"late")).await.unwrap();
        upload.finish().unwrap();
        let start = clock::monotonic();
        until("the stream ended", || pair.served.active() == 0).await;
        let waited = clock::monotonic() - start;
        assert!(waited < Duration::from_secs(2), "{waited:?}");
    }
}
