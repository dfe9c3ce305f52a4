//! Requests at a fixed pace, whether earlier ones are answered or not, so that a stall is felt by
//! all requests that it delays.

use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use anyhow::Context;

use super::http::Connection;
use super::target;
use crate::bench::client::{Client, Way};
use crate::clock::Stopwatch;
use crate::stop::Stop;

const REQUESTS_PER_SECOND: u32 = 500;
const TIME: Duration = Duration::from_secs(20);
/// Enough for a stall of 100 ms without a request that waits for a connection.
const CONNECTIONS: u32 = 50;
/// A request that takes longer is an error.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);

/// What the requests felt; times in milliseconds from when each was due.
#[derive(Clone, Copy, Debug)]
pub(super) struct Felt {
    pub(super) requests: usize,
    pub(super) errors: usize,
    pub(super) p50: f64,
    pub(super) p99: f64,
}

/// The load.
#[derive(Debug)]
pub(super) struct OpenLoop {
    peer: String,
    request: String,
}

impl OpenLoop {
    pub(super) fn new(client: &Client, way: Way) -> Self {
        let authorization = client.authorization(way).unwrap_or_default();
        let request = format!(
            "GET {} HTTP/1.1\r\nHost: {}\r\nProxy-Authorization: {authorization}\r\n\r\n",
            target(),
            client.host(way)
        );
        Self {
            peer: client.peer(way).to_owned(),
            request,
        }
    }

    pub(super) fn run(&self, stop: &Stop) -> anyhow::Result<Felt> {
        let watch = Stopwatch::start();
        let all: anyhow::Result<Vec<Vec<Option<f64>>>> = thread::scope(|scope| {
            let threads: Vec<_> = (0..CONNECTIONS)
                .map(|n| scope.spawn(move || self.one(n, watch, stop)))
                .collect();
            let joined = threads.into_iter().map(|thread| {
                let ended = thread.join();
                ended.map_err(|_panic| anyhow::anyhow!("a client panicked"))?
            });
            joined.collect()
        });
        let all: Vec<Option<f64>> = all?.into_iter().flatten().collect();
        let mut times: Vec<f64> = all.iter().copied().flatten().collect();
        times.sort_by(f64::total_cmp);
        let at = |share: usize| times.get(times.len() * share / 100).copied();
        Ok(Felt {
            requests: all.len(),
            errors: all.len() - times.len(),
            p50: at(50).context("no request was answered")?,
            p99: at(99).context("no request was answered")?,
        })
    }

    /// The requests of one connection: their times, or None for an error.
    fn one(&self, n: u32, watch: Stopwatch, stop: &Stop) -> anyhow::Result<Vec<Option<f64>>> {
        let step = Duration::from_secs(1) * CONNECTIONS / REQUESTS_PER_SECOND;
        let mut due = step * n / CONNECTIONS;
        let mut connection = self.connect()?;
        let mut times = Vec::new();
        while due < TIME {
            stop.check()?;
            thread::sleep(due.saturating_sub(watch.elapsed()));
            let answered = connection.exchange(&self.request);
            let time = watch.elapsed().saturating_sub(due);
            times.push(answered.is_ok().then_some(time.as_secs_f64() * 1e3));
            if answered.is_err() {
                connection = self.connect()?;
            }
            due += step;
        }
        Ok(times)
    }

    fn connect(&self) -> anyhow::Result<Connection<TcpStream>> {
        let stream = TcpStream::connect(&self.peer)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(ANSWER_LIMIT))?;
        Ok(Connection::new(stream))
    }
}
