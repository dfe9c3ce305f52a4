//! Internal requests and their JSON bodies.

use std::pin::Pin;

use bytes::{Bytes, BytesMut};
use http::{Method, Request, Uri};
use http_body::Body;
use serde::Serialize;
use serde::de::DeserializeOwned;
use underpass_shared::protocol::internal::{AUTHORITY, BODY_MAX};

use super::error::ConnectionError;
use super::inbound::Inbound;

/// The request for an internal path.
pub(super) fn request(path: &str) -> Result<Request<()>, ConnectionError> {
    let uri = Uri::builder()
        .scheme("http")
        .authority(AUTHORITY)
        .path_and_query(path)
        .build();
    uri.and_then(|uri| Request::builder().method(Method::POST).uri(uri).body(()))
        .map_err(|_fixed| ConnectionError::Protocol("an internal request cannot be made"))
}

/// Whether a request is internal.
pub(super) fn is_internal<B>(request: &Request<B>) -> bool {
    request
        .uri()
        .authority()
        .is_some_and(|a| a.as_str() == AUTHORITY)
}

/// A JSON body, or one line of a stream of them.
pub(super) fn line(message: &impl Serialize) -> Result<Bytes, ConnectionError> {
    let mut bytes = serde_json::to_vec(message)
        .map_err(|_own| ConnectionError::Protocol("an internal message cannot be written"))?;
    bytes.push(b'\n');
    Ok(bytes.into())
}

/// Reads JSON lines from a body.
pub(super) struct Lines {
    body: Inbound,
    read: BytesMut,
}

impl Lines {
    pub(super) fn new(body: Inbound) -> Self {
        Self {
            body,
            read: BytesMut::new(),
        }
    }

    /// The next message, or `None` at the clean end.
    pub(super) async fn next<T: DeserializeOwned>(&mut self) -> Result<Option<T>, ConnectionError> {
        loop {
            if let Some(end) = self.read.iter().position(|byte| *byte == b'\n') {
                let line = self.read.split_to(end + 1);
                return match serde_json::from_slice(&line) {
                    Ok(message) => Ok(Some(message)),
                    Err(_json) => Err(ConnectionError::Protocol("a message does not parse")),
                };
            }
            let body = &mut self.body;
            match std::future::poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await {
                Some(frame) => {
                    let data = frame?.into_data().unwrap_or_default();
                    if self.read.len() + data.len() > BODY_MAX {
                        return Err(ConnectionError::Protocol("a message is too long"));
                    }
                    self.read.extend_from_slice(&data);
                }
                None => return Ok(None),
            }
        }
    }

    /// The one message of a body.
    pub(super) async fn only<T: DeserializeOwned>(mut self) -> Result<T, ConnectionError> {
        self.next()
            .await?
            .ok_or(ConnectionError::Protocol("a message is missing"))
    }
}
