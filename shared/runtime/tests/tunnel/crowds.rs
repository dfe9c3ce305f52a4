//! A connection with as many streams as it may have.

use http::Method;
use underpass_runtime::tunnel::StreamError;
use underpass_shared::protocol::internal::Fence;
use underpass_shared::protocol::limits::CALLER_STREAMS_MAX;

use crate::pair::{get, hello, pair, request, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_connection_refuses_at_once_and_still_takes_orders() {
    let pair = pair().await;
    let wait = || pair.caller.open(request(Method::GET, "/wait"), true);
    let mut streams: Vec<_> = (0..CALLER_STREAMS_MAX).map(|_| wait().unwrap()).collect();
    assert!(matches!(
        get(&pair.caller, "/hello").await,
        Err(StreamError::Crowded)
    ));
    let order = Fence {
        epoch: 1,
        holder: true,
        why: None,
    };
    pair.caller.fence(order).await.unwrap();
    streams.pop();
    hello(&pair.caller).await;
    drop(streams);
    until("all streams ended", || pair.caller.active() == 0).await;
    hello(&pair.caller).await;
}
