//! A receiver of the posts that tell of alerts.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::process::json;

/// A receiver of posts that remembers their bodies.
#[derive(Clone, Default)]
pub(crate) struct Posts(Arc<Mutex<Vec<Value>>>);

impl Posts {
    /// Answers 204 to everything, until the test ends.
    pub(crate) fn listen(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let posts = self.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = BufReader::new(stream.unwrap());
                let (mut line, mut length) = (String::new(), 0);
                while stream.read_line(&mut line).unwrap() > 2 {
                    if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                        length = value.trim().parse().unwrap();
                    }
                    line.clear();
                }
                let mut body = vec![0; length];
                stream.read_exact(&mut body).unwrap();
                let text = String::from_utf8(body).unwrap();
                posts.0.lock().unwrap().push(json(&text));
                let answer = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
                stream.get_mut().write_all(answer).unwrap();
            }
        });
        format!("http://{address}/hook")
    }

    /// What was told of an alert, in order: happening and text.
    pub(crate) fn told(&self, code: &str) -> Vec<(String, String)> {
        let posts = self.0.lock().unwrap();
        let notices = posts.iter().flat_map(|post| {
            let list = post["notices"].as_array().cloned();
            list.unwrap_or_else(|| panic!("{post}"))
        });
        let of = notices.filter(|one| one["alert"]["code"] == code);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        of.map(|one| (text(&one["happening"]), text(&one["alert"]["text"])))
            .collect()
    }
}
