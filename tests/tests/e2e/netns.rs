//! Network namespaces: hosts of their own, each with one link to this one.

use std::path::Path;
use std::process::Command;

use crate::process::run;

/// What the end of the link within a namespace is called.
const UPLINK: &str = "uplink";

/// A network namespace; it goes with its link when it is dropped.
pub(crate) struct Namespace {
    name: String,
}

/// The two ends of a link, both within a network of four addresses.
pub(crate) struct Link {
    /// What the end on this host is called.
    pub(crate) name: String,
    /// The address on this host.
    pub(crate) outside: String,
    /// The address within the namespace.
    pub(crate) inside: String,
}

impl Namespace {
    /// Makes one with its link. What is made by a prefix has names of the prefix, the process, and
    /// whatever follows. Needs root and `ip`; without them the test fails and says so.
    pub(crate) fn create(prefix: &str, rest: &str, link: &Link) -> Self {
        let user = run(Command::new("id").arg("-u"));
        assert_eq!(user.trim(), "0", "network namespaces need root");
        remove_stale(prefix);
        let namespace = Self {
            name: format!("{prefix}{}{rest}", std::process::id()),
        };
        let Link {
            name: end,
            outside,
            inside,
        } = link;
        let name = &namespace.name;
        ip(&format!("netns add {name}"));
        ip(&format!(
            "link add {end} type veth peer name {UPLINK} netns {name}"
        ));
        ip(&format!("addr add {outside}/30 dev {end}"));
        ip(&format!("link set {end} up"));
        ip(&format!("-n {name} addr add {inside}/30 dev {UPLINK}"));
        ip(&format!("-n {name} link set {UPLINK} up"));
        ip(&format!("-n {name} link set lo up"));
        ip(&format!("-n {name} route add default via {outside}"));
        namespace
    }

    /// The words that run a command there.
    pub(crate) fn inside(&self) -> [&str; 4] {
        ["ip", "netns", "exec", &self.name]
    }

    /// Its power fails: not even the end of a connection is told any more.
    pub(crate) fn cut(&self) {
        ip(&format!("-n {} link set {UPLINK} down", self.name));
    }

    /// Has its firewall swallow all packets of the link, in both directions.
    pub(crate) fn swallow(&self) {
        self.nft("add table inet cut");
        for (hook, end) in [("input", "iifname"), ("output", "oifname")] {
            self.nft(&format!(
                "add chain inet cut {hook} {{ type filter hook {hook} priority 0; }}"
            ));
            self.nft(&format!("add rule inet cut {hook} {end} {UPLINK} drop"));
        }
    }

    /// Lets packets pass again.
    pub(crate) fn heal(&self) {
        self.nft("flush table inet cut");
    }

    fn nft(&self, rule: &str) {
        let [ip, rest @ ..] = self.inside();
        run(Command::new(ip).args(rest).args(["nft", rule]));
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        // The link goes with it.
        drop(
            Command::new("ip")
                .args(["netns", "delete", &self.name])
                .output(),
        );
    }
}

/// Those of test processes that were killed.
fn remove_stale(prefix: &str) {
    let list = run(Command::new("ip").args(["netns", "list"]));
    for name in list.lines().filter_map(|line| line.split(' ').next()) {
        let rest = name.strip_prefix(prefix);
        let pid = rest.and_then(|rest| rest.split('-').next());
        if pid.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
            ip(&format!("netns delete {name}"));
        }
    }
}

fn ip(arguments: &str) {
    run(Command::new("ip").args(arguments.split(' ')));
}
