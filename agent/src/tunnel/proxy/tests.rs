//! Proxies that open the way, refuse it, or are none.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;

const LOGIN: (&str, &str) = ("user", "secret");

/// Asks a proxy that answers with `answer`, then closes or keeps silent; what it was asked and what
/// became of it.
async fn ask(answer: &str, closes: bool, login: bool) -> (String, Result<TcpStream, ProxyError>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let login = login.then(|| (LOGIN.0.to_owned(), Secret::new(LOGIN.1.to_owned())));
    let port = Port::try_from(address.port()).unwrap();
    let Route::Proxy(proxy) = Route::through("127.0.0.1".parse().unwrap(), port, login) else {
        panic!("a proxy");
    };
    let gateway = "Gate.corp".parse().unwrap();
    let serving = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        // It may be too much for the other end.
        drop(stream.write_all(answer.as_bytes()).await);
        let kept = (!closes).then_some(stream);
        (String::from_utf8(head).unwrap(), kept)
    };
    let asking = async {
        let stream = TcpStream::connect(address).await.unwrap();
        proxy.open(stream, &gateway).await
    };
    let ((head, _kept), opened) = tokio::join!(serving, asking);
    (head, opened)
}

#[tokio::test]
async fn the_request_names_the_gateway_and_who_asks() {
    let (head, opened) = ask("HTTP/1.1 200 OK\r\n\r\n", false, true).await;
    assert!(opened.is_ok(), "{opened:?}");
    let head = head.to_lowercase();
    assert!(
        head.starts_with("connect gate.corp:443 http/1.1\r\n"),
        "{head}"
    );
    assert!(head.contains("\r\nhost: gate.corp:443\r\n"), "{head}");
    // base64 of `user:secret`
    let basic = "\r\nproxy-authorization: basic dxnlcjpzzwnyzxq=\r\n";
    assert!(head.contains(basic), "{head}");
    let (head, opened) = ask(
        "HTTP/1.0 200 Connection established\r\nVia: x\r\n\r\n",
        false,
        false,
    )
    .await;
    assert!(opened.is_ok(), "{opened:?}");
    assert!(!head.to_lowercase().contains("authorization"), "{head}");
}

#[tokio::test]
async fn each_refusal_says_what_to_look_at() {
    let long = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(1 << 20));
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "X: x\r\n".repeat(1_000));
    let not_http = "no answer that can be understood";
    for (answer, says) in [
        (
            "HTTP/1.1 403 Forbidden\r\nContent-Length: 1\r\n\r\nx",
            "forbids the way to gate.corp",
        ),
        (
            "HTTP/1.1 502 Bad\r\nContent-Length: 0\r\n\r\n",
            "cannot reach gate.corp (502",
        ),
        (
            "HTTP/1.1 504 Slow\r\nContent-Length: 0\r\n\r\n",
            "cannot reach gate.corp (504",
        ),
        (
            "HTTP/1.1 404 What\r\nContent-Length: 0\r\n\r\n",
            "answered 404",
        ),
        (
            "HTTP/1.1 302 Go\r\nLocation: http://login\r\nContent-Length: 0\r\n\r\n",
            "answered 302",
        ),
        ("HTTP/1.1 200 OK\r\n\r\nhello", "sent something after"),
        ("SSH-2.0-OpenSSH\r\n", not_http),
        ("\x15\x03\x03\x00\x02\x02\x28", not_http),
        ("HTTP/1.1 200 OK\r\nVia: x", not_http),
        ("", not_http),
        (&long, not_http),
        (&many, not_http),
    ] {
        let (_, opened) = ask(answer, true, false).await;
        let error = opened.unwrap_err().to_string();
        assert!(
            error.contains(says),
            "{error}: {}",
            &answer[..answer.len().min(80)]
        );
    }
    let wants =
        "HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n";
    for (login, says) in [(false, "wants a user"), (true, "refuses the user \"user\"")] {
        // Also one that keeps the connection for another try.
        for closes in [false, true] {
            let (_, opened) = ask(wants, closes, login).await;
            let error = opened.unwrap_err().to_string();
            assert!(error.contains(says) && !error.contains(LOGIN.1), "{error}");
        }
    }
}

#[tokio::test]
async fn a_silent_proxy_is_given_up() {
    let (_, opened) = ask("HTTP/1.1 100 Continue\r\n\r\n", false, false).await;
    assert!(matches!(opened, Err(ProxyError::Timeout)), "{opened:?}");
}
