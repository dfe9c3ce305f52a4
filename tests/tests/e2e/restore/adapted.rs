//! What of a backup does not work on this host is named by the plan, with what to do about it.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use super::{back_up, key, restore};
use crate::agent::Agent;
use crate::process::{json as parse, run};
use crate::trust::{authority, ended_authority, trust};
use crate::world::World;

/// A host that nobody knows.
const UNKNOWN: &str = "erp.invalid";

/// A backup whose parts do not fit, and the host that it comes to.
struct Misfit {
    world: World,
    archive: PathBuf,
    key: PathBuf,
    new: Agent,
}

impl Misfit {
    /// With a service channel on a port.
    fn new(port: u16) -> Self {
        let world = World::start();
        let (recipient, key) = key(&world);
        let old = world.enrol("site", &[]);
        let mut document = old.document();
        let (gone, going) = (ended_authority("Gone"), authority("Going"));
        document["connector"]["backendTrust"] = trust(&[&gone, &going]);
        let subaccount = &mut document["subaccounts"][0];
        subaccount["mappings"] = json!([{
            "virtualAddress": "erp.virtual:80", "internalAddress": format!("{UNKNOWN}:80"),
            "protocol": "HTTP", "backendType": "nonSAPsys", "resources": [],
        }]);
        subaccount["channels"] = json!([{"id": 1, "enabled": true, "service": {"VirtualMachine":
            {"name": "vm", "endpointId": "vm", "port": port}}}]);
        run(old.command(&["document", "apply", &old.write(&document)]));
        let archive = back_up(&world, &old, "misfit.zip", &recipient);
        let new = Agent::new(world.path("new"), "", &[]);
        Self {
            world,
            archive,
            key,
            new,
        }
    }

    fn restore(&self, more: &[&str]) -> Command {
        restore(&self.new, &self.archive, &self.key, more)
    }

    /// What the plan says that somebody should look at.
    fn told(&self, more: &[&str]) -> Vec<Value> {
        let plan = [more, &["--plan", "--json"]].concat();
        let plan = parse(&run(self.restore(&plan)));
        assert_eq!(plan["refused"], Value::Null, "{plan}");
        plan["adaptations"].as_array().unwrap().clone()
    }
}

/// What is told of a kind.
fn of<'a>(told: &'a [Value], kind: &str) -> Option<&'a Value> {
    told.iter().find(|one| one["kind"] == kind)
}

#[test]
fn what_does_not_work_on_this_host_is_named_with_what_to_do() {
    let taken = TcpListener::bind("0.0.0.0:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let mut misfit = Misfit::new(port);
    misfit.world.gateway.kill();
    let told = misfit.told(&[]);
    for (kind, what) in [
        ("hostUnresolved", UNKNOWN),
        ("portTaken", &*port.to_string()),
        ("gatewayUnreachable", "localhost"),
        ("certificateExpired", "ca-0"),
        ("certificateExpiring", "ca-1"),
    ] {
        let found = of(&told, kind).unwrap_or_else(|| panic!("{kind}: {told:#?}"));
        assert!(found.to_string().contains(what), "{kind}: {found}");
        assert!(!found["remedy"].as_str().unwrap().is_empty(), "{found}");
    }
    assert!(super::nothing_begun(&misfit.new));

    // What was mended is told no longer, and the rest is no reason not to go on.
    misfit.world.restart_gateway();
    drop(taken);
    let renamed = ["--replace-host", &*format!("{UNKNOWN}=localhost")];
    let told = misfit.told(&renamed);
    for kind in ["hostUnresolved", "portTaken", "gatewayUnreachable"] {
        assert_eq!(of(&told, kind), None);
    }
    assert!(of(&told, "certificateExpired").is_some(), "{told:#?}");
    run(misfit.restore(&[&renamed[..], &["--yes"]].concat()));
    let restored = misfit.new.document();
    let mapping = &restored["subaccounts"][0]["mappings"][0];
    assert_eq!(mapping["internalAddress"], "localhost:80");
}
