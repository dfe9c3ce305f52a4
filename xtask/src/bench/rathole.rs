//! rathole, a tunnel of the same kind, over TLS: what people would use instead, in the same run.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::nginx::free_address;
use crate::children::Child;
use crate::debian::{self, LIBSSL, OPENSSL, PKG_CONFIG};
use crate::file;
use crate::output;
use crate::shell;
use crate::stop::Stop;

const VERSION: &str = "0.5.0";
const PASSWORD: &str = "bench";
const START_LIMIT: Duration = Duration::from_secs(20);

/// A rathole server and client before nginx; dropping it ends both.
#[derive(Debug)]
pub(super) struct Rathole {
    server: Child,
    client: Child,
    /// Where consumers connect.
    pub(super) address: SocketAddr,
}

impl Rathole {
    /// Builds rathole where it is missing and starts both ends.
    pub(super) fn start(folder: &Path, nginx: SocketAddr, stop: &Stop) -> anyhow::Result<Self> {
        let program = install(stop)?;
        output::progress("starting rathole");
        let folder = folder.join("rathole");
        fs::create_dir_all(&folder)?;
        make_identity(&folder, stop)?;
        let (tunnel, address) = (free_address()?, free_address()?);
        let server = server_configuration(&folder, tunnel, address);
        let server = start(&program, &folder, "server", &server)?;
        let client = client_configuration(&folder, tunnel, nginx);
        let mut client = start(&program, &folder, "client", &client)?;
        stop.wait_for("rathole", START_LIMIT, || {
            client.check()?;
            Ok(TcpStream::connect(address).ok().map(drop))
        })?;
        Ok(Self {
            server,
            client,
            address,
        })
    }

    /// The processes of both ends.
    pub(super) fn pids(&self) -> [u32; 2] {
        [self.server.pid(), self.client.pid()]
    }
}

fn install(stop: &Stop) -> anyhow::Result<PathBuf> {
    let root = shell::root().join("target/tools");
    let program = root.join("bin/rathole");
    if program.exists() {
        return Ok(program);
    }
    debian::ensure(&[LIBSSL, OPENSSL, PKG_CONFIG], stop)?;
    output::progress("building rathole, once");
    let mut command = shell::cargo(&["install", "rathole", "--version", VERSION, "--quiet"]);
    command
        .args(["--no-default-features", "--features", "server,client,tls"])
        .arg("--root")
        .arg(&root);
    shell::run(&mut command, stop)?;
    Ok(program)
}

fn make_identity(folder: &Path, stop: &Stop) -> anyhow::Result<()> {
    let mut certificate = Command::new("openssl");
    certificate
        .current_dir(folder)
        .args([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
        ])
        .args(["-keyout", "key.pem", "-out", "cert.pem"])
        .args(["-subj", "/CN=localhost"])
        .args(["-addext", "subjectAltName=DNS:localhost"]);
    shell::capture(&mut certificate, stop)?;
    let mut bundle = Command::new("openssl");
    bundle
        .current_dir(folder)
        .args(["pkcs12", "-export", "-inkey", "key.pem", "-in", "cert.pem"])
        .args(["-out", "identity.pfx", "-passout"])
        .arg(format!("pass:{PASSWORD}"));
    shell::capture(&mut bundle, stop)?;
    Ok(())
}

fn start(program: &Path, folder: &Path, role: &str, text: &str) -> anyhow::Result<Child> {
    let path = folder.join(format!("{role}.toml"));
    file::replace(&path, text.as_bytes())?;
    let mut command = Command::new(program);
    command.arg(format!("--{role}")).arg(&path);
    let log = folder.join(format!("{role}.log"));
    Child::start_logged("rathole", &mut command, &log)
}

fn server_configuration(folder: &Path, tunnel: SocketAddr, consumers: SocketAddr) -> String {
    let identity = folder.join("identity.pfx");
    format!(
        "[server]
bind_addr = \"{tunnel}\"
default_token = \"bench\"
[server.transport]
type = \"tls\"
[server.transport.tls]
pkcs12 = \"{}\"
pkcs12_password = \"{PASSWORD}\"
[server.services.nginx]
bind_addr = \"{consumers}\"
",
        identity.display()
    )
}

fn client_configuration(folder: &Path, tunnel: SocketAddr, nginx: SocketAddr) -> String {
    let trusted = folder.join("cert.pem");
    format!(
        "[client]
remote_addr = \"{tunnel}\"
default_token = \"bench\"
[client.transport]
type = \"tls\"
[client.transport.tls]
trusted_root = \"{}\"
hostname = \"localhost\"
[client.services.nginx]
local_addr = \"{nginx}\"
",
        trusted.display()
    )
}
