//! Whose word on users a subaccount takes.

use super::super::{
    IdentityProviderShown, IdentityTrustInput, IdentityTrustShown, TrustInput, TrustedAppShown,
};
use super::Operation;
use crate::rights::Access::{Read, Subaccounts};

pub(crate) const TRUST: &str = "/api/v1/configuration/subaccounts/{regionHost}/{subaccount}/trust";
pub(crate) const PROVIDERS: &str =
    "/api/v1/configuration/subaccounts/{regionHost}/{subaccount}/trust/idps";
pub(crate) const PROVIDER: &str =
    "/api/v1/configuration/subaccounts/{regionHost}/{subaccount}/trust/idps/{idp}";
pub(crate) const APPS: &str =
    "/api/v1/configuration/subaccounts/{regionHost}/{subaccount}/trust/apps";
pub(crate) const APP: &str =
    "/api/v1/configuration/subaccounts/{regionHost}/{subaccount}/trust/apps/{app}";

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::get(TRUST, Read, "Shows whether trust follows the cloud side.")
        .gives::<IdentityTrustShown>(),
    Operation::put(
        TRUST,
        Subaccounts,
        "Says whether trust shall follow the cloud side.",
    )
    .takes::<IdentityTrustInput>(),
    Operation::post(
        TRUST,
        Subaccounts,
        "Takes over the cloud side's lists now; 409 while gateways offer none.",
    )
    .acts()
    .conflicts(),
    Operation::get(PROVIDERS, Read, "Lists the identity providers.")
        .gives::<Vec<IdentityProviderShown>>(),
    Operation::get(PROVIDER, Read, "Shows an identity provider.").gives::<IdentityProviderShown>(),
    Operation::put(
        PROVIDER,
        Subaccounts,
        "Says whether an identity provider is trusted.",
    )
    .takes::<TrustInput>(),
    Operation::get(APPS, Read, "Lists the cloud applications.").gives::<Vec<TrustedAppShown>>(),
    Operation::get(APP, Read, "Shows a cloud application.").gives::<TrustedAppShown>(),
    Operation::put(
        APP,
        Subaccounts,
        "Says whether a cloud application is trusted.",
    )
    .takes::<TrustInput>(),
];
