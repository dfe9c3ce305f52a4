//! What is wrong with a refused document, mapping or change.

use thiserror::Error;

use crate::strict::Misread;

/// A field and the rule that it breaks.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{field}: {rule}")]
pub struct Invalid {
    /// Where, such as `subaccounts[0].mappings[3].resources`.
    pub field: String,
    /// The rule in words, with the remedy where there is one.
    pub rule: String,
}

impl Invalid {
    /// Says that `field` breaks `rule`.
    pub fn new(field: impl Into<String>, rule: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            rule: rule.into(),
        }
    }
}

impl From<Misread> for Invalid {
    fn from(wrong: Misread) -> Self {
        Self::new(wrong.place, wrong.rule.to_string())
    }
}
