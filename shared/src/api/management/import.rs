//! System mappings as a file of their own.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::limits::MAPPINGS_MAX;
use crate::config::{Change, Mapping};
use crate::host::VirtualAddress;
use crate::schema::schema;

/// What such a file says it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum MappingsFormat {
    /// The only one so far.
    #[default]
    #[serde(rename = "underpass-mappings-1")]
    First,
}

/// System mappings with their resources, without the subaccount that they came from.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MappingsFile {
    /// What this is.
    pub format: MappingsFormat,
    /// The mappings.
    #[schemars(length(max = MAPPINGS_MAX))]
    pub mappings: Vec<Mapping>,
}

/// What an import does with what is there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ImportMode {
    /// It stays; what is missing is added.
    #[default]
    Merge,
    /// It is replaced where the file has something else.
    Overwrite,
}

schema!(ImportMode = { "type": "string", "enum": ["merge", "overwrite"] });

/// A text that is no way to import.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be merge or overwrite")]
pub struct InvalidImportMode;

impl FromStr for ImportMode {
    type Err = InvalidImportMode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "merge" => Ok(Self::Merge),
            "overwrite" => Ok(Self::Overwrite),
            _ => Err(InvalidImportMode),
        }
    }
}

impl fmt::Display for ImportMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Merge => "merge",
            Self::Overwrite => "overwrite",
        })
    }
}

/// Something of a file that was left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Skipped {
    /// The mapping.
    pub mapping: VirtualAddress,
    /// Its resource, where it is only that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// Why.
    pub reason: String,
}

/// What became of the mappings of a file, or would become of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Imported {
    /// The revision.
    pub revision: u64,
    /// The changes; of a dry run alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// Mappings that were not there.
    pub added: Vec<VirtualAddress>,
    /// Mappings that became different.
    pub changed: Vec<VirtualAddress>,
    /// Mappings that stayed as they were.
    pub unchanged: Vec<VirtualAddress>,
    /// What was left out.
    pub skipped: Vec<Skipped>,
}
