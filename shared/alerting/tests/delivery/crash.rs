//! The end of the process at the worst instants.

use std::io::Read as _;
use std::net::TcpListener;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::watch;
use underpass_alerting::{Courier, Settings, Tempo};
use underpass_runtime::tasks::Tasks;
use underpass_shared::alert::{Code, DeliveryState};

use crate::world::{FAST, PATH, Secrets, Server, World, notice, open, sender, until};

const SMTP: &str = include_str!("smtp.py");
const HOOK: &str = include_str!("hook.py");
/// Tells the child which channel is on, the port of its receiver, and where its outbox is.
const CHILD: &str = "UNDERPASS_TEST_COURIER";

/// One channel to a receiver on this host.
fn settings(channel: &str, port: u16) -> Settings {
    let mut settings = Settings {
        sender: sender(),
        ..Settings::default()
    };
    match channel {
        "mail" => {
            let mail = json!({"enabled": true, "sendTo": "ops@corp", "sendFrom": "agent@corp",
                              "smtpHost": "localhost", "smtpPort": port});
            settings.mail = serde_json::from_value(mail).unwrap();
        }
        "webhook" => {
            let webhook = json!([{"name": "ops", "enabled": true, "path": PATH,
                                  "origin": format!("http://127.0.0.1:{port}")}]);
            settings.webhooks = serde_json::from_value(webhook).unwrap();
        }
        _ => {
            let server = json!([{"name": "siem", "enabled": true, "host": "127.0.0.1",
                                 "port": port, "transport": "tcp"}]);
            settings.syslog = serde_json::from_value(server).unwrap();
        }
    }
    settings
}

/// The process that is killed: it commits two notices and delivers.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a part of the other tests here"]
async fn child() {
    let Some(told) = std::env::var_os(CHILD) else {
        return;
    };
    let told = told.into_string().unwrap();
    let [channel, port, dir] = <[&str; 3]>::try_from(told.splitn(3, ' ').collect::<Vec<_>>())
        .expect("channel, port and folder");
    let store = open(dir.as_ref()).await;
    let settings = Arc::new(settings(channel, port.parse().unwrap()));
    let (_settings, followed) = watch::channel(settings);
    let secrets = Secrets::default();
    secrets.set(PATH, "/");
    let courier = Courier::new(store.clone(), followed, secrets.surroundings()).with_tempo(FAST);
    let tasks = Tasks::new();
    tasks.spawn("courier", courier.clone().run(tasks.clone()));
    let on = until(async || (!courier.states().is_empty()).then_some(()));
    on.await.expect("the channel is on");
    let all = vec![notice(1, Code::TunnelDown), notice(2, Code::TunnelDown)];
    store.commit("state".to_owned(), all).await.unwrap();
    std::future::pending::<()>().await;
}

fn start(dir: &std::path::Path, channel: &str, port: u16) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "crash::child", "--ignored", "--nocapture"]);
    command.env(CHILD, format!("{channel} {port} {}", dir.display()));
    command.spawn().unwrap()
}

fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

/// The next process on the same outbox.
async fn again(dir: TempDir, settings: Settings) -> World {
    let world = World::again(dir, settings).await;
    world.secrets.set(PATH, "/");
    world
}

/// A server whose events tell what it has and when it answers; `same` are the fields in which a
/// repetition is the same.
async fn is_sent_again_as_the_same(channel: &str, script: &str, same: [fn(&Value) -> &Value; 2]) {
    let dir = tempfile::tempdir().unwrap();
    // The server has the whole message, and the agent ends before the answer.
    let mut server = Server::python(script, &json!({"hold": 0.4}));
    let child = start(dir.path(), channel, server.port);
    let first = server.until("taken");
    kill(child);

    let world = again(dir, settings(channel, server.port)).await;
    assert_eq!(world.store.load().await.unwrap().as_deref(), Some("state"));
    world.until_delivered().await;
    let second = server.until("taken");
    for field in same {
        assert_eq!(field(&first), field(&second), "{first} {second}");
    }

    // What was answered is never sent again.
    let dir = world.end().await;
    let world = again(dir, settings(channel, server.port)).await;
    world.tell(vec![notice(3, Code::CpuLoad)]).await;
    world.until_delivered().await;
    world.end().await;
    let taken = server.all("taken");
    assert_eq!(taken.len(), 3);
    let [id, _] = same;
    assert_ne!(id(&taken[2]), id(&taken[0]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_answered_is_sent_again_as_the_same_mail_and_what_was_is_not() {
    let same: [fn(&Value) -> &Value; 2] = [|mail| &mail["id"], |mail| &mail["text"]];
    is_sent_again_as_the_same("mail", SMTP, same).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_answered_is_posted_again_under_the_same_id_and_what_was_is_not() {
    let same: [fn(&Value) -> &Value; 2] = [
        |post| &post["headers"]["underpass-notice"],
        |post| &post["body"],
    ];
    is_sent_again_as_the_same("webhook", HOOK, same).await;
}

/// A syslog server that never ends its first connection; it remembers what was sent on each.
#[derive(Clone, Default)]
struct Deaf(Arc<Mutex<Vec<String>>>);

impl Deaf {
    fn listen(&self) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let sent = Arc::clone(&self.0);
        std::thread::spawn(move || {
            let mut first = None;
            for stream in listener.incoming() {
                let (mut stream, mut text) = (stream.unwrap(), String::new());
                stream.read_to_string(&mut text).unwrap();
                sent.lock().unwrap().push(text);
                first.get_or_insert(stream);
            }
        });
        port
    }

    fn sent(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

/// A syslog server answers by its end of the connection.
#[tokio::test(flavor = "multi_thread")]
async fn messages_whose_connection_did_not_end_are_sent_again_as_the_same() {
    let (dir, deaf) = (tempfile::tempdir().unwrap(), Deaf::default());
    let port = deaf.listen();
    let child = start(dir.path(), "syslog", port);
    let first = until(async || deaf.sent().pop()).await.expect("messages");
    kill(child);
    assert_eq!(first.matches(" notice=\"").count(), 2, "{first}");

    let world = again(dir, settings("syslog", port)).await;
    world.until_delivered().await;
    let again = deaf.sent().split_off(1);
    assert!(
        !again.is_empty() && again.iter().all(|sent| *sent == first),
        "{again:?}"
    );

    // What was taken is never sent again.
    world.tell(vec![notice(3, Code::CpuLoad)]).await;
    world.until_delivered().await;
    world.end().await;
    let later = deaf.sent().split_off(1 + again.len());
    assert!(
        later.iter().all(|sent| sent.contains(" notice=\"3\" ")),
        "{later:?}"
    );
    let parcel = |sent: &str| sent.split('"').nth(1).map(str::to_owned);
    assert_ne!(parcel(&first), parcel(&later[0]));
}

/// What one receiver does not take is no reason for another to wait.
#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_hangs_holds_up_no_other() {
    let mut mail = Server::python(SMTP, &json!({"mail": ["hang"]}));
    let mut hook = Server::python(HOOK, &json!({}));
    let nobody = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let all = Settings {
        mail: settings("mail", mail.port).mail,
        syslog: settings("syslog", nobody).syslog,
        ..settings("webhook", hook.port)
    };
    // The mail server hangs for all of the test.
    let patient = Tempo {
        answer: Duration::from_secs(60),
        attempt: Duration::from_secs(60),
        ..FAST
    };
    let world = World::with_tempo(all, patient).await;
    world.secrets.set(PATH, "/");
    world.until("all are on", |states| states.len() == 3).await;
    for number in 1..4 {
        world.tell(vec![notice(number, Code::TunnelDown)]).await;
        let post = hook.until("taken");
        let body: Value = serde_json::from_str(post["body"].as_str().unwrap()).unwrap();
        assert_eq!(body["notices"][0]["number"], number);
    }
    world.until_failing("connecting to 127.0.0.1").await;
    let is_done = |one: &DeliveryState| (one.waiting == 0, one.last_success_ms.is_some());
    world
        .until("the webhook alone has all", |states| {
            let done = |one: &DeliveryState| is_done(one) == (true, true);
            let (hook, others): (Vec<_>, _) =
                states.iter().partition(|one| one.channel == "webhook:ops");
            let waits = |one: &&DeliveryState| is_done(one) == (false, false);
            hook.into_iter().all(done) && others.iter().all(waits)
        })
        .await;
    assert!(mail.all("taken").is_empty());
    world.end().await;
}
