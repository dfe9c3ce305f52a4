//! One request, as it is remembered after its end.

use std::sync::Arc;

use crate::config::SubaccountKey;

/// Where the time of a request went, µs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Split {
    /// From its head to the last byte of its answer, as the agent saw it.
    pub total: u64,
    /// What the gateway took before it sent the request; none when it does not tell.
    pub gateway: Option<u64>,
    /// The tunnel's round trip, as last measured.
    pub tunnel: Option<u64>,
    /// Opening a connection to the back end; none where one was open.
    pub open: Option<u64>,
    /// From the request's last byte to the first of the answer; none without an answer.
    pub backend: Option<u64>,
    /// Making the credentials of principal propagation.
    pub propagation: Option<u64>,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The back end answered, with this status.
    Answered(u16),
    /// Access control denied it.
    Denied,
    /// The agent answered in place of the back end, with this status.
    Failed(u16),
    /// One side broke it off.
    Aborted,
}

/// A request that ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// When it began, milliseconds UTC.
    pub begun_ms: i64,
    /// Of which subaccount.
    pub subaccount: Arc<SubaccountKey>,
    /// The virtual host and port, as they were asked for.
    pub virtual_host: Arc<str>,
    /// See `virtual_host`.
    pub virtual_port: u16,
    /// The internal host and port; empty when no mapping was found.
    pub internal: Arc<str>,
    /// The method.
    pub method: Arc<str>,
    /// The path without its query, cut to [`Request::PATH_LEN_MAX`].
    pub path: Box<str>,
    /// The resource that allowed it; empty when none did.
    pub resource: Arc<str>,
    /// The propagated user, where there was one.
    pub user: Option<Box<str>>,
    /// Bytes of the request's body.
    pub received: u64,
    /// Bytes of the answer's body.
    pub sent: u64,
    /// How it ended.
    pub outcome: Outcome,
    /// Where its time went.
    pub split: Split,
}

impl Request {
    /// Longer paths are cut, bytes: ten thousand requests are remembered.
    pub const PATH_LEN_MAX: usize = 256;
}
