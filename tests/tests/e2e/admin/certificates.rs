//! The agent's own certificates: made, signed, imported, shown to back ends, and taken away.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use underpass_runtime::file;
use underpass_shared::id::CredentialId;

use super::socket::{Answer, CONFIGURATION, answer, curl};
use crate::agent::Agent;
use crate::process::{refuse, run, until};
use crate::world::World;

/// The page of nginx that is exposed.
const PAGE: &str = "http://backend.virtual/open/page";
/// A CA for clients and a server, with what they issue, as shell commands for openssl.
const CA: &str = "
openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj '/CN=Clients' -addext keyUsage=keyCertSign 2>/dev/null
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout server.key -out server.csr -subj '/CN=localhost' 2>/dev/null
printf 'subjectAltName=DNS:localhost' > server.ext
openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -days 2 -extfile server.ext -out server.pem 2>/dev/null
openssl req -newkey rsa:2048 -nodes -keyout two.key -out two.csr -subj '/CN=two' 2>/dev/null
openssl x509 -req -in two.csr -CA ca.pem -CAkey ca.key -days 2 -out two.pem 2>/dev/null
openssl pkcs12 -export -legacy -inkey two.key -in two.pem -certfile ca.pem -passout pass:s3cret -out two.p12
";

pub(super) fn openssl(dir: &Path, script: &str) {
    run(Command::new("bash").args(["-ec", script]).current_dir(dir));
}

/// A certificate and its key, both files, of a new Administrator.
pub(super) fn script(agent: &Agent, dir: &Path) -> (String, String) {
    openssl(
        dir,
        "openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout script.key \
         -out script.csr -subj /CN=script 2>/dev/null",
    );
    let path = |name: &str| dir.join(name).display().to_string();
    let (csr, out) = (path("script.csr"), path("script.pem"));
    let issue = ["operator", "issue", "--csr", &csr, "--name", "script"];
    let role = ["--role", "Administrator", "--out", &out];
    run(agent.command(&[issue.as_slice(), &role].concat()));
    (out, path("script.key"))
}

fn read(dir: &Path, name: &str) -> String {
    std::fs::read_to_string(dir.join(name)).unwrap()
}

impl World {
    pub(super) fn pki(&self) -> PathBuf {
        let dir = self.path("pki");
        file::private_dir(&dir).unwrap();
        openssl(&dir, CA);
        dir
    }
}

impl Agent {
    /// Asks for a certificate and has the CA of `dir` sign it; answers the file.
    fn signed(&self, dir: &Path, which: &str, name: &str, more: &[&str]) -> String {
        let subject = format!("CN={name}");
        let make = [&["certificate", "csr", which, "--subject", &subject], more].concat();
        let request = run(self.command(&make));
        file::replace(&dir.join("csr"), request.as_bytes()).unwrap();
        openssl(
            dir,
            "openssl x509 -req -in csr -CA ca.pem -CAkey ca.key -days 2 -out signed.pem 2>/dev/null",
        );
        dir.join("signed.pem").display().to_string()
    }

    fn form(&self, method: &str, path: &str, fields: &[&str]) -> Answer {
        let fields = fields.iter().flat_map(|field| ["-F", field]);
        let arguments: Vec<&str> = ["-X", method].into_iter().chain(fields).collect();
        answer(&run(curl(&[], &self.dir, path, &arguments)))
    }

    /// The sealed keys of certificates, which have ids as names.
    fn keys(&self) -> usize {
        let files = std::fs::read_dir(self.dir.join("secrets")).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        let ids = names.filter_map(|name| name.strip_suffix(".key")?.parse::<CredentialId>().ok());
        ids.count()
    }
}

#[test]
fn back_ends_that_ask_get_the_system_certificate_unless_the_mapping_forbids_it() {
    let world = World::start();
    let pki = world.pki();
    let (certificate, key) = (read(&pki, "server.pem"), read(&pki, "server.key"));
    let (_nginx, address) = world.nginx_mutual(&certificate, &key, &pki.join("ca.pem"));
    let mut agent = world.enrol("", &[]);
    agent.expose_tls(
        "backend.virtual:80",
        &address.replace("127.0.0.1", "localhost"),
    );
    run(agent.command(&["trust", "add", &pki.join("ca.pem").display().to_string()]));
    agent.run();
    agent.until_up();
    let get = || world.get(PAGE).status;

    assert_eq!(get(), 400, "none is configured");
    let file = agent.signed(&pki, "system", "one", &[]);
    assert_eq!(get(), 400, "a request is no certificate");
    run(agent.command(&["certificate", "upload", "system", &file]));
    assert_eq!(get(), 200);
    assert_eq!(get(), 200);

    // Another one takes over at once, from a key store with an RSA key.
    let store = pki.join("two.p12").display().to_string();
    let mut import = agent.command(&["certificate", "import", "system", &store]);
    run(import.env("UNDERPASS_PKCS12_PASSWORD", "s3cret"));
    assert_eq!(get(), 200);
    let revision = agent.tell(&["revision", "list"])[0]["number"].to_string();
    let gone = refuse(agent.command(&["revision", "undo", &revision]));
    assert!(gone.contains("certificates.system.key"), "{gone}");
    assert!(gone.contains("is not there"), "{gone}");
    assert_eq!(get(), 200);

    let restrict = |mode: &str| {
        let mut document = agent.document();
        document["subaccounts"][0]["mappings"][0]["authenticationMode"] = json!(mode);
        run(agent.command(&["document", "apply", &agent.write(&document)]));
    };
    restrict("NONE_RESTRICTED");
    assert_eq!(get(), 400);
    restrict("NONE");
    let file = agent.signed(&pki, "system", "three", &["--key", "rsa2048"]);
    run(agent.command(&["certificate", "upload", "system", &file]));
    assert_eq!(get(), 200);
    run(agent.command(&["certificate", "remove", "system"]));
    assert_eq!(get(), 400);
    assert_eq!(agent.keys(), 0);

    let log = read(&world.path("nginx"), "mutual.log");
    let lines: Vec<&str> = log.lines().collect();
    assert_eq!(
        lines,
        [
            "400 NONE \"-\" \"-\"",
            "400 NONE \"-\" \"-\"",
            "200 SUCCESS \"CN=one\" \"-\"",
            "200 SUCCESS \"CN=one\" \"-\"",
            "200 SUCCESS \"CN=two\" \"-\"",
            "200 SUCCESS \"CN=two\" \"-\"",
            "400 NONE \"-\" \"\"",
            "200 SUCCESS \"CN=three\" \"-\"",
            "400 NONE \"-\" \"-\"",
        ]
    );
    assert!(!agent.process().output().contains("ERROR"));
}

/// A running agent, and a CA with what it issued.
fn prepared(world: &World) -> (Agent, PathBuf) {
    let pki = world.pki();
    let mut agent = world.enrol("", &[]);
    agent.run();
    agent.until_up();
    (agent, pki)
}

/// A field of a form that sends a file.
fn at(pki: &Path, field: &str, name: &str) -> String {
    format!("{field}=@{}", pki.join(name).display())
}

#[test]
fn key_stores_are_taken_as_existing_scripts_send_them() {
    let world = World::start();
    let (mut agent, pki) = prepared(&world);
    let system = format!("{CONFIGURATION}/connector/onPremise/systemCertificate");
    assert_eq!(agent.ask("GET", &system, &[]).status, 404);

    let store = at(&pki, "pkcs12", "two.p12");
    for (fields, field) in [
        (vec![store.as_str(), "password=wrong"], "password"),
        (
            vec![store.as_str(), "password=s3cret", "keyPassword=other"],
            "keyPassword",
        ),
        (vec![store.as_str(), "pin=1"], "pin"),
        (vec!["password=s3cret"], "pkcs12"),
    ] {
        let refused = agent.form("PUT", &system, &fields);
        assert_eq!(refused.status, 400, "{refused:?}");
        assert_eq!(refused.json()["field"], field, "{refused:?}");
    }
    let tried = format!("{system}?dryRun=true");
    let fields = [store.as_str(), "password=s3cret", "keyPassword=s3cret"];
    let preview = agent.form("PUT", &tried, &fields);
    assert_eq!(
        preview.json()["changes"][0]["part"],
        "connector.certificates",
        "{preview:?}"
    );
    assert_eq!(agent.keys(), 0);
    assert_eq!(agent.form("PUT", &system, &fields).status, 204);
    assert_eq!(agent.keys(), 1);

    let shown = agent.ask("GET", &system, &[]).json();
    assert_eq!(shown["subjectDN"], "CN=two");
    assert_eq!(shown["issuer"], "CN=Clients");
    assert_eq!(shown["chainLength"], 2);
    let number = shown["serialNumber"].as_str().unwrap();
    assert_eq!(number.split(':').map(str::len).max(), Some(2), "{number}");
    let life = |name: &str| shown[name].as_i64().unwrap();
    assert_eq!(
        life("notAfterTimeStamp") - life("notBeforeTimeStamp"),
        2 * 86_400_000
    );
    let pem = agent.ask("GET", &system, &["Accept: application/x-pem-file"]);
    assert_eq!(pem.body, read(&pki, "two.pem") + &read(&pki, "ca.pem"));
    let der = pki.join("out.der").display().to_string();
    let accept = ["-o", &der, "-H", "Accept: application/pkix-cert"];
    run(curl(&[], &agent.dir, &system, &accept).arg("--no-include"));
    openssl(&pki, "openssl x509 -inform DER -in out.der | cmp - two.pem");
    secrets_are_sealed(&agent.dir);
    agent.process().kill();
    agent.run();
    agent.until_up();
    assert_eq!(agent.ask("GET", &system, &[]).json()["subjectDN"], "CN=two");
}

#[test]
fn requests_are_signed_elsewhere_and_only_what_fits_them_is_taken() {
    let world = World::start();
    let (agent, pki) = prepared(&world);
    let ask = json!({"type": "csr", "keySize": "2048", "subjectDN": "CN=ca,O=Corp"}).to_string();
    let pp = format!("{CONFIGURATION}/connector/onPremises/ppCaCertificate");
    let take = |name: &str| agent.form("PATCH", &pp, &[&at(&pki, "signedCertificate", name)]);
    let none = take("two.pem");
    assert_eq!(none.status, 409, "{none:?}");
    let request = agent.send("POST", &pp, &[], &ask);
    assert_eq!((request.status, agent.keys()), (200, 1));
    file::replace(&pki.join("csr"), request.body.as_bytes()).unwrap();
    openssl(
        &pki,
        "openssl x509 -req -in csr -CA ca.pem -CAkey ca.key -days 2 -out noca.pem 2>/dev/null
         openssl x509 -req -in csr -CA ca.pem -CAkey ca.key -days 2 -copy_extensions copy -out isca.pem 2>/dev/null",
    );
    for (name, rule) in [
        ("two.pem", "the key does not match"),
        ("noca.pem", "CA flag"),
    ] {
        let wrong = take(name);
        assert_eq!(wrong.status, 400, "{wrong:?}");
        assert!(wrong.body.contains(rule), "{wrong:?}");
    }
    assert_eq!(take("isca.pem").status, 204);
    assert_eq!(
        agent.ask("GET", &pp, &[]).json()["subjectDN"],
        "CN=ca,O=Corp"
    );

    // A new request drops the one before it.
    for _ in 0..2 {
        assert_eq!(agent.send("POST", &pp, &[], &ask).status, 200);
        assert_eq!(agent.keys(), 2);
    }
    secrets_are_sealed(&agent.dir);
    assert_eq!(agent.ask("DELETE", &pp, &[]).status, 204);
    assert_eq!(agent.keys(), 0);
}

fn secrets_are_sealed(dir: &Path) {
    for entry in std::fs::read_dir(dir.join("secrets")).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        assert!(
            bytes.starts_with(b"\0underpass-sealed-1\n"),
            "{}",
            path.display()
        );
    }
}

#[test]
fn files_of_certificates_are_trusted_and_given_back() {
    let world = World::start();
    let pki = world.pki();
    let mut agent = world.enrol("", &[]);
    agent.run();
    agent.until_up();
    openssl(
        &pki,
        "cat ca.pem server.pem > both.pem; openssl x509 -in two.pem -outform DER -out two.der",
    );
    let path = format!("{CONFIGURATION}/connector/onPremises/truststore/certificates");
    let at = |name: &str| format!("certificates=@{}", pki.join(name).display());
    let added = agent.form("POST", &path, &[&at("both.pem"), &at("two.der")]);
    assert_eq!(added.status, 201, "{added:?}");
    let aliases = |list: Value| -> Vec<String> {
        let all = list.as_array().unwrap().iter();
        all.map(|one| one["alias"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        aliases(agent.ask("GET", &path, &[]).json()),
        ["both", "both-2", "two"]
    );
    // The same again changes nothing.
    assert_eq!(agent.form("POST", &path, &[&at("both.pem")]).status, 201);
    let pem = agent
        .ask("GET", &path, &["Accept: application/x-pem-file"])
        .body;
    let all = ["ca.pem", "server.pem", "two.pem"]
        .map(|name| read(&pki, name))
        .concat();
    assert_eq!(pem, all);
    let key = agent.form("POST", &path, &[&at("two.key")]);
    assert_eq!(key.json()["field"], "certificates", "{key:?}");
}

/// What the agent made is described too.
#[test]
fn the_self_made_certificate_of_the_management_api_is_shown() {
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    agent.run();
    agent.until_up();
    let path = format!("{CONFIGURATION}/connector/ui/uiCertificate");
    let made = agent.ask("GET", &path, &[]).json();
    let names = made["subjectAltNames"].as_array().unwrap();
    assert!(
        names.contains(&json!({"type": "DNS", "value": "localhost"})),
        "{made}"
    );
    assert_eq!(
        (&made["chainLength"], &made["requestPending"]),
        (&json!(2), &json!(false))
    );
    let pem = agent.ask("GET", &path, &["Accept: application/x-pem-file"]);
    assert_eq!(pem.body.matches("BEGIN CERTIFICATE").count(), 2);
    run(agent.command(&["certificate", "self-signed", "ui", "--subject", "CN=own"]));
    let own = agent.ask("GET", &path, &[]).json();
    assert_eq!(own["subjectDN"], "CN=own");
    // Another one is made when that is gone.
    assert_eq!(agent.ask("DELETE", &path, &[]).status, 204);
    until("the self-made one is shown again", || {
        let again = agent.ask("GET", &path, &[]).json();
        (again["issuer"] == made["issuer"] && again["serialNumber"] != made["serialNumber"])
            .then_some(())
    });
}

#[test]
fn a_sample_certificate_is_what_the_ca_makes_of_the_rule() {
    let world = World::start();
    let mut agent = world.enrol("", &[]);
    agent.run();
    agent.until_up();
    let dir = world.path("sample");
    file::private_dir(&dir).unwrap();
    let sample = format!(
        "{CONFIGURATION}/connector/onPremises/subjectPatternRules/0/sampleCertificate?name=anna"
    );
    assert_eq!(agent.ask("GET", &sample, &[]).status, 409);
    let make = ["certificate", "self-signed", "ca", "--subject"];
    run(agent.command(&[make.as_slice(), &["CN=Users,O=Corp"]].concat()));
    let path = format!("{CONFIGURATION}/connector/onPremises/ppCaCertificate");
    let ca = agent.ask("GET", &path, &["Accept: application/x-pem-file"]);
    file::replace(&dir.join("ca.pem"), ca.body.as_bytes()).unwrap();
    let made = agent.ask("GET", &sample, &["Accept: application/x-pem-file"]);
    assert_eq!(made.status, 200, "{made:?}");
    file::replace(&dir.join("user.pem"), made.body.as_bytes()).unwrap();
    openssl(
        &dir,
        "openssl verify -purpose sslclient -CAfile ca.pem user.pem",
    );
    openssl(
        &dir,
        "openssl x509 -in user.pem -noout -subject | grep -x 'subject=CN *= *anna'",
    );
    // By the settings of principal propagation it is good for an hour.
    openssl(
        &dir,
        "openssl x509 -in user.pem -noout -checkend 3500 && ! openssl x509 -in user.pem -noout -checkend 3700",
    );
    let wrong = agent.ask("GET", &sample.replace("anna", &"x".repeat(65)), &[]);
    assert_eq!(wrong.status, 400);
    assert!(
        wrong.body.contains("CN must have 1 to 64 bytes"),
        "{wrong:?}"
    );
}
