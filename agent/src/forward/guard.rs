//! The target guard with all that it has to know: what an Administrator allows, and where the agent
//! itself listens.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::{Arc, PoisonError, RwLock};

use underpass_shared::policy::target::{self, Own, TargetDenied, TargetRule};

/// The listeners of this agent. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct OwnListeners(Arc<RwLock<Vec<SocketAddr>>>);

/// A listener that is known; forgotten when dropped.
#[derive(Debug)]
pub struct Registered {
    listeners: OwnListeners,
    address: SocketAddr,
}

impl OwnListeners {
    /// Makes a bound address known, before the first connection is accepted there.
    #[must_use = "it is forgotten when this is dropped"]
    pub fn register(&self, address: SocketAddr) -> Registered {
        self.change(|all| all.push(address));
        Registered {
            listeners: self.clone(),
            address,
        }
    }

    fn change(&self, change: impl FnOnce(&mut Vec<SocketAddr>)) {
        change(&mut self.0.write().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        self.listeners.change(|all| {
            if let Some(at) = all.iter().position(|one| *one == self.address) {
                all.swap_remove(at);
            }
        });
    }
}

impl Own for OwnListeners {
    fn listens_on(&self, ip: IpAddr, port: u16) -> bool {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        all.iter().filter(|own| own.port() == port).any(|own| {
            let bound = own.ip().to_canonical();
            // To dial the unspecified address is to dial loopback.
            bound == ip || ip.is_unspecified() || (bound.is_unspecified() && is_of_this_host(ip))
        })
    }
}

/// Only an address of this host can be bound.
fn is_of_this_host(ip: IpAddr) -> bool {
    UdpSocket::bind((ip, 0)).is_ok()
}

/// What is asked before an address is dialled, or a connection to it is used again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Guard<'a> {
    pub(super) allowed: &'a [TargetRule],
    pub(super) own: &'a OwnListeners,
}

impl Guard<'_> {
    /// Whether an address may be dialled.
    pub(super) fn check(&self, peer: SocketAddr) -> Result<(), TargetDenied> {
        target::check(peer.ip(), peer.port(), self.allowed, self.own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(bound: &str, ip: &str) -> bool {
        let listeners = OwnListeners::default();
        let _registered = listeners.register(SocketAddr::new(bound.parse().unwrap(), 8443));
        let ip = ip.parse().unwrap();
        assert!(!listeners.listens_on(ip, 8444));
        listeners.listens_on(ip, 8443)
    }

    #[test]
    fn a_listener_is_reached_by_its_addresses() {
        for (bound, ip) in [
            ("127.0.0.1", "127.0.0.1"),
            ("127.0.0.1", "0.0.0.0"),
            ("10.0.0.9", "10.0.0.9"),
            ("::ffff:10.0.0.9", "10.0.0.9"),
            ("0.0.0.0", "127.0.0.1"),
            ("0.0.0.0", "127.9.9.9"),
            ("::", "127.0.0.1"),
        ] {
            assert!(own(bound, ip), "{ip} leads to {bound}");
        }
        for (bound, ip) in [
            ("127.0.0.1", "127.0.0.2"),
            ("10.0.0.9", "10.0.0.8"),
            // Of documentation, so that no host has it.
            ("0.0.0.0", "192.0.2.1"),
            ("::", "2001:db8::1"),
        ] {
            assert!(!own(bound, ip), "{ip} does not lead to {bound}");
        }
    }

    #[test]
    fn a_listener_that_is_gone_is_forgotten() {
        let listeners = OwnListeners::default();
        let address = "127.0.0.1:8443".parse::<SocketAddr>().unwrap();
        let (first, second) = (listeners.register(address), listeners.register(address));
        drop(first);
        assert!(listeners.listens_on(address.ip(), address.port()));
        drop(second);
        assert!(!listeners.listens_on(address.ip(), address.port()));
    }

    #[test]
    fn the_agent_itself_needs_an_entry_with_its_port() {
        let own = OwnListeners::default();
        let _registered = own.register("0.0.0.0:8443".parse().unwrap());
        let check = |rule: &str| {
            let allowed = [rule.parse().unwrap()];
            let guard = Guard {
                allowed: &allowed,
                own: &own,
            };
            guard.check("127.0.0.1:8443".parse().unwrap()).err()
        };
        assert_eq!(check("127.0.0.0/8"), Some(TargetDenied::Own));
        assert_eq!(check("127.0.0.1:8443"), None);
    }
}
