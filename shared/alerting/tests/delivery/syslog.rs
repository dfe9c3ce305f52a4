//! Syslog to rsyslog, by TLS and by TCP.

use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

use serde_json::{Value, json};
use underpass_alerting::{Settings, Tempo};
use underpass_shared::alert::Code;

use crate::world::{Certificates, FAST, World, certificates, notice, sender, trusting, until};

/// rsyslog of Debian with one listener; it ends with the test.
struct Rsyslog(Child);

impl Drop for Rsyslog {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

impl Rsyslog {
    fn start(dir: &Path, port: u16, tls: Option<&Certificates>) -> Self {
        let out = dir.join("messages");
        let tls = tls.map_or_else(String::new, |of| {
            format!(
                "global(defaultNetstreamDriver=\"gtls\" defaultNetstreamDriverCAFile={:?} \
                 defaultNetstreamDriverCertFile={:?} defaultNetstreamDriverKeyFile={:?})\n\
                 module(load=\"imtcp\" streamDriver.name=\"gtls\" streamDriver.mode=\"1\" \
                 streamDriver.authMode=\"anon\")\n",
                of.ca_file, of.chain, of.key
            )
        });
        let module = if tls.is_empty() {
            "module(load=\"imtcp\")\n"
        } else {
            ""
        };
        let configuration = format!(
            "{tls}{module}\
             input(type=\"imtcp\" port=\"{port}\" address=\"127.0.0.1\")\n\
             template(name=\"all\" type=\"string\" string=\"%pri%|%hostname%|%app-name%|%msgid%|%structured-data%|%msg%\\n\")\n\
             action(type=\"omfile\" file={out:?} template=\"all\" flushOnTXEnd=\"on\" asyncWriting=\"off\")\n"
        );
        let file = dir.join("rsyslog.conf");
        underpass_runtime::file::replace(&file, configuration.as_bytes()).unwrap();
        let mut command = Command::new("rsyslogd");
        command.args(["-n", "-i", "NONE", "-f"]).arg(&file);
        Self(command.spawn().expect("rsyslogd of Debian's rsyslog"))
    }
}

fn settings(port: u16, transport: &str, trusted: Value) -> Settings {
    let server = json!([{"name": "siem", "enabled": true, "host": "localhost", "port": port,
                         "transport": transport, "facility": 16, "trust": "trustStore"}]);
    Settings {
        sender: sender(),
        syslog: serde_json::from_value(server).unwrap(),
        trusted: serde_json::from_value(trusted).unwrap(),
        ..Settings::default()
    }
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// The lines that rsyslog wrote, when there are so many.
async fn lines(dir: &Path, count: usize) -> Vec<String> {
    let lines = || {
        let text = std::fs::read_to_string(dir.join("messages")).unwrap_or_default();
        text.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let written = until(async || (lines().len() >= count).then_some(())).await;
    let lines = lines();
    assert!(written.is_some(), "rsyslog wrote no more than {lines:#?}");
    lines
}

#[tokio::test(flavor = "multi_thread")]
async fn rsyslog_gets_each_message_once_by_tls_also_when_it_was_away() {
    let dir = tempfile::tempdir().unwrap();
    let good = certificates(dir.path(), "good", "localhost");
    let other = certificates(dir.path(), "other", "localhost");
    let port = free_port();
    // A busy machine may let rsyslog wait.
    let tempo = Tempo {
        answer: Duration::from_secs(5),
        ..FAST
    };
    let world = World::with_tempo(settings(port, "tls", trusting(&other.ca)), tempo).await;
    for number in 1..4 {
        world.tell(vec![notice(number, Code::TunnelDown)]).await;
    }
    world.until_failing("connecting to 127.0.0.1").await;
    let _rsyslog = Rsyslog::start(dir.path(), port, Some(&good));
    world
        .until_failing("TLS with localhost failed: the certificate is not trusted")
        .await;
    world.change(settings(port, "tls", trusting(&good.ca)));
    world.until_delivered().await;
    let last: Vec<_> = (4..204)
        .map(|number| notice(number, Code::CpuLoad))
        .collect();
    world.tell(last).await;
    world.until_delivered().await;
    world.end().await;
    let lines = lines(dir.path(), 203).await;
    assert_eq!(lines.len(), 203);
    // Facility 16, severity 3.
    let first = "131|agent.corp|underpass-agent|Tunnel|[underpass@32473 parcel=";
    assert!(lines[0].starts_with(first), "{}", lines[0]);
    assert!(
        lines[0].ends_with("ERROR Tunnel is down: e1: It is wrong."),
        "{}",
        lines[0]
    );
    for (number, line) in (1..).zip(&lines) {
        assert!(line.contains(&format!(" notice=\"{number}\" ")), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rsyslog_gets_them_by_tcp_and_a_server_that_never_ends_has_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let port = free_port();
    // It takes connections and reads nothing.
    let deaf = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    let world = World::new(settings(port, "tcp", json!([]))).await;
    world.tell(vec![notice(1, Code::TunnelDown)]).await;
    world.until_failing("no answer within 0.7 s").await;
    drop(deaf);
    let _rsyslog = Rsyslog::start(dir.path(), port, None);
    world.until_delivered().await;
    world.end().await;
    assert_eq!(lines(dir.path(), 1).await.len(), 1);
}
