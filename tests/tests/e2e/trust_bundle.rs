//! How agents learn of a new CA before it takes over, and which certificate applications see.

use std::process::Command;
use std::time::Duration;

use underpass_agent::credentials::CredentialStore;
use underpass_runtime::clock;
use underpass_runtime::file;
use underpass_runtime::pki::{Authority, Lifetime, PrivateKey};

use crate::http::HELLO;
use crate::process::{Process, json, program, refuse, run, until};
use crate::world::World;

fn lifetime() -> Lifetime {
    Lifetime {
        now_ms: clock::wall_ms(),
        valid: Duration::from_secs(3_600),
    }
}

#[test]
fn a_new_ca_takes_over_without_a_new_enrolment() {
    let mut world = World::start();
    let (_backend, address) = world.sample_backend(&[]);
    let mut agent = world.enrol("", &[]);
    agent.expose(&[("backend.virtual:80", &address)]);
    let (store, id) = (CredentialStore::new(&agent.dir), agent.instance());
    let tls = world.path("gateway/tls");
    let read = |name: &str| std::fs::read_to_string(tls.join(name)).unwrap();
    let write = |name: &str, text: &str| file::replace(&tls.join(name), text.as_bytes()).unwrap();
    let (new, new_key) = Authority::create("The next CA", lifetime()).unwrap();

    // The new CA is announced; agents hear of it when they renew.
    write("ca-others.pem", new.certificate());
    world.gateway.kill();
    world.restart_gateway();
    let renewed = world.renew(&store.load(id).unwrap()).unwrap();
    assert_eq!(renewed.ca_bundle.matches("BEGIN CERTIFICATE").count(), 2);
    store.save(id, &renewed).unwrap();

    // It takes over: the gateway shows a certificate of the new CA, the agent one of the old.
    let old = read("ca.pem");
    write("ca-others.pem", &old);
    write("ca-key.pem", &new_key.to_pem());
    write("ca.pem", new.certificate());
    world.gateway.kill();
    world.restart_gateway();
    agent.run();
    agent.until_up();
    assert_eq!(world.get(HELLO).status, 200);

    // After the next renewal nothing is left of the old one.
    let own = world.renew(&renewed).unwrap();
    store.save(id, &own).unwrap();
    agent.process().kill();
    file::replace(&tls.join("ca-others.pem"), new.certificate().as_bytes()).unwrap();
    world.gateway.kill();
    world.restart_gateway();
    agent.run();
    agent.until_up();
    // Those who renew with what they had are strangers now.
    assert!(world.renew(&renewed).is_err());
}

#[test]
fn a_given_certificate_is_shown_to_applications_and_exchanged_live() {
    let world = World::start();
    let (public, _key) = Authority::create("A public CA", lifetime()).unwrap();
    let path = |name: &str| world.path(name);
    let write = |name: &str, text: &str| file::replace(&path(name), text.as_bytes()).unwrap();
    write("public.pem", public.certificate());
    let make = || {
        let key = PrivateKey::generate().unwrap();
        let leaf = public.server(&["localhost"], &key, lifetime()).unwrap();
        write("token.pem", &leaf);
        write("token-key.pem", &key.to_pem());
    };
    make();
    let serve = |more: &[&str]| {
        let mut command = Command::new(program("underpass-gateway"));
        command.args(["serve", "--data-dir"]).arg(path("given"));
        for name in ["tunnel", "proxy", "token", "admin"] {
            command.args([&format!("--{name}-listen"), "127.0.0.1:0"]);
        }
        command
            .arg("--token-cert")
            .arg(path("token.pem"))
            .args(more);
        command
    };
    let alone = refuse(&mut serve(&[]));
    assert!(alone.contains("--token-key"), "{alone}");
    let key = path("token-key.pem").display().to_string();
    let foreign = PrivateKey::generate().unwrap().to_pem();
    write("foreign-key.pem", &foreign);
    let foreign = path("foreign-key.pem").display().to_string();
    let refused = refuse(&mut serve(&["--token-key", &foreign]));
    assert!(refused.contains("cannot be used together"), "{refused}");
    let _gateway = Process::start(&mut serve(&["--token-key", &key]), path("given.log"));
    let addresses = path("given/addresses.json");
    let addresses = until("the gateway is ready", || {
        std::fs::read_to_string(&addresses).ok()
    });
    let url = json(&addresses)["tokenUrl"].as_str().unwrap().to_owned();
    let serial = || {
        let mut command = Command::new("curl");
        command
            .args(["-sSv", "-o", "/dev/null", "--cacert"])
            .arg(path("public.pem"));
        command
            .args(["-w", "%{certs}"])
            .arg(format!("{url}/token_keys"));
        run(&mut command)
    };
    let first = serial();
    assert!(first.contains("BEGIN CERTIFICATE"), "{first}");
    make();
    until("the new certificate is shown", || {
        (serial() != first).then_some(())
    });
}
