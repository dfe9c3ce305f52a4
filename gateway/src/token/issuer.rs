//! Making tokens.

use std::time::Duration;

use jsonwebtoken::{Algorithm, Header};
use underpass_shared::secret::Secret;
use uuid::Uuid;

use super::claims::{ExtAttr, Issue};
use super::key::KeyError;
use super::keys::LiveKeys;
use super::{AUDIENCE, SCOPE};
use crate::directory::Binding;

/// How long a token is good: what clients of SAP's token endpoint are used to.
pub const TOKEN_LIFE: Duration = Duration::from_secs(12 * 60 * 60);

/// A fresh token.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The signed token.
    pub token: Secret,
    /// Its life in seconds.
    pub expires_in: u64,
    /// Its id.
    pub jti: String,
}

/// Signs tokens for authenticated bindings.
#[derive(Clone, Debug)]
pub struct Issuer {
    keys: LiveKeys,
    name: String,
}

impl Issuer {
    /// An issuer that signs with `keys` as `name`, the `iss` claim.
    pub fn new(keys: impl Into<LiveKeys>, name: String) -> Self {
        let keys = keys.into();
        Self { keys, name }
    }

    /// The signing keys.
    pub fn keys(&self) -> &LiveKeys {
        &self.keys
    }

    /// Makes a client-credentials token for a binding whose secret has been checked.
    pub fn issue(&self, binding: &Binding, now_ms: i64) -> Result<Issued, KeyError> {
        let client_id = binding.client_id.as_str();
        let subaccount = binding.subaccount.to_string();
        let jti = Uuid::new_v4().simple().to_string();
        let iat = now_ms.div_euclid(1000);
        let claims = Issue {
            iss: &self.name,
            sub: client_id,
            aud: [AUDIENCE, client_id],
            client_id,
            cid: client_id,
            azp: client_id,
            zid: &subaccount,
            iat,
            exp: iat.saturating_add_unsigned(TOKEN_LIFE.as_secs()),
            jti: &jti,
            scope: [SCOPE],
            grant_type: "client_credentials",
            ext_attr: ExtAttr {
                subaccountid: &subaccount,
            },
        };
        let keys = self.keys.get();
        let key = keys.signing(now_ms);
        let mut header = Header::new(Algorithm::ES256);
        header.kid = Some(key.kid().to_owned());
        let token = jsonwebtoken::encode(&header, &claims, key.encoding());
        let token = Secret::new(token.map_err(|_signing_failed| KeyError::Key)?);
        Ok(Issued {
            token,
            expires_in: TOKEN_LIFE.as_secs(),
            jti,
        })
    }
}
