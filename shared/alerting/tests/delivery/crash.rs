//! The end of the process at the worst instants.

use std::process::{Child, Command};
use std::sync::Arc;

use serde_json::json;
use tokio::sync::watch;
use underpass_alerting::{Courier, Settings};
use underpass_runtime::tasks::Tasks;
use underpass_shared::alert::Code;

use crate::world::{FAST, Secrets, Server, World, notice, open, sender, until};

const SMTP: &str = include_str!("smtp.py");
/// Tells the child where its outbox is, and the port of the mail server.
const CHILD: &str = "UNDERPASS_TEST_COURIER";

fn settings(port: u16) -> Settings {
    let mail = json!({"enabled": true, "sendTo": "ops@corp", "sendFrom": "agent@corp",
                      "smtpHost": "localhost", "smtpPort": port});
    Settings {
        sender: sender(),
        mail: serde_json::from_value(mail).unwrap(),
        ..Settings::default()
    }
}

/// The process that is killed: it commits one notice and delivers.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a part of the other tests here"]
async fn child() {
    let Some(told) = std::env::var_os(CHILD) else {
        return;
    };
    let told = told.into_string().unwrap();
    let (port, dir) = told.split_once(' ').unwrap();
    let store = open(dir.as_ref()).await;
    let settings = Arc::new(settings(port.parse().unwrap()));
    let (_settings, followed) = watch::channel(settings);
    let surroundings = Secrets::default().surroundings();
    let courier = Courier::new(store.clone(), followed, surroundings).with_tempo(FAST);
    let tasks = Tasks::new();
    tasks.spawn("courier", courier.clone().run(tasks.clone()));
    let on = until(async || (!courier.states().is_empty()).then_some(()));
    on.await.expect("the channel is on");
    let all = vec![notice(1, Code::TunnelDown), notice(2, Code::TunnelDown)];
    store.commit("state".to_owned(), all).await.unwrap();
    std::future::pending::<()>().await;
}

fn start(dir: &std::path::Path, port: u16) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "crash::child", "--ignored", "--nocapture"]);
    command.env(CHILD, format!("{port} {}", dir.display()));
    command.spawn().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_answered_is_sent_again_as_the_same_mail_and_what_was_is_not() {
    let dir = tempfile::tempdir().unwrap();
    // The server has the whole mail, and the agent ends before the answer.
    let mut server = Server::python(SMTP, &json!({"hold": 0.4}));
    let mut child = start(dir.path(), server.port);
    let first = server.until("taken");
    child.kill().unwrap();
    child.wait().unwrap();

    let world = World::again(dir, settings(server.port)).await;
    assert_eq!(world.store.load().await.unwrap().as_deref(), Some("state"));
    world.until_delivered().await;
    let second = server.until("taken");
    assert_eq!(first["id"], second["id"]);
    assert_eq!(first["text"], second["text"]);

    // Answered mails are never sent again.
    let dir = world.end().await;
    let world = World::again(dir, settings(server.port)).await;
    world.tell(vec![notice(3, Code::CpuLoad)]).await;
    world.until_delivered().await;
    world.end().await;
    let taken = server.all("taken");
    assert_eq!(taken.len(), 3);
    assert_ne!(taken[2]["id"], taken[0]["id"]);
}
