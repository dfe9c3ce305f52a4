//! Administration of an agent by its commands and over its local socket.

mod access;
mod alone;
mod below;
mod certificates;
mod changes;
mod delivery;
mod documented;
mod exchange;
mod files;
mod handover;
mod killed;
mod log_files;
mod outward;
mod probes;
mod refused;
mod running;
mod settings;
mod socket;
mod subaccounts;
mod traces;
mod trial;
mod watch;

use serde_json::Value;

use crate::agent::Agent;
use crate::process::{json as parse, run};

impl Agent {
    /// A command with JSON as its answer.
    pub(crate) fn tell(&self, arguments: &[&str]) -> Value {
        parse(&run(self.command(&[arguments, &["--json"]].concat())))
    }

    /// Lets mappings lead to loopback, where the tests' back ends are.
    pub(crate) fn allow_loopback(&self) {
        run(self.command(&["target", "add", "127.0.0.0/8"]));
    }
}
