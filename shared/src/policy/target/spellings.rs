//! Sixty ways to write an address that no mapping may lead to.

use super::*;
use crate::host::{InternalHost, InvalidAddress};

/// What becomes of a text that somebody enters as the internal host.
#[derive(Debug, PartialEq)]
enum Fate {
    /// It is no host at all.
    Invalid(InvalidAddress),
    /// It is an address, and the guard refuses it.
    Denied(TargetDenied),
    /// It is a name; the guard sees the addresses that it leads to.
    Name,
}

use Fate::{Denied, Invalid, Name};
use InvalidAddress::{Brackets, Host, Number};
use TargetDenied::{LinkLocal, Loopback, Metadata, Own as Itself, Unspecified};

const SPELLINGS: [(&str, Fate); 60] = [
    ("127.0.0.1", Denied(Loopback)),
    ("127.255.255.254", Denied(Loopback)),
    // Numbers that some resolvers take for an address.
    ("2130706433", Invalid(Number)),
    ("0x7f000001", Invalid(Number)),
    ("0x7f.0.0.1", Invalid(Number)),
    ("0X7F.0x0.0x0.0x1", Invalid(Number)),
    ("017700000001", Invalid(Number)),
    ("0177.0.0.1", Invalid(Number)),
    ("127.0.0.01", Invalid(Number)),
    ("127.1", Invalid(Number)),
    ("127.0.1", Invalid(Number)),
    ("127", Invalid(Number)),
    ("0", Invalid(Number)),
    ("256.0.0.1", Invalid(Number)),
    ("127.0.0.1.5", Invalid(Number)),
    ("x.127", Invalid(Number)),
    ("2852039166", Invalid(Number)),
    ("0xa9fea9fe", Invalid(Number)),
    ("169.254.43518", Invalid(Number)),
    // Dots, signs and letters of other alphabets.
    ("127.0.0.1.", Invalid(Host)),
    ("127..0.1", Invalid(Host)),
    ("localhost.", Invalid(Host)),
    (".localhost", Invalid(Host)),
    ("①②⑦.0.0.1", Invalid(Host)),
    ("１２７.0.0.1", Invalid(Host)),
    ("127。0。0。1", Invalid(Host)),
    ("١٢٧.0.0.1", Invalid(Host)),
    ("ⓛocalhost", Invalid(Host)),
    ("127.0.0.1%00", Invalid(Host)),
    ("127.0.0.1\0.corp", Invalid(Host)),
    ("user@127.0.0.1", Invalid(Host)),
    ("127.0.0.1/x", Invalid(Host)),
    (" 127.0.0.1", Invalid(Host)),
    // IPv6, and IPv4 in it.
    ("::1", Denied(Loopback)),
    ("[::1]", Denied(Loopback)),
    ("0:0:0:0:0:0:0:1", Denied(Loopback)),
    ("[0000::0001]", Denied(Loopback)),
    ("::ffff:127.0.0.1", Denied(Loopback)),
    ("::ffff:7f00:1", Denied(Loopback)),
    ("::127.0.0.1", Denied(Loopback)),
    ("64:ff9b::7f00:1", Denied(Loopback)),
    ("64:ff9b:1::7f00:1", Denied(Loopback)),
    ("2002:7f00:1::1", Denied(Loopback)),
    ("fd00::5efe:7f00:1", Denied(Loopback)),
    ("::", Denied(Unspecified)),
    ("0.0.0.0", Denied(Unspecified)),
    ("::ffff:0.0.0.0", Denied(Unspecified)),
    ("fe80::1", Denied(LinkLocal)),
    ("fe80::1%eth0", Invalid(Brackets)),
    ("[::1%25lo]", Invalid(Brackets)),
    ("[127.0.0.1]", Invalid(Brackets)),
    // Metadata services.
    ("169.254.169.254", Denied(Metadata)),
    ("::ffff:a9fe:a9fe", Denied(Metadata)),
    ("fd00:ec2::254", Denied(Metadata)),
    ("100.100.100.200", Denied(Metadata)),
    // The agent itself, on a port of its own.
    ("10.0.0.9", Denied(Itself)),
    ("::ffff:10.0.0.9", Denied(Itself)),
    // Names: they are refused by what they lead to.
    ("localhost", Name),
    ("metadata.google.internal", Name),
    ("127.0.0.1.nip.io", Name),
];

/// An agent that listens on 10.0.0.9:8443.
struct Agent;

impl Own for Agent {
    fn listens_on(&self, ip: IpAddr, port: u16) -> bool {
        port == 8443 && ip == Ipv4Addr::new(10, 0, 0, 9)
    }
}

#[test]
fn no_spelling_leads_to_what_is_guarded() {
    for (text, fate) in SPELLINGS {
        // What is no address of the agent is guarded on every port.
        let port = if fate == Denied(Itself) { 8443 } else { 80 };
        let found = match text.parse::<InternalHost>() {
            Err(invalid) => Invalid(invalid),
            Ok(host) => match host.as_str().parse::<IpAddr>() {
                Ok(ip) => Denied(check(ip, port, &[], &Agent).unwrap_err()),
                Err(_name) => Name,
            },
        };
        assert_eq!(found, fate, "{text:?}");
    }
}
