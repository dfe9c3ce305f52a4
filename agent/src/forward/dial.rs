//! Dialling an internal system: its name is resolved once, and the target guard sees the very
//! addresses that are dialled, so a name that leads elsewhere a moment later gains nothing.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use thiserror::Error;
use tokio::net::TcpStream;
use underpass_runtime::net;
use underpass_shared::host::InternalAddress;
use underpass_shared::policy::target::TargetDenied;

use super::guard::Guard;

/// Why an internal system was not dialled.
#[derive(Debug, Error)]
pub(super) enum DialError {
    #[error("the name cannot be resolved")]
    Resolve(#[source] io::Error),
    #[error("the target guard refuses {0}")]
    Guard(SocketAddr, #[source] TargetDenied),
    #[error("no connection")]
    Connect(#[source] io::Error),
}

/// What finds the addresses of a name.
pub(super) trait Resolve {
    /// The addresses, in the order in which they are to be tried.
    async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>>;
}

/// The system's resolver.
pub(super) struct System;

impl Resolve for System {
    async fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        net::resolve(host, port).await
    }
}

/// Resolves once and dials only addresses that the guard allows, within `time` for all of them.
pub(super) async fn dial(
    resolver: &impl Resolve,
    address: &InternalAddress,
    guard: Guard<'_>,
    time: Duration,
) -> Result<(TcpStream, SocketAddr), DialError> {
    let resolved = resolver
        .resolve(address.host.as_str(), address.port.get())
        .await
        .map_err(DialError::Resolve)?;
    let mut refused = DialError::Resolve(io::ErrorKind::NotFound.into());
    let mut allowed = Vec::with_capacity(resolved.len());
    for peer in resolved {
        match guard.check(peer) {
            Ok(()) => allowed.push(peer),
            Err(denied) => refused = DialError::Guard(peer, denied),
        }
    }
    if allowed.is_empty() {
        return Err(refused);
    }
    net::connect_first(&allowed, time, net::connect_edge)
        .await
        .map_err(DialError::Connect)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::net::IpAddr;

    use tokio::net::TcpListener;
    use underpass_shared::policy::target::TargetRule;

    use super::super::guard::OwnListeners;
    use super::*;

    const TIME: Duration = Duration::from_secs(10);

    /// Answers with another list each time, as a hostile name server does.
    struct Rebinding(RefCell<Vec<&'static [&'static str]>>);

    impl Rebinding {
        fn new(answers: &[&'static [&'static str]]) -> Self {
            Self(RefCell::new(answers.iter().rev().copied().collect()))
        }
    }

    impl Resolve for Rebinding {
        async fn resolve(&self, _host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
            let answer = self.0.borrow_mut().pop();
            let answer = answer.ok_or(io::ErrorKind::NotFound)?;
            let address = |ip: &&str| SocketAddr::new(ip.parse::<IpAddr>().unwrap(), port);
            Ok(answer.iter().map(address).collect())
        }
    }

    /// Listens on all of loopback; answers its port and how often it was dialled.
    async fn listener() -> (TcpListener, u16) {
        let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        (listener, port)
    }

    async fn dialled(resolver: &Rebinding, port: u16, allowed: &[&str]) -> Result<IpAddr, String> {
        dialled_beside(&OwnListeners::default(), resolver, port, allowed).await
    }

    async fn dialled_beside(
        own: &OwnListeners,
        resolver: &Rebinding,
        port: u16,
        allowed: &[&str],
    ) -> Result<IpAddr, String> {
        let allowed: Vec<TargetRule> = allowed.iter().map(|rule| rule.parse().unwrap()).collect();
        let address = format!("erp.corp:{port}").parse().unwrap();
        let guard = Guard {
            allowed: &allowed,
            own,
        };
        match dial(resolver, &address, guard, TIME).await {
            Ok((stream, peer)) => {
                assert_eq!(stream.peer_addr().unwrap(), peer);
                Ok(peer.ip())
            }
            Err(error) => Err(error.to_string()),
        }
    }

    #[tokio::test]
    async fn names_that_lead_to_guarded_addresses_are_not_dialled() {
        let (listener, port) = listener().await;
        for ip in [
            "127.0.0.1",
            "127.0.0.2",
            "::1",
            "::ffff:127.0.0.1",
            "0.0.0.0",
            "::",
            "169.254.169.254",
            "64:ff9b::7f00:1",
        ] {
            let answer: &'static [&'static str] = Box::leak(Box::new([ip]));
            let refused = dialled(&Rebinding::new(&[answer]), port, &[]).await;
            let refused = refused.unwrap_err();
            assert!(refused.starts_with("the target guard refuses"), "{refused}");
        }
        let none = tokio::time::timeout(Duration::ZERO, listener.accept()).await;
        assert!(none.is_err(), "somebody was dialled");
    }

    #[tokio::test]
    async fn a_name_that_changes_its_mind_is_checked_each_time() {
        let (_listener, port) = listener().await;
        let allowed = ["127.0.0.1"];
        let resolver = Rebinding::new(&[&["127.0.0.1"], &["127.0.0.2"], &["127.0.0.1"]]);
        assert_eq!(
            dialled(&resolver, port, &allowed).await.unwrap(),
            IpAddr::from([127, 0, 0, 1])
        );
        // One answer was used for both the check and the connection: the next one is still there.
        let refused = dialled(&resolver, port, &allowed).await.unwrap_err();
        assert_eq!(
            refused,
            format!("the target guard refuses 127.0.0.2:{port}")
        );
        assert!(dialled(&resolver, port, &allowed).await.is_ok());
        let gone = dialled(&resolver, port, &allowed).await.unwrap_err();
        assert_eq!(gone, "the name cannot be resolved");
    }

    #[tokio::test]
    async fn of_several_addresses_only_allowed_ones_are_dialled() {
        let (_listener, port) = listener().await;
        let mixed: &[&str] = &[
            "169.254.169.254",
            "::1",
            "127.0.0.2",
            "127.0.0.3",
            "0.0.0.0",
        ];
        let found = dialled(&Rebinding::new(&[mixed]), port, &["127.0.0.3"]).await;
        assert_eq!(found.unwrap(), IpAddr::from([127, 0, 0, 3]));
        let refused = dialled(&Rebinding::new(&[mixed]), port, &["10.0.0.0/8"]).await;
        assert_eq!(
            refused.unwrap_err(),
            format!("the target guard refuses 0.0.0.0:{port}")
        );
    }

    #[tokio::test]
    async fn a_name_that_leads_to_the_agent_itself_is_not_dialled() {
        let (listener, port) = listener().await;
        let (own, allowed) = (OwnListeners::default(), ["127.0.0.0/8"]);
        let resolver = Rebinding::new(&[&["127.0.0.1"], &["127.0.0.2"], &["127.0.0.1"]]);
        let registered = own.register(listener.local_addr().unwrap());
        for ip in ["127.0.0.1", "127.0.0.2"] {
            let refused = dialled_beside(&own, &resolver, port, &allowed).await;
            let told = format!("the target guard refuses {ip}:{port}");
            assert_eq!(refused.unwrap_err(), told);
        }
        drop(registered);
        let dialled = dialled_beside(&own, &resolver, port, &allowed).await;
        assert!(dialled.is_ok(), "nobody listens there for the agent now");
    }
}
