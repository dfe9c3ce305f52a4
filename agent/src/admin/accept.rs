//! In which form a caller wants certificates.

use http::StatusCode;
use underpass_shared::api::management::{ErrorType, Refusal};
use underpass_shared::config::Certificate;

/// The forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Accept {
    Json,
    Pem,
    Der,
}

impl Accept {
    /// The first form of an `Accept` that is known; JSON where none is asked for.
    pub(super) fn of(header: &str) -> Result<Self, Refusal> {
        if header.trim().is_empty() {
            return Ok(Self::Json);
        }
        let mut kinds = header.split(',').map(|kind| {
            let kind = kind.split(';').next().unwrap_or_default();
            kind.trim().to_ascii_lowercase()
        });
        let known = kinds.find_map(|kind| match kind.as_str() {
            "application/json" | "application/*" | "*/*" => Some(Self::Json),
            "application/pkix-cert" | "application/x-x509-ca-cert" | "application/octet-stream" => {
                Some(Self::Der)
            }
            "application/x-pem-file" | "application/pem-certificate-chain" | "text/plain" => {
                Some(Self::Pem)
            }
            _ => None,
        });
        known.ok_or_else(|| {
            let message = "this is given as application/json, application/x-pem-file or application/pkix-cert";
            let (status, kind) = (StatusCode::NOT_ACCEPTABLE, ErrorType::InvalidRequest);
            Refusal::new(status, kind, message).at("Accept")
        })
    }
}

/// PEM, one block after the other.
pub(super) fn pem<'a>(certificates: impl IntoIterator<Item = &'a Certificate>) -> Vec<u8> {
    let blocks = certificates.into_iter().map(ToString::to_string);
    blocks.collect::<String>().into_bytes()
}

/// DER, one certificate after the other.
pub(super) fn der<'a>(certificates: impl IntoIterator<Item = &'a Certificate>) -> Vec<u8> {
    let all = certificates.into_iter().map(Certificate::der);
    all.collect::<Vec<_>>().concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_known_form_counts() {
        for (header, form) in [
            ("", Accept::Json),
            ("*/*", Accept::Json),
            ("text/html, application/pkix-cert;q=0.5, */*", Accept::Der),
            ("application/X-PEM-file", Accept::Pem),
        ] {
            assert_eq!(Accept::of(header).unwrap(), form, "{header}");
        }
        assert_eq!(Accept::of("text/html").unwrap_err().status, 406);
    }
}
