//! Which cipher suites the management API takes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::invalid::Invalid;
use crate::schema::schema_like;

/// A cipher suite by the name of the IANA registry. All are rated well; worse ones are not there.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[expect(missing_docs, reason = "the names say it")]
pub enum CipherSuite {
    #[serde(rename = "TLS_AES_128_GCM_SHA256")]
    Aes128,
    #[serde(rename = "TLS_AES_256_GCM_SHA384")]
    Aes256,
    #[serde(rename = "TLS_CHACHA20_POLY1305_SHA256")]
    ChaCha20,
    #[serde(rename = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256")]
    EcdsaAes128,
    #[serde(rename = "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384")]
    EcdsaAes256,
    #[serde(rename = "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256")]
    EcdsaChaCha20,
    #[serde(rename = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256")]
    RsaAes128,
    #[serde(rename = "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384")]
    RsaAes256,
    #[serde(rename = "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256")]
    RsaChaCha20,
}

impl CipherSuite {
    /// All that there are.
    pub const ALL: [Self; 9] = [
        Self::Aes128,
        Self::Aes256,
        Self::ChaCha20,
        Self::EcdsaAes128,
        Self::EcdsaAes256,
        Self::EcdsaChaCha20,
        Self::RsaAes128,
        Self::RsaAes256,
        Self::RsaChaCha20,
    ];

    /// Whether it is one of TLS 1.3.
    pub const fn is_tls13(self) -> bool {
        matches!(self, Self::Aes128 | Self::Aes256 | Self::ChaCha20)
    }
}

/// The suites that the management API takes; all where nothing was chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<CipherSuite>", into = "Vec<CipherSuite>")]
pub struct CipherSuites(Vec<CipherSuite>);

impl Default for CipherSuites {
    fn default() -> Self {
        Self(CipherSuite::ALL.to_vec())
    }
}

impl TryFrom<Vec<CipherSuite>> for CipherSuites {
    type Error = Invalid;

    fn try_from(mut suites: Vec<CipherSuite>) -> Result<Self, Self::Error> {
        suites.sort_unstable();
        suites.dedup();
        // TLS 1.3 is always spoken, and is all that modern operators speak.
        if !suites.iter().any(|suite| suite.is_tls13()) {
            let rule = "must keep a suite of TLS 1.3 (TLS_AES_128_GCM_SHA256, \
                        TLS_AES_256_GCM_SHA384 or TLS_CHACHA20_POLY1305_SHA256), or nobody could \
                        connect";
            return Err(Invalid::new("cipherSuites", rule));
        }
        Ok(Self(suites))
    }
}

schema_like!(CipherSuites = Vec<CipherSuite>);

impl From<CipherSuites> for Vec<CipherSuite> {
    fn from(suites: CipherSuites) -> Self {
        suites.0
    }
}

impl CipherSuites {
    /// The chosen ones.
    pub fn as_slice(&self) -> &[CipherSuite] {
        &self.0
    }

    pub(super) fn is_default(&self) -> bool {
        self.0.len() == CipherSuite::ALL.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_that_leaves_nothing_usable_is_refused() {
        let read = serde_json::from_str::<CipherSuites>;
        let chosen =
            read(r#"["TLS_AES_256_GCM_SHA384","TLS_AES_128_GCM_SHA256","TLS_AES_256_GCM_SHA384"]"#);
        let chosen = chosen.unwrap();
        assert_eq!(
            chosen.as_slice(),
            [CipherSuite::Aes128, CipherSuite::Aes256]
        );
        assert!(!chosen.is_default() && CipherSuites::default().is_default());
        for json in ["[]", r#"["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"]"#] {
            let wrong = read(json).unwrap_err().to_string();
            assert!(wrong.contains("must keep a suite of TLS 1.3"), "{wrong}");
        }
        let unknown = read(r#"["TLS_RSA_WITH_NULL_MD5"]"#)
            .unwrap_err()
            .to_string();
        assert!(unknown.contains("unknown variant"), "{unknown}");
    }
}
