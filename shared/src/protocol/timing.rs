//! What the gateway tells the agent of the way that a request has behind it.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};

/// How long the request was inside the gateway before it was sent on the tunnel: microseconds in
/// decimal digits. Like all headers of the [own prefix](super::upgrade::OWN_PREFIX) it is let in
/// from neither edge.
pub const GATEWAY_US: HeaderName = HeaderName::from_static("underpass-gateway-us");

/// Writes the time into the head of a request, in the place of what it said before.
pub fn set(headers: &mut HeaderMap, spent: Duration) {
    let us = u64::try_from(spent.as_micros()).unwrap_or(u64::MAX);
    headers.insert(GATEWAY_US, HeaderValue::from(us));
}

/// What a request's head tells, if it does; gateways of older releases do not.
pub fn spent(headers: &HeaderMap) -> Option<Duration> {
    let us = headers.get(GATEWAY_US)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_micros(us))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_read_as_it_was_written() {
        let mut headers = HeaderMap::new();
        assert_eq!(spent(&headers), None);
        for us in [0, 1_234, u64::MAX] {
            set(&mut headers, Duration::from_micros(us));
            assert_eq!(spent(&headers), Some(Duration::from_micros(us)));
        }
        set(&mut headers, Duration::MAX);
        assert_eq!(spent(&headers), Some(Duration::from_micros(u64::MAX)));
        assert_eq!(headers.get_all(GATEWAY_US).iter().count(), 1);
    }

    #[test]
    fn what_is_no_number_tells_nothing() {
        for wrong in ["", "-1", "1.5", "12ms", "18446744073709551616"] {
            let mut headers = HeaderMap::new();
            headers.insert(GATEWAY_US, HeaderValue::from_static(wrong));
            assert_eq!(spent(&headers), None, "{wrong}");
        }
    }
}
