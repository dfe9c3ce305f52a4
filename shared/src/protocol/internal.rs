//! Internal requests: those with the authority `underpass.internal`, which never reach a back end
//! and never come from a consumer.
//!
//! Bodies are JSON. The caller of a connection opens it with `hello`; the answer's body stays open
//! and carries the served end's own wishes, one JSON object a line.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::id::InstanceId;

/// The authority of internal requests; refused as a virtual host and in a consumer's request, with
/// all names below it.
pub const AUTHORITY: &str = "underpass.internal";

/// Whether a host is [`AUTHORITY`] or a name below it, in any case, with or without the last dot.
pub fn is_reserved(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host).as_bytes();
    let Some(start) = host.len().checked_sub(AUTHORITY.len()) else {
        return false;
    };
    let (below, end) = host.split_at(start);
    end.eq_ignore_ascii_case(AUTHORITY.as_bytes()) && below.last().is_none_or(|b| *b == b'.')
}

/// Path of [`Hello`].
pub const HELLO: &str = "/hello";
/// Path of [`Drain`].
pub const DRAIN: &str = "/drain";
/// Path of [`Fence`].
pub const FENCE: &str = "/fence";
/// Path of [`RetryAfter`].
pub const RETRY_AFTER: &str = "/retry_after";

/// Largest body of an internal request or line of its answer, in bytes.
pub const BODY_MAX: usize = 64 * 1024;

/// First request on a connection; it is up when this is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Hello {
    /// The caller's [capability](super::capability).
    pub capability: u32,
    /// The caller's product version, for people.
    pub version: String,
    /// How many tunnel connections the gateway wants of this agent for this subaccount.
    pub connections: u8,
    /// The gateway's clock, milliseconds UTC, so that the agent notices when its own is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_ms: Option<i64>,
}

/// Answer to [`Hello`]: first line of the answer's body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HelloAnswer {
    /// The served end's capability.
    pub capability: u32,
    /// The served end's product version, for people.
    pub version: String,
    /// The agent instance.
    pub instance: InstanceId,
    /// The process that serves, new at each start, so that a copied agent is told from the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<Uuid>,
    /// The process of the same data directory that a gateway knew last. It says that this one goes
    /// on where that one ended, so that the start of an agent is told from that of its copy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Uuid>,
}

/// A line that the served end sends after [`HelloAnswer`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "wish")]
pub enum Wish {
    /// Open no new streams here; the caller acknowledges with [`Drain`].
    Drain,
}

/// The caller opens no new stream on this connection after this request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Drain {
    /// How long streams that run may still take, in milliseconds.
    pub grace_ms: u64,
}

/// Who may carry streams in which epoch of a high-availability group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fence {
    /// The epoch that this order belongs to; an order of a lower one than known is refused.
    pub epoch: u64,
    /// True: this agent carries streams. False: it keeps the connection warm and refuses streams.
    pub holder: bool,
    /// Why it does not; gateways of older releases do not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Standby>,
}

/// Why a connection carries no streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Standby {
    /// Another agent carries them while one hands over to the other.
    Handover,
    /// Another process of the same instance carries them: one of the two is a copy.
    Copy,
    /// For a reason that this build does not know.
    #[serde(other)]
    Other,
}

/// The gateway cannot keep this connection; it closes it and asks to wait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RetryAfter {
    /// How long to wait before the next attempt, in milliseconds.
    pub after_ms: u64,
    /// Why, for the agent's log and status.
    pub reason: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_and_all_below_it_are_reserved() {
        for host in [
            "underpass.internal",
            "Underpass.INTERNAL",
            "underpass.internal.",
            "gateway.underpass.internal",
            "a.b.underpass.internal",
        ] {
            assert!(is_reserved(host), "{host}");
        }
        for host in [
            "",
            "internal",
            "notunderpass.internal",
            "underpass.internal.example",
            "underpass-internal",
            "ünderpass.internal",
        ] {
            assert!(!is_reserved(host), "{host}");
        }
    }
}
