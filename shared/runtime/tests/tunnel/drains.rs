//! Connections are drained while requests run: none is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use underpass_runtime::net;
use underpass_runtime::tunnel::{Caller, StreamError};

use crate::pair::{Pki, body, connect, get, post};

const DRAINS: usize = 200;
const WORKERS: usize = 64;

/// The connections that requests may use, as a gateway keeps them.
#[derive(Default)]
struct Pool(Mutex<Vec<Caller>>);

impl Pool {
    fn all(&self) -> Vec<Caller> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn replace(&self, old: Option<&Caller>, new: Caller) {
        let mut callers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        callers.push(new);
        callers.retain(|caller| old.is_none_or(|old| !old.is_same(caller)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_drains_under_load_lose_nothing() {
    let pki = Pki::new();
    let listener = net::listen("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    let pool = Arc::new(Pool::default());
    let mut current = connect(&pki, &listener, address).await;
    let tasks = current.tasks.clone();
    pool.replace(None, current.caller.clone());

    let (stop, done) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicUsize::new(0)),
    );
    let workers: Vec<_> = (0..WORKERS)
        .map(|number| {
            let (pool, stop, done) = (Arc::clone(&pool), Arc::clone(&stop), Arc::clone(&done));
            tasks.spawn("worker", async move {
                while !stop.load(Ordering::Relaxed) {
                    work(&pool, number).await;
                    done.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    let mut ends = Vec::new();
    for drain in 0..DRAINS {
        let before = done.load(Ordering::Relaxed);
        let replacement = connect(&pki, &listener, address).await;
        pool.replace(None, replacement.caller.clone());
        let old = std::mem::replace(&mut current, replacement);
        if drain.is_multiple_of(2) {
            let caller = old.caller.clone();
            ends.push(tasks.spawn("drain", async move { caller.drain().await }));
        } else {
            old.served.wish_drain();
        }
        old.served.draining().await;
        pool.replace(Some(&old.caller), current.caller.clone());
        ends.push(tasks.spawn("ended", async move {
            let ended = old.serving.await;
            assert!(matches!(ended, Ok(Some(Ok(())))), "{ended:?}");
            old.caller.closed().await;
        }));
        while done.load(Ordering::Relaxed) < before + WORKERS {
            tokio::task::yield_now().await;
        }
    }
    stop.store(true, Ordering::Relaxed);
    for worker in workers {
        assert!(matches!(worker.await, Ok(Some(()))), "a request was lost");
    }
    for end in ends {
        assert!(
            matches!(end.await, Ok(Some(()))),
            "a drain did not end cleanly"
        );
    }
    let done = done.load(Ordering::Relaxed);
    println!("{done} requests during {DRAINS} drains");
    assert!(done >= DRAINS * WORKERS);
}

/// One request; only one that was refused before it began is sent again.
async fn work(pool: &Pool, number: usize) {
    for _ in 0..10 {
        for caller in pool.all().iter().rev() {
            match attempt(caller, number).await {
                Ok(()) => return,
                Err(StreamError::Refused) => {}
                Err(error) => panic!("lost: {error}"),
            }
        }
    }
    panic!("lost: refused everywhere");
}

async fn attempt(caller: &Caller, number: usize) -> Result<(), StreamError> {
    if !caller.is_open() {
        return Err(StreamError::Refused);
    }
    if number.is_multiple_of(4) {
        let request = crate::pair::request(http::Method::POST, "/echo");
        let (stream, mut upload) = caller.open(request, false)?;
        upload.send(vec![5; 3_000].into()).await?;
        upload.finish()?;
        assert_eq!(body(stream.response().await?).await?.len(), 3_000);
    } else {
        let response = get(caller, "/bytes/30000").await?;
        assert_eq!(body(response).await?.len(), 30_000);
    }
    Ok(())
}

#[tokio::test]
async fn a_drain_by_the_gateway_ends_at_once_when_nothing_runs() {
    let pair = crate::pair::pair().await;
    let (stream, upload) = post(&pair.caller, "/upload").await;
    upload.finish().unwrap();
    body(stream.response().await.unwrap()).await.unwrap();
    let drained = tokio::time::timeout(std::time::Duration::from_secs(3), pair.caller.drain());
    assert!(drained.await.is_ok());
    assert!(matches!(pair.serving.await, Ok(Some(Ok(())))));
    assert!(matches!(
        get(&pair.caller, "/hello").await,
        Err(StreamError::Refused)
    ));
}
