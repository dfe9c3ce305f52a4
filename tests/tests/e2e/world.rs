//! A gateway, its agents and their back ends on free ports in a folder of their own.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::process::{Process, json as parse, program, run, until};

/// A gateway with one subaccount and one binding.
pub(crate) struct World {
    pub(crate) gateway: Process,
    pub(crate) subaccount: String,
    pub(crate) binding: Value,
    pub(crate) token: String,
    host: String,
    folder: TempDir,
}

/// An enrolled agent.
pub(crate) struct Agent {
    pub(crate) process: Option<Process>,
    pub(crate) dir: PathBuf,
    pub(crate) location: String,
    prefix: Vec<String>,
}

/// An answer as curl saw it.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl World {
    pub(crate) fn start() -> Self {
        Self::start_on("127.0.0.1")
    }

    /// With its public ports on another address.
    pub(crate) fn start_on(host: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ports = json!({"tunnel": format!("{host}:0"), "proxy": "127.0.0.1:0", "token": format!("{host}:0")});
        let gateway = serve(folder.path(), host, &ports);
        let mut world = Self {
            gateway,
            subaccount: String::new(),
            binding: Value::Null,
            token: String::new(),
            host: host.to_owned(),
            folder,
        };
        let added = parse(&run(world.command(&[
            "subaccount",
            "add",
            "test",
            "--json",
        ])));
        world.subaccount = added["subaccount"].as_str().unwrap().to_owned();
        let subaccount = world.subaccount.clone();
        let created = ["binding", "create", "--json", "--subaccount", &subaccount];
        world.binding = parse(&run(world.command(&created)));
        world.token = world.fetch_token();
        world
    }

    /// Starts the gateway again on the ports that it had.
    pub(crate) fn restart_gateway(&mut self) {
        let ports = self.addresses();
        std::fs::remove_file(self.folder.path().join("gateway/addresses.json")).unwrap();
        self.gateway = serve(self.folder.path(), &self.host, &ports);
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn addresses(&self) -> Value {
        parse(&std::fs::read_to_string(self.path("gateway/addresses.json")).unwrap())
    }

    pub(crate) fn text(&self, name: &str) -> String {
        self.addresses()[name].as_str().unwrap().to_owned()
    }

    /// An offline command of the gateway.
    pub(crate) fn command(&self, arguments: &[&str]) -> &'static mut Command {
        let mut command = Command::new(program("underpass-gateway"));
        command
            .args(arguments)
            .arg("--data-dir")
            .arg(self.path("gateway"));
        Box::leak(Box::new(command))
    }

    pub(crate) fn enrol_token(&self, more: &[&str]) -> String {
        let mut arguments = vec!["enrol-token", "create", "--json", "--subaccount"];
        arguments.push(&self.subaccount);
        arguments.extend(more);
        parse(&run(self.command(&arguments)))["token"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Enrols an agent; it does not run yet.
    pub(crate) fn enrol(&self, location: &str, prefix: &[&str]) -> Agent {
        let agent = Agent {
            process: None,
            dir: self.path(&format!("agent-{location}")),
            location: location.to_owned(),
            prefix: prefix.iter().map(|&word| word.to_owned()).collect(),
        };
        let token = self.enrol_token(&["--location-id", location]);
        run(agent.command(&["enrol", &token]));
        agent
    }

    /// Enrols and starts an agent that exposes `backend` as `backend.virtual:80`.
    pub(crate) fn agent(&self, location: &str, backend: &str) -> Agent {
        let mut agent = self.enrol(location, &[]);
        agent.expose(&[("backend.virtual:80", backend)]);
        agent.run();
        agent.until_up();
        agent
    }

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
            "daemon off; user root; pid {here}/pid; error_log {here}/error.log;
             events {{}} http {{ access_log {here}/access.log; {temp}
             server {{ listen {address}; root {here}/files; }} }}"
        );
        underpass_runtime::file::replace(&folder.join("nginx.conf"), config.as_bytes()).unwrap();
        let mut command = Command::new("/usr/sbin/nginx");
        command.arg("-c").arg(folder.join("nginx.conf"));
        let process = Process::start(&mut command, self.path("nginx.log"));
        until("nginx listens", || {
            std::net::TcpStream::connect(&address).ok()
        });
        (process, address)
    }

    /// A request through the gateway; `arguments` go to curl.
    pub(crate) fn curl(&self, arguments: &[&str]) -> Answer {
        let head = self.path("head");
        let mut command = Command::new("curl");
        command
            .args([
                "-sS",
                "--max-time",
                "60",
                "--path-as-is",
                "-w",
                "\n%{http_code}",
                "-D",
            ])
            .arg(&head)
            .args(["-x", &format!("http://{}", self.text("proxy"))])
            .args(arguments);
        let output = run(&mut command);
        let (body, status) = output.rsplit_once('\n').unwrap();
        Answer {
            status: status.parse().unwrap(),
            head: std::fs::read_to_string(head).unwrap().to_lowercase(),
            body: body.to_owned(),
        }
    }

    /// A GET with a token.
    pub(crate) fn get(&self, url: &str) -> Answer {
        self.curl(&["-H", &self.authorization(), url])
    }

    pub(crate) fn authorization(&self) -> String {
        format!("Proxy-Authorization: Bearer {}", self.token)
    }

    pub(crate) fn credential(&self, name: &str) -> String {
        self.binding[name].as_str().unwrap().to_owned()
    }

    /// curl to the token endpoint over TLS.
    pub(crate) fn token_endpoint(&self, path: &str, arguments: &[&str]) -> Value {
        let url = format!("{}{path}", self.text("tokenUrl"));
        let mut command = Command::new("curl");
        command
            .args(["-sS", "--cacert", &self.text("caCert")])
            .args(arguments)
            .arg(url);
        parse(&run(&mut command))
    }

    pub(crate) fn fetch_token(&self) -> String {
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}",
            self.credential("clientid"),
            self.credential("clientsecret")
        );
        // A running gateway sees what the offline commands did within a second.
        until("the binding is known", || {
            let answer = self.token_endpoint("/oauth/token", &["-d", &form]);
            answer["access_token"].as_str().map(str::to_owned)
        })
    }
}

impl Agent {
    pub(crate) fn command(&self, arguments: &[&str]) -> &'static mut Command {
        let prefix: Vec<&str> = self.prefix.iter().map(String::as_str).collect();
        let mut command = prefixed(&prefix, "underpass-agent");
        command.args(arguments).arg("--data-dir").arg(&self.dir);
        Box::leak(Box::new(command))
    }

    pub(crate) fn document(&self) -> Value {
        parse(&run(self.command(&["document", "show"])))
    }

    /// Writes a document to a file, to be applied.
    pub(crate) fn write(&self, document: &Value) -> String {
        let path = self.dir.join("document.json");
        underpass_runtime::file::replace(&path, document.to_string().as_bytes()).unwrap();
        path.display().to_string()
    }

    /// Exposes the usual paths of back ends on loopback.
    pub(crate) fn expose(&self, mappings: &[(&str, &str)]) {
        let resource = |path: &str| json!({"path": path, "enabled": true, "exactMatchOnly": false, "websocketUpgradeAllowed": false});
        let open = [
            "/hello", "/bytes", "/echo", "/slow", "/headers", "/sink", "/open",
        ];
        let resources: Vec<Value> = open.into_iter().map(resource).collect();
        let mappings: Vec<Value> = mappings
            .iter()
            .map(|(virtual_address, internal)| {
                json!({"virtualAddress": virtual_address, "internalAddress": internal,
                       "protocol": "HTTP", "backendType": "nonSAPsys", "resources": resources})
            })
            .collect();
        let mut document = self.document();
        document["connector"]["allowedTargets"] = json!(["127.0.0.0/8"]);
        document["subaccounts"][0]["mappings"] = json!(mappings);
        run(self.command(&["document", "apply", &self.write(&document)]));
    }

    pub(crate) fn run(&mut self) {
        let log = self.dir.with_extension("log");
        self.process = Some(Process::start(self.command(&["run"]), log));
    }

    pub(crate) fn process(&mut self) -> &mut Process {
        self.process.as_mut().unwrap()
    }

    /// How many tunnel connections are up, as the agent tells.
    pub(crate) fn up(&self) -> usize {
        let text = std::fs::read_to_string(self.dir.join("status.json")).unwrap_or_default();
        text.matches("\"up\"").count()
    }

    pub(crate) fn until_up(&self) {
        until("the tunnels are up", || (self.up() == 2).then_some(()));
    }
}

fn prefixed(prefix: &[&str], name: &str) -> Command {
    match prefix.split_first() {
        None => Command::new(program(name)),
        Some((first, rest)) => {
            let mut command = Command::new(first);
            command.args(rest).arg(program(name));
            command
        }
    }
}

fn serve(folder: &Path, host: &str, ports: &Value) -> Process {
    let dir = folder.join("gateway");
    let mut command = Command::new(program("underpass-gateway"));
    command.args([
        "serve",
        "--region-host",
        if host == "127.0.0.1" {
            "localhost"
        } else {
            host
        },
    ]);
    for name in ["tunnel", "proxy", "token"] {
        command
            .arg(format!("--{name}-listen"))
            .arg(ports[name].as_str().unwrap());
    }
    command.arg("--data-dir").arg(&dir);
    let process = Process::start(&mut command, folder.join("gateway.log"));
    until("the gateway is ready", || {
        std::fs::metadata(dir.join("addresses.json")).ok()
    });
    process
}
