//! Hello, fence and retry-after, also against ends that do not keep to them.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use http::StatusCode;
use underpass_runtime::clock;
use underpass_runtime::tasks::Tasks;
use underpass_runtime::tunnel::io::Watched;
use underpass_runtime::tunnel::{Caller, ConnectionError, Served, StreamError, serve};
use underpass_shared::protocol::capability::{CAPABILITY, CAPABILITY_MIN};
use underpass_shared::protocol::internal::{DRAIN, Drain, FENCE, Fence, HELLO, RetryAfter};

use crate::handler::Scripted;
use crate::pair::{get, hello, hello_answer, hello_of_gateway, pair, until};
use crate::raw;

#[tokio::test]
async fn a_fenced_connection_stays_warm_and_carries_nothing() {
    let pair = pair().await;
    let order = |epoch, holder| {
        pair.caller.fence(Fence {
            epoch,
            holder,
            why: None,
        })
    };
    order(5, false).await.unwrap();
    assert!(!pair.caller.is_open());
    assert!(matches!(
        get(&pair.caller, "/hello").await,
        Err(StreamError::Refused)
    ));
    // An order of an epoch that is over changes nothing.
    assert!(order(4, true).await.is_err());
    assert!(!pair.caller.is_open());
    order(6, true).await.unwrap();
    hello(&pair.caller).await;
}

#[tokio::test]
async fn a_served_end_refuses_by_itself_what_a_fence_or_drain_forbids() {
    let (tasks, handler) = (Tasks::new(), Arc::new(Scripted::default()));
    let served = Served::new(hello_answer(CAPABILITY));
    let (near, far) = tokio::io::duplex(1 << 20);
    let serving = tasks.spawn("agent", {
        let (served, handler, tasks) = (served.clone(), Arc::clone(&handler), tasks.clone());
        async move {
            let io = Watched::new(near);
            let wire = io.wire();
            serve(io, wire, &served, &handler, &tasks).await
        }
    });
    let send = raw::caller(far, &tasks).await;
    let told = serde_json::to_string(&hello_of_gateway()).unwrap();
    let greeted = raw::internal(&send, HELLO, told).await.unwrap();
    assert_eq!(greeted.status(), StatusCode::OK);

    let fence = async |epoch, holder| {
        let order = serde_json::to_string(&Fence {
            epoch,
            holder,
            why: None,
        })
        .unwrap();
        raw::internal(&send, FENCE, order).await.unwrap().status()
    };
    let refused = async || {
        let error = raw::get(&send).await.unwrap_err();
        error.reason() == Some(h2::Reason::REFUSED_STREAM)
    };
    assert_eq!(fence(5, false).await, StatusCode::OK);
    assert!(refused().await);
    assert_eq!(fence(4, true).await, StatusCode::CONFLICT);
    assert!(refused().await);
    assert_eq!(fence(6, true).await, StatusCode::OK);
    assert_eq!(raw::get(&send).await.unwrap(), StatusCode::OK);
    // A promise to call no more does not open the gate again, whoever is the holder.
    let drain = serde_json::to_string(&Drain { grace_ms: 1_000 }).unwrap();
    let drained = raw::internal(&send, DRAIN, drain).await.unwrap();
    assert_eq!(drained.status(), StatusCode::OK);
    assert!(raw::get(&send).await.is_err());
    drop((greeted, send));
    assert!(matches!(serving.await, Ok(Some(Ok(())))));
    assert_eq!(handler.requests.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn retry_after_is_told_and_closes() {
    let pair = pair().await;
    let retry = RetryAfter {
        after_ms: 1_234,
        reason: "crowded".to_owned(),
    };
    pair.caller.retry_after(&retry).await;
    pair.caller.closed().await;
    assert!(matches!(pair.serving.await, Ok(Some(_))));
    assert_eq!(pair.served.retry_after(), Some(retry));
}

#[tokio::test]
async fn a_hello_that_is_never_said_or_answered_ends_in_a_timeout() {
    let tasks = Tasks::new();
    let start = clock::monotonic();
    // A served end that shakes hands and answers nothing.
    let (near, far) = tokio::io::duplex(1 << 20);
    tasks.spawn("mute", async move {
        let mut connection = h2::server::handshake(far).await.unwrap();
        let held = connection.accept().await;
        connection.accept().await;
        drop(held);
    });
    let io = Watched::new(near);
    let wire = io.wire();
    let hello = hello_of_gateway();
    let calling = Caller::establish(io, wire, &hello, &tasks);
    // A caller that shakes hands and says nothing.
    let (near, far) = tokio::io::duplex(1 << 20);
    let _silent = raw::caller(far, &tasks).await;
    let (served, handler) = (
        Served::new(hello_answer(CAPABILITY)),
        Arc::new(Scripted::default()),
    );
    let io = Watched::new(near);
    let wire = io.wire();
    let serving = serve(io, wire, &served, &handler, &tasks);
    let (called, served) = tokio::join!(calling, serving);
    assert!(
        matches!(called, Err(ConnectionError::Timeout)),
        "{called:?}"
    );
    assert!(
        matches!(served, Err(ConnectionError::Timeout)),
        "{served:?}"
    );
    let waited = clock::monotonic() - start;
    assert!(waited < Duration::from_secs(13), "{waited:?}");
}

#[tokio::test]
async fn an_agent_that_is_too_old_is_refused() {
    let tasks = Tasks::new();
    let (near, far) = tokio::io::duplex(1 << 20);
    let (served, handler) = (
        Served::new(hello_answer(CAPABILITY_MIN - 1)),
        Arc::new(Scripted::default()),
    );
    let serving = tasks.spawn("agent", {
        let tasks = tasks.clone();
        async move {
            let io = Watched::new(far);
            let wire = io.wire();
            drop(serve(io, wire, &served, &handler, &tasks).await);
        }
    });
    let io = Watched::new(near);
    let wire = io.wire();
    let called = Caller::establish(io, wire, &hello_of_gateway(), &tasks).await;
    assert!(matches!(called, Err(ConnectionError::Capability { .. })));
    // The caller closed, so the other end ends.
    assert!(serving.await.is_ok());
}

#[tokio::test]
async fn a_request_that_was_begun_is_never_called_refused() {
    // A DATA frame of stream 0, which HTTP/2 forbids: the caller's end gives the connection up.
    const FORBIDDEN: &[u8] = &[0, 0, 1, 0, 0, 0, 0, 0, 0, 0];
    let (tasks, handler) = (Tasks::new(), Arc::new(Scripted::default()));
    let (near, far, forbid) = raw::pipe_with_extra(FORBIDDEN, &tasks);
    tasks.spawn("agent", {
        let (handler, tasks) = (Arc::clone(&handler), tasks.clone());
        async move {
            let served = Served::new(hello_answer(CAPABILITY));
            let io = Watched::new(far);
            let wire = io.wire();
            drop(serve(io, wire, &served, &handler, &tasks).await);
        }
    });
    let io = Watched::new(near);
    let wire = io.wire();
    let caller = Caller::establish(io, wire, &hello_of_gateway(), &tasks)
        .await
        .unwrap();
    let waiting = tasks.spawn("waiting", {
        let caller = caller.clone();
        async move { get(&caller, "/wait").await.map(drop) }
    });
    until("the handler works", || {
        handler.requests.load(Ordering::Relaxed) == 1
    })
    .await;
    forbid.send(()).unwrap();
    let ended = waiting.await.unwrap();
    // To send it again could do twice what is to be done once.
    assert!(matches!(ended, Some(Err(StreamError::Lost))), "{ended:?}");
    caller.closed().await;
}
