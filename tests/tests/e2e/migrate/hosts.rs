//! Hosts with addresses of their own.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::netns::{Link, Namespace};

/// How many hosts this process has had: each of its tests needs others, for a network goes some
/// time after its host.
static CREATED: AtomicU32 = AtomicU32::new(0);

/// A host.
pub(super) struct Host {
    namespace: Namespace,
    /// Its address.
    pub(super) inside: String,
    /// What it knows this namespace by.
    pub(super) outside: String,
}

impl Host {
    /// The next one of this process.
    pub(super) fn create() -> Self {
        let pid = std::process::id();
        let number = CREATED.fetch_add(1, Ordering::Relaxed);
        // Each process has four networks of its own, each host one of four addresses.
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
        let link = Link {
            name: format!("um{pid}x{number}"),
            outside: net(1),
            inside: net(2),
        };
        let namespace = Namespace::create("upmigrate-", &format!("-{number}"), &link);
        Self {
            namespace,
            inside: link.inside,
            outside: link.outside,
        }
    }

    /// The words that run a command there.
    pub(super) fn prefix(&self) -> [&str; 4] {
        self.namespace.inside()
    }

    /// Its power fails: not even the end of a connection is told any more.
    pub(super) fn cut(&self) {
        self.namespace.cut();
    }
}
