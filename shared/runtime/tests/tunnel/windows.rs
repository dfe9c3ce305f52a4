//! How much of a body may be under way: enough for speed, little for streams that stall.

use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use http_body_util::BodyExt as _;
use sha2::{Digest as _, Sha256};
use underpass_runtime::clock;
use underpass_runtime::tunnel::Inbound;
use underpass_shared::protocol::limits::{SEND_BUFFER, STREAM_WINDOW_START, WINDOW_BUDGET};

use crate::handler::{BULK, pattern};
use crate::pair::{get, hello, pair, post, until};
use crate::stalls::stuffed;

const MIB: usize = 1024 * 1024;

/// Reads at least `length` bytes; tells how many.
async fn read(body: &mut Inbound, length: usize) -> usize {
    let mut count = 0;
    while count < length {
        let frame = body.frame().await.unwrap().unwrap();
        count += frame.into_data().unwrap().len();
    }
    count
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_download_is_verified_by_its_hash() {
    const LENGTH: usize = 256 * MIB;
    let pair = pair().await;
    let start = clock::monotonic();
    let response = get(&pair.caller, &format!("/bulk/{LENGTH}")).await.unwrap();
    let (mut body, mut received) = (response.into_body(), Sha256::new());
    while let Some(frame) = body.frame().await {
        received.update(frame.unwrap().into_data().unwrap());
    }
    println!("{} MiB in {:?}", LENGTH / MIB, clock::monotonic() - start);
    let two = pattern(0, BULK + 251);
    let mut sent = Sha256::new();
    for at in 0..LENGTH / BULK {
        sent.update(&two[at % 251..at % 251 + BULK]);
    }
    assert_eq!(received.finalize(), sent.finalize());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn windows_shrink_under_many_streams_and_all_of_them_flow() {
    const STREAMS: usize = 64;
    const LENGTH: usize = 3 * MIB;
    let pair = pair().await;
    let path = format!("/bulk/{LENGTH}");
    let stalled = join_all((0..STREAMS).map(|_| get(&pair.caller, &path))).await;
    stuffed(&pair).await;
    let sent = usize::try_from(pair.handler.sent.load(Ordering::Relaxed)).unwrap();
    println!("{} KiB under way on {STREAMS} stalled streams", sent / 1024);
    // The budget, what the senders hold, and as much again for those that came before the others.
    let limit = 2 * WINDOW_BUDGET as usize + STREAMS * (SEND_BUFFER + BULK);
    assert!(sent < limit && limit < STREAMS * STREAM_WINDOW_START as usize);
    let read = stalled.into_iter().map(|response| async {
        let body = response.unwrap().into_body().collect().await;
        body.unwrap().to_bytes().len()
    });
    assert!(join_all(read).await.iter().all(|length| *length == LENGTH));
    hello(&pair.caller).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn windows_still_grow_after_many_cancelled_downloads() {
    let pair = pair().await;
    // Given up while bytes come in, so that some arrive after nobody wants them.
    for _ in 0..1_500 {
        let mut body = get(&pair.caller, "/stall").await.unwrap().into_body();
        read(&mut body, 8 * 16 * 1024).await;
    }
    until("all streams ended", || pair.served.active() == 0).await;
    let before = pair.handler.sent.load(Ordering::Relaxed);
    let mut body = get(&pair.caller, "/stall").await.unwrap().into_body();
    let (mut count, mut ahead) = (0, 0);
    // On a busy machine the consumer is not fast all the time.
    for _ in 0..16 {
        count += read(&mut body, 32 * MIB).await;
        stuffed(&pair).await;
        let sent = pair.handler.sent.load(Ordering::Relaxed) - before;
        ahead = usize::try_from(sent).unwrap() - count;
        println!("{} KiB ahead of a fast consumer", ahead / 1024);
        if ahead > 2 * STREAM_WINDOW_START as usize {
            return;
        }
    }
    panic!("only {ahead} bytes ahead of a fast consumer");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_goes_on_after_its_window_shrank_below_what_was_sent() {
    const STREAMS: usize = 64;
    let pair = pair().await;
    let chunk = Bytes::from(vec![7; MIB]);
    // Wherever in its window an upload stands when others come.
    for sent in 0..16 {
        let (stream, mut upload) = post(&pair.caller, "/upload").await;
        for _ in 0..48 + sent {
            upload.send(chunk.clone()).await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        let others = join_all((0..STREAMS).map(|_| post(&pair.caller, "/hold"))).await;
        let active = || pair.served.active() == STREAMS + 1;
        until("all streams are open", active).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
        let more = async {
            for _ in 0..2 {
                upload.send(chunk.clone()).await.unwrap();
            }
            upload.finish().unwrap();
            stream.response().await.unwrap();
        };
        let went_on = tokio::time::timeout(Duration::from_secs(5), more).await;
        assert!(went_on.is_ok(), "stalled after {sent} MiB");
        drop(others);
        until("all streams ended", || pair.served.active() == 0).await;
    }
}
