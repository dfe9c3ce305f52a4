//! Silence: an idle connection lives, a dead path is found by both ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use underpass_runtime::tasks::Tasks;
use underpass_runtime::{clock, net};

use crate::pair::{Pki, connect, get, hello, pair};

/// Copies one direction; swallows everything once the path is broken.
async fn pump(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    broken: Arc<AtomicBool>,
) {
    let mut bytes = vec![0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        if !broken.load(Ordering::Relaxed) && to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}

#[tokio::test]
async fn serial_both_ends_find_a_dead_path_within_13_s() {
    let gateway = net::listen("127.0.0.1:0".parse().unwrap()).unwrap();
    let target = gateway.local_addr().unwrap();
    let entry = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = entry.local_addr().unwrap();
    let (broken, tasks) = (Arc::new(AtomicBool::new(false)), Tasks::new());
    let relaying = (Arc::clone(&broken), tasks.clone());
    tasks.spawn("relay", async move {
        let (broken, tasks) = relaying;
        let (near, _) = entry.accept().await.unwrap();
        let far = TcpStream::connect(target).await.unwrap();
        let ((near_read, near_write), (far_read, far_write)) =
            (near.into_split(), far.into_split());
        tasks.spawn("there", pump(near_read, far_write, Arc::clone(&broken)));
        pump(far_read, near_write, broken).await;
    });
    let pair = connect(&Pki::new(), &gateway, address).await;
    hello(&pair.caller).await;
    let waiting = get(&pair.caller, "/wait");
    broken.store(true, Ordering::Relaxed);
    let start = clock::monotonic();
    let limit = Duration::from_secs(13);
    let (waited, served) = tokio::join!(waiting, tokio::time::timeout(limit, pair.serving));
    assert!(waited.is_err());
    assert!(matches!(served, Ok(Ok(Some(Err(_))))));
    pair.caller.closed().await;
    let noticed = clock::monotonic() - start;
    println!("noticed by both ends after {noticed:?}");
    assert!(noticed < limit, "{noticed:?}");
}

#[tokio::test]
async fn serial_an_idle_connection_lives() {
    let pair = pair().await;
    // Longer than a ping's idle time and its grace together.
    tokio::time::sleep(Duration::from_secs(14)).await;
    assert!(pair.caller.is_open());
    hello(&pair.caller).await;
}
