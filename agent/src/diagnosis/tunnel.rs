//! Which diagnosis a failed attempt to open a tunnel is.

use underpass_shared::diagnosis::Kind;

use crate::tunnel::ProxyError;
use crate::tunnel::dial::DialError;

/// The diagnosis and what it is of.
pub(super) fn of(error: &DialError) -> (Kind, String) {
    match error {
        DialError::Resolve { host, .. } => (Kind::GatewayName, host.to_string()),
        DialError::Connect { host, .. } | DialError::Timeout { host } => {
            (Kind::GatewayAway, host.to_string())
        }
        DialError::Tls { host, .. } => (Kind::GatewayTls, host.to_string()),
        DialError::ResolveProxy { proxy, .. } | DialError::ConnectProxy { proxy, .. } => {
            (Kind::ProxyAway, proxy.clone())
        }
        DialError::Proxy { proxy, source } => {
            let kind = match source {
                ProxyError::LoginWanted | ProxyError::LoginRefused(_) => Kind::ProxyLogin,
                ProxyError::Timeout => Kind::ProxyAway,
                ProxyError::Forbidden(_)
                | ProxyError::NotReached { .. }
                | ProxyError::Status(_)
                | ProxyError::Talkative
                | ProxyError::Answer(_)
                | ProxyError::Header(_) => Kind::ProxyRefuses,
            };
            (kind, proxy.clone())
        }
    }
}

/// The error with what is behind it.
pub(super) fn words(error: &DialError) -> String {
    let mut words = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        words = format!("{words}: {error}");
        source = error.source();
    }
    words
}
