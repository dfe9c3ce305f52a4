//! Which source networks consumers may come from.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use thiserror::Error;

/// Networks that may be allowed; more would be a list that nobody reads.
const NETWORKS_MAX: usize = 256;

/// Source networks that are allowed. Loopback always is: who is on the host reaches it anyway.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(Vec<IpNet>);

/// The options that open the proxy to other hosts.
#[derive(Clone, Copy, Debug)]
pub struct RemoteConsumers<'a> {
    /// Where the proxy listens.
    pub listen: SocketAddr,
    /// Whether it may be reached from other hosts at all.
    pub allowed: bool,
    /// From which networks.
    pub from: &'a [IpNet],
}

/// Options that contradict each other or leave the proxy open by accident.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum OpenProxy {
    /// Reachable from other hosts without the explicit wish.
    #[error(
        "--proxy-listen {0}: the proxy speaks plain HTTP, and this address is reachable from other \
         hosts; if that is meant, add --allow-remote-consumers and name the networks of the \
         applications with --consumer-network"
    )]
    Address(SocketAddr),
    /// No network is named.
    #[error("--allow-remote-consumers needs at least one --consumer-network, such as 10.20.0.0/16")]
    NoNetwork,
    /// Networks without the explicit wish.
    #[error("--consumer-network is of use only with --allow-remote-consumers")]
    NotAllowed,
    /// Too many networks.
    #[error("--consumer-network may be given at most {NETWORKS_MAX} times")]
    TooMany,
    /// The network has bits set behind its prefix.
    #[error("--consumer-network {0}: the address has bits behind its prefix; {1} is meant?")]
    HostBits(IpNet, IpNet),
}

impl RemoteConsumers<'_> {
    /// Who may connect.
    ///
    /// # Errors
    /// When the proxy would be open to other hosts without all that it takes.
    pub fn networks(&self) -> Result<Networks, OpenProxy> {
        if !self.allowed {
            if !self.listen.ip().to_canonical().is_loopback() {
                return Err(OpenProxy::Address(self.listen));
            }
            return match self.from {
                [] => Ok(Networks::default()),
                [_, ..] => Err(OpenProxy::NotAllowed),
            };
        }
        if self.from.is_empty() {
            return Err(OpenProxy::NoNetwork);
        }
        if self.from.len() > NETWORKS_MAX {
            return Err(OpenProxy::TooMany);
        }
        match self
            .from
            .iter()
            .find(|network| network.trunc() != **network)
        {
            Some(wrong) => Err(OpenProxy::HostBits(*wrong, wrong.trunc())),
            None => Ok(Networks(self.from.to_vec())),
        }
    }
}

impl Networks {
    /// Whether a consumer of this address may connect.
    pub fn allow(&self, address: IpAddr) -> bool {
        // A listener on [::] sees IPv4 addresses in their mapped form.
        let address = address.to_canonical();
        address.is_loopback() || self.0.iter().any(|network| network.contains(&address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(texts: &[&str]) -> Vec<IpNet> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn networks(listen: SocketAddr, allowed: bool, from: &[&str]) -> Result<Networks, OpenProxy> {
        let from = &addresses(from);
        let remote = RemoteConsumers {
            listen,
            allowed,
            from,
        };
        remote.networks()
    }

    #[test]
    fn only_loopback_is_open_without_the_wish() {
        for listen in [
            "127.0.0.1:1",
            "127.9.9.9:1",
            "[::1]:1",
            "[::ffff:127.0.0.1]:1",
        ] {
            let found = networks(listen.parse().unwrap(), false, &[]).unwrap();
            assert!(!found.allow("10.0.0.1".parse().unwrap()), "{listen}");
            assert!(found.allow("127.0.0.1".parse().unwrap()), "{listen}");
        }
        for listen in ["0.0.0.0:1", "[::]:1", "10.0.0.1:1", "[fe80::1]:1"] {
            let refused = networks(listen.parse().unwrap(), false, &[]).unwrap_err();
            assert_eq!(refused, OpenProxy::Address(listen.parse().unwrap()));
        }
    }

    #[test]
    fn contradictions_are_told() {
        let refused = |allowed, from: &[&str]| {
            networks("127.0.0.1:1".parse().unwrap(), allowed, from).unwrap_err()
        };
        assert_eq!(refused(true, &[]), OpenProxy::NoNetwork);
        assert_eq!(refused(false, &["10.0.0.0/8"]), OpenProxy::NotAllowed);
        let wrong = refused(true, &["10.0.0.1/8"]).to_string();
        assert!(wrong.contains("10.0.0.0/8 is meant"), "{wrong}");
        assert_eq!(refused(true, &["10.0.0.0/8"; 257]), OpenProxy::TooMany);
    }

    #[test]
    fn named_networks_are_allowed_in_every_form_of_their_addresses() {
        let found = networks(
            "[::]:1".parse().unwrap(),
            true,
            &["10.20.0.0/16", "fd00::/8"],
        )
        .unwrap();
        for (address, allowed) in [
            ("10.20.255.1", true),
            ("::ffff:10.20.0.1", true),
            ("fd12::1", true),
            ("127.0.0.1", true),
            ("::1", true),
            ("10.21.0.1", false),
            ("::ffff:10.21.0.1", false),
            ("fe80::1", false),
            ("192.0.2.1", false),
        ] {
            assert_eq!(found.allow(address.parse().unwrap()), allowed, "{address}");
        }
    }
}
