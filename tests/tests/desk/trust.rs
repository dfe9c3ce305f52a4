//! Trust and certificates: the store by the draft, the agent's own at once.

use std::path::{Path, PathBuf};
use std::process::Command;

use egui::accesskit::Role;
use serde_json::Value;
use underpass_desktop::nav::AgentTab;
use underpass_runtime::file;

use crate::agent::Agent;
use crate::desk::Desk;
use crate::process::{run, until};
use crate::world::World;

/// A CA, and a server's certificate in a key store.
const MAKE: &str = "
openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj '/CN=Corporate root' -addext keyUsage=keyCertSign 2>/dev/null
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout server.key -out server.csr -subj '/CN=localhost' 2>/dev/null
printf 'subjectAltName=DNS:localhost' > server.ext
openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -days 2 -extfile server.ext -out server.pem 2>/dev/null
openssl pkcs12 -export -legacy -inkey server.key -in server.pem -certfile ca.pem -passout pass:s3cret -out server.p12
";
const SIGN: &str =
    "openssl x509 -req -in system.csr -CA ca.pem -CAkey ca.key -days 2 -out system.pem 2>/dev/null";

fn openssl(folder: &Path, script: &str) {
    run(Command::new("bash")
        .args(["-ec", script])
        .current_dir(folder));
}

fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).unwrap()
}

fn pki(world: &World) -> PathBuf {
    let folder = world.path("pki");
    file::private_dir(&folder).unwrap();
    openssl(&folder, MAKE);
    folder
}

fn trusted(agent: &Agent) -> Value {
    agent.document()["connector"]["backendTrust"].clone()
}

fn own(agent: &Agent, which: &str) -> Value {
    agent.document()["connector"]["certificates"][which].clone()
}

/// Waits for one of the agent's own certificates to be there, or gone.
fn until_own(desk: &mut Desk, agent: &Agent, which: &str, is_there: bool) {
    until(which, || {
        desk.frames();
        (own(agent, which)["chain"].is_array() == is_there).then_some(())
    });
}

#[test]
fn certificates_of_back_ends_come_and_go_by_the_draft() {
    let world = World::start();
    let pki = pki(&world);
    let mut agent = world.enrol("", &[]);
    let mut desk = Desk::new(&mut agent);
    desk.tab(AgentTab::Trust);
    desk.button("Add certificate…");
    desk.fill("Alias", "corporate-root");
    desk.fill("Certificate", &read(&pki, "ca.pem"));
    desk.button("Add to the draft");
    desk.sees("Remove corporate-root");
    desk.press(
        Role::Switch,
        "Take every certificate without any check (dangerous)",
    );
    desk.fill("Type trust all to confirm", "trust all");
    desk.button("Take every certificate");
    desk.sees("are not checked at all");
    desk.apply("corporate-root");
    let now = trusted(&agent);
    assert_eq!(now["trustAllBackends"], true, "{now}");
    assert_eq!(now["certificates"][0]["alias"], "corporate-root");
    let kept = now["certificates"][0]["certificate"].as_str().unwrap();
    assert_eq!(kept.trim(), read(&pki, "ca.pem").trim());
    desk.button("Check them again");
    // The word that it was applied stands above the end of the row.
    desk.button("Dismiss");
    desk.button("Remove corporate-root");
    desk.sees("No certificate is trusted");
    desk.apply("corporate-root");
    let now = trusted(&agent);
    assert_ne!(now["trustAllBackends"], true, "{now}");
    assert!(!now.to_string().contains("corporate-root"), "{now}");
}

#[test]
fn own_certificates_are_made_requested_imported_and_removed() {
    let world = World::start();
    let pki = pki(&world);
    let mut agent = world.enrol("", &[]);
    let mut desk = Desk::new(&mut agent);
    desk.tab(AgentTab::Trust);
    // A request, signed by a CA, and its answer.
    desk.menu("More for the system certificate", "Make or request…");
    desk.fill("Subject", "CN=connector.example.com,O=Example,C=DE");
    desk.fill("Other names", "DNS:connector.example.com");
    desk.button("Make request");
    desk.sees("Have this signed by your CA");
    desk.fill("File", &pki.join("system.csr").display().to_string());
    desk.button("Save to file");
    until("the request", || {
        desk.frames();
        pki.join("system.csr").exists().then_some(())
    });
    assert!(own(&agent, "system")["pendingKey"].is_string());
    openssl(&pki, SIGN);
    desk.sees("A request waits");
    desk.menu("More for the system certificate", "Import the answer…");
    desk.fill("Certificate", &read(&pki, "system.pem"));
    desk.button("Import");
    until_own(&mut desk, &agent, "system", true);
    assert!(own(&agent, "system")["pendingKey"].is_null());

    // One that the agent signs itself.
    desk.menu(
        "More for the ca for principal propagation",
        "Make or request…",
    );
    desk.press(Role::RadioButton, "Self-signed");
    desk.fill("Subject", "CN=Users,O=Example");
    desk.button("Make certificate");
    until_own(&mut desk, &agent, "ppCa", true);

    // One that comes with its key.
    desk.menu(
        "More for the management api certificate",
        "Import with its key…",
    );
    desk.fill("Key store", &pki.join("server.p12").display().to_string());
    desk.fill("Password", "s3cret");
    desk.button("Import");
    until_own(&mut desk, &agent, "ui", true);
    let chain = own(&agent, "ui")["chain"].clone();
    assert_eq!(
        chain[0].as_str().unwrap().trim(),
        read(&pki, "server.pem").trim()
    );

    desk.menu("More for the system certificate", "Remove…");
    desk.fill("Type system to confirm", "system");
    desk.button("Remove");
    until_own(&mut desk, &agent, "system", false);
    assert!(own(&agent, "ppCa")["chain"].is_array());
}
