//! Silence: an idle connection lives, a dead path is found by both ends.

use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::time::Duration;

use http_body_util::BodyExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use underpass_runtime::tasks::Tasks;
use underpass_runtime::tunnel::StreamError;
use underpass_runtime::{clock, net};
use underpass_shared::protocol::timers::MEASURE_EVERY;

use crate::pair::{Pki, body, connect, get, hello, pair, post, until};

/// What a dead path does with bytes.
#[derive(Clone, Copy, Debug)]
enum Death {
    /// It takes them and they go nowhere.
    Swallows,
    /// It takes none, so that senders fill their buffers.
    Blocks,
}

/// Copies one direction until the path is dead.
async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    dead: CancellationToken,
    death: Death,
) {
    let mut bytes = vec![0; 16 * 1024];
    loop {
        let count = tokio::select! {
            count = from.read(&mut bytes) => count,
            () = dead.cancelled(), if matches!(death, Death::Blocks) => {
                return std::future::pending().await;
            }
        };
        let Ok(count @ 1..) = count else { return };
        if !dead.is_cancelled() && to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}

/// A path to `target` that dies when told to.
async fn path(target: SocketAddr, dead: &CancellationToken, death: Death) -> SocketAddr {
    let entry = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = entry.local_addr().unwrap();
    let (dead, tasks) = (dead.clone(), Tasks::new());
    tasks.clone().spawn("relay", async move {
        let (near, _) = entry.accept().await.unwrap();
        let far = TcpStream::connect(target).await.unwrap();
        let ((near_read, near_write), (far_read, far_write)) =
            (near.into_split(), far.into_split());
        tasks.spawn("there", pump(near_read, far_write, dead.clone(), death));
        pump(far_read, near_write, dead, death).await;
    });
    address
}

async fn found_within(limit: Duration, death: Death) {
    let gateway = net::listen("127.0.0.1:0".parse().unwrap()).unwrap();
    let dead = CancellationToken::new();
    let address = path(gateway.local_addr().unwrap(), &dead, death).await;
    let pair = connect(&Pki::new(), &gateway, address).await;
    hello(&pair.caller).await;
    let waiting = get(&pair.caller, "/wait");
    // Bulk is under way when the path dies, so that a PING would have to pass it.
    let mut bulk = get(&pair.caller, "/stall").await.unwrap().into_body();
    let reading = pair.tasks.spawn("reading", async move {
        while let Some(frame) = bulk.frame().await {
            frame?;
        }
        Ok::<(), StreamError>(())
    });
    until("bulk flows", || {
        pair.handler.sent.load(Ordering::Relaxed) > 16 << 20
    })
    .await;
    dead.cancel();
    let start = clock::monotonic();
    let (waited, served, read) = tokio::join!(
        waiting,
        tokio::time::timeout(limit, pair.serving),
        tokio::time::timeout(limit, reading)
    );
    assert!(waited.is_err());
    assert!(matches!(served, Ok(Ok(Some(Err(_))))), "{served:?}");
    assert!(matches!(read, Ok(Ok(Some(Err(_))))), "{read:?}");
    pair.caller.closed().await;
    let noticed = clock::monotonic() - start;
    println!("{death:?}: noticed by both ends after {noticed:?}");
    assert!(noticed < limit, "{noticed:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn serial_both_ends_find_a_dead_path_within_13_s() {
    let limit = Duration::from_secs(13);
    tokio::join!(
        found_within(limit, Death::Swallows),
        found_within(limit, Death::Blocks)
    );
}

async fn an_idle_connection_lives() {
    let pair = pair().await;
    // Silence is what is tested, for longer than a ping's idle time and its grace together.
    tokio::time::sleep(Duration::from_secs(14)).await;
    assert!(pair.caller.is_open());
    hello(&pair.caller).await;
}

async fn an_answered_upload_that_goes_on_is_stopped() {
    let pair = pair().await;
    let (stream, mut upload) = post(&pair.caller, "/early").await;
    let response = stream.response().await.unwrap();
    assert_eq!(body(response).await.unwrap(), "too large");
    let start = clock::monotonic();
    // The chunks are few, so it is not the window that stops them.
    while upload.send("more".into()).await.is_ok() {
        assert!(clock::monotonic() - start < Duration::from_secs(13));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    hello(&pair.caller).await;
}

/// Traffic keeps the heartbeat quiet, but not this.
async fn a_busy_connection_is_measured_again() {
    let pair = pair().await;
    let begun = clock::monotonic();
    let mut trips = 0;
    while trips < 2 {
        let answer = get(&pair.caller, "/hello").await.unwrap();
        assert_eq!(answer.status(), 200);
        trips += pair.served.take_round_trips().len();
        let waited = clock::monotonic().saturating_sub(begun);
        assert!(waited < MEASURE_EVERY + Duration::from_secs(5), "{trips}");
        // The pace of the traffic: without pauses it would only take the processor.
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let waited = clock::monotonic().saturating_sub(begun);
    assert!(
        waited > MEASURE_EVERY - Duration::from_secs(1),
        "{waited:?}"
    );
}

#[tokio::test]
async fn time_ends_answered_uploads_but_no_idle_connection() {
    tokio::join!(
        an_idle_connection_lives(),
        a_busy_connection_is_measured_again(),
        an_answered_upload_that_goes_on_is_stopped()
    );
}

/// Copies one direction late: the time is the length of the path, nobody waits for anything in it.
async fn delay(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, time: Duration) {
    let mut bytes = vec![0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        tokio::time::sleep(time).await;
        if to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}

#[tokio::test]
async fn round_trips_are_those_of_the_path() {
    const EACH_WAY: Duration = Duration::from_millis(40);
    let gateway = net::listen("127.0.0.1:0".parse().unwrap()).unwrap();
    let target = gateway.local_addr().unwrap();
    let entry = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = entry.local_addr().unwrap();
    let tasks = Tasks::new();
    tasks.clone().spawn("relay", async move {
        let (near, _) = entry.accept().await.unwrap();
        let far = TcpStream::connect(target).await.unwrap();
        let ((near_read, near_write), (far_read, far_write)) =
            (near.into_split(), far.into_split());
        tasks.spawn("there", delay(near_read, far_write, EACH_WAY));
        delay(far_read, near_write, EACH_WAY).await;
    });
    let pair = connect(&Pki::new(), &gateway, address).await;
    hello(&pair.caller).await;
    // The first PING goes out at once, also where traffic leaves no silence.
    until("a PING came back", || pair.served.round_trip().is_some()).await;
    let last = pair.served.round_trip().unwrap();
    assert!(last >= 2 * EACH_WAY && last < 50 * EACH_WAY, "{last:?}");
    let taken = pair.served.take_round_trips();
    assert_eq!(taken.len(), 1);
    assert!(
        taken[0].abs_diff(last) < Duration::from_micros(1),
        "{taken:?}"
    );
    assert!(pair.served.take_round_trips().is_empty());
    assert!(pair.served.is_up());
}
