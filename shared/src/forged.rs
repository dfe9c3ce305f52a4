//! Header names that speak of who calls. A consumer could forge them, so they never pass.

/// First parts of such names, in lower case with `-`.
const IDENTITY: [&str; 4] = [
    "ssl-client-",
    "sap-connectivity-",
    "x-forwarded-client-cert",
    // RFC 9440: `Client-Cert` and `Client-Cert-Chain`.
    "client-cert",
];

/// Whether a header name speaks of identity, in any spelling.
pub fn speaks_of_identity(name: &str) -> bool {
    IDENTITY.iter().any(|prefix| begins_alike(name, prefix))
}

/// Whether two names are the same to servers that hand on header names as names of variables.
pub fn is_alike(name: &str, other: &str) -> bool {
    name.len() == other.len() && begins_alike(name, other)
}

/// Letters without regard to case; all else is one separator, as in CGI (RFC 3875 section 4.1.18)
/// and what servers made of it.
fn begins_alike(name: &str, prefix: &str) -> bool {
    let alike = |(a, b): (u8, u8)| {
        a.eq_ignore_ascii_case(&b) || !(a.is_ascii_alphanumeric() || b.is_ascii_alphanumeric())
    };
    name.len() >= prefix.len() && name.bytes().zip(prefix.bytes()).all(alike)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identity_is_known_in_every_spelling() {
        for name in [
            "ssl_client_cert",
            "SSL_CLIENT_CERT",
            "ssl-client-cert",
            "ssl_client-s-dn",
            "ssl.client.cert",
            "x-forwarded-client-cert",
            "x_forwarded_client_cert",
            "client-cert",
            "Client_Cert-Chain",
            "sap-connectivity-authentication",
            "sap_connectivity_scc_location_id",
        ] {
            assert!(speaks_of_identity(name), "{name}");
        }
        for name in [
            "authorization",
            "x-forwarded-for",
            "ssl",
            "ssl-client",
            "x-ssl-client-cert",
            "client",
            "sslxclientxcert",
        ] {
            assert!(!speaks_of_identity(name), "{name}");
        }
    }

    #[test]
    fn alike_names_have_the_same_length() {
        assert!(is_alike("x_forwarded_host", "x-forwarded-host"));
        assert!(!is_alike("x-forwarded-hosts", "x-forwarded-host"));
        assert!(!is_alike("x-forwarded-hos", "x-forwarded-host"));
    }
}
