//! Bare sockets on both sides: back ends that follow a script, applications that send bytes.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use serde_json::{Value, json};

use crate::agent::Agent;
use crate::process::run;
use crate::world::World;

/// How long anything may take to arrive.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long nothing must arrive where nothing may.
const SILENCE: Duration = Duration::from_millis(300);

/// One end of a connection.
pub(crate) struct Wire {
    stream: TcpStream,
    unread: Vec<u8>,
    is_broken: bool,
}

impl Wire {
    fn new(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            unread: vec![],
            is_broken: false,
        }
    }

    /// Sends; the other end may be gone.
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).is_ok()
    }

    /// Reads more. None at the end, also where it is no clean one.
    fn fill(&mut self) -> Option<()> {
        let mut buffer = [0; 64 * 1024];
        match self.stream.read(&mut buffer) {
            Ok(0) => None,
            Ok(read) => {
                self.unread.extend(buffer.iter().take(read));
                Some(())
            }
            Err(error) => {
                let late = [ErrorKind::WouldBlock, ErrorKind::TimedOut].contains(&error.kind());
                assert!(!late, "nothing in 30 s after {:?}", self.text());
                self.is_broken = true;
                None
            }
        }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.unread).into_owned()
    }

    fn take(&mut self, count: usize) -> String {
        let taken: Vec<u8> = self.unread.drain(..count).collect();
        String::from_utf8_lossy(&taken).into_owned()
    }

    /// The next head, up to its empty line. None when the other end is gone.
    pub(crate) fn try_head(&mut self) -> Option<String> {
        self.try_until("\r\n\r\n")
    }

    pub(crate) fn head(&mut self) -> String {
        self.try_head().expect("a head")
    }

    /// All up to and with `end`.
    pub(crate) fn try_until(&mut self, end: &str) -> Option<String> {
        loop {
            let found = self
                .unread
                .windows(end.len())
                .position(|window| window == end.as_bytes());
            if let Some(at) = found {
                return Some(self.take(at + end.len()));
            }
            self.fill()?;
        }
    }

    /// The next bytes.
    pub(crate) fn bytes(&mut self, count: usize) -> String {
        while self.unread.len() < count {
            self.fill().expect("more bytes");
        }
        self.take(count)
    }

    /// All that still comes, and whether its end is a clean one.
    pub(crate) fn rest(&mut self) -> (String, bool) {
        while self.fill().is_some() {}
        (self.take(self.unread.len()), !self.is_broken)
    }

    /// Nothing comes for a moment.
    pub(crate) fn is_silent(&mut self) -> bool {
        self.stream.set_read_timeout(Some(SILENCE)).unwrap();
        let mut byte = [0];
        let peeked = self.stream.peek(&mut byte);
        self.stream.set_read_timeout(Some(PATIENCE)).unwrap();
        self.unread.is_empty() && peeked.is_err()
    }

    /// Sends no more.
    pub(crate) fn finish(&self) {
        // The other end may be gone.
        drop(self.stream.shutdown(Shutdown::Write));
    }

    /// Breaks the connection off.
    pub(crate) fn reset(self) {
        let socket = socket2::SockRef::from(&self.stream);
        socket.set_linger(Some(Duration::ZERO)).unwrap();
    }

    /// How many bytes the other end takes before it takes no more.
    pub(crate) fn flood(&mut self) -> usize {
        self.stream.set_write_timeout(Some(SILENCE)).unwrap();
        let chunk = [b'x'; 64 * 1024];
        let mut sent = 0;
        while let Ok(count) = self.stream.write(&chunk) {
            sent += count;
        }
        sent
    }
}

/// A back end that does on every connection what its script says.
pub(crate) struct RawBackend {
    pub(crate) address: String,
    told: mpsc::Receiver<String>,
}

/// What a script tells the test.
pub(crate) type Tell = mpsc::Sender<String>;

impl RawBackend {
    /// The script gets each connection, and a way to tell what it saw.
    pub(crate) fn start(script: impl Fn(Wire, &Tell) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (tell, told) = mpsc::channel();
        let script = Arc::new(script);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (script, tell) = (Arc::clone(&script), tell.clone());
                std::thread::spawn(move || script(Wire::new(stream.unwrap()), &tell));
            }
        });
        Self { address, told }
    }

    /// What the script tells next.
    pub(crate) fn told(&self) -> String {
        self.told
            .recv_timeout(PATIENCE)
            .expect("the back end tells")
    }

    /// Answers each request as `answer` says to its head, and tells the heads.
    pub(crate) fn answering(answer: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        Self::start(move |mut wire, tell| {
            while let Some(head) = wire.try_head() {
                let sent = wire.send(answer(&head));
                if tell.send(head).is_err() || !sent {
                    return;
                }
            }
        })
    }
}

impl World {
    /// An agent that exposes all of a back end; `more` goes into the mapping.
    pub(crate) fn expose_all(&self, address: &str, more: &Value) -> Agent {
        let mut agent = self.enrol("", &[]);
        let mut document = agent.document();
        document["connector"]["allowedTargets"] = json!(["127.0.0.0/8"]);
        let mut mapping = json!({
            "virtualAddress": "backend.virtual:80", "internalAddress": address,
            "protocol": "HTTP", "backendType": "nonSAPsys",
            "resources": [
                {"path": "/", "enabled": true, "exactMatchOnly": false},
                {"path": "/ws", "enabled": true, "exactMatchOnly": false,
                 "websocketUpgradeAllowed": true}
            ]
        });
        for (name, value) in more.as_object().unwrap() {
            mapping[name] = value.clone();
        }
        document["subaccounts"][0]["mappings"] = json!([mapping]);
        run(agent.command(&["document", "apply", &agent.write(&document)]));
        agent.run();
        agent.until_up();
        agent
    }

    /// A connection to the proxy port.
    pub(crate) fn connect(&self) -> Wire {
        Wire::new(TcpStream::connect(self.text("proxy")).unwrap())
    }

    /// A head for the exposed system with a good token; `lines` end in CR LF each.
    pub(crate) fn request(&self, method: &str, path: &str, lines: &str) -> String {
        let token = self.tenant.authorization();
        format!(
            "{method} http://backend.virtual{path} HTTP/1.1\r\nHost: backend.virtual\r\n{token}\r\n{lines}\r\n"
        )
    }

    /// A connection on which a request was sent.
    pub(crate) fn ask(&self, method: &str, path: &str, lines: &str) -> Wire {
        let mut wire = self.connect();
        assert!(wire.send(self.request(method, path, lines)));
        wire
    }
}

/// The path of a request's head.
pub(crate) fn path(head: &str) -> &str {
    head.split(' ').nth(1).unwrap_or_default()
}

/// The values of a header, in order.
pub(crate) fn values(head: &str, name: &str) -> Vec<String> {
    head.lines()
        .filter_map(|line| line.split_once(": "))
        .filter(|(found, _)| found.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.to_owned())
        .collect()
}
