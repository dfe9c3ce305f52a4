//! Who is no agent any longer, or never was.

use std::time::Duration;

use underpass_agent::credentials::CredentialStore;
use underpass_runtime::clock;

use crate::credentials::{aged, foreign};
use crate::http::HELLO;
use crate::process::{refuse, run, until};
use crate::world::World;

#[test]
fn revocation_ends_live_tunnels_within_seconds() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let mut agent = world.enrol("", &[]);
    agent.expose(&[("backend.virtual:80", &address)]);
    let id = agent.instance();
    agent.run();
    agent.until_up();
    let _untouched = world.agent("other", &address);
    assert_eq!(world.get(HELLO).status, 200);
    let start = clock::monotonic();
    run(world.command(&["revoke", "--instance", &id.to_string()]));
    until("the tunnels ended", || {
        (world.get(HELLO).status == 503 && agent.up() == 0).then_some(())
    });
    let took = clock::monotonic() - start;
    println!(
        "tunnels ended {:.2} s after the revocation",
        took.as_secs_f64()
    );
    assert!(took < Duration::from_secs(5), "{took:?}");
    // It comes back again and again, and is let in no more.
    until("attempts were refused", || {
        (world.logged("tunnel refused") >= 3).then_some(())
    });
    assert_eq!(world.get(HELLO).status, 503);
    until("the agent's operators are told what to look at", || {
        let status = agent.tell(&["status"]).to_string();
        status
            .contains("it does not accept this agent (revoked")
            .then_some(())
    });
    let renewing = refuse(agent.command(&["subaccount", "renew"]));
    assert!(renewing.contains("revoked"), "{renewing}");
    let credentials = CredentialStore::new(&agent.dir).load(id).unwrap();
    assert!(!world.opens_tunnel(&credentials));
    let refused = world.renew(&credentials).err().unwrap();
    assert!(refused.contains("is revoked"), "{refused}");
    assert_eq!(world.get_at(HELLO, "other").status, 200);
    // Its location is free for another.
    let _next = world.enrol_token(&["--location-id", ""]);
}

#[test]
fn expired_and_foreign_certificates_get_not_a_word() {
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    let id = agent.instance();
    let store = CredentialStore::new(&agent.dir);
    let fresh = store.load(id).unwrap();
    // What opens a tunnel opens one here, so that the rest means something.
    assert!(world.opens_tunnel(&fresh));
    let foreign = foreign(&fresh);
    for bad in [&aged(&world, &fresh, 1), &foreign] {
        assert!(!world.opens_tunnel(bad));
    }
    let refused = world.renew(&foreign).err().unwrap();
    assert!(refused.contains("did not answer"), "{refused}");
    // An agent that has nothing else stays outside.
    store.save(id, &foreign).unwrap();
    let before = world.logged("handshake failed");
    agent.run();
    until("attempts were refused", || {
        (world.logged("handshake failed") >= before + 3).then_some(())
    });
    assert_eq!(agent.up(), 0);
}
