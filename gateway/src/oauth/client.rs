//! Client authentication: HTTP Basic, form body or query.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, header};
use percent_encoding::percent_decode_str;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use underpass_shared::secret::Secret;

use super::answer::Refusal;
use super::params::Params;
use crate::directory::Binding;

/// What the client presents.
#[derive(Debug)]
pub(super) struct Credentials {
    pub(super) client_id: String,
    secret: Secret,
}

impl Credentials {
    /// Reads them from wherever they are; two places may repeat but not contradict each other.
    pub(super) fn of(headers: &HeaderMap, params: &Params) -> Result<Self, Refusal> {
        let id = params.get("client_id")?;
        let secret = params.get("client_secret")?;
        if let Some(basic) = basic(headers)? {
            let same_id = id.is_none_or(|id| id == basic.client_id);
            let same_secret = secret.is_none_or(|secret| secret == basic.secret.expose());
            if same_id && same_secret {
                return Ok(basic);
            }
            return Err(Refusal::InvalidRequest(
                "the client is authenticated in two ways",
            ));
        }
        let (Some(id), Some(secret)) = (id, secret) else {
            return Err(Refusal::InvalidClient);
        };
        Ok(Self {
            client_id: id.to_owned(),
            secret: Secret::new(secret.to_owned()),
        })
    }

    /// Whether the secret is the binding's, compared in constant time.
    pub(super) fn prove(&self, binding: &Binding) -> bool {
        let hash: [u8; 32] = Sha256::digest(self.secret.expose()).into();
        hash.ct_eq(&binding.secret_hash).into()
    }
}

fn basic(headers: &HeaderMap) -> Result<Option<Credentials>, Refusal> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(Refusal::InvalidRequest("Authorization is given twice"));
    }
    let read = || {
        let (scheme, encoded) = value.to_str().ok()?.split_once(' ')?;
        let text = STANDARD.decode(encoded.trim()).ok()?;
        let text = Secret::new(String::from_utf8(text).ok()?);
        let (id, secret) = text.expose().split_once(':')?;
        // RFC 6749 2.3.1 wants both form-encoded; most clients send them plain. Ours have no
        // character that differs.
        let decode = |text: &str| Some(percent_decode_str(text).decode_utf8().ok()?.into_owned());
        let (client_id, secret) = (decode(id)?, Secret::new(decode(secret)?));
        scheme
            .eq_ignore_ascii_case("basic")
            .then_some(Credentials { client_id, secret })
    };
    read().map(Some).ok_or(Refusal::InvalidClient)
}
