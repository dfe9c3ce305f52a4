//! Who calls: the token in `Proxy-Authorization`, as Bearer or as the user name of Basic.

use std::borrow::Cow;
use std::sync::PoisonError;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::PROXY_AUTHORIZATION;
use underpass_runtime::clock;
use underpass_shared::id::SubaccountId;

use super::forward::Shard;
use crate::metrics::TokenCheck;

/// The subaccount of the request's token, or nothing.
pub(super) fn authorise(headers: &HeaderMap, shard: &Shard) -> Option<SubaccountId> {
    let checked = match token(headers).as_deref() {
        Some(token) => verify(token, shard),
        None => Err(TokenCheck::Missing),
    };
    let counted = checked.err().unwrap_or(TokenCheck::Accepted);
    shard.traffic.token(counted);
    checked.ok()
}

/// The token, in either of its forms.
fn token(headers: &HeaderMap) -> Option<Cow<'_, str>> {
    let mut values = headers.get_all(PROXY_AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let text = std::str::from_utf8(value.as_bytes()).ok()?;
    let (scheme, credentials) = text.split_once(' ')?;
    let credentials = credentials.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        Some(credentials.into())
    } else if scheme.eq_ignore_ascii_case("basic") {
        let mut decoded = String::from_utf8(STANDARD.decode(credentials).ok()?).ok()?;
        // The token is the user name, the password is empty.
        (decoded.pop() == Some(':')).then(|| decoded.into())
    } else {
        None
    }
}

fn verify(token: &str, shard: &Shard) -> Result<SubaccountId, TokenCheck> {
    let now_ms = clock::wall_ms();
    let mut cache = shard.cache.lock().unwrap_or_else(PoisonError::into_inner);
    match cache.verify(token, now_ms) {
        Ok(caller) => Ok(caller.subaccount),
        Err(error) => {
            tracing::debug!(%error, "token refused");
            Err((&error).into())
        }
    }
}
