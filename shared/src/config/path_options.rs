//! What the paths of one mapping may contain beside what every server reads alike.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Exceptions from the path rule, for systems whose real URLs need them. All are off by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct PathOptions {
    /// `%2f` may occur. It is matched undecoded, so it is never the border of a segment.
    pub encoded_slashes: bool,
    /// Empty segments (`//`) may occur, but not as the first. They are matched as they are.
    pub empty_segments: bool,
    /// The session that an ABAP system writes into its URLs (`/sap(...)/bc`) may occur. The path is
    /// matched without it.
    pub bsp_mangling: bool,
}

impl PathOptions {
    /// No exceptions.
    pub const STRICT: Self = Self {
        encoded_slashes: false,
        empty_segments: false,
        bsp_mangling: false,
    };

    /// All that the path of a resource may contain in some mapping.
    pub(crate) const RESOURCE: Self = Self {
        encoded_slashes: true,
        empty_segments: true,
        bsp_mangling: false,
    };

    /// Whether there are no exceptions; the document then leaves the field out, so that it keeps
    /// the hash that it had before there were options.
    pub fn is_strict(&self) -> bool {
        *self == Self::STRICT
    }
}
