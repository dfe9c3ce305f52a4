//! Receivers that take backups, refuse them, or are not there.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

use super::*;

fn upload() -> BackupUpload {
    serde_json::from_value(serde_json::json!({"url": "https://nas.corp:8443/dav/"})).unwrap()
}

fn way(login: Option<(Option<&str>, &str)>) -> Way {
    let login = login.map(|(user, secret)| {
        let user = user.map(|user| user.parse().unwrap());
        (user, Secret::new(secret.to_owned()))
    });
    Way {
        route: Route::Direct,
        guard: Box::new(|_| Ok(())),
        login,
        trusted: vec![],
        tempo: Tempo::default(),
    }
}

/// What a receiver reads, and how it ends when it answers so.
async fn answered(answer: &str) -> (String, Result<(), UploadError>) {
    let (near, mut far) = duplex(64 * 1_024);
    let body = Pieces::of(&b"sealed"[..], 6);
    let way = way(Some((Some("u"), "p")));
    let request = request(&upload(), "a.zip", "x=", body, &way).unwrap();
    let receive = async {
        let mut read = vec![0; 4_096];
        let mut len = 0;
        while !read[..len].ends_with(b"sealed") {
            len += far.read(&mut read[len..]).await.unwrap();
        }
        far.write_all(answer.as_bytes()).await.unwrap();
        drop(far);
        String::from_utf8(read[..len].to_vec()).unwrap()
    };
    tokio::join!(receive, exchange(near, request))
}

#[tokio::test]
async fn answers_are_told_apart() {
    let (request, taken) = answered("HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n").await;
    assert!(taken.is_ok());
    for line in [
        "PUT /dav/a.zip HTTP/1.1\r\n",
        "host: nas.corp:8443\r\n",
        "authorization: Basic dTpw\r\n",
        "content-digest: sha-256=:x=:\r\n",
        "content-length: 6\r\n",
    ] {
        assert!(request.contains(line), "{request}");
    }
    for (answer, says, may_pass) in [
        (
            "301 Moved\r\nlocation: /x",
            "redirects are not followed",
            false,
        ),
        ("401 No", "the login is missing or wrong", false),
        ("403 No", "the login is missing or wrong", false),
        ("507 Full", "the answer was 507 Insufficient Storage", true),
        ("429 Slow\r\nretry-after: 7", "come again after 7", true),
        ("409 No folder", "the answer was 409 Conflict", false),
    ] {
        let answer = format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\n\r\n");
        let error = answered(&answer).await.1.unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
        assert_eq!(error.may_pass(), may_pass, "{error}");
    }
    let garbage = answered("SSH-2.0-x\r\n\r\n").await.1.unwrap_err();
    assert!(
        garbage.to_string().contains("can be understood"),
        "{garbage}"
    );
}

#[test]
fn a_token_goes_as_one_and_no_secret_is_shown() {
    let way = way(Some((None, "tok-en")));
    let request = request(&upload(), "a", "", (), &way).unwrap();
    assert_eq!(request.headers()[AUTHORIZATION], "Bearer tok-en");
    assert!(!format!("{request:?}").contains("tok-en"));
}

#[tokio::test]
async fn who_is_away_silent_or_guarded_is_named() {
    // A port that nothing listens on, and one that never says a word.
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let away = gone.local_addr().unwrap().port();
    drop(gone);
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mute = silent.local_addr().unwrap().port();
    let mut way = way(None);
    way.tempo = Tempo {
        connect: Duration::from_millis(200),
        answer: Duration::from_millis(200),
        pause: Duration::from_millis(1),
    };
    let send = async |port: u16, way: &Way| {
        let url = format!("https://127.0.0.1:{port}/");
        let upload = serde_json::from_value(serde_json::json!({ "url": url })).unwrap();
        let archive = Again::of(io::Cursor::new(b"x"));
        let sent = put(&upload, "a.zip", archive, 1, way).await;
        sent.unwrap_err().to_string()
    };
    let error = send(away, &way).await;
    assert_eq!(error, format!("127.0.0.1:{away} cannot be reached"));
    assert_eq!(send(mute, &way).await, "no answer within 1 s");
    way.guard = Box::new(|_| Err("it is loopback".to_owned()));
    let error = send(mute, &way).await;
    assert_eq!(error, "127.0.0.1 must not be dialled: it is loopback");
}
