//! Checking tokens.

use std::time::Duration;

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Validation};
use underpass_shared::id::SubaccountId;

use super::AUDIENCE;
use super::claims::Read;
use super::keys::LiveKeys;
use crate::directory::Directory;

/// The longest token that is looked at; header lines that carry tokens end at 16 KiB.
pub const TOKEN_LEN_MAX: usize = 16 * 1024;
/// How long after its end a token is still taken, for clocks that differ.
pub const CLOCK_LEEWAY: Duration = Duration::from_secs(60);

/// Who calls, by a checked token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The tenant that the token stands for.
    pub subaccount: SubaccountId,
    /// The end of the token, leeway included.
    pub expires_at_ms: i64,
}

/// A token that is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Longer than any token of ours.
    #[error("the token is too long")]
    TooLong,
    /// Not a token, or one without the claims we need.
    #[error("the token is malformed")]
    Malformed,
    /// Signed in another way than ES256.
    #[error("the token's algorithm is not ES256")]
    Algorithm,
    /// The signature does not fit.
    #[error("the token's signature is wrong")]
    Signature,
    /// Past its end.
    #[error("the token has expired")]
    Expired,
    /// From another issuer.
    #[error("the token is of another issuer")]
    Issuer,
    /// For somebody else.
    #[error("the token is for another audience")]
    Audience,
    /// The subaccount or the binding it was made for is gone.
    #[error("the token's subaccount or binding does not exist")]
    Unknown,
}

/// Accepts the tokens of our own issuer.
#[derive(Clone, Debug)]
pub struct Verifier {
    keys: LiveKeys,
    validation: Validation,
    directory: Directory,
}

impl Verifier {
    /// Accepts what one of `keys` signed as `issuer`, for the tenants of `directory`.
    pub fn new(keys: impl Into<LiveKeys>, issuer: &str, directory: Directory) -> Self {
        let mut validation = Validation::new(Algorithm::ES256);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[AUDIENCE]);
        // The time is ours to give: it is compared below.
        validation.validate_exp = false;
        Self {
            keys: keys.into(),
            validation,
            directory,
        }
    }

    /// The directory whose tenants are accepted.
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// Checks a token completely. The algorithm is ES256, whatever the token's header says.
    pub fn verify(&self, token: &str, now_ms: i64) -> Result<Caller, TokenError> {
        if token.len() > TOKEN_LEN_MAX {
            return Err(TokenError::TooLong);
        }
        let header = jsonwebtoken::decode_header(token);
        let header = header.map_err(|error| translate(error.kind()))?;
        if header.alg != Algorithm::ES256 {
            return Err(TokenError::Algorithm);
        }
        let keys = self.keys.get();
        let key = header.kid.and_then(|kid| keys.find(&kid));
        let key = key.ok_or(TokenError::Signature)?.decoding();
        let decoded = jsonwebtoken::decode::<Read>(token, key, &self.validation);
        let claims = decoded.map_err(|error| translate(error.kind()))?.claims;
        let leeway_s = i64::try_from(CLOCK_LEEWAY.as_secs()).unwrap_or(0);
        let expires_at_ms = claims.exp.saturating_add(leeway_s).saturating_mul(1000);
        if now_ms >= expires_at_ms {
            return Err(TokenError::Expired);
        }
        let Ok(subaccount) = claims.zid.parse() else {
            return Err(TokenError::Malformed);
        };
        let index = self.directory.index();
        let bound = index
            .binding(&claims.cid)
            .is_some_and(|found| found.subaccount == subaccount);
        if !bound || index.subaccount(&subaccount).is_none() {
            return Err(TokenError::Unknown);
        }
        Ok(Caller {
            subaccount,
            expires_at_ms,
        })
    }
}

fn translate(kind: &ErrorKind) -> TokenError {
    if matches!(kind, ErrorKind::InvalidSignature) {
        TokenError::Signature
    } else if matches!(
        kind,
        ErrorKind::InvalidAlgorithm | ErrorKind::InvalidAlgorithmName
    ) {
        TokenError::Algorithm
    } else if matches!(kind, ErrorKind::InvalidIssuer) {
        TokenError::Issuer
    } else if matches!(kind, ErrorKind::InvalidAudience) {
        TokenError::Audience
    } else {
        TokenError::Malformed
    }
}
