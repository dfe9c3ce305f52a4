//! nginx as the back end: one worker, everything in memory, otherwise as Debian sets it up.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::Context;

use crate::children::Child;
use crate::file;
use crate::output;
use crate::stop::Stop;

/// Size of the file that bulk transfers move.
pub(super) const BULK_BYTES: u64 = 512 << 20;
const SMALL_BYTES: usize = 1024;
const START_LIMIT: Duration = Duration::from_secs(20);

/// A running nginx; dropping it ends it.
#[derive(Debug)]
pub(super) struct Nginx {
    _child: Child,
    pub(super) address: SocketAddr,
}

impl Nginx {
    pub(super) fn start(folder: &Path, stop: &Stop) -> anyhow::Result<Self> {
        output::progress("starting nginx");
        let files = folder.join("files");
        for name in ["files", "temp"] {
            fs::create_dir_all(folder.join(name)).context("cannot make a folder for nginx")?;
        }
        for name in ["hello", "split"] {
            file::replace(&files.join(name), &[b'x'; SMALL_BYTES])?;
        }
        write_bulk(&files.join("bulk"))?;
        readable_by_all(&files)?;
        let address = free_address()?;
        let config = folder.join("nginx.conf");
        file::replace(&config, configuration(folder, address).as_bytes())?;
        let mut command = Command::new(program());
        command.arg("-c").arg(&config).arg("-p").arg(folder);
        let mut child = Child::start_logged("nginx", &mut command, &folder.join("nginx.log"))?;
        stop.wait_for("nginx", START_LIMIT, || {
            child.check()?;
            Ok(TcpStream::connect(address).ok().map(drop))
        })?;
        Ok(Self {
            _child: child,
            address,
        })
    }
}

/// Debian keeps it where ordinary users do not look.
fn program() -> &'static str {
    if Path::new("/usr/sbin/nginx").exists() {
        "/usr/sbin/nginx"
    } else {
        "nginx"
    }
}

/// An address of loopback that nobody uses now.
pub(super) fn free_address() -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").context("no free port")?;
    Ok(listener.local_addr()?)
}

fn write_bulk(path: &Path) -> anyhow::Result<()> {
    let told = || format!("cannot write {}", path.display());
    let block: Vec<u8> = (0..=250_u8).cycle().take(1 << 20).collect();
    let mut writer = BufWriter::new(File::create(path).with_context(told)?);
    for _ in 0..BULK_BYTES >> 20 {
        writer.write_all(&block).with_context(told)?;
    }
    writer.flush().with_context(told)
}

/// The worker may run as another user than the one that started it.
fn readable_by_all(folder: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    for name in ["hello", "split", "bulk"] {
        fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o644))?;
    }
    Ok(())
}

fn configuration(folder: &Path, address: SocketAddr) -> String {
    let folder = folder.display();
    format!(
        "daemon off;
user root;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log warn;
events {{ worker_connections 8192; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_timeout 300s;
  keepalive_requests 100000000;
  client_max_body_size 0;
  client_body_buffer_size 1m;
  client_body_temp_path {folder}/temp/body;
  proxy_temp_path {folder}/temp/proxy;
  fastcgi_temp_path {folder}/temp/fastcgi;
  uwsgi_temp_path {folder}/temp/uwsgi;
  scgi_temp_path {folder}/temp/scgi;
  server {{
    listen {address} backlog=4096;
    root {folder}/files;
    location /upload {{ dav_methods PUT; }}
    location /split {{ tcp_nopush off; }}
  }}
}}
"
    )
}
