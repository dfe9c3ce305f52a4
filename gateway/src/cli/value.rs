//! Values of options that are more than a word: networks, times, URLs.

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;

use crate::directory::ENROL_TOKEN_LIFE_MAX;

pub(super) fn parse_url(text: &str) -> Result<http::Uri, String> {
    let wrong = || "must be like http://virtual-host:port/path, without a user".to_owned();
    let url: http::Uri = text.parse().map_err(|_not_a_url| wrong())?;
    let is_http = url.scheme() == Some(&http::uri::Scheme::HTTP);
    let plain = url
        .authority()
        .is_some_and(|one| !one.as_str().contains('@'));
    if is_http && plain {
        Ok(url)
    } else {
        Err(wrong())
    }
}

/// A network, or one address.
pub(super) fn parse_network(text: &str) -> Result<IpNet, String> {
    let address = text.parse::<IpAddr>().map(IpNet::from);
    address
        .or_else(|_not_one| text.parse())
        .map_err(|_neither| "must be a network such as 10.20.0.0/16, or an IP address".to_owned())
}

pub(super) fn parse_life(text: &str) -> Result<Duration, String> {
    let wrong = || "must be a number with s, m or h, such as 15m, at most 24h".to_owned();
    let unit = match text.bytes().last() {
        Some(b's') => 1,
        Some(b'm') => 60,
        Some(b'h') => 3600,
        Some(_) | None => return Err(wrong()),
    };
    let number: u64 = text
        .get(..text.len() - 1)
        .and_then(|n| n.parse().ok())
        .ok_or_else(wrong)?;
    let life = Duration::from_secs(number.saturating_mul(unit));
    if life.is_zero() || life > ENROL_TOKEN_LIFE_MAX {
        Err(wrong())
    } else {
        Ok(life)
    }
}
