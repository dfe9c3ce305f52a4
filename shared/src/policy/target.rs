//! The target guard: addresses that no mapping may lead to unless an allow list names them.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use thiserror::Error;

use crate::host::{Port, split_port};
use crate::id::serde_as_text;
use crate::schema::schema;

/// Metadata services of cloud providers that are not link-local.
const METADATA: [IpAddr; 5] = [
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V6(Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)),
];

/// One entry of the allow list: an address or network, optionally one port only.
///
/// Written `127.0.0.1`, `10.0.0.0/8`, `127.0.0.1:8080`, `::1`, `fe80::/10` or `[::1]:8080`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TargetRule {
    network: IpAddr,
    prefix: u8,
    port: Option<Port>,
}

/// A text that is no [`TargetRule`].
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum InvalidTargetRule {
    /// Of no known form.
    #[error(
        "allowed target must be an IP address, a network such as 10.0.0.0/8, or an address with a port"
    )]
    Form,
    /// Bits behind the prefix.
    #[error("the address of an allowed network must have no bits set behind its prefix")]
    HostBits,
}

/// Why an address is refused.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq, Hash)]
pub enum TargetDenied {
    /// The host itself.
    #[error(
        "internal host is a loopback address; an Administrator can add it to the allowed targets"
    )]
    Loopback,
    /// Of the network segment only.
    #[error(
        "internal host is a link-local address; an Administrator can add it to the allowed targets"
    )]
    LinkLocal,
    /// No address of a host.
    #[error("internal host is an unspecified address")]
    Unspecified,
    /// A group.
    #[error("internal host is a multicast address")]
    Multicast,
    /// Everybody, or reserved.
    #[error("internal host is a broadcast or reserved address")]
    Broadcast,
    /// The metadata service of a cloud provider.
    #[error(
        "internal host is a cloud metadata service; an Administrator can add it to the allowed targets"
    )]
    Metadata,
    /// A port that this agent listens on.
    #[error(
        "internal address is this agent itself; an Administrator can add address and port to the allowed targets"
    )]
    Own,
}

/// Where the agent itself listens.
pub trait Own {
    /// Whether whoever dials `ip:port` from this host reaches the agent.
    fn listens_on(&self, ip: IpAddr, port: u16) -> bool;
}

/// Whether the agent may dial `ip:port`. To be asked about the very address that is dialled.
pub fn check(
    ip: IpAddr,
    port: u16,
    allow: &[TargetRule],
    own: &impl Own,
) -> Result<(), TargetDenied> {
    let ip = ip.to_canonical();
    let denied = if spellings(ip).any(|ip| own.listens_on(ip, port)) {
        Some(TargetDenied::Own)
    } else {
        spellings(ip).find_map(classify)
    };
    let Some(denied) = denied else { return Ok(()) };
    let named = |rule: &TargetRule| {
        rule.contains(ip)
            && rule
                .port
                .map_or(denied != TargetDenied::Own, |named| named.get() == port)
    };
    if allow.iter().any(named) {
        Ok(())
    } else {
        Err(denied)
    }
}

fn classify(ip: IpAddr) -> Option<TargetDenied> {
    if METADATA.contains(&ip) {
        return Some(TargetDenied::Metadata);
    }
    match ip {
        IpAddr::V4(ip) => classify_v4(ip),
        IpAddr::V6(ip) => classify_v6(ip),
    }
}

fn classify_v4(ip: Ipv4Addr) -> Option<TargetDenied> {
    match ip.octets() {
        [169, 254, 169, 254] => Some(TargetDenied::Metadata),
        [0, ..] => Some(TargetDenied::Unspecified),
        [127, ..] => Some(TargetDenied::Loopback),
        [169, 254, ..] => Some(TargetDenied::LinkLocal),
        [224..=239, ..] => Some(TargetDenied::Multicast),
        [240..=255, ..] => Some(TargetDenied::Broadcast),
        _ => None,
    }
}

fn classify_v6(ip: Ipv6Addr) -> Option<TargetDenied> {
    if ip.is_unspecified() {
        Some(TargetDenied::Unspecified)
    } else if ip.is_loopback() {
        Some(TargetDenied::Loopback)
    } else if ip.is_unicast_link_local() {
        Some(TargetDenied::LinkLocal)
    } else if ip.is_multicast() {
        Some(TargetDenied::Multicast)
    } else {
        None
    }
}

/// The address and every IPv4 address that a translator might take out of it.
fn spellings(ip: IpAddr) -> impl Iterator<Item = IpAddr> {
    let embedded = match ip {
        IpAddr::V4(_) => [None, None],
        IpAddr::V6(ip) => embedded_v4(ip),
    };
    std::iter::once(ip).chain(embedded.into_iter().flatten().map(IpAddr::V4))
}

fn embedded_v4(ip: Ipv6Addr) -> [Option<Ipv4Addr>; 2] {
    let v4 = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Some(Ipv4Addr::new(a, b, c, d))
    };
    match ip.segments() {
        // Mapped, and the deprecated compatible form.
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] => [v4(high, low), None],
        // SIIT (RFC 2765).
        [0, 0, 0, 0, 0xffff, 0, high, low] => [v4(high, low), None],
        // NAT64, well known and local (RFC 6052, RFC 8215); the latter has two layouts.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => [v4(high, low), None],
        [0x64, 0xff9b, 1, first, _, _, high, low] => {
            let ([a, b], octets) = (first.to_be_bytes(), ip.octets());
            [
                v4(high, low),
                Some(Ipv4Addr::new(a, b, octets[9], octets[10])),
            ]
        }
        // 6to4.
        [0x2002, high, low, ..] => [v4(high, low), None],
        // Teredo: server, and client with inverted bits.
        [0x2001, 0, high, low, _, _, client_high, client_low] => {
            [v4(high, low), v4(!client_high, !client_low)]
        }
        // ISATAP.
        [_, _, _, _, 0 | 0x200, 0x5efe, high, low] => [v4(high, low), None],
        _ => [None, None],
    }
}

impl TargetRule {
    fn contains(&self, ip: IpAddr) -> bool {
        let same = |ip: u128, network: u128, bits: u8| {
            let behind = u32::from(bits - self.prefix);
            ip.checked_shr(behind) == network.checked_shr(behind)
        };
        match (ip, self.network) {
            (IpAddr::V4(ip), IpAddr::V4(network)) => {
                same(ip.to_bits().into(), network.to_bits().into(), 32)
            }
            (IpAddr::V6(ip), IpAddr::V6(network)) => same(ip.to_bits(), network.to_bits(), 128),
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

const fn bits(ip: IpAddr) -> u8 {
    match ip {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

impl fmt::Display for TargetRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.port, self.network) {
            (Some(port), IpAddr::V4(ip)) => write!(f, "{ip}:{port}"),
            (Some(port), IpAddr::V6(ip)) => write!(f, "[{ip}]:{port}"),
            (None, ip) if self.prefix == bits(ip) => write!(f, "{ip}"),
            (None, ip) => write!(f, "{ip}/{}", self.prefix),
        }
    }
}

impl fmt::Debug for TargetRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for TargetRule {
    type Err = InvalidTargetRule;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let form = InvalidTargetRule::Form;
        let whole = |ip: IpAddr, port| Self {
            network: ip,
            prefix: bits(ip),
            port,
        };
        if let Ok(ip) = text.parse::<IpAddr>() {
            return Ok(whole(ip.to_canonical(), None));
        }
        if let Some((ip, prefix)) = text.split_once('/') {
            let network: IpAddr = ip.parse().or(Err(form))?;
            let digits = prefix.bytes().all(|b| b.is_ascii_digit()) && prefix.len() <= 3;
            let prefix = prefix
                .parse()
                .ok()
                .filter(|&prefix| digits && prefix <= bits(network))
                .ok_or(form)?;
            return match network_part(network, prefix) == network {
                true => Ok(Self {
                    network,
                    prefix,
                    port: None,
                }),
                false => Err(InvalidTargetRule::HostBits),
            };
        }
        let (ip, port) = split_port(text).or(Err(form))?;
        let ip: IpAddr = ip.parse().or(Err(form))?;
        let port = port.ok_or(form)?.parse().or(Err(form))?;
        Ok(whole(ip.to_canonical(), Some(port)))
    }
}

serde_as_text!(TargetRule);
schema!(TargetRule = {
    "type": "string",
    "pattern": "^[0-9A-Fa-f:.\\[\\]/]{2,64}$",
    "description": "An address, a network such as 10.0.0.0/8, or an address with a port.",
});

fn network_part(ip: IpAddr, prefix: u8) -> IpAddr {
    match ip {
        IpAddr::V4(ip) => {
            let mask = u32::MAX.checked_shl(u32::from(32 - prefix)).unwrap_or(0);
            Ipv4Addr::from_bits(ip.to_bits() & mask).into()
        }
        IpAddr::V6(ip) => {
            let mask = u128::MAX.checked_shl(u32::from(128 - prefix)).unwrap_or(0);
            Ipv6Addr::from_bits(ip.to_bits() & mask).into()
        }
    }
}

#[cfg(test)]
mod spellings;

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(ip: &str, port: u16, allow: &[&str]) -> Option<TargetDenied> {
        let allow: Vec<TargetRule> = allow.iter().map(|rule| rule.parse().unwrap()).collect();
        check(ip.parse().unwrap(), port, &allow, &Listener).err()
    }

    /// On port 8443 of all addresses of its host.
    struct Listener;

    impl Own for Listener {
        fn listens_on(&self, ip: IpAddr, port: u16) -> bool {
            let addresses = ["127.0.0.1", "::1", "0.0.0.0", "10.0.0.9", "2a00::9"];
            port == 8443 && addresses.iter().any(|own| own.parse() == Ok(ip))
        }
    }

    #[test]
    fn ordinary_addresses_pass() {
        for ip in [
            "10.1.2.3",
            "192.168.0.1",
            "8.8.8.8",
            "2a00::1",
            "fd00::1",
            "::ffff:10.0.0.1",
            "2002:a00:1::1",
        ] {
            assert_eq!(asked(ip, 80, &[]), None, "{ip}");
        }
        assert_eq!(asked("10.0.0.5", 8443, &[]), None);
        assert_eq!(asked("10.0.0.9", 443, &[]), None);
    }

    #[test]
    fn special_addresses_are_refused_in_every_spelling() {
        for (ip, denied) in [
            ("127.0.0.1", TargetDenied::Loopback),
            ("127.255.0.1", TargetDenied::Loopback),
            ("::1", TargetDenied::Loopback),
            ("::ffff:127.0.0.1", TargetDenied::Loopback),
            ("::127.0.0.1", TargetDenied::Loopback),
            ("::ffff:0:127.0.0.1", TargetDenied::Loopback),
            ("64:ff9b::127.0.0.1", TargetDenied::Loopback),
            ("64:ff9b:1::127.0.0.1", TargetDenied::Loopback),
            ("64:ff9b:1:7f00:0:100:808:808", TargetDenied::Loopback),
            ("2002:7f00:1::", TargetDenied::Loopback),
            (
                "2001:0:4136:e378:8000:63bf:80ff:fffe",
                TargetDenied::Loopback,
            ),
            ("fd00::5efe:127.0.0.1", TargetDenied::Loopback),
            ("169.254.1.1", TargetDenied::LinkLocal),
            ("fe80::1", TargetDenied::LinkLocal),
            ("febf::1", TargetDenied::LinkLocal),
            ("64:ff9b::169.254.1.1", TargetDenied::LinkLocal),
            ("0.0.0.0", TargetDenied::Unspecified),
            ("0.1.2.3", TargetDenied::Unspecified),
            ("::", TargetDenied::Unspecified),
            ("224.0.0.1", TargetDenied::Multicast),
            ("ff02::1", TargetDenied::Multicast),
            ("255.255.255.255", TargetDenied::Broadcast),
            ("240.0.0.1", TargetDenied::Broadcast),
            ("169.254.169.254", TargetDenied::Metadata),
            ("::ffff:169.254.169.254", TargetDenied::Metadata),
            ("::169.254.169.254", TargetDenied::Metadata),
            ("64:ff9b::a9fe:a9fe", TargetDenied::Metadata),
            ("2002:a9fe:a9fe::", TargetDenied::Metadata),
            ("100.100.100.200", TargetDenied::Metadata),
            ("168.63.129.16", TargetDenied::Metadata),
            ("192.0.0.192", TargetDenied::Metadata),
            ("fd00:ec2::254", TargetDenied::Metadata),
            ("fd20:ce::254", TargetDenied::Metadata),
        ] {
            assert_eq!(asked(ip, 80, &[]), Some(denied), "{ip}");
        }
    }

    #[test]
    fn the_allow_list_opens_what_it_names_only() {
        assert_eq!(asked("127.0.0.1", 80, &["127.0.0.1"]), None);
        assert_eq!(asked("::ffff:127.0.0.1", 80, &["127.0.0.1"]), None);
        assert_eq!(asked("127.0.0.2", 80, &["127.0.0.0/8"]), None);
        assert_eq!(asked("127.0.0.1", 80, &["127.0.0.1:80"]), None);
        assert_eq!(asked("fe80::7", 80, &["fe80::/10"]), None);
        assert_eq!(asked("0.0.0.0", 80, &["0.0.0.0/0"]), None);
        assert_eq!(asked("64:ff9b::127.0.0.1", 80, &["64:ff9b::7f00:1"]), None);
        for allow in ["127.0.0.2", "127.0.0.1:81", "10.0.0.0/8", "::1", "::/0"] {
            assert_eq!(
                asked("127.0.0.1", 80, &[allow]),
                Some(TargetDenied::Loopback),
                "{allow}"
            );
        }
        assert_eq!(
            asked("64:ff9b::127.0.0.1", 80, &["127.0.0.1"]),
            Some(TargetDenied::Loopback)
        );
    }

    #[test]
    fn own_ports_need_their_own_entry() {
        for ip in [
            "127.0.0.1",
            "::1",
            "0.0.0.0",
            "10.0.0.9",
            "2a00::9",
            "::ffff:10.0.0.9",
            "64:ff9b::10.0.0.9",
        ] {
            assert_eq!(asked(ip, 8443, &[]), Some(TargetDenied::Own), "{ip}");
        }
        assert_eq!(
            asked("127.0.0.1", 8443, &["127.0.0.1"]),
            Some(TargetDenied::Own)
        );
        assert_eq!(asked("127.0.0.1", 8443, &["127.0.0.1:8443"]), None);
    }

    #[test]
    fn rules_survive_a_round_trip_and_wrong_ones_are_refused() {
        for text in [
            "127.0.0.1",
            "10.0.0.0/8",
            "127.0.0.1:8080",
            "::1",
            "fe80::/10",
            "[::1]:8080",
            "::/0",
        ] {
            assert_eq!(text.parse::<TargetRule>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "localhost",
            "10.0.0.0/33",
            "10.0.0.0/",
            "10.0.0.0/+8",
            "::/129",
            "1.2.3.4:0",
            "1.2.3",
            "[::1]",
        ] {
            assert_eq!(
                text.parse::<TargetRule>(),
                Err(InvalidTargetRule::Form),
                "{text}"
            );
        }
        assert_eq!(
            "10.0.0.1/8".parse::<TargetRule>(),
            Err(InvalidTargetRule::HostBits)
        );
    }
}
