//! Whose word on users a subaccount takes, as the API shows and takes it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::lenient::{Flag, ReadOnly};
use super::{Links, SubaccountPath, SubaccountTarget, Target, links};
use crate::config::limits::{DESCRIPTION_LEN_MAX, DISPLAY_NAME_LEN_MAX};
use crate::config::{Alias, Certificate, IdentityProvider, IdentityTrust, Text, TrustedApp};

/// The trust of a subaccount as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct IdentityTrustShown {
    /// Whether the lists follow those of the cloud side.
    pub auto_sync_trust_enabled: bool,
    /// Whether it has an effect.
    pub effective: bool,
    /// Why it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_effective_because: Option<String>,
    /// What belongs to it.
    #[serde(rename = "_links", default)]
    pub links: Links,
}

impl IdentityTrustShown {
    /// Shows the trust of a subaccount; `not_effective` says why it has no effect.
    pub fn show(
        trust: &IdentityTrust,
        path: &SubaccountPath,
        not_effective: Option<String>,
    ) -> Self {
        Self {
            auto_sync_trust_enabled: trust.auto_sync(),
            effective: not_effective.is_none(),
            not_effective_because: not_effective,
            links: links([
                (
                    "self",
                    Target::Of(path.clone(), SubaccountTarget::IdentityTrust),
                ),
                (
                    "idps",
                    Target::Of(path.clone(), SubaccountTarget::IdentityProviders),
                ),
                (
                    "apps",
                    Target::Of(path.clone(), SubaccountTarget::TrustedApps),
                ),
            ]),
        }
    }
}

/// The trust of a subaccount as it is taken.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IdentityTrustInput {
    /// Whether the lists shall follow those of the cloud side.
    pub auto_sync_trust_enabled: Flag,
    /// Of answers.
    #[serde(default, skip_serializing)]
    pub effective: ReadOnly,
    /// Of answers.
    #[serde(default, skip_serializing)]
    pub not_effective_because: ReadOnly,
    /// Of answers.
    #[serde(rename = "_links", default, skip_serializing)]
    pub links: ReadOnly,
}

/// An identity provider as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IdentityProviderShown {
    /// What it is found by.
    pub id: Alias,
    /// For people.
    pub name: Text<DISPLAY_NAME_LEN_MAX>,
    /// For people.
    pub description: Text<DESCRIPTION_LEN_MAX>,
    /// What it signs with, PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Certificate>,
    /// Whether its word is taken.
    pub enabled: bool,
    /// What belongs to it.
    #[serde(rename = "_links", default)]
    pub links: Links,
}

impl IdentityProviderShown {
    /// Shows an identity provider.
    pub fn show(one: &IdentityProvider, path: &SubaccountPath) -> Self {
        let own = Target::Of(
            path.clone(),
            SubaccountTarget::IdentityProvider(one.id.clone()),
        );
        Self {
            id: one.id.clone(),
            name: one.name.clone(),
            description: one.description.clone(),
            certificate: one.certificate.clone(),
            enabled: one.enabled,
            links: links([("self", own)]),
        }
    }
}

/// A cloud application as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TrustedAppShown {
    /// What it is found by.
    pub id: Alias,
    /// For people.
    pub name: Text<DISPLAY_NAME_LEN_MAX>,
    /// What it is.
    pub application_type: Text<DISPLAY_NAME_LEN_MAX>,
    /// Whether its word is taken.
    pub enabled: bool,
    /// What belongs to it.
    #[serde(rename = "_links", default)]
    pub links: Links,
}

impl TrustedAppShown {
    /// Shows an application.
    pub fn show(one: &TrustedApp, path: &SubaccountPath) -> Self {
        let own = Target::Of(path.clone(), SubaccountTarget::TrustedApp(one.id.clone()));
        Self {
            id: one.id.clone(),
            name: one.name.clone(),
            application_type: one.application_type.clone(),
            enabled: one.enabled,
            links: links([("self", own)]),
        }
    }
}

/// Whether an identity provider's or an application's word is taken.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TrustInput {
    /// Taken or not.
    pub enabled: Flag,
    /// Of answers.
    #[serde(default, skip_serializing)]
    pub id: ReadOnly,
    /// Of answers.
    #[serde(default, skip_serializing)]
    pub name: ReadOnly,
    /// Of answers.
    #[serde(default, skip_serializing)]
    pub description: ReadOnly,
    /// Of answers.
    #[serde(default, skip_serializing)]
    pub certificate: ReadOnly,
    /// Of answers.
    #[serde(default, skip_serializing)]
    pub application_type: ReadOnly,
    /// Of answers.
    #[serde(rename = "_links", default, skip_serializing)]
    pub links: ReadOnly,
}
