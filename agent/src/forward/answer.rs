//! The agent's own answers, with the texts that existing clients look for.

use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};
use underpass_runtime::tls::TlsFailure;
use underpass_shared::head::HEAD_MAX;
use underpass_shared::policy::path::PathRule;

use super::Text;

/// An answer that does not come from a back end.
pub(super) enum Answer {
    /// The system is not exposed.
    SystemDenied { host: String, port: u16 },
    /// The path is not exposed.
    ResourceDenied {
        path: String,
        host: String,
        port: u16,
    },
    /// The path can be read in more than one way.
    AmbiguousPath(PathRule),
    /// The back end cannot be reached.
    NotReached { host: String, port: u16 },
    /// The back end is there, but TLS with it does not start.
    NotBelieved {
        host: String,
        port: u16,
        reason: TlsFailure,
    },
    /// The back end broke off before its answer.
    BrokenOff { host: String, port: u16 },
    /// The head of the back end's answer is too long.
    HeadTooLong { host: String, port: u16 },
    /// What the back end sent is no HTTP.
    Garbage { host: String, port: u16 },
    /// The back end took too long.
    TooSlow { host: String, port: u16 },
}

impl Answer {
    pub(super) fn into_response(self) -> Response<Text> {
        let (status, text) = self.text();
        let length = HeaderValue::from(text.len());
        let mut response = Response::new(Text::from(text));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        let plain = HeaderValue::from_static("text/plain; charset=utf-8");
        headers.insert(CONTENT_TYPE, plain);
        headers.insert(CONTENT_LENGTH, length);
        response
    }

    fn text(self) -> (StatusCode, String) {
        match self {
            Self::SystemDenied { host, port } => (
                StatusCode::FORBIDDEN,
                format!(
                    "Access denied to system {host}:{port}. In case this was a valid request, \
                     ensure to expose the system correctly in your cloud connector."
                ),
            ),
            Self::ResourceDenied { path, host, port } => (
                StatusCode::FORBIDDEN,
                format!(
                    "Access denied to resource {path} on system {host}:{port}. In case this was a \
                     valid request, ensure to expose the resource correctly in your cloud connector."
                ),
            ),
            Self::AmbiguousPath(rule) => (
                StatusCode::BAD_REQUEST,
                format!("The path is ambiguous and was not forwarded: {rule}"),
            ),
            Self::NotReached { host, port } => (
                StatusCode::BAD_GATEWAY,
                format!("Unable to open connection to backend system {host}:{port}"),
            ),
            Self::NotBelieved { host, port, reason } => (
                StatusCode::BAD_GATEWAY,
                format!("Unable to open connection to backend system {host}:{port}: {reason}"),
            ),
            Self::BrokenOff { host, port } => (
                StatusCode::BAD_GATEWAY,
                format!("Backend system {host}:{port} closed the connection before its answer"),
            ),
            Self::HeadTooLong { host, port } => (
                StatusCode::BAD_GATEWAY,
                format!("Backend system {host}:{port} sent a head longer than {HEAD_MAX} bytes"),
            ),
            Self::Garbage { host, port } => (
                StatusCode::BAD_GATEWAY,
                format!("Backend system {host}:{port} sent no valid HTTP answer"),
            ),
            Self::TooSlow { host, port } => (
                StatusCode::GATEWAY_TIMEOUT,
                format!("Backend system {host}:{port} did not answer in time"),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_texts_that_clients_match_are_there() {
        let (host, port) = ("erp".to_owned(), 44300);
        let denied = Answer::SystemDenied {
            host: host.clone(),
            port,
        }
        .text();
        assert_eq!(denied, (StatusCode::FORBIDDEN, "Access denied to system erp:44300. In case this was a valid request, ensure to expose the system correctly in your cloud connector.".to_owned()));
        let denied = Answer::ResourceDenied {
            path: "/a".to_owned(),
            host: host.clone(),
            port,
        }
        .text();
        assert_eq!(denied, (StatusCode::FORBIDDEN, "Access denied to resource /a on system erp:44300. In case this was a valid request, ensure to expose the resource correctly in your cloud connector.".to_owned()));
        let (status, text) = Answer::NotReached { host, port }.text();
        assert_eq!(status, StatusCode::BAD_GATEWAY);
        assert!(text.contains("Unable to open connection to backend system"));
    }
}
