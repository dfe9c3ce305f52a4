//! What a paired client pinned outlives another certificate and another host.

use underpass_runtime::archive::Identity;
use underpass_runtime::file;
use underpass_shared::rights::Role;

use super::{Managed, hung_up};
use crate::agent::Agent;
use crate::process::run;

#[test]
fn a_paired_client_knows_its_agent_by_another_certificate_and_on_another_host() {
    let mut managed = Managed::start();
    let anna = managed.operator("anna", Role::Administrator);
    let make = ["certificate", "self-signed", "ui", "--dns", "localhost"];
    run(managed
        .agent
        .command(&[make.as_slice(), &["--subject", "CN=new"]].concat()));
    assert_eq!(managed.own(&anna).unwrap().author, "operator:anna");

    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (key, archive) = (path("key"), path("agent.zip"));
    let identity = Identity::generate();
    file::replace(key.as_ref(), identity.to_text().expose().as_bytes()).unwrap();
    let recipient = identity.recipient().to_string();
    let backup = ["backup", "--recipient", &recipient, "--out", &archive];
    run(managed.agent.command(&backup));
    managed.agent.process().kill();
    std::fs::remove_dir_all(&managed.agent.dir).unwrap();

    // A new agent on that host is somebody else, until it has the identity of the old one.
    let mut host = Agent::new(folder.path().join("new"), "", &[]);
    host.run();
    managed.agent = host;
    managed.address();
    assert!(hung_up(managed.own(&anna)));
    managed.agent.process().terminate();
    assert!(managed.agent.process().wait().success());
    let parts = "subaccounts,mappings,trust,settings,identity,operators";
    let restore = ["restore", &archive, "--identity", &key, "--yes"];
    run(managed
        .agent
        .command(&[restore.as_slice(), &["--only", parts]].concat()));
    drop(std::fs::remove_file(
        managed.agent.dir.join("addresses.json"),
    ));
    managed.agent.run();
    let own = managed.own(&anna).unwrap();
    assert_eq!(
        (own.author.as_str(), own.role),
        ("operator:anna", Role::Administrator)
    );
}
