//! Secrets that a call needs and that are not on this host, as the API says it.

use underpass_shared::api::management::Refusal;
use underpass_shared::config::Document;

use super::Admin;
use crate::tunnel::Route;
use crate::vault::VaultError;

/// Why a secret that the document names cannot be used. That it is gone is a state of the agent,
/// which `gone` says how to end; anything else is a failure.
pub(super) fn unusable(error: &anyhow::Error, gone: impl FnOnce() -> Refusal) -> Refusal {
    match error.downcast_ref::<VaultError>() {
        Some(VaultError::Missing(_)) => gone(),
        Some(
            VaultError::Io { .. }
            | VaultError::Key { .. }
            | VaultError::KeyMissing { .. }
            | VaultError::Open { .. },
        )
        | None => Refusal::failure(format!("{error:#}")),
    }
}

impl Admin {
    /// The way out to the gateways, as the document names it.
    pub(super) fn route(&self, document: &Document) -> Result<Route, Refusal> {
        let route = Route::of(document.connector().proxy(), &self.secrets);
        route.map_err(|error| {
            unusable(&error, || {
                let message = "the password of the proxy is not on this host; set the proxy with \
                               its password again at /api/v1/configuration/connector/proxy";
                Refusal::illegal_state(message)
            })
        })
    }
}
