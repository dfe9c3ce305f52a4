//! How long the certificates that stand for users are good.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::loose::Number;

/// Times of principal propagation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PpSettings {
    /// How long a token may still be used after its end, in hours; two weeks at most.
    pub expiration_tolerance_in_hr: Number<1, 336>,
    /// How long a certificate may be used again, in minutes; thirty days at most.
    pub certificate_validity_in_min: Number<1, 43_200>,
}

impl Default for PpSettings {
    fn default() -> Self {
        Self {
            expiration_tolerance_in_hr: const { Number::constant(2) },
            certificate_validity_in_min: const { Number::constant(60) },
        }
    }
}

impl PpSettings {
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
