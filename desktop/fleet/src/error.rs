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
    /// A file of this computer is in the way.
    #[error("a file of this computer cannot be read or written")]
    File(#[source] io::Error),
    /// The answer is none of ours.
    #[error("the agent's answer does not parse")]
    Answer(#[from] serde_json::Error),
    /// No such agent is known.
    #[error("there is no such agent")]
    Unknown,
    /// The CA is of another agent.
    #[error("the CA certificate is not that of the agent {0}")]
    OtherAgent(underpass_shared::id::AgentId),
    /// The certificate was issued by another agent.
    #[error(
        "the certificate was not issued by the agent {0} but by another one; take the one that this agent gave you"
    )]
    OtherIssuer(underpass_shared::id::AgentId),
    /// The key is not that of the certificate.
    #[error("the key does not belong to the certificate")]
    OtherKey,
    /// The keys of this program are not open.
    #[error("the keys of this program are not open yet")]
    Locked,
    /// Nothing was heard for long.
    #[error("the agent fell silent")]
    Silent,
    /// There is no key for it.
    #[error("this program has no key for the agent: {0}; pair again")]
    NoKey(String),
    /// The answer is no text.
    #[error("the agent's answer is no text")]
    NoText,
    /// The answer does not tell of which revision it is.
    #[error("the agent's answer names no revision")]
    NoRevision,
    /// The agent's document is none of ours.
    #[error("the agent's configuration does not parse")]
    Document(#[from] underpass_shared::config::Invalid),
    /// An event is larger than any of ours.
    #[error("an event of the agent is too large")]
    EventTooLarge,
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

impl FleetError {
    /// The whole reason for people, with what stands behind it, in one line.
    pub fn reason(&self) -> String {
        let mut text = self.to_string();
        let mut source = std::error::Error::source(self);
        while let Some(error) = source {
            text.push_str(": ");
            text.push_str(&error.to_string());
            source = error.source();
        }
        clean(&text)
    }

    /// Whether another try may do better.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Late { .. } | Self::Broken(_) | Self::Silent => true,
            Self::Refused { status, .. } => *status == StatusCode::SERVICE_UNAVAILABLE,
            Self::Handshake { .. }
            | Self::Answer(_)
            | Self::File(_)
            | Self::Unknown
            | Self::OtherAgent(_)
            | Self::OtherKey
            | Self::OtherIssuer(_)
            | Self::Locked
            | Self::NoKey(_)
            | Self::NoText
            | Self::NoRevision
            | Self::Document(_)
            | Self::EventTooLarge
            | Self::TooLarge
            | Self::Imposter
            | Self::Pki(_)
            | Self::Tls(_)
            | Self::Request(_) => false,
        }
    }
}

/// Most characters of what an agent says to people.
const TEXT_LEN_MAX: usize = 500;

/// A text of somebody else as it can be shown: one line, of limited length.
pub(crate) fn clean(text: &str) -> String {
    let plain = |one: char| if one.is_control() { ' ' } else { one };
    let mut clean: String = text.chars().take(TEXT_LEN_MAX).map(plain).collect();
    if text.chars().nth(TEXT_LEN_MAX).is_some() {
        clean.push('…');
    }
    clean
}
