//! What goes wrong between a program and an agent.

use std::io;

use http::StatusCode;
use thiserror::Error;
use underpass_runtime::pki::PkiError;
use underpass_runtime::tls::TlsError;
use underpass_shared::api::management::ErrorBody;

/// A call that led to no answer, or to a refusal.
#[derive(Debug, Error)]
pub enum FleetError {
    /// Nobody answers there.
    #[error("cannot reach {address}")]
    Unreachable {
        /// Where.
        address: String,
        /// Why.
        source: io::Error,
    },
    /// It takes too long.
    #[error("no answer from {address} in time")]
    Late {
        /// Where.
        address: String,
    },
    /// Who answers is another, or does not know us.
    #[error("{address} is not the agent that was expected, or does not know this client")]
    Handshake {
        /// Where.
        address: String,
        /// Why.
        source: io::Error,
    },
    /// The connection broke.
    #[error("the connection to the agent broke")]
    Broken(#[from] hyper::Error),
    /// The agent refuses.
    #[error("the agent refuses: {}", .body.message)]
    Refused {
        /// The status.
        status: StatusCode,
        /// What it says.
        body: ErrorBody,
    },
    /// The answer is none of ours.
    #[error("the agent's answer does not parse")]
    Answer(#[from] serde_json::Error),
    /// The answer is larger than any of ours.
    #[error("the agent's answer is too large")]
    TooLarge,
    /// The agent does not know the secret.
    #[error("the agent could not prove that it knows the pairing string; nothing was kept")]
    Imposter,
    /// A key or certificate cannot be used.
    #[error("a key or certificate cannot be used")]
    Pki(#[from] PkiError),
    /// A key or certificate cannot be used for TLS.
    #[error("a key or certificate cannot be used")]
    Tls(#[from] TlsError),
    /// The request cannot be written.
    #[error("the request cannot be written")]
    Request(#[from] http::Error),
}
