//! Who becomes an agent, and stays one.

use std::process::Command;

use underpass_agent::credentials::{CredentialStore, Credentials};
use underpass_runtime::clock;
use underpass_runtime::pki::PrivateKey;
use underpass_shared::pki::token::EnrolToken;

use crate::credentials::aged;
use crate::http::HELLO;
use crate::process::{program, refuse, run, until};
use crate::world::World;

/// A stranger's `enrol`, in a data directory of its own.
fn enrol_other(world: &World, token: &str, more: &[&str]) -> Command {
    let mut command = Command::new(program("underpass-agent"));
    let dir = world.path("other");
    command.args(["enrol", token]).args(more);
    command.arg("--data-dir").arg(dir);
    command
}

#[test]
fn a_token_is_good_once_and_for_its_time() {
    let world = World::start();
    let first = world.enrol("first", &[]);
    let token = world.enrol_token(&["--location-id", "second"]);
    run(first.command(&["enrol", &token]));
    let try_enrol = |token: &str| refuse(enrol_other(&world, token, &[]));
    // Used, never given out and too old are one and the same to a stranger.
    let used = try_enrol(&token);
    assert!(used.contains("unknown, used or expired"), "{used}");
    let guessed = EnrolToken {
        secret: [7; 32],
        ..token.parse().unwrap()
    };
    assert_eq!(try_enrol(&guessed.to_string()), used);
    let short = world.enrol_token(&["--location-id", "third", "--valid-for", "1s"]);
    let end = clock::wall_ms() + 1_050;
    until("the token expired", || {
        (clock::wall_ms() > end).then_some(())
    });
    assert_eq!(try_enrol(&short), used);
    for damaged in ["", "x", &token[1..]] {
        let refused = try_enrol(damaged);
        assert!(refused.contains("starts with"), "{damaged}: {refused}");
    }
    let turned = format!("{}*", &token[..token.len() - 1]);
    for damaged in [&token[..60], &turned] {
        let refused = try_enrol(damaged);
        assert!(
            refused.contains("damaged or was cut"),
            "{damaged}: {refused}"
        );
    }
}

#[test]
fn a_token_of_another_ca_is_not_shown_to_this_gateway() {
    let world = World::start();
    let token: EnrolToken = world.enrol_token(&[]).parse().unwrap();
    let foreign = EnrolToken {
        ca_fingerprint: [9; 32],
        ..token.clone()
    };
    let refused = refuse(enrol_other(&world, &foreign.to_string(), &[]));
    assert!(refused.contains("TLS with localhost"), "{refused}");
    until("the gateway noticed", || {
        (world.logged("handshake failed") == 1).then_some(())
    });
    assert_eq!(world.logged("enrolment refused"), 0);
    // Nothing was sent, so the token is as good as before.
    run(enrol_other(&world, &token.to_string(), &[]));
}

#[test]
fn a_taken_location_is_refused_by_name_and_the_first_goes_on() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let mut agent = world.agent("site", &address);
    let token = world.enrol_token(&[]);
    let refused = refuse(enrol_other(&world, &token, &["--location-id", "site"]));
    assert!(
        refused.contains("already has an agent with location ID \"site\""),
        "{refused}"
    );
    assert_eq!(world.get_at(HELLO, "site").status, 200);
    assert_eq!(agent.up(), 2);
    let elsewhere = ["--location-id", "elsewhere"];
    run(enrol_other(&world, &token, &elsewhere));
    // A token that names its location gives no other.
    let named = world.enrol_token(&["--location-id", "named"]);
    let refused = refuse(enrol_other(&world, &named, &["--location-id", "site-c"]));
    assert!(refused.contains("named"), "{refused}");
    agent.process().terminate();
    assert!(agent.process().wait().success());
}

#[test]
fn a_certificate_is_renewed_with_a_new_key() {
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    let id = agent.instance();
    let store = CredentialStore::new(&agent.dir);
    let first = store.load(id).unwrap();
    let second = world.renew(&first).unwrap();
    assert_ne!(
        first.info().unwrap().spki_hash,
        second.info().unwrap().spki_hash
    );
    // An answer may get lost: the old key may ask again, until a newer one was used.
    let third = world.renew(&first).unwrap();
    let fourth = world.renew(&third).unwrap();
    for old in [&first, &second] {
        let refused = world.renew(old).err().unwrap();
        assert!(
            refused.contains("no longer the agent's newest"),
            "{refused}"
        );
        assert!(!world.opens_tunnel(old));
    }
    store.save(id, &fourth).unwrap();
    agent.run();
    agent.until_up();
}

#[test]
fn an_agent_that_slept_through_its_expiry_comes_back_by_itself() {
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    let id = agent.instance();
    let store = CredentialStore::new(&agent.dir);
    let fresh = store.load(id).unwrap();
    let too_old = world.renew(&aged(&world, &fresh, 70)).err().unwrap();
    assert!(too_old.contains("expired too long ago"), "{too_old}");
    let stolen = Credentials {
        key: PrivateKey::generate().unwrap().to_pem(),
        ..aged(&world, &fresh, 10)
    };
    let without_key = world.renew(&stolen).err().unwrap();
    assert!(
        without_key.contains("proof of the old key"),
        "{without_key}"
    );
    // The expired certificate opens no tunnel; it renews itself, and then one does.
    store.save(id, &aged(&world, &fresh, 10)).unwrap();
    agent.run();
    agent.until_up();
    let renewed = store.load(id).unwrap();
    assert!(renewed.info().unwrap().not_after_ms > clock::wall_ms());
    assert_ne!(renewed.key, fresh.key);
}
