//! Values of options that are more than a word: networks, times, URLs.

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use underpass_shared::alert::SILENCE_MAX;

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
    parse_time(text, ENROL_TOKEN_LIFE_MAX)
}

/// A silence of an alert.
pub(super) fn parse_silence(text: &str) -> Result<Duration, String> {
    parse_time(text, SILENCE_MAX)
}

/// A time that is not zero: a number with its unit.
pub(crate) fn parse_time(text: &str, most: Duration) -> Result<Duration, String> {
    const UNITS: [(char, u64); 4] = [('s', 1), ('m', 60), ('h', 3_600), ('d', 86_400)];
    let time = UNITS.iter().find_map(|(unit, seconds)| {
        let number = text.strip_suffix(*unit)?;
        let digits = number.bytes().all(|byte| byte.is_ascii_digit());
        let number: u64 = number.parse().ok().filter(|_| digits)?;
        Some(Duration::from_secs(number.saturating_mul(*seconds)))
    });
    let hours = most.as_secs() / 3_600;
    let longest = match hours {
        ..=48 => format!("{hours}h"),
        _ => format!("{}d", hours / 24),
    };
    time.filter(|time| !time.is_zero() && *time <= most)
        .ok_or_else(|| {
            format!("must be a number with s, m, h or d, such as 15m, at most {longest}")
        })
}
