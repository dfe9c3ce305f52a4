//! Many consumers at once, as bare connections: curl would need a process for each.

use std::io;
use std::time::Duration;

use futures_util::future::join_all;
use futures_util::stream::{StreamExt as _, iter};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use underpass_runtime::clock;

use crate::world::World;

/// Connections that are opened at once.
const AT_ONCE: usize = 200;

/// A consumer's kept-alive connection.
pub(crate) struct Consumer {
    stream: TcpStream,
}

/// What a consumer saw of a request.
#[derive(Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) status: u16,
    /// Bytes of the answer's body.
    pub(crate) body: usize,
    pub(crate) time: Duration,
}

/// The application's side, on a runtime of its own.
pub(crate) struct Crowd {
    runtime: Runtime,
    proxy: String,
    authorization: String,
}

impl Crowd {
    pub(crate) fn new(world: &World) -> Self {
        // Each connection takes a descriptor here as well.
        underpass_runtime::descriptors::raise().unwrap();
        Self {
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap(),
            proxy: world.text("proxy"),
            authorization: world.tenant.authorization(),
        }
    }

    fn head(&self, method: &str, path: &str, more: &str) -> String {
        format!(
            "{method} http://backend.virtual{path} HTTP/1.1\r\nHost: backend.virtual\r\n{}\r\n{more}\r\n",
            self.authorization
        )
    }

    /// Sends one GET on each of `count` new connections; answers the status codes, 0 for a
    /// connection that ended without one.
    pub(crate) fn get_all(&self, count: usize, path: &str) -> Vec<u16> {
        let head = self.head("GET", path, "");
        let one = || async {
            let mut consumer = Consumer::connect(&self.proxy).await?;
            consumer.request(&head).await
        };
        self.runtime.block_on(async {
            let all = join_all((0..count).map(|_| one())).await;
            all.into_iter().map(Result::unwrap_or_default).collect()
        })
    }

    /// Opens `count` connections, each of which has had one answer and stays open.
    pub(crate) fn keep_open(&self, count: usize, path: &str) -> Vec<Consumer> {
        let head = self.head("GET", path, "");
        let one = || async {
            let mut consumer = Consumer::connect(&self.proxy).await.unwrap();
            assert_eq!(consumer.request(&head).await.unwrap(), 200);
            consumer
        };
        let all = iter((0..count).map(|_| one())).buffer_unordered(AT_ONCE);
        self.runtime.block_on(all.collect())
    }

    /// Another answer on each of some open connections.
    pub(crate) fn use_again<'a>(
        &self,
        consumers: impl Iterator<Item = &'a mut Consumer>,
        path: &str,
    ) -> Vec<u16> {
        let head = self.head("GET", path, "");
        let all = join_all(consumers.map(|consumer| consumer.request(&head)));
        let all = self.runtime.block_on(all);
        all.into_iter().map(Result::unwrap_or_default).collect()
    }

    /// Sends the requests of each list one after the other on a connection of its own, all lists at
    /// once; answers what was seen of each request.
    pub(crate) fn play(&self, lists: &[Vec<String>]) -> Vec<Seen> {
        let all = lists.iter().map(|list| async move {
            let mut consumer = Consumer::connect(&self.proxy).await.unwrap();
            let mut seen = vec![];
            for request in list {
                let begun = clock::monotonic();
                let (status, body) = consumer.exchange(request).await.unwrap();
                let time = clock::monotonic().saturating_sub(begun);
                seen.push(Seen { status, body, time });
            }
            seen
        });
        self.runtime.block_on(join_all(all)).concat()
    }

    /// Sends `request` on `count` connections and resets them all after `wait`.
    pub(crate) fn reset_all(&self, count: usize, request: &str, wait: Duration) {
        self.runtime.block_on(async {
            let one = || async {
                let mut consumer = Consumer::connect(&self.proxy).await.unwrap();
                consumer.stream.write_all(request.as_bytes()).await.unwrap();
                consumer
            };
            let all = join_all((0..count).map(|_| one())).await;
            tokio::time::sleep(wait).await;
            for consumer in all {
                // An end without lingering is a reset.
                consumer.stream.set_zero_linger().unwrap();
            }
        });
    }

    pub(crate) fn get(&self, path: &str) -> String {
        self.head("GET", path, "")
    }

    /// A request for the agent of a location ID.
    pub(crate) fn get_at(&self, location: &str, path: &str) -> String {
        let header = format!("SAP-Connectivity-SCC-Location_ID: {location}\r\n");
        self.head("GET", path, &header)
    }

    /// A request whose body stays behind its length.
    pub(crate) fn unfinished_upload(&self, path: &str) -> String {
        let head = self.head("POST", path, "Content-Length: 1000000\r\n");
        format!("{head}{}", "x".repeat(10_000))
    }
}

impl Consumer {
    async fn connect(proxy: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(proxy).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream })
    }

    /// Sends a request and reads its answer, which must have a length.
    async fn request(&mut self, head: &str) -> io::Result<u16> {
        Ok(self.exchange(head).await?.0)
    }

    /// The same; answers the status and the length of the body.
    async fn exchange(&mut self, head: &str) -> io::Result<(u16, usize)> {
        self.stream.write_all(head.as_bytes()).await?;
        let mut answer = Vec::new();
        let end = loop {
            if let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            if self.stream.read_buf(&mut answer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        };
        let text = String::from_utf8_lossy(&answer[..end]).to_lowercase();
        let length = text
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .unwrap_or_else(|| panic!("no length: {text}"));
        let length: usize = length.parse().unwrap_or_else(|_| panic!("{text}"));
        while answer.len() < end + length {
            if self.stream.read_buf(&mut answer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let status = text.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status = status.unwrap_or_else(|| panic!("no status: {text}"));
        Ok((status, length))
    }
}
