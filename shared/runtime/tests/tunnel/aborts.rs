//! A stream that was aborted never looks complete.

use std::sync::atomic::Ordering;

use futures_util::stream;
use http::Method;
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use underpass_runtime::tunnel::{Caller, StreamError};

use crate::handler::{Dice, pattern};
use crate::pair::{Pair, body, get, hello, pair, post, request, until};

const VARIATIONS: usize = 200;

/// Few bytes as often as many.
fn place(dice: &mut Dice) -> usize {
    let limit = [2, 300, 40_000, 400_000, 1_500_000][dice.below(5)];
    dice.below(limit)
}

/// What arrives is a part of what was sent, and then an error.
async fn broken_off(caller: &Caller, path: &str) {
    let Ok(response) = get(caller, path).await else {
        return;
    };
    let (mut body, mut at) = (response.into_body(), 0);
    loop {
        match body.frame().await {
            Some(Ok(frame)) => {
                let data = frame.into_data().unwrap();
                assert_eq!(data, pattern(at, data.len()));
                at += data.len();
            }
            Some(Err(_)) => return,
            None => panic!("{path} looked complete after {at} bytes"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_download_that_the_agent_aborts_is_seen_as_aborted() {
    let (pair, mut dice) = (pair().await, Dice(0x5eed));
    for variation in 0..VARIATIONS {
        let path = match variation % 10 {
            0 => "/drop".to_owned(),
            1 => "/panic".to_owned(),
            2..=4 => format!("/abort/{}", place(&mut dice)),
            _ => format!("/cut/{}", place(&mut dice)),
        };
        broken_off(&pair.caller, &path).await;
    }
    hello(&pair.caller).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_that_the_gateway_aborts_is_seen_as_aborted() {
    let (pair, mut dice) = (pair().await, Dice(0xcafe));
    for variation in 0..VARIATIONS {
        let mut head = request(Method::POST, "/upload");
        let length = place(&mut dice);
        if variation.is_multiple_of(3) {
            head.headers_mut()
                .insert("content-length", (length + 1).into());
        }
        let (stream, mut upload) = pair.caller.open(head, false).unwrap();
        let sent = pattern(0, length);
        match variation % 4 {
            0 => {
                upload.send(sent).await.unwrap();
                upload.abort();
            }
            1 => {
                upload.send(sent).await.unwrap();
                drop(upload);
            }
            2 => {
                let broken = Err(std::io::Error::other("broken on purpose"));
                let frames = stream::iter([Ok(Frame::data(sent)), broken]);
                let outcome = upload.send_body(StreamBody::new(frames)).await;
                assert!(matches!(outcome, Err(StreamError::Aborted)));
            }
            _ => {
                let task = pair.tasks.spawn("upload", async move {
                    upload.send(sent).await?;
                    std::future::pending::<Result<(), StreamError>>().await
                });
                until("the handler reads", || pair.served.active() > 0).await;
                task.abort();
            }
        }
        // Also the other end of the exchange learns that it came to nothing.
        assert!(stream.response().await.is_err());
    }
    none_was_whole(&pair, VARIATIONS).await;
    hello(&pair.caller).await;
}

async fn none_was_whole(pair: &Pair, count: usize) {
    let handler = &pair.handler;
    until("all uploads broke", || {
        handler.broken_uploads.load(Ordering::Relaxed) == count
    })
    .await;
    assert_eq!(handler.whole_uploads.load(Ordering::Relaxed), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_lost_at_the_agent_aborts_what_runs() {
    let mut dice = Dice(0xdead);
    for _ in 0..10 {
        let pair = pair().await;
        let length = 1 + place(&mut dice);
        let endless = get(&pair.caller, "/stall").await.unwrap();
        let path = format!("/bytes/{length}");
        let sized = get(&pair.caller, &path).await.unwrap();
        let waiting = get(&pair.caller, "/wait");
        pair.serving.abort();
        assert!(waiting.await.is_err());
        assert!(body(endless).await.is_err());
        // A body that was here already may be complete; otherwise it is an error.
        if let Ok(complete) = body(sized).await {
            assert_eq!(complete, pattern(0, length));
        }
        pair.caller.closed().await;
        assert!(!pair.caller.is_open());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_lost_at_the_gateway_aborts_what_runs() {
    const UPLOADS: usize = 5;
    let mut dice = Dice(0xbeef);
    for _ in 0..10 {
        let pair = pair().await;
        let mut running = Vec::new();
        for _ in 0..UPLOADS {
            let (stream, mut upload) = post(&pair.caller, "/upload").await;
            upload.send(pattern(0, place(&mut dice))).await.unwrap();
            running.push((stream, upload));
        }
        until("all uploads run", || {
            pair.handler.requests.load(Ordering::Relaxed) == UPLOADS
        })
        .await;
        pair.caller.close();
        for (stream, _upload) in running {
            assert!(stream.response().await.is_err());
        }
        none_was_whole(&pair, UPLOADS).await;
    }
}
