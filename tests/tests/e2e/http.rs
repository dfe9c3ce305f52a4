//! Applications as they are: curl through the proxy port, and bare bytes where curl is too polite.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use crate::process::{Process, json, run};
use crate::world::World;

/// The system that agents expose in these tests.
pub(crate) const BACKEND: &str = "http://backend.virtual";
/// A page of it.
pub(crate) const HELLO: &str = "http://backend.virtual/hello";

/// Tells apart the files of requests that run at once.
static NUMBER: AtomicUsize = AtomicUsize::new(0);

/// An answer as curl saw it.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// In lower case.
    pub(crate) head: String,
    pub(crate) body: String,
}

impl World {
    /// A request through the gateway; `arguments` go to curl.
    pub(crate) fn curl(&self, arguments: &[&str]) -> Answer {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let head = self.path(&format!("head-{number}"));
        let mut command = Command::new("curl");
        command
            .args(["-sS", "--max-time", "60", "--path-as-is"])
            .args(["-w", "\n%{http_code}", "-D"])
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

    /// curl with a good token.
    pub(crate) fn call(&self, arguments: &[&str]) -> Answer {
        let token = self.tenant.authorization();
        self.curl(&[&["-H", &token], arguments].concat())
    }

    /// A GET with a good token.
    pub(crate) fn get(&self, url: &str) -> Answer {
        self.call(&[url])
    }

    /// A GET with a good token, for the agent of a location ID.
    pub(crate) fn get_at(&self, url: &str, location: &str) -> Answer {
        let header = format!("SAP-Connectivity-SCC-Location_ID: {location}");
        self.call(&["-H", &header, url])
    }

    /// Sends bytes to the proxy port and reads until it closes.
    pub(crate) fn raw(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.text("proxy")).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// curl to the token endpoint over TLS.
    pub(crate) fn token_endpoint(&self, path: &str, arguments: &[&str]) -> Value {
        let url = format!("{}{path}", self.text("tokenUrl"));
        let mut command = Command::new("curl");
        command
            .args(["-sS", "--cacert", &self.text("caCert")])
            .args(arguments)
            .arg(url);
        json(&run(&mut command))
    }

    /// Starts a GET with a good token, whose answer is nobody's concern.
    pub(crate) fn begin(&self, url: &str) -> Process {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let mut command = Command::new("curl");
        command
            .args(["-s", "-o", "/dev/null", "-H", &self.tenant.authorization()])
            .args(["-x", &format!("http://{}", self.text("proxy")), url]);
        Process::start(&mut command, self.path(&format!("begun-{number}.log")))
    }

    /// Starts `count` requests at once; the status codes come into the log, one a line.
    pub(crate) fn many(&self, count: usize, path: &str) -> Process {
        let script = format!(
            "seq {count} | xargs -P {count} -I @@ curl -s -o /dev/null -w '%{{http_code}}\\n' -x http://{} -H '{}' {BACKEND}{path}",
            self.text("proxy"),
            self.tenant.authorization()
        );
        Process::start(
            Command::new("bash").args(["-c", &script]),
            self.path("many.log"),
        )
    }
}

/// How many connections to `address` there are, seen through `prefix`.
pub(crate) fn connections_to(address: &str, prefix: &[&str]) -> usize {
    let ss = ["ss", "-Htn", "state", "established", "dst", address];
    let words = [prefix, &ss].concat();
    run(Command::new(words[0]).args(&words[1..]))
        .lines()
        .count()
}
