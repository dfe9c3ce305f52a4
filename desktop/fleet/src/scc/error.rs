//! What goes wrong when a connector is read.

use std::io;

use thiserror::Error;
use underpass_runtime::tls::TlsError;

use super::Fingerprint;

/// A reading that came to nothing.
#[derive(Debug, Error)]
pub enum SccError {
    /// Nobody answers there.
    #[error("cannot reach {address}")]
    Unreachable {
        /// Where.
        address: String,
        /// Why.
        source: io::Error,
    },
    /// Who answers has another certificate.
    #[error(
        "{address} shows another certificate: {shown}, SHA-256 {fingerprint}; compare it with that of the connector's administration UI, and name it if it is the same"
    )]
    OtherCertificate {
        /// Where.
        address: String,
        /// What it says of itself.
        shown: String,
        /// Its SHA-256.
        fingerprint: Fingerprint,
    },
    /// No handshake, for another reason.
    #[error("{address} does not finish the TLS handshake with us")]
    Handshake {
        /// Where.
        address: String,
        /// Why.
        source: io::Error,
    },
    /// A certificate or key of ours cannot be used.
    #[error("the client certificate or its key cannot be used")]
    Tls(#[from] TlsError),
    /// The connector does not know us.
    #[error("the connector does not know this user or client certificate")]
    Login,
    /// It takes too long.
    #[error("no answer to {path} in time")]
    Late {
        /// What was asked for.
        path: String,
    },
    /// The connection broke.
    #[error("the connection broke while {path} was asked for")]
    Broken {
        /// What was asked for.
        path: String,
        /// Why.
        source: hyper::Error,
    },
    /// The answer is none.
    #[error("the answer to {path} is wrong: {why}")]
    Answer {
        /// What was asked for.
        path: String,
        /// Why.
        why: String,
    },
    /// Something that nothing can be planned without.
    #[error("the connector refuses {path} with status {status}: {message}")]
    Refused {
        /// What was asked for.
        path: String,
        /// The status.
        status: u16,
        /// What it says.
        message: String,
    },
    /// More than any real connector has.
    #[error("the connector has more than can be read")]
    TooMuch,
    /// The whole takes too long.
    #[error("the connector answers too slowly to be read as a whole")]
    TooLong,
    /// A request cannot be written.
    #[error("a request cannot be written")]
    Request(#[from] http::Error),
    /// No runtime.
    #[error("cannot start")]
    Runtime(#[source] io::Error),
}

impl SccError {
    /// Whether the same question may have an answer a moment later.
    pub(super) const fn is_passing(&self) -> bool {
        match self {
            Self::Late { .. } | Self::Broken { .. } | Self::Answer { .. } => true,
            Self::Unreachable { .. }
            | Self::OtherCertificate { .. }
            | Self::Handshake { .. }
            | Self::Tls(_)
            | Self::Login
            | Self::Refused { .. }
            | Self::TooMuch
            | Self::TooLong
            | Self::Request(_)
            | Self::Runtime(_) => false,
        }
    }
}
