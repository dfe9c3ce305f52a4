//! Fence and retry-after.

use underpass_runtime::tunnel::StreamError;
use underpass_shared::protocol::internal::{Fence, RetryAfter};

use crate::pair::{get, hello, pair};

#[tokio::test]
async fn a_fenced_connection_stays_warm_and_carries_nothing() {
    let pair = pair().await;
    let order = |epoch, holder| pair.caller.fence(Fence { epoch, holder });
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
