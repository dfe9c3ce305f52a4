//! What a failed call means for the session.

use http::StatusCode;
use rustls::{AlertDescription, CertificateError};

use crate::FleetError;

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The agent is not there now.
    Lost,
    /// It does not know us, or no longer.
    Refused,
    /// Who answers is not the agent.
    KeyChanged,
    /// The agent answers, but not with this.
    Answer { forbidden: bool },
}

impl Fault {
    pub(crate) fn of(error: &FleetError) -> Self {
        match error {
            FleetError::Imposter => Self::KeyChanged,
            FleetError::Refused { status, .. } => match *status {
                StatusCode::UNAUTHORIZED => Self::Refused,
                status => Self::Answer {
                    forbidden: status == StatusCode::FORBIDDEN,
                },
            },
            FleetError::Handshake { .. } | FleetError::Broken(_) => of_tls(error),
            FleetError::Unreachable { .. }
            | FleetError::Late { .. }
            | FleetError::Silent
            | FleetError::Unknown => Self::Lost,
            FleetError::Answer(_)
            | FleetError::File(_)
            | FleetError::NoText
            | FleetError::NoRevision
            | FleetError::Document(_)
            | FleetError::TooLarge
            | FleetError::EventTooLarge
            | FleetError::Request(_) => Self::Answer { forbidden: false },
            // Our own key is of no use.
            FleetError::Pki(_)
            | FleetError::Tls(_)
            | FleetError::NoKey(_)
            | FleetError::Locked
            | FleetError::OtherAgent(_)
            | FleetError::OtherKey
            | FleetError::OtherIssuer(_) => Self::Refused,
        }
    }
}

/// What TLS says, however deep it is buried.
fn of_tls(error: &FleetError) -> Fault {
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        let io = inner.downcast_ref::<std::io::Error>();
        let wrapped = io.and_then(std::io::Error::get_ref);
        let tls = wrapped.and_then(|inner| inner.downcast_ref::<rustls::Error>());
        if let Some(tls) = tls.or_else(|| inner.downcast_ref()) {
            return of_rustls(tls);
        }
        source = inner.source();
    }
    Fault::Lost
}

fn of_rustls(error: &rustls::Error) -> Fault {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "all other failures of TLS are those of a broken connection"
    )]
    match error {
        rustls::Error::InvalidCertificate(why) => match why {
            // The same agent, whose certificate nobody renewed in time, or a wrong clock.
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => Fault::Lost,
            _ => Fault::KeyChanged,
        },
        rustls::Error::AlertReceived(
            AlertDescription::AccessDenied
            | AlertDescription::BadCertificate
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateUnknown
            | AlertDescription::CertificateRequired
            | AlertDescription::DecryptError
            | AlertDescription::UnknownCA
            | AlertDescription::UnsupportedCertificate,
        ) => Fault::Refused,
        _ => Fault::Lost,
    }
}
