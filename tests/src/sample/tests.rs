//! The sample back end against a bare socket.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use super::{pattern_byte, serve};

/// Sends `request` and returns all that comes back until the server closes.
async fn exchange_bytes(request: &[u8]) -> Vec<u8> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let client = async {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        stop.send(()).unwrap();
        answer
    };
    let server = serve(listener, async {
        stopped.await.unwrap_or_default();
    });
    let (served, answer) = tokio::join!(server, client);
    served.unwrap();
    answer
}

async fn exchange(request: &str) -> String {
    String::from_utf8_lossy(&exchange_bytes(request.as_bytes()).await).into_owned()
}

/// The port differs from run to run.
fn has_own_location(answer: &str) -> bool {
    answer
        .split_once("location: http://127.0.0.1:")
        .is_some_and(|(_, rest)| {
            rest.trim_start_matches(char::is_numeric)
                .starts_with("/hello\r\n")
        })
}

async fn get(path: &str) -> String {
    exchange(&format!(
        "GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    ))
    .await
}

#[tokio::test]
async fn hello_is_text() {
    let answer = get("/hello").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("content-type: text/plain"), "{answer}");
}

#[tokio::test]
async fn head_has_a_length_and_no_body() {
    let answer =
        exchange("HEAD /bytes/70000 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert!(answer.contains("content-length: 70000\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\n"), "{answer}");
}

#[tokio::test]
async fn bytes_are_the_pattern() {
    let answer = get("/bytes/70000").await;
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    // Bytes above 127 are not UTF-8 alone: compare what can be compared in text.
    let expected: Vec<u8> = (0..70_000).map(pattern_byte).collect();
    assert_eq!(body, String::from_utf8_lossy(&expected));
}

#[tokio::test]
async fn echo_keeps_body_and_type() {
    let answer = exchange(
        "POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: x/y\r\n\
         Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    )
    .await;
    assert!(answer.contains("content-type: x/y\r\n"), "{answer}");
    assert!(answer.contains("\r\n3\r\nabc\r\n0\r\n"), "{answer}");
}

#[tokio::test]
async fn sink_counts() {
    let answer = exchange(
        "PUT /sink HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 5\r\n\r\nabcde",
    )
    .await;
    assert!(answer.ends_with("\r\n\r\n5\n"), "{answer}");
}

#[tokio::test]
async fn redirect_and_cookie_name_the_own_host() {
    let answer = get("/redirect").await;
    assert!(answer.starts_with("HTTP/1.1 302 "), "{answer}");
    assert!(has_own_location(&answer), "{answer}");
    let answer = get("/cookie").await;
    assert!(
        answer.contains("set-cookie: sample=1; Domain=127.0.0.1;"),
        "{answer}"
    );
}

#[tokio::test]
async fn headers_come_back_as_json() {
    let answer = exchange(
        "GET /headers HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-A: 1\r\nX-A: 2\r\n\r\n",
    )
    .await;
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let members: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(members["x-a"], "1, 2");
    assert_eq!(members["host"], "a");
}

#[tokio::test]
async fn what_does_not_exist_is_404_and_a_wrong_method_405() {
    for path in ["/", "/hello/", "/bytes", "/bytes/x", "/slow/", "/nothing"] {
        let answer = get(path).await;
        assert!(answer.starts_with("HTTP/1.1 404 "), "{path}: {answer}");
    }
    let answer = get("/echo").await;
    assert!(answer.starts_with("HTTP/1.1 405 "), "{answer}");
}

#[tokio::test]
async fn websocket_echoes_a_frame() {
    let mut request = b"GET /ws HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\n\
        Upgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        .to_vec();
    // A masked text frame "hi", then a masked close frame.
    request.extend([0x81, 0x82, 0, 0, 0, 0, b'h', b'i']);
    request.extend([0x88, 0x80, 0, 0, 0, 0]);
    let answer = exchange_bytes(&request).await;
    let text = String::from_utf8_lossy(&answer);
    assert!(text.starts_with("HTTP/1.1 101 "), "{text}");
    assert!(
        text.contains("sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"),
        "{text}"
    );
    assert!(
        answer.ends_with(&[0x81, 2, b'h', b'i', 0x88, 0]),
        "{answer:?}"
    );
}
