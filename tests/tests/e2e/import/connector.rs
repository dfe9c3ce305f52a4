//! The stand-in of an SAP Cloud Connector: a process of its own, in another language.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use underpass_runtime::clock;
use underpass_runtime::file::replace;
use underpass_runtime::pki::{Authority, Lifetime, PrivateKey};
use underpass_shared::config::Certificate;
use underpass_shared::id::OperatorId;
use underpass_shared::pki::operator::OperatorIdentity;

use crate::process::{Process, json as parse, run, until};

/// Who may read.
pub(super) const USER: &str = "Administrator";
/// Its password, not all of it ASCII.
const PASSWORD: &str = "manage me, pl\u{e9}ase\n";
/// Certificates in its trust store of back ends.
pub(super) const TRUSTED: usize = 3;

/// A stand-in that runs.
pub(super) struct Connector {
    _process: Process,
    folder: TempDir,
    pub(super) fingerprint: String,
}

fn script(arguments: &[&str]) -> Command {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scc/stand_in.py");
    let mut command = Command::new("/usr/bin/python3");
    command.arg(path).args(arguments);
    command
}

/// All that a stand-in serves, by address.
pub(super) fn dump(more: &[&str]) -> Value {
    parse(&run(script(&[&["dump"], more].concat())))
}

fn lifetime() -> Lifetime {
    Lifetime {
        now_ms: clock::wall_ms(),
        valid: Duration::from_secs(3_600),
    }
}

impl Connector {
    pub(super) fn start(more: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            replace(&folder.path().join(name), text.as_bytes()).unwrap();
        };
        let (authority, _) = Authority::create("stand-in", lifetime()).unwrap();
        let key = PrivateKey::generate().unwrap();
        let certificate = authority.server(&["scc.example"], &key, lifetime());
        let certificate = certificate.unwrap();
        write("cert.pem", &certificate);
        write("key.pem", &key.to_pem());
        write("password", PASSWORD);
        for number in 0..TRUSTED {
            let (root, _) = Authority::create(&format!("Root {number}"), lifetime()).unwrap();
            write(&format!("trusted-{number}.pem"), root.certificate());
        }
        let (clients, _) = Authority::create("clients", lifetime()).unwrap();
        let key = PrivateKey::generate().unwrap();
        let identity = OperatorIdentity(OperatorId::from_uuid(underpass_runtime::random::id()));
        let client = clients.operator(&key.request().unwrap(), identity, lifetime());
        write("clients.pem", clients.certificate());
        write("client.pem", &client.unwrap());
        write("client-key.pem", &key.to_pem());
        let of = folder.path().display().to_string();
        let mut command = script(&[&["serve", "--folder", &of], more].concat());
        let process = Process::start(&mut command, folder.path().join("log"));
        let certificate: Certificate = certificate.parse().unwrap();
        let fingerprint = certificate.summary().fingerprint;
        let connector = Self {
            _process: process,
            fingerprint: fingerprint.map(|byte| format!("{byte:02x}")).concat(),
            folder,
        };
        until("the stand-in serves", || {
            std::fs::metadata(connector.file("port")).ok()
        });
        connector
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn url(&self) -> String {
        let port = std::fs::read_to_string(self.file("port")).unwrap();
        format!("https://127.0.0.1:{port}")
    }

    /// What goes wrong from now on: the end of an address, and how.
    pub(super) fn always(&self, end: &str, kind: &str) {
        let url = format!("{}/stand-in/always", self.url());
        let fault = format!("fault={end}={kind}");
        run(Command::new("curl").args(["-ksS", "-G", &url, "--data-urlencode", &fault]));
    }

    /// What it counted: requests, sessions, logins that it refused, writes.
    pub(super) fn stats(&self, name: &str) -> u64 {
        let url = format!("{}/stand-in/stats", self.url());
        let stats = parse(&run(Command::new("curl").args(["-ksS", &url])));
        stats[name].as_u64().unwrap()
    }
}
