//! Back ends that take their time.

use std::future::pending;
use std::net::SocketAddr;

use tokio::net::TcpListener;
use underpass_runtime::tasks::Tasks;
use underpass_shared::config::{Document, Protocol};
use underpass_shared::policy::{Access, Policy};
use uuid::Uuid;

use super::*;
use crate::forward::guard::OwnListeners;

const SHORT: Duration = Duration::from_millis(50);

/// A document that exposes a back end as `slow.virtual:80`.
fn document(backend: SocketAddr) -> Document {
    let document = serde_json::json!({"schema": 1, "connector": {"allowedTargets": ["127.0.0.0/8"]},
    "subaccounts": [{
        "regionHost": "localhost", "subaccount": Uuid::nil(), "instance": Uuid::nil(),
        "credential": Uuid::nil(), "connected": true,
        "mappings": [{
            "virtualAddress": "slow.virtual:80", "internalAddress": backend.to_string(),
            "protocol": "HTTP", "backendType": "nonSAPsys",
            "resources": [{"path": "/", "enabled": true, "exactMatchOnly": false}],
        }],
    }]});
    Document::from_json(&document.to_string()).unwrap()
}

#[tokio::test]
async fn a_back_end_that_says_nothing_is_504() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let document = document(listener.local_addr().unwrap());
    let subaccount = &document.subaccounts()[0];
    let access = Access {
        protocol: Protocol::Http,
        host: "slow.virtual",
        port: 80,
        path: b"/",
        websocket: false,
    };
    let permit = Policy::new(Arc::clone(subaccount)).decide(&access).unwrap();
    let tasks = Tasks::new();
    let pool = Pool::start(&tasks);
    let backend = Backend {
        permit,
        subaccount,
        diagnoses: &Diagnoses::default(),
        authority: Some(Authority::from_static("slow.virtual")),
        pool: &pool,
        guard: Guard {
            allowed: document.connector().allowed_targets(),
            own: &OwnListeners::default(),
        },
        tls: None,
        flow: Arc::default(),
        answer_time: SHORT,
    };
    let request = || {
        let request = Request::get("http://slow.virtual/");
        request.body(Upload::none()).unwrap()
    };
    let Err(answer) = backend.exchange(request()).await else {
        panic!("an answer of nobody");
    };
    assert_eq!(answer.into_response().status(), StatusCode::GATEWAY_TIMEOUT);
    let Err(answer) = backend.exchange_alone(request()).await else {
        panic!("an answer of nobody");
    };
    assert_eq!(answer.into_response().status(), StatusCode::GATEWAY_TIMEOUT);
    assert!(tasks.join(CONNECT_TIME).await);
}

#[tokio::test]
async fn a_body_that_moves_gives_a_back_end_more_time() {
    assert_eq!(answered(pin!(pending::<()>()), None, SHORT).await, None);
    let moved = Moved::default();
    assert_eq!(
        answered(pin!(pending::<()>()), Some(&moved), SHORT).await,
        None
    );

    let slow = async {
        for _ in 0..8 {
            tokio::time::sleep(SHORT / 2).await;
            moved.set();
        }
    };
    assert_eq!(answered(pin!(slow), Some(&moved), SHORT).await, Some(()));
}
