//! Why a backup did not arrive, and whether it is worth another try.

use std::io;
use std::time::Duration;

use http::StatusCode;
use thiserror::Error;
use underpass_shared::id::InvalidId;

use crate::tunnel::DialError;

/// Why a backup did not arrive.
#[derive(Debug, Error)]
pub(crate) enum UploadError {
    /// What was made cannot be read.
    #[error("what was made cannot be read")]
    Read(#[source] io::Error),
    /// The host cannot be dialled.
    #[error("the host of the URL cannot be used")]
    Host(#[from] InvalidId),
    /// The name is not known.
    #[error("the name {host} cannot be resolved; check DNS")]
    Resolve {
        /// Whose.
        host: String,
        /// The resolver's answer.
        source: io::Error,
    },
    /// None of its addresses may be dialled.
    #[error("{host} must not be dialled: {rule}")]
    Guarded {
        /// Who.
        host: String,
        /// Why.
        rule: String,
    },
    /// No address answers.
    #[error("{host} cannot be reached")]
    Connect {
        /// Who.
        host: String,
        /// The last attempt's error.
        source: io::Error,
    },
    /// The proxy does not lead there.
    #[error(transparent)]
    Proxy(#[from] DialError),
    /// There is nothing to trust it by.
    #[error("the certificates that the system trusts cannot be read: {0}")]
    System(String),
    /// It is not trusted, or does not speak TLS.
    #[error("TLS with {host} failed: {why}")]
    Tls {
        /// Who.
        host: String,
        /// Why.
        why: String,
    },
    /// The login has characters that no header takes.
    #[error("the request cannot be written")]
    Request(#[from] http::Error),
    /// It broke off, or talks something else.
    #[error("there was no answer that can be understood")]
    Http(#[from] hyper::Error),
    /// Another address is named.
    #[error("the answer was {0}; redirects are not followed: set the URL to where it leads")]
    Redirect(StatusCode),
    /// Who puts it there may not.
    #[error("the answer was {0}: the login is missing or wrong, or may not write there")]
    Login(StatusCode),
    /// It was not taken.
    #[error("the answer was {status}{}", said(.wait))]
    Status {
        /// What was said.
        status: StatusCode,
        /// And when to come again.
        wait: Option<String>,
    },
    /// Too slow.
    #[error("no answer within {} s", .0.as_secs_f64().ceil())]
    Late(Duration),
}

/// What a receiver said of the time to come again.
fn said(wait: &Option<String>) -> String {
    let wait = wait.as_ref();
    wait.map_or_else(String::new, |wait| format!(", come again after {wait}"))
}

impl UploadError {
    /// Whether the same may work soon.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Resolve { .. } | Self::Connect { .. } | Self::Proxy(_) | Self::Http(_) => true,
            Self::Status { status, .. } => {
                status.is_server_error() || *status == StatusCode::TOO_MANY_REQUESTS
            }
            Self::Read(_)
            | Self::Host(_)
            | Self::Guarded { .. }
            | Self::System(_)
            | Self::Tls { .. }
            | Self::Request(_)
            | Self::Redirect(_)
            | Self::Login(_)
            | Self::Late(_) => false,
        }
    }
}
