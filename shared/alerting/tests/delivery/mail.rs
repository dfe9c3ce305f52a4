//! Mail to a real server that behaves as mail servers do.

use std::time::Duration;

use serde_json::{Value, json};
use underpass_alerting::{Channel, Settings, Tempo};
use underpass_shared::alert::Code;

use crate::world::{
    Certificates, FAST, PASSWORD, Server, World, certificates, notice, sender, trusting,
};

const SMTP: &str = include_str!("smtp.py");

/// Mail to a port, with changes.
fn settings(port: u16, mail: &Value, trusted: Value) -> Settings {
    let mut whole = json!({"enabled": true, "sendTo": "ops@corp", "sendFrom": "agent@corp",
                           "smtpHost": "localhost", "smtpPort": port});
    for (name, value) in mail.as_object().unwrap() {
        whole[name] = value.clone();
    }
    Settings {
        sender: sender(),
        mail: serde_json::from_value(whole).unwrap(),
        trusted: serde_json::from_value(trusted).unwrap(),
        ..Settings::default()
    }
}

fn plain(port: u16) -> Settings {
    settings(port, &json!({}), json!([]))
}

fn subject(mail: &Value) -> &str {
    mail["subject"].as_str().unwrap()
}

fn with_tls(mode: &str, of: &Certificates) -> Value {
    json!({"tls": mode, "cert": of.chain, "key": of.key})
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_passes_by_starttls_with_login_and_tells_who_is_not_believed() {
    let dir = tempfile::tempdir().unwrap();
    let good = certificates(dir.path(), "good", "localhost");
    let other = certificates(dir.path(), "other", "localhost");
    let mut script = with_tls("starttls", &good);
    script["users"] = json!({"agent": "right"});
    let mut server = Server::python(SMTP, &script);
    let login = json!({"trustOption": "emailTrustStore", "smtpUsername": "agent",
                       "credential": PASSWORD, "sendCc": "Jane Doe <jane@corp>"});

    // The wrong CA, no CA, the wrong name, the wrong password; then all is right.
    let world = World::new(settings(server.port, &login, trusting(&other.ca))).await;
    world.secrets.set(PASSWORD, "wrong");
    world.tell(vec![notice(1, Code::TunnelDown)]).await;
    world
        .until_failing("TLS with localhost failed: the certificate is not trusted: neither")
        .await;
    world.change(settings(server.port, &login, json!([])));
    world
        .until_failing("the trust store of mail is empty")
        .await;
    let mut by_number = login.clone();
    by_number["smtpHost"] = json!("127.0.0.1");
    world.change(settings(server.port, &by_number, trusting(&good.ca)));
    world
        .until_failing("the certificate is for another host")
        .await;
    world.change(settings(server.port, &login, trusting(&good.ca)));
    world
        .until_failing("login as agent failed: permanent error (535)")
        .await;
    assert!(
        server.all("mail").is_empty(),
        "nothing is said before all is right"
    );
    world.secrets.set(PASSWORD, "right");
    world.until_delivered().await;

    let mail = server.until("taken");
    assert_eq!(mail["to"], json!(["ops@corp", "jane@corp"]));
    assert_eq!(
        (&mail["user"], &mail["sender"]),
        (&json!("agent"), &json!("agent@corp"))
    );
    assert_eq!(
        subject(&mail),
        "[Underpass] ERROR Tunnel is down – agent.corp"
    );
    assert!(
        mail["text"]
            .as_str()
            .unwrap()
            .contains("ERROR Tunnel is down: e1")
    );
    world.end().await;
    assert_eq!(server.all("taken").len(), 1);
    assert!(server.seen.iter().all(|event| event["tls"] != false));
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_from_the_first_byte_and_servers_that_break_it() {
    let dir = tempfile::tempdir().unwrap();
    let good = certificates(dir.path(), "good", "localhost");
    let broken = Server::python(SMTP, &json!({"tls": "broken"}));
    let without = Server::python(SMTP, &json!({}));
    let mut implicit = Server::python(SMTP, &with_tls("implicit", &good));
    let tls = json!({"trustOption": "emailTrustStore"});
    let to = |port: u16| settings(port, &tls, trusting(&good.ca));
    let world = World::new(to(broken.port)).await;
    world.tell(vec![notice(1, Code::TunnelDown)]).await;
    world.until_failing("TLS with localhost failed").await;
    // A server without TLS gets nothing, whatever it says.
    world.change(to(without.port));
    world
        .until_failing("STARTTLS failed: the server does not offer it")
        .await;
    let first = json!({"trustOption": "emailTrustStore",
                       "additionalProperties": {"mail.smtp.ssl.enable": "true"}});
    world.change(settings(without.port, &first, trusting(&good.ca)));
    world
        .until_failing("the server does not speak TLS on this port")
        .await;
    world.change(settings(implicit.port, &first, trusting(&good.ca)));
    world.until_delivered().await;
    implicit.until("taken");
    let any = json!({"trustOption": "trustAll", "smtpHost": "127.0.0.1",
                     "additionalProperties": {"mail.smtp.ssl.enable": "true"}});
    world.change(settings(implicit.port, &any, json!([])));
    world.tell(vec![notice(2, Code::CpuLoad)]).await;
    implicit.until("taken");
    world.end().await;
    assert_eq!(implicit.all("taken").len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_recipient_gets_it_once_whoever_else_is_refused() {
    let script = json!({"rcpt": {"grey@corp": ["451 4.7.1 later", "451 4.7.1 later"],
                                 "gone@corp": ["550 5.1.1 nobody", "550 5.1.1 nobody"]},
                        "mail": ["451 4.7.1 greylisted"]});
    let mut server = Server::python(SMTP, &script);
    let three = json!({"sendTo": "ops@corp, grey@corp", "sendCc": "gone@corp"});
    let world = World::new(settings(server.port, &three, json!([]))).await;
    world.tell(vec![notice(1, Code::TunnelDown)]).await;
    world.until_delivered().await;
    let remark = world.courier.states().remove(0).remark.unwrap();
    assert!(
        remark.contains("RCPT TO:<gone@corp> failed: permanent error (550)"),
        "{remark}"
    );
    world.end().await;
    let taken = server.all("taken");
    let to: Vec<&Value> = taken.iter().map(|mail| &mail["to"]).collect();
    assert_eq!(to, [&json!(["ops@corp"]), &json!(["grey@corp"])]);
    assert_eq!(taken[0]["id"], taken[1]["id"], "it is the same mail");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_whose_mailbox_is_full_for_long_holds_up_nobody() {
    let full = vec!["452 4.2.2 full"; 100];
    let mut server = Server::python(SMTP, &json!({"rcpt": {"full@corp": full}}));
    let two = json!({"sendTo": "ops@corp, full@corp"});
    let patient = Tempo {
        hold_up: Duration::from_millis(400),
        per_category: Duration::ZERO,
        ..FAST
    };
    let world = World::with_tempo(settings(server.port, &two, json!([])), patient).await;
    world.tell(vec![notice(1, Code::TunnelDown)]).await;
    world.until_failing("RCPT TO:<full@corp> failed").await;
    world.tell(vec![notice(2, Code::TunnelDown)]).await;
    world.until_delivered().await;
    // From now on it is known.
    world.tell(vec![notice(3, Code::TunnelDown)]).await;
    world.until_delivered().await;
    let remark = world.courier.states().remove(0).remark.unwrap();
    assert!(remark.contains("452"), "{remark}");
    assert!(remark.ends_with("not sent to full@corp"), "{remark}");
    world.end().await;
    let taken = server.all("taken");
    let told: Vec<Vec<u64>> = taken.iter().map(numbers).collect();
    assert_eq!(told, [[1], [2], [3]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_thinks_long_about_a_mail_gets_it_once() {
    let mut server = Server::python(SMTP, &json!({"hold": 1.5}));
    let patient = Tempo {
        taking: Duration::from_secs(4),
        ..FAST
    };
    let world = World::with_tempo(plain(server.port), patient).await;
    world.tell(vec![notice(1, Code::TunnelDown)]).await;
    world.until_delivered().await;
    world.end().await;
    assert_eq!(server.all("taken").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_who_is_refused_for_good_does_not_keep_it_from_the_others() {
    let refusals = ["550 5.1.1 nobody"; 9];
    let mut server = Server::python(SMTP, &json!({"rcpt": {"gone@corp": refusals}}));
    let two = json!({"sendTo": "ops@corp, gone@corp"});
    let world = World::new(settings(server.port, &two, json!([]))).await;
    world.tell(vec![notice(1, Code::TunnelDown)]).await;
    world.until_delivered().await;
    let remark = world.courier.states().remove(0).remark.unwrap();
    assert!(
        remark.contains("RCPT TO:<gone@corp> failed: permanent error (550)"),
        "{remark}"
    );
    // Alone it is kept until somebody mends the settings.
    world.change(settings(
        server.port,
        &json!({"sendTo": "gone@corp"}),
        json!([]),
    ));
    world.tell(vec![notice(2, Code::CpuLoad)]).await;
    world.until_failing("RCPT TO:<gone@corp> failed").await;
    world.change(plain(server.port));
    world.until_delivered().await;
    world.end().await;
    let to: Vec<Value> = server
        .all("taken")
        .iter()
        .map(|mail| mail["to"].clone())
        .collect();
    assert_eq!(to, [json!(["ops@corp"]), json!(["ops@corp"])]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_away_or_hung_gets_all_in_order_and_once() {
    let mut server = Server::python(SMTP, &json!({}));
    let port = server.port;
    let world = World::new(plain(port)).await;
    world.tell(vec![notice(1, Code::TunnelDown)]).await;
    world.until_delivered().await;
    server.until("taken");
    server.kill();
    for number in 2..5 {
        world.tell(vec![notice(number, Code::TunnelDown)]).await;
    }
    world.until_failing("connecting to 127.0.0.1").await;
    // An outbox outlasts the end of the agent.
    let dir = world.end().await;
    let hanging = json!({"port": port, "mail": ["hang"], "data": ["hang", "452 4.3.1 full"]});
    let mut server = Server::python(SMTP, &hanging);
    let world = World::again(dir, plain(port)).await;
    world.until_failing("no answer within").await;
    world.until_failing("452").await;
    world.until_delivered().await;
    world.tell(vec![notice(5, Code::TunnelDown)]).await;
    world.until_delivered().await;
    world.end().await;
    let taken = server.all("taken");
    let told: Vec<Vec<u64>> = taken.iter().map(numbers).collect();
    assert_eq!(told, [vec![2, 3, 4], vec![5]]);
}

/// The numbers of the notices in a mail.
fn numbers(mail: &Value) -> Vec<u64> {
    let text = mail["text"].as_str().unwrap();
    let after = text.split("notice ").skip(1);
    after
        .map(|rest| rest.split(',').next().unwrap().parse().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_is_at_most_three_mails_and_tells_how_much_it_leaves_out() {
    let mut server = Server::python(SMTP, &json!({}));
    // As in use, but for the minute.
    let tempo = Tempo {
        gather: Tempo::default().gather,
        per_category: Duration::from_secs(4),
        ..FAST
    };
    let world = World::with_tempo(plain(server.port), tempo).await;
    let all = Code::ALL.iter().cycle();
    let storm = (0..10_000)
        .zip(all)
        .map(|(number, code)| notice(number, *code));
    let storm: Vec<_> = storm.collect();
    // All of it within a second, or as fast as the disk takes it.
    let mut turns = tokio::time::interval(Duration::from_millis(50));
    for part in storm.chunks(500) {
        turns.tick().await;
        world.tell(part.to_vec()).await;
    }
    world.until_delivered().await;
    world.end().await;
    let taken = server.all("taken");
    assert!((1..=3).contains(&taken.len()), "{}", taken.len());
    let told: u64 = taken.iter().map(|mail| counted(subject(mail))).sum();
    assert_eq!(told, 10_000, "{taken:?}");
}

/// How many notices a subject speaks of.
fn counted(subject: &str) -> u64 {
    let more = subject.split(" and ").nth(1);
    let more = more.and_then(|rest| rest.split(' ').next()?.parse::<u64>().ok());
    more.unwrap_or(0) + 1
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_says_what_happened_and_is_no_part_of_the_outbox() {
    let mut server = Server::python(SMTP, &json!({"mail": ["554 5.7.1 not you"]}));
    let off = settings(server.port, &json!({"enabled": false}), json!([]));
    let world = World::without_channels(off).await;
    let refused = world.courier.test(&Channel::Mail).await.unwrap_err();
    assert!(
        refused.starts_with("MAIL FROM:<agent@corp> failed: permanent error (554)"),
        "{refused}"
    );
    world.courier.test(&Channel::Mail).await.unwrap();
    let mail = server.until("taken");
    let expected = "[Underpass] TEST Test of the delivery of alerts – agent.corp";
    assert_eq!(subject(&mail), expected);
    world.change(settings(
        server.port,
        &json!({"enabled": false, "sendTo": ""}),
        json!([]),
    ));
    let incomplete = world.courier.test(&Channel::Mail).await.unwrap_err();
    assert_eq!(incomplete, "sendTo: is missing");
    let missing = world
        .courier
        .test(&"webhook:x".parse().unwrap())
        .await
        .unwrap_err();
    assert_eq!(missing, "there is no channel webhook:x");
}
