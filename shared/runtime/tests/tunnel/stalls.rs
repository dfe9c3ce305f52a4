//! Consumers that do not read: they cost little and delay nobody.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::join_all;
use http_body_util::BodyExt as _;
use underpass_runtime::clock;
use underpass_runtime::tunnel::StreamError;

use crate::handler::pattern;
use crate::pair::{Pair, get, hello, pair, post};

/// Small requests beside stalled ones stay below this.
const SMALL_REQUEST_MAX: Duration = Duration::from_millis(50);

/// Waits until the back end can send no more.
pub(crate) async fn stuffed(pair: &Pair) {
    let mut before = 0;
    loop {
        let sent = pair.handler.sent.load(Ordering::Relaxed);
        if sent == before && sent > 0 {
            return;
        }
        before = sent;
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

/// Not yet stalled, tiny frames keep an unoptimised build on two cores busy with themselves.
const WHILE_FILLING_MAX: Duration = Duration::from_millis(500);

async fn slowest_of(pair: &Pair, count: usize) -> Duration {
    let mut slowest = Duration::ZERO;
    for _ in 0..count {
        let start = clock::monotonic();
        hello(&pair.caller).await;
        slowest = slowest.max(clock::monotonic() - start);
    }
    slowest
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn serial_a_hundred_stalled_downloads_delay_nobody() {
    let pair = pair().await;
    let stalled = join_all((0..100).map(|_| get(&pair.caller, "/stall"))).await;
    // While they fill up and when they are full.
    let filling = slowest_of(&pair, 100).await;
    stuffed(&pair).await;
    let full = slowest_of(&pair, 500).await;
    println!("slowest small request {filling:?} while filling, {full:?} when full");
    assert!(filling < SMALL_REQUEST_MAX, "{filling:?} while filling");
    assert!(full < SMALL_REQUEST_MAX, "{full:?} when full");
    // Each of them still goes on when it is read.
    for response in stalled {
        let mut body = response.unwrap().into_body();
        let frame = body.frame().await.unwrap().unwrap();
        assert!(frame.into_data().unwrap().iter().all(|byte| *byte == 7));
    }
    hello(&pair.caller).await;
}

#[cfg(target_os = "linux")]
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").trim().parse().unwrap()
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn serial_twenty_stalled_streams_of_tiny_frames_cost_little() {
    let pair = pair().await;
    hello(&pair.caller).await;
    let before = resident_kib();
    let stalled = join_all((0..20).map(|_| get(&pair.caller, "/drip"))).await;
    let filling = slowest_of(&pair, 20).await;
    stuffed(&pair).await;
    let grown = resident_kib().saturating_sub(before);
    println!("{grown} KiB for both ends, slowest small request {filling:?} while filling");
    assert!(grown < 40 * 1024, "{grown} KiB for both ends");
    assert!(filling < WHILE_FILLING_MAX, "{filling:?} while filling");
    let full = slowest_of(&pair, 200).await;
    assert!(full < SMALL_REQUEST_MAX, "{full:?}");
    drop(stalled);
    hello(&pair.caller).await;
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn serial_twenty_stalled_uploads_of_tiny_frames_cost_little() {
    let pair = pair().await;
    hello(&pair.caller).await;
    let before = resident_kib();
    let mut uploads = Vec::new();
    for _ in 0..20 {
        let (stream, mut upload) = post(&pair.caller, "/hold").await;
        let counter = Arc::clone(&pair.handler);
        let task = pair.tasks.spawn("upload", async move {
            let chunk = pattern(0, 50);
            loop {
                upload.send(chunk.clone()).await?;
                counter.sent.fetch_add(50, Ordering::Relaxed);
            }
            #[expect(unreachable_code, reason = "names the type of the block")]
            Ok::<(), StreamError>(())
        });
        uploads.push((stream, task));
    }
    let filling = slowest_of(&pair, 20).await;
    stuffed(&pair).await;
    let grown = resident_kib().saturating_sub(before);
    println!("{grown} KiB for both ends, slowest small request {filling:?} while filling");
    assert!(grown < 40 * 1024, "{grown} KiB for both ends");
    assert!(filling < WHILE_FILLING_MAX, "{filling:?} while filling");
    let full = slowest_of(&pair, 200).await;
    assert!(full < SMALL_REQUEST_MAX, "{full:?}");
    for (_, task) in &uploads {
        task.abort();
    }
    hello(&pair.caller).await;
}
