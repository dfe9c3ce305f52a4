//! Domain mappings of cookies as the API shows and takes them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::lenient::ReadOnly;
use super::{Links, SubaccountPath, SubaccountTarget, Target, links};
use crate::config::DomainMapping;
use crate::host::CookieDomain;

/// A domain mapping as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DomainMappingShown {
    /// What cloud applications see.
    pub virtual_domain: CookieDomain,
    /// What back ends set.
    pub internal_domain: CookieDomain,
    /// What belongs to it.
    #[serde(rename = "_links", default)]
    pub links: Links,
}

impl DomainMappingShown {
    /// Shows a pair of domains.
    pub fn show(pair: &DomainMapping, path: &SubaccountPath) -> Self {
        let own = Target::Of(
            path.clone(),
            SubaccountTarget::DomainMapping(pair.internal_domain.clone()),
        );
        Self {
            virtual_domain: pair.virtual_domain.clone(),
            internal_domain: pair.internal_domain.clone(),
            links: links([("self", own)]),
        }
    }
}

/// A domain mapping as it is taken.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DomainMappingInput {
    /// What cloud applications see.
    pub virtual_domain: CookieDomain,
    /// What back ends set.
    pub internal_domain: CookieDomain,
    /// Of answers.
    #[serde(rename = "_links", default, skip_serializing)]
    pub links: ReadOnly,
}

impl From<DomainMappingInput> for DomainMapping {
    fn from(input: DomainMappingInput) -> Self {
        Self {
            virtual_domain: input.virtual_domain,
            internal_domain: input.internal_domain,
        }
    }
}
