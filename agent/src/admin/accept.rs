//! In which form a caller wants certificates.

use underpass_shared::config::Certificate;

/// The forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Accept {
    Json,
    Pem,
    Der,
}

impl Accept {
    /// The first form of an `Accept` that is known; JSON where none is.
    pub(super) fn of(header: &str) -> Self {
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
        known.unwrap_or(Self::Json)
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
            ("text/html", Accept::Json),
            ("text/html, application/pkix-cert;q=0.5, */*", Accept::Der),
            ("application/X-PEM-file", Accept::Pem),
        ] {
            assert_eq!(Accept::of(header), form, "{header}");
        }
    }
}
