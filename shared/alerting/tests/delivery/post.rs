//! Webhooks to a real server with TLS that fails as servers do.

use serde_json::{Value, json};
use underpass_alerting::Settings;
use underpass_shared::alert::Code;

use crate::world::{DEFECT, KEY, PATH, Server, World, certificates, notice, sender, trusting};

const HOOK: &str = include_str!("hook.py");

/// One webhook at an origin, with changes.
fn settings(origin: &str, webhook: &Value, trusted: Value) -> Settings {
    let mut whole = json!({"name": "ops", "enabled": true, "origin": origin, "path": PATH,
                           "trust": "trustStore"});
    for (name, value) in webhook.as_object().unwrap() {
        whole[name] = value.clone();
    }
    Settings {
        sender: sender(),
        webhooks: serde_json::from_value(json!([whole])).unwrap(),
        trusted: serde_json::from_value(trusted).unwrap(),
        ..Settings::default()
    }
}

/// The numbers of the notices in a request.
fn numbers(request: &Value) -> Vec<u64> {
    let body: Value = serde_json::from_str(request["body"].as_str().unwrap()).unwrap();
    let notices = body["notices"].as_array().unwrap();
    notices
        .iter()
        .map(|one| one["number"].as_u64().unwrap())
        .collect()
}

/// What Python says of a signature.
fn is_signed(request: &Value, key: &str) -> bool {
    let check = "import hmac, json, sys
request, key = json.loads(sys.argv[1]), sys.argv[2].encode()
parts = dict(part.split('=') for part in request['headers']['underpass-signature'].split(','))
signed = (parts['t'] + '.' + request['body']).encode()
sys.exit(hmac.new(key, signed, 'sha256').hexdigest() != parts['v1'])";
    let mut python = std::process::Command::new("/usr/bin/python3");
    python.args(["-c", check, &request.to_string(), key]);
    python.status().unwrap().success()
}

#[tokio::test(flavor = "multi_thread")]
async fn posts_are_signed_and_repeated_under_one_id_until_they_are_taken() {
    let dir = tempfile::tempdir().unwrap();
    let good = certificates(dir.path(), "good", "localhost");
    let other = certificates(dir.path(), "other", "localhost");
    let script = json!({"tls": true, "cert": good.chain, "key": good.key,
                        "answers": [500, "hang", 302, 429, "close", 404]});
    let mut server = Server::python(HOOK, &script);
    let origin = format!("https://localhost:{}", server.port);
    let signed = json!({"secret": KEY});
    let world = World::new(settings(&origin, &signed, trusting(&other.ca))).await;
    world.secrets.set(PATH, "/hook/secret?a=b");
    world.secrets.set(KEY, "a long secret of ours");
    world
        .tell(vec![notice(1, Code::TunnelDown), notice(2, Code::CpuLoad)])
        .await;
    world
        .until_failing("TLS with localhost failed: the certificate is not trusted")
        .await;
    assert!(server.all("refused").is_empty());
    world.change(settings(&origin, &signed, trusting(&good.ca)));
    for words in [
        "answered 500",
        "no answer within 0.7 s",
        "answered 302 Found; redirects are not followed",
        "answered 429",
        "POST to https://localhost",
        "answered 404",
    ] {
        world.until_failing(words).await;
        let trouble = world.courier.states().remove(0).failing.unwrap();
        assert!(!trouble.error.contains("hook"), "{trouble:?}");
    }
    world.until_delivered().await;
    world.tell(vec![notice(3, Code::CpuLoad)]).await;
    world.until_delivered().await;
    world.end().await;
    let taken = server.all("taken");
    let told: Vec<Vec<u64>> = taken.iter().map(numbers).collect();
    assert_eq!(told, [vec![1, 2], vec![3]]);
    let refused = server.all("refused");
    assert_eq!(refused.len(), 6);
    for request in &refused {
        assert_eq!(
            request["headers"]["underpass-notice"],
            taken[0]["headers"]["underpass-notice"]
        );
        assert_eq!(request["body"], taken[0]["body"]);
    }
    for request in refused.iter().chain(&taken) {
        assert_eq!(request["path"], "/hook/secret?a=b");
        assert!(is_signed(request, "a long secret of ours"), "{request}");
        assert!(!is_signed(request, "another"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn chats_get_words_and_a_storm_is_a_few_posts() {
    let mut server = Server::python(HOOK, &json!({}));
    let origin = format!("http://127.0.0.1:{}", server.port);
    let storm = || {
        let all = Code::ALL.iter().cycle();
        let storm = (0..10_000)
            .zip(all)
            .map(|(number, code)| notice(number, *code));
        storm.collect::<Vec<_>>()
    };
    let world = World::new(settings(&origin, &json!({"form": "slack"}), json!([]))).await;
    world.secrets.set(PATH, "/");
    world.tell(storm()).await;
    world.until_delivered().await;
    let slack = server.all("taken");
    assert_eq!(slack.len(), 1);
    assert!(slack[0]["body"].as_str().unwrap().contains("and 9999 more"));
    assert_eq!(slack[0]["headers"]["underpass-signature"], Value::Null);
    world.change(settings(&origin, &json!({}), json!([])));
    world.tell(storm()).await;
    world.until_delivered().await;
    world.end().await;
    let programs = server.all("taken").split_off(1);
    assert_eq!(programs.len(), 10);
    let first: Value = serde_json::from_str(programs[0]["body"].as_str().unwrap()).unwrap();
    assert_eq!(first["dropped"], 9_000);
    let told: Vec<u64> = programs.iter().flat_map(numbers).collect();
    assert!(
        told.iter().copied().eq(9_000..10_000),
        "in order and each once"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_costs_an_attempt_and_not_the_channel() {
    let mut server = Server::python(HOOK, &json!({}));
    let origin = format!("http://127.0.0.1:{}", server.port);
    let world = World::new(settings(&origin, &json!({}), json!([]))).await;
    world.secrets.set(PATH, DEFECT);
    world.tell(vec![notice(1, Code::TunnelDown)]).await;
    world.until_failing("ended in a panic").await;
    world.secrets.set(PATH, "/");
    world.until_delivered().await;
    world.end().await;
    let taken = server.all("taken");
    assert_eq!(taken.iter().map(numbers).collect::<Vec<_>>(), [[1]]);
}
