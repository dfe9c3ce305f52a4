//! Hosts with addresses of their own: network namespaces, each with a link to this one.

use std::process::Command;

use crate::process::run;

/// A host.
pub(super) struct Host {
    name: String,
    /// Its address.
    pub(super) inside: String,
    /// What it knows this namespace by.
    pub(super) outside: String,
}

impl Host {
    const PREFIX: &str = "upmigrate-";

    /// Needs root and `ip`; without them the test fails and says so.
    pub(super) fn create(number: u32) -> Self {
        let user = run(Command::new("id").arg("-u"));
        assert_eq!(user.trim(), "0", "network namespaces need root");
        Self::remove_stale();
        let pid = std::process::id();
        // Each process has networks of its own, each host one of four addresses.
        let block = pid % 4_096 * 4 + number;
        let net = |offset: u32| {
            let address = block * 4 + offset;
            format!(
                "10.{}.{}.{}",
                220 + address / 65_536,
                address / 256 % 256,
                address % 256
            )
        };
        let host = Self {
            name: format!("{}{pid}-{number}", Self::PREFIX),
            inside: net(2),
            outside: net(1),
        };
        let (name, outside, link) = (&host.name, &host.outside, format!("um{pid}x{number}"));
        ip(&format!("netns add {name}"));
        ip(&format!(
            "link add {link} type veth peer name uplink netns {name}"
        ));
        ip(&format!("addr add {outside}/30 dev {link}"));
        ip(&format!("link set {link} up"));
        ip(&format!("-n {name} addr add {}/30 dev uplink", host.inside));
        ip(&format!("-n {name} link set uplink up"));
        ip(&format!("-n {name} link set lo up"));
        ip(&format!("-n {name} route add default via {outside}"));
        host
    }

    /// Those of test processes that were killed.
    fn remove_stale() {
        let list = run(Command::new("ip").args(["netns", "list"]));
        for name in list.lines().filter_map(|line| line.split(' ').next()) {
            let rest = name.strip_prefix(Self::PREFIX);
            let pid = rest.and_then(|rest| rest.split('-').next());
            if pid.is_some_and(|pid| !std::path::Path::new("/proc").join(pid).exists()) {
                ip(&format!("netns delete {name}"));
            }
        }
    }

    /// The words that run a command there.
    pub(super) fn prefix(&self) -> [&str; 4] {
        ["ip", "netns", "exec", &self.name]
    }

    /// Its power fails: not even the end of a connection is told any more.
    pub(super) fn cut(&self) {
        ip(&format!("-n {} link set uplink down", self.name));
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // The link goes with it.
        drop(
            Command::new("ip")
                .args(["netns", "delete", &self.name])
                .output(),
        );
    }
}

fn ip(arguments: &str) {
    run(Command::new("ip").args(arguments.split(' ')));
}
