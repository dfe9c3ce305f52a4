//! A stream that was aborted never looks complete.

use std::sync::atomic::Ordering;

use crate::handler::pattern;
use crate::pair::{body, get, hello, pair, post, until};

#[tokio::test]
async fn a_download_that_the_agent_aborts_is_seen_as_aborted() {
    let pair = pair().await;
    for round in 0..200 {
        let length = round * round * 7;
        let response = get(&pair.caller, &format!("/abort/{length}")).await;
        let outcome = match response {
            Ok(response) => body(response).await,
            Err(error) => Err(error),
        };
        assert!(outcome.is_err(), "{length} bytes looked complete");
    }
    hello(&pair.caller).await;
}

#[tokio::test]
async fn a_request_that_the_agent_drops_is_seen_as_aborted() {
    let pair = pair().await;
    for _ in 0..200 {
        assert!(get(&pair.caller, "/drop").await.is_err());
    }
    hello(&pair.caller).await;
}

#[tokio::test]
async fn an_upload_that_the_gateway_aborts_is_seen_as_aborted() {
    let pair = pair().await;
    for round in 0..200 {
        let (stream, mut upload) = post(&pair.caller, "/upload").await;
        for _ in 0..round % 20 {
            upload.send(pattern(0, 1 + round * 31)).await.unwrap();
        }
        if round.is_multiple_of(2) {
            upload.abort();
        } else {
            drop(upload);
        }
        drop(stream);
    }
    let broken = || pair.handler.broken_uploads.load(Ordering::Relaxed);
    let ended = || pair.handler.requests.load(Ordering::Relaxed);
    // A handler that was not started yet when the stream ended never runs, but none sees an end.
    until("all uploads broke", || broken() == ended()).await;
    hello(&pair.caller).await;
}

#[tokio::test]
async fn a_lost_connection_aborts_what_runs() {
    for length in [100_000, 20_000_000] {
        let pair = pair().await;
        let response = get(&pair.caller, "/stall").await.unwrap();
        let sized = get(&pair.caller, &format!("/bytes/{length}"))
            .await
            .unwrap();
        let waiting = get(&pair.caller, "/wait");
        pair.serving.abort();
        assert!(waiting.await.is_err());
        assert!(body(response).await.is_err());
        // A body that was here already may be complete; otherwise it is an error.
        if let Ok(complete) = body(sized).await {
            assert_eq!(complete.len(), length);
        }
        pair.caller.closed().await;
        assert!(!pair.caller.is_open());
    }
}
