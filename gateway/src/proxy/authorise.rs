//! Who calls: the token in `Proxy-Authorization`, as Bearer or as the user name of Basic.

use std::sync::PoisonError;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::PROXY_AUTHORIZATION;
use underpass_runtime::clock;
use underpass_shared::id::SubaccountId;

use super::forward::Shard;

/// The subaccount of the request's token, or nothing.
pub(super) fn authorise(headers: &HeaderMap, shard: &Shard) -> Option<SubaccountId> {
    let mut values = headers.get_all(PROXY_AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let (scheme, credentials) = value.to_str().ok()?.split_once(' ')?;
    let credentials = credentials.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        verify(credentials, shard)
    } else if scheme.eq_ignore_ascii_case("basic") {
        let decoded = STANDARD.decode(credentials).ok()?;
        // The token is the user name, the password is empty.
        let token = std::str::from_utf8(&decoded).ok()?.strip_suffix(':')?;
        verify(token, shard)
    } else {
        None
    }
}

fn verify(token: &str, shard: &Shard) -> Option<SubaccountId> {
    let now_ms = clock::wall_ms();
    let mut cache = shard.cache.lock().unwrap_or_else(PoisonError::into_inner);
    match cache.verify(token, now_ms) {
        Ok(caller) => Some(caller.subaccount),
        Err(error) => {
            tracing::debug!(%error, "token refused");
            None
        }
    }
}
