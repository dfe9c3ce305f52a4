//! What agents forward to: the sample back end, and Debian's nginx and Apache.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use crate::process::{Process, json as parse, prefixed, until};
use crate::world::World;

const APACHE: &str = "/usr/sbin/apache2";
const NGINX: &str = "/usr/sbin/nginx";
const TLS_LOG: &str = "log_format tls '$connection $connection_requests $ssl_protocol $ssl_server_name $status';
     log_format mutual '$status $ssl_client_verify \"$ssl_client_s_dn\" \"$http_ssl_client_cert\"';";

impl World {
    /// The sample back end, in the network that `prefix` leads into.
    pub(crate) fn sample_backend(&self, prefix: &[&str]) -> (Process, String) {
        self.sample_backend_on(prefix, "127.0.0.1:0")
    }

    /// The same on an address.
    pub(crate) fn sample_backend_on(&self, prefix: &[&str], listen: &str) -> (Process, String) {
        let addresses = self.path("backend.json");
        let mut command = prefixed(prefix, "underpass-sample-backend");
        command
            .args(["--listen", listen, "--addresses"])
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
        self.nginx_listening("nginx", "")
    }

    /// The same with TLS. Its log tells the number of the connection, how many requests that had,
    /// and the name that TLS was asked for.
    pub(crate) fn nginx_tls(&self, name: &str, certificate: &str, key: &str) -> (Process, String) {
        self.nginx_tls_with(name, certificate, key, "")
    }

    /// The same with more of its directives.
    pub(crate) fn nginx_tls_with(
        &self,
        name: &str,
        certificate: &str,
        key: &str,
        more: &str,
    ) -> (Process, String) {
        let here = self.path(name);
        std::fs::create_dir_all(&here).unwrap();
        for (file, pem) in [("cert.pem", certificate), ("key.pem", key)] {
            underpass_runtime::file::replace(&here.join(file), pem.as_bytes()).unwrap();
        }
        let here = here.display();
        self.nginx_listening(
            name,
            &format!(" ssl; {more} ssl_protocols TLSv1.2 TLSv1.3; ssl_certificate {here}/cert.pem; ssl_certificate_key {here}/key.pem"),
        )
    }

    /// The same, for clients with a certificate of `client_ca` alone. `mutual.log` tells the status,
    /// whether there was such a certificate, whose, and the header `SSL_CLIENT_CERT`.
    pub(crate) fn nginx_mutual(
        &self,
        certificate: &str,
        key: &str,
        client_ca: &Path,
    ) -> (Process, String) {
        let here = self.path("nginx");
        std::fs::create_dir_all(&here).unwrap();
        for (file, pem) in [("cert.pem", certificate), ("key.pem", key)] {
            underpass_runtime::file::replace(&here.join(file), pem.as_bytes()).unwrap();
        }
        let (here, client_ca) = (here.display(), client_ca.display());
        self.nginx_listening(
            "nginx",
            &format!(
                " ssl; ssl_certificate {here}/cert.pem; ssl_certificate_key {here}/key.pem;
                 ssl_client_certificate {client_ca}; ssl_verify_client on;
                 underscores_in_headers on; access_log {here}/mutual.log mutual"
            ),
        )
    }

    /// Debian's Apache with a file and an access log.
    pub(crate) fn apache(&self) -> (Process, String) {
        assert!(
            Path::new(APACHE).exists(),
            "{APACHE} is missing; install it: apt-get install apache2"
        );
        let folder = self.path("apache");
        std::fs::create_dir_all(folder.join("files/open")).unwrap();
        std::fs::copy("/etc/os-release", folder.join("files/open/page")).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        drop(listener);
        let here = folder.display();
        let modules = ["mpm_event", "authz_core"]
            .map(|name| {
                format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n")
            })
            .concat();
        let config = format!(
            "ServerRoot {here}\nDefaultRuntimeDir {here}\nServerName localhost\nPidFile {here}/pid\n\
             Listen {address}\n{modules}DocumentRoot {here}/files\nErrorLog {here}/error.log\n\
             CustomLog {here}/access.log \"\\\"%r\\\" %s\"\n\
             <Directory {here}/files>\nRequire all granted\n</Directory>\n"
        );
        let file = folder.join("apache.conf");
        underpass_runtime::file::replace(&file, config.as_bytes()).unwrap();
        let mut command = Command::new(APACHE);
        // One process, so that it ends with the test.
        command.arg("-X").arg("-f").arg(file);
        let process = Process::start(&mut command, self.path("apache.log"));
        until("Apache listens", || {
            std::net::TcpStream::connect(&address).ok()
        });
        (process, address)
    }

    /// `how` comes after the address to listen on.
    fn nginx_listening(&self, name: &str, how: &str) -> (Process, String) {
        assert!(
            Path::new(NGINX).exists(),
            "{NGINX} is missing; install it: apt-get install nginx"
        );
        let folder = self.path(name);
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
        let (format, log) = match how {
            "" => ("", "combined"),
            _ => (TLS_LOG, "tls"),
        };
        let config = format!(
            "daemon off; master_process off; user root; pid {here}/pid; error_log {here}/error.log;
             events {{}} http {{ {format} access_log {here}/access.log {log}; {temp}
             server {{ listen {address}{how}; root {here}/files; }} }}"
        );
        underpass_runtime::file::replace(&folder.join("nginx.conf"), config.as_bytes()).unwrap();
        let mut command = Command::new(NGINX);
        command.arg("-c").arg(folder.join("nginx.conf"));
        let process = Process::start(&mut command, self.path(&format!("{name}.log")));
        until("nginx listens", || {
            std::net::TcpStream::connect(&address).ok()
        });
        (process, address)
    }
}
