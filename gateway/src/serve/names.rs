//! The names by which a gateway is reached.

use std::net::SocketAddr;

use anyhow::Context as _;
use underpass_shared::host::InternalHost;
use underpass_shared::id::RegionHost;

/// The public name; without a port it takes the one that the listener got.
pub(super) fn region_host(text: &str, bound: SocketAddr) -> anyhow::Result<RegionHost> {
    let has_port = text.rsplit_once(':').is_some_and(|(_, port)| {
        !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit())
    });
    let named = if has_port {
        text.to_owned()
    } else {
        format!("{text}:{}", bound.port())
    };
    named
        .parse()
        .with_context(|| format!("--region-host {text} is no host name"))
}

/// Base URL of the token endpoint.
pub(super) fn token_url(region_host: &RegionHost, bound: SocketAddr) -> String {
    format!("https://{}:{}", region_host.name(), bound.port())
}

/// The host by which applications reach the proxy: what is given, or where it listens; who listens
/// everywhere is reached by the public name.
pub(super) fn proxy_host(
    given: Option<InternalHost>,
    bound: SocketAddr,
    region_host: &RegionHost,
) -> anyhow::Result<InternalHost> {
    match given {
        Some(given) => Ok(given),
        None if bound.ip().is_unspecified() => Ok(region_host.name().clone()),
        None => Ok(bound.ip().to_string().parse()?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn the_region_host_keeps_its_own_port() {
        let host = |text: &str| region_host(text, address("0.0.0.0:9"));
        for (text, shown) in [
            ("localhost", "localhost:9"),
            ("gw.example.com:443", "gw.example.com"),
            ("[::1]", "[::1]:9"),
            ("[::1]:7", "[::1]:7"),
        ] {
            assert_eq!(host(text).unwrap().to_string(), shown);
        }
        assert!(host("https://gw").is_err());
        assert!(host("::1").is_err());
    }

    #[test]
    fn the_token_url_takes_any_host() {
        let url = |text: &str| token_url(&text.parse().unwrap(), address("127.0.0.1:20443"));
        assert_eq!(url("gw.example.com:443"), "https://gw.example.com:20443");
        assert_eq!(url("[::1]:443"), "https://[::1]:20443");
    }

    #[test]
    fn applications_are_told_a_host_that_they_can_reach() {
        let region = "gw.example.com:443".parse().unwrap();
        let told = |given: Option<&str>, bound| {
            let given = given.map(|host| host.parse().unwrap());
            let host = proxy_host(given, address(bound), &region).unwrap();
            host.to_string()
        };
        assert_eq!(told(None, "10.20.0.5:20003"), "10.20.0.5");
        assert_eq!(told(None, "[fd00::5]:20003"), "[fd00::5]");
        assert_eq!(told(None, "0.0.0.0:20003"), "gw.example.com");
        assert_eq!(told(None, "[::]:20003"), "gw.example.com");
        assert_eq!(
            told(Some("proxy.example.com"), "0.0.0.0:20003"),
            "proxy.example.com"
        );
    }
}
