//! A key that signs our tokens.

use std::io;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use serde_json::{Value, json};
use underpass_runtime::pki::PrivateKey;

/// Subject public key info of a P-256 key up to the point itself.
const SPKI_PREFIX: [u8; 27] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
];

/// The signing key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// There is none yet.
    #[error("{} does not exist; start the gateway once with `underpass-gateway serve`", .0.display())]
    Missing(PathBuf),
    /// The file cannot be read or written.
    #[error("{} cannot be used", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Something else than a list of ECDSA P-256 keys in PKCS#8 PEM, or none could be made.
    #[error("the token-signing keys must be ECDSA P-256 keys in PKCS#8 PEM")]
    Key,
}

/// An ES256 key pair with its public forms.
#[derive(Clone, Debug)]
pub struct SigningKey {
    encoding: EncodingKey,
    decoding: DecodingKey,
    kid: String,
    x: String,
    y: String,
}

impl SigningKey {
    /// Takes a PKCS#8 PEM key.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let key = PrivateKey::from_pem(pem).map_err(|_unreadable| KeyError::Key)?;
        let der = key.to_der().map_err(|_unreadable| KeyError::Key)?;
        let encoding = EncodingKey::from_ec_der(der.secret_der());
        let jwk = Jwk::from_encoding_key(&encoding, Algorithm::ES256);
        let jwk = jwk.map_err(|_other_curve| KeyError::Key)?;
        let kid = jwk
            .thumbprint(ThumbprintHash::SHA256)
            .map_err(|_no_digest| KeyError::Key)?;
        let AlgorithmParameters::EllipticCurve(point) = jwk.algorithm else {
            return Err(KeyError::Key);
        };
        let decoding = DecodingKey::from_ec_components(&point.x, &point.y);
        let decoding = decoding.map_err(|_other_curve| KeyError::Key)?;
        Ok(Self {
            encoding,
            decoding,
            kid,
            x: point.x,
            y: point.y,
        })
    }

    /// The key's name in token headers: its RFC 7638 thumbprint.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public key as a JSON web key.
    pub fn jwk(&self) -> Value {
        json!({
            "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig",
            "kid": self.kid, "x": self.x, "y": self.y, "value": self.public_pem(),
        })
    }

    /// The public key as PEM.
    pub fn public_pem(&self) -> String {
        let mut der = SPKI_PREFIX.to_vec();
        for half in [&self.x, &self.y] {
            der.extend(URL_SAFE_NO_PAD.decode(half).unwrap_or_default());
        }
        let text = STANDARD.encode(der);
        let (first, second) = text.split_at(64);
        format!("-----BEGIN PUBLIC KEY-----\n{first}\n{second}\n-----END PUBLIC KEY-----\n")
    }

    pub(super) fn encoding(&self) -> &EncodingKey {
        &self.encoding
    }

    pub(super) fn decoding(&self) -> &DecodingKey {
        &self.decoding
    }
}
