//! What can go wrong with a stream and with a whole connection.

use h2::Reason;
use thiserror::Error;

/// Why a stream ended before its clean end.
#[derive(Clone, Debug, Error)]
pub enum StreamError {
    /// The other end did not begin to work on it; it may be sent again elsewhere.
    #[error("the other end refused the stream before it began")]
    Refused,
    /// The other end gave it up, or we did.
    #[error("the stream was aborted")]
    Aborted,
    /// The connection was lost.
    #[error("the tunnel connection was lost")]
    Lost,
    /// It has as many streams as it may have; nothing was sent.
    #[error("the tunnel connection has no free stream")]
    Crowded,
}

impl From<h2::Error> for StreamError {
    fn from(error: h2::Error) -> Self {
        // A GOAWAY of our own ends streams too, but those may have been worked on.
        let unbegun = error.is_go_away() || error.reason() == Some(Reason::REFUSED_STREAM);
        if unbegun && error.is_remote() {
            Self::Refused
        } else if error.is_reset() {
            Self::Aborted
        } else {
            Self::Lost
        }
    }
}

/// Why a connection ended or never came up.
#[derive(Debug, Error)]
pub enum ConnectionError {
    /// Nothing came back after a PING.
    #[error("the other end fell silent")]
    Silent,
    /// The handshake or the hello took too long.
    #[error("the other end did not answer the hello in time")]
    Timeout,
    /// The other end speaks a version that we do not.
    #[error("the other end has capability {theirs}, we need at least {ours}")]
    Capability {
        /// What it told.
        theirs: u32,
        /// The lowest we work with.
        ours: u32,
    },
    /// An internal request or its answer does not follow the protocol.
    #[error("the other end broke the tunnel protocol: {0}")]
    Protocol(&'static str),
    /// The connection broke.
    #[error("the tunnel connection broke")]
    Broken(#[source] h2::Error),
    /// The byte stream below broke.
    #[error("the tunnel connection broke")]
    Io(#[source] std::io::Error),
    /// A stream that the connection needs ended.
    #[error("the tunnel connection cannot be used")]
    Stream(#[from] StreamError),
}
