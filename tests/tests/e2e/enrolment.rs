//! Who becomes an agent, stays one, and is none any longer.

use std::time::Duration;

use underpass_agent::credentials::{CredentialStore, Credentials};
use underpass_agent::tunnel::enrol;
use underpass_runtime::clock;
use underpass_runtime::pki::{Authority, Lifetime, PrivateKey};
use underpass_runtime::tasks::Tasks;
use underpass_shared::id::{InstanceId, RegionHost};

use crate::process::{refuse, run, until};
use crate::world::{Agent, World};

const HELLO: &str = "http://backend.virtual/hello";

fn instance(agent: &Agent) -> InstanceId {
    let document = agent.document();
    document["subaccounts"][0]["instance"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap()
}

#[test]
fn a_token_is_good_once_and_for_its_time() {
    let world = World::start();
    let first = world.enrol("first", &[]);
    let token = world.enrol_token(&["--location-id", "second"]);
    run(first.command(&["enrol", &token]));
    // Another agent with the same token, a token that never was, and one that is too old.
    let other = world.path("other").display().to_string();
    let try_enrol = |token: &str| {
        let mut command = std::process::Command::new(crate::process::program("underpass-agent"));
        refuse(command.args(["enrol", token, "--data-dir", &other]))
    };
    let used = try_enrol(&token);
    assert!(used.contains("unknown, used or expired"), "{used}");
    let short = world.enrol_token(&["--location-id", "third", "--valid-for", "1s"]);
    std::thread::sleep(Duration::from_millis(1_200));
    assert_eq!(try_enrol(&short), used);
    for damaged in ["", "x", &token[..60], &token[..token.len() - 3]] {
        try_enrol(damaged);
    }
    // Another CA than the token names: nothing is sent.
    let parsed: underpass_shared::pki::token::EnrolToken = world.enrol_token(&[]).parse().unwrap();
    let foreign = underpass_shared::pki::token::EnrolToken {
        ca_fingerprint: [9; 32],
        ..parsed.clone()
    };
    let refused = try_enrol(&foreign.to_string());
    assert!(refused.contains("TLS"), "{refused}");
    run(first.command(&["enrol", &parsed.to_string(), "--location-id", "fourth"]));
}

#[test]
fn a_taken_location_is_refused_by_name_and_the_first_goes_on() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let mut agent = world.agent("site", &address);
    let token = world.enrol_token(&[]);
    let other = world.path("other").display().to_string();
    let mut command = std::process::Command::new(crate::process::program("underpass-agent"));
    let refused = refuse(command.args([
        "enrol",
        &token,
        "--location-id",
        "site",
        "--data-dir",
        &other,
    ]));
    assert!(
        refused.contains("already has an agent with location ID \"site\""),
        "{refused}"
    );
    let header = "SAP-Connectivity-SCC-Location_ID: site";
    assert_eq!(
        world
            .curl(&["-H", &world.authorization(), "-H", header, HELLO])
            .status,
        200
    );
    // A running agent's directory is left alone.
    let busy = refuse(agent.command(&["enrol", &token]));
    assert!(busy.contains("in use by another process"), "{busy}");
    agent.process().terminate();
}

#[test]
fn a_certificate_is_renewed_with_a_new_key() {
    let world = World::start();
    let agent = world.enrol("", &[]);
    let store = CredentialStore::new(&agent.dir);
    let id = instance(&agent);
    let host: RegionHost = world.text("regionHost").parse().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let renew = |old: &Credentials| {
        runtime.block_on(async { enrol::renew(&host, old, &Tasks::new()).await })
    };
    let first = store.load(id).unwrap();
    let second = renew(&first).unwrap();
    assert_ne!(
        first.info().unwrap().spki_hash,
        second.info().unwrap().spki_hash
    );
    // An answer may get lost: the old key may ask again, until a newer one was used.
    let third = renew(&first).unwrap();
    let fourth = renew(&third).unwrap();
    let refused = renew(&first).err().unwrap().to_string();
    assert!(
        refused.contains("no longer the agent's newest"),
        "{refused}"
    );
    store.save(id, &fourth).unwrap();
    let mut agent = agent;
    agent.run();
    agent.until_up();
}

/// The agent's credentials with a certificate of its own key that ended some days ago.
fn aged(world: &World, old: &Credentials, days: i64) -> Credentials {
    let ca_path = world.path("gateway/tls/ca.pem");
    let read = |path: &std::path::Path| std::fs::read_to_string(path).unwrap();
    let ca_key = PrivateKey::from_pem(&read(&ca_path.with_file_name("ca-key.pem"))).unwrap();
    let ca = Authority::load(&read(&ca_path), &ca_key).unwrap();
    let lifetime = Lifetime {
        now_ms: clock::wall_ms() - days * 86_400_000,
        valid: Duration::from_secs(3_600),
    };
    let request = PrivateKey::from_pem(&old.key).unwrap().request().unwrap();
    let identity = old.info().unwrap().identity.unwrap();
    Credentials {
        certificate: ca.agent(&request, &identity, lifetime).unwrap(),
        ..old.clone()
    }
}

#[test]
fn an_agent_that_slept_through_its_expiry_comes_back_by_itself() {
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    let id = instance(&agent);
    let store = CredentialStore::new(&agent.dir);
    let fresh = store.load(id).unwrap();
    let host: RegionHost = world.text("regionHost").parse().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let refused = |old: &Credentials| {
        let renewed = runtime.block_on(async { enrol::renew(&host, old, &Tasks::new()).await });
        renewed.err().unwrap().to_string()
    };
    let too_old = refused(&aged(&world, &fresh, 70));
    assert!(too_old.contains("expired too long ago"), "{too_old}");
    let stolen = Credentials {
        key: PrivateKey::generate().unwrap().to_pem(),
        ..aged(&world, &fresh, 10)
    };
    let without_key = refused(&stolen);
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

#[test]
fn revocation_ends_live_tunnels_within_seconds() {
    let world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let agent = world.agent("", &address);
    assert_eq!(world.get(HELLO).status, 200);
    let text = std::fs::read_to_string(agent.dir.join("status.json")).unwrap();
    let id = crate::process::json(&text)["links"][0]["instance"]
        .as_str()
        .unwrap()
        .to_owned();
    let start = clock::monotonic();
    run(world.command(&["revoke", "--instance", &id]));
    until("the tunnels ended", || {
        (world.get(HELLO).status == 503).then_some(())
    });
    let took = clock::monotonic() - start;
    assert!(took < Duration::from_secs(5), "{took:?}");
    // It comes back again and again, and is let in no more.
    let refused = || {
        std::fs::read_to_string(&world.gateway.log)
            .unwrap()
            .matches("tunnel refused")
            .count()
    };
    until("attempts were refused", || (refused() >= 3).then_some(()));
    assert_eq!(world.get(HELLO).status, 503);
}

#[test]
fn certificates_of_another_ca_get_no_tunnel() {
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    let id = instance(&agent);
    let store = CredentialStore::new(&agent.dir);
    let old = store.load(id).unwrap();
    let lifetime = Lifetime {
        now_ms: clock::wall_ms(),
        valid: Duration::from_secs(3_600),
    };
    let (foreign, _key) = Authority::create("Underpass gateway CA", lifetime).unwrap();
    let key = PrivateKey::from_pem(&old.key).unwrap();
    let identity = old.info().unwrap().identity.unwrap();
    let certificate = foreign
        .agent(&key.request().unwrap(), &identity, lifetime)
        .unwrap();
    store.save(id, &Credentials { certificate, ..old }).unwrap();
    agent.run();
    let refused = || {
        let log = std::fs::read_to_string(&world.gateway.log).unwrap();
        log.matches("handshake failed").count()
    };
    until("attempts were refused", || (refused() >= 3).then_some(()));
    assert_eq!(agent.up(), 0);
}
