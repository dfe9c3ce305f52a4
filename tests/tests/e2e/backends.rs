//! What agents forward to: the sample back end and Debian's nginx.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use crate::process::{Process, json as parse, prefixed, until};
use crate::world::World;

const NGINX: &str = "/usr/sbin/nginx";

impl World {
    /// The sample back end, in the network that `prefix` leads into.
    pub(crate) fn sample_backend(&self, prefix: &[&str]) -> (Process, String) {
        let addresses = self.path("backend.json");
        let mut command = prefixed(prefix, "underpass-sample-backend");
        command
            .args(["--listen", "127.0.0.1:0", "--addresses"])
            .arg(&addresses);
        let process = Process::start(&mut command, self.path("backend.log"));
        let address = until("the back end listens", || {
            std::fs::read_to_string(&addresses).ok()
        });
        (
            process,
            parse(&address)["address"].as_str().unwrap().to_owned(),
        )
    }

    /// Debian's nginx with a few files and an access log.
    pub(crate) fn nginx(&self) -> (Process, String) {
        assert!(
            Path::new(NGINX).exists(),
            "{NGINX} is missing; install it: apt-get install nginx"
        );
        let folder = self.path("nginx");
        std::fs::create_dir_all(folder.join("files/open")).unwrap();
        for name in ["open/page", "secret"] {
            std::fs::copy("/etc/os-release", folder.join("files").join(name)).unwrap();
        }
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        drop(listener);
        let here = folder.display();
        let temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {here}/{kind};"))
            .concat();
        let config = format!(
            "daemon off; master_process off; user root; pid {here}/pid; error_log {here}/error.log;
             events {{}} http {{ access_log {here}/access.log; {temp}
             server {{ listen {address}; root {here}/files; }} }}"
        );
        underpass_runtime::file::replace(&folder.join("nginx.conf"), config.as_bytes()).unwrap();
        let mut command = Command::new(NGINX);
        command.arg("-c").arg(folder.join("nginx.conf"));
        let process = Process::start(&mut command, self.path("nginx.log"));
        until("nginx listens", || {
            std::net::TcpStream::connect(&address).ok()
        });
        (process, address)
    }
}
