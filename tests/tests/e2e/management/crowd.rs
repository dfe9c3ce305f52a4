//! A crowd that knocks and says nothing.

use std::net::TcpStream;

use underpass_runtime::clock;
use underpass_shared::rights::Role;

use super::Managed;
use crate::http::connections_to;
use crate::process::until;

/// More than the agent keeps.
const SILENT: usize = 300;
/// What it keeps of those that have not shown who they are.
const KEPT_MAX: usize = 64;

#[test]
fn silent_connections_keep_no_operator_out() {
    let managed = Managed::start();
    let anna = managed.operator("anna", Role::Administrator);
    let address = managed.address().to_string();
    let crowd: Vec<TcpStream> = (0..SILENT)
        .map(|_| TcpStream::connect(&address).unwrap())
        .collect();
    let start = clock::monotonic();
    assert_eq!(managed.own(&anna).unwrap().author, "operator:anna");
    let took = clock::monotonic() - start;
    assert!(took.as_secs() < 5, "{took:?}");
    until("only the newest are kept", || {
        (connections_to(&address, &[]) <= KEPT_MAX + 2).then_some(())
    });
    drop(crowd);
}
