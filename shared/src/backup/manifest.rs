//! What a backup says of itself without its passphrase.

use serde::{Deserialize, Serialize};

use crate::hash::Hash256;

/// The layout of archives that this build writes, and the newest that it reads.
pub const FORMAT: u32 = 1;

/// The clear part of a backup archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// The layout of the archive.
    pub format: u32,
    /// The program that wrote it, and that can restore it.
    pub product: String,
    /// The version of that program.
    pub version: String,
    /// When it was made, milliseconds UTC.
    pub created_at_ms: i64,
    /// Which instance of the program it is of.
    pub instance: String,
    /// The revision of the document in it, where the program has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<Head>,
    /// SHA-256 of the sealed payload.
    pub payload_sha256: Hash256,
}

/// Which state of the configuration a backup holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Head {
    /// The number of the revision.
    pub number: u64,
    /// The hash of the document.
    pub hash: Hash256,
}

/// The one field that every version of the manifest has.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct ManifestFormat {
    /// The layout of the archive.
    pub format: u32,
}
