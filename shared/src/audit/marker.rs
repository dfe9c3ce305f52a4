//! Where a log begins after retention removed what was before: signed, so that nobody else can.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::hex::{PublicKey, Signature};
use crate::config::canonical;
use crate::hash::Hash256;

/// What a marker says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Start {
    /// Which log this is.
    pub instance: Uuid,
    /// The first segment that is kept.
    pub segment: u64,
    /// The sequence of its first record.
    pub sequence: u64,
    /// The hash of the last line before it.
    pub previous: Hash256,
    /// Whose signature counts.
    pub public_key: PublicKey,
    /// When the segments before were removed.
    pub time_ms: i64,
}

/// A signed beginning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Marker {
    /// What is signed.
    pub start: Start,
    /// By the key that it names.
    pub signature: Signature,
}

impl Start {
    /// The bytes that are signed.
    pub fn signed_bytes(&self) -> Vec<u8> {
        let mut bytes = b"underpass audit start\0".to_vec();
        bytes.extend(canonical::bytes(self));
        bytes
    }
}

impl Marker {
    /// The bytes of its file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = canonical::bytes(self);
        bytes.push(b'\n');
        bytes
    }
}
