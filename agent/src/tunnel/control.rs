//! What the agent asks a gateway with the client certificate of an enrolment.

use anyhow::Context as _;
use http::StatusCode;
use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use underpass_runtime::tasks::Tasks;
use underpass_shared::api::error::{ApiError, ErrorKind};
use underpass_shared::id::RegionHost;
use underpass_shared::protocol::role::Role;

use super::dial::dial;
use super::enrol::exchange;
use super::proxy::Route;
use crate::credentials::Credentials;

/// A question without the answer that was hoped for.
#[derive(Debug, Error)]
pub enum ControlError {
    /// The gateway refuses.
    #[error("the gateway refused: {0}")]
    Refused(String, ErrorKind),
    /// The gateway is of a release that does not know the question.
    #[error("the gateway {0} is of an older release and knows no handovers; update it first")]
    TooOld(RegionHost),
    /// There was no answer.
    #[error("{0:#}")]
    Failed(#[source] anyhow::Error),
}

/// A gateway, as it is asked for one enrolment.
pub struct Gateway<'a> {
    /// Where it is.
    pub host: &'a RegionHost,
    /// The way to it.
    pub route: &'a Route,
    /// Who asks.
    pub credentials: &'a Credentials,
    /// The owner of the connection's tasks.
    pub tasks: &'a Tasks,
}

impl Gateway<'_> {
    /// Asks on a connection of its own.
    ///
    /// # Errors
    /// When the gateway refuses, is too old, or cannot be asked.
    pub async fn ask<T: DeserializeOwned>(
        &self,
        path: &str,
        message: &impl Serialize,
    ) -> Result<T, ControlError> {
        let (status, json) = self
            .exchange(path, message)
            .await
            .map_err(ControlError::Failed)?;
        if status == StatusCode::OK {
            let answer = serde_json::from_slice(&json);
            let answer = answer.context("the gateway's answer does not parse");
            return answer.map_err(ControlError::Failed);
        }
        match serde_json::from_slice::<ApiError>(&json) {
            Ok(error) if error.kind == ErrorKind::NotFound && error.message.contains("path") => {
                Err(ControlError::TooOld(self.host.clone()))
            }
            Ok(error) => Err(ControlError::Refused(error.message, error.kind)),
            Err(_) => {
                let error = anyhow::anyhow!("the gateway refused with status {status}");
                Err(ControlError::Failed(error))
            }
        }
    }

    async fn exchange(
        &self,
        path: &str,
        message: &impl Serialize,
    ) -> anyhow::Result<(StatusCode, bytes::Bytes)> {
        let tls = self.credentials.tls(Role::Control)?;
        let (stream, wire) = dial(self.host, self.route, &tls).await?;
        exchange(stream, wire, path, message, self.tasks).await
    }
}
