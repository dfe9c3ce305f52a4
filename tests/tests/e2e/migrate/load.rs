//! Applications that call at a steady rate, and count whatever is not as it should be.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use underpass_runtime::clock;

/// One request a tenth of a second from each caller.
const EVERY: Duration = Duration::from_millis(100);
/// No answer takes so long.
const ANSWER_TIME: Duration = Duration::from_secs(30);
/// Failures that are told one by one.
const TOLD_MAX: usize = 20;

/// What callers saw.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) answered: usize,
    pub(super) failed: usize,
    pub(super) failures: Vec<String>,
    pub(super) slowest: Duration,
    /// How long they called.
    pub(super) took: Duration,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.answered += other.answered;
        self.failed += other.failed;
        self.failures.extend(other.failures);
        self.failures.truncate(TOLD_MAX);
        self.slowest = self.slowest.max(other.slowest);
        self.took = self.took.max(other.took);
    }

    /// Requests in a second.
    pub(super) fn rate(&self) -> f64 {
        let count = f64::from(u32::try_from(self.answered + self.failed).unwrap());
        count / self.took.as_secs_f64()
    }
}

/// Where one caller calls, and as whom.
#[derive(Clone)]
pub(super) struct Caller {
    /// The proxy of the gateway.
    pub(super) proxy: String,
    /// A header line.
    pub(super) authorization: String,
    /// Asked for in turn.
    pub(super) urls: Vec<String>,
}

/// Callers at work.
pub(super) struct Load {
    stop: Arc<AtomicBool>,
    callers: Vec<JoinHandle<Tally>>,
}

impl Load {
    /// Ten requests a second from each caller, whether the last one was answered in time or not.
    pub(super) fn start(callers: Vec<Caller>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let count = u32::try_from(callers.len()).unwrap();
        let run = |(number, caller): (u32, Caller)| {
            let stop = Arc::clone(&stop);
            // Spread over the tenth of a second.
            let delay = EVERY * number / count;
            std::thread::spawn(move || caller.call(delay, &stop))
        };
        let callers = (0..).zip(callers).map(run).collect();
        Self { stop, callers }
    }

    /// Lets all callers end their last request, and counts.
    pub(super) fn end(self) -> Tally {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = Tally::default();
        for caller in self.callers {
            all.add(caller.join().unwrap());
        }
        all
    }
}

impl Caller {
    fn call(&self, delay: Duration, stop: &AtomicBool) -> Tally {
        let mut tally = Tally::default();
        let mut kept = None;
        let start = clock::monotonic() + delay;
        let mut due = start;
        for url in self.urls.iter().cycle() {
            std::thread::sleep(due.saturating_sub(clock::monotonic()));
            if stop.load(Ordering::Relaxed) {
                break;
            }
            due += EVERY;
            let began = clock::monotonic();
            match self.ask(&mut kept, url) {
                Ok(200) => tally.answered += 1,
                Ok(status) => tally.fail(format!("{url}: {status}")),
                Err(error) => {
                    kept = None;
                    tally.fail(format!("{url}: {error}"));
                }
            }
            tally.slowest = tally.slowest.max(clock::monotonic() - began);
        }
        tally.took = clock::monotonic() - start;
        tally
    }

    /// One request, on the connection of the last one if there is one; its status.
    fn ask(&self, kept: &mut Option<BufReader<TcpStream>>, url: &str) -> std::io::Result<u16> {
        let mut reader = match kept.take() {
            Some(reader) => reader,
            None => {
                let stream = TcpStream::connect(&self.proxy)?;
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(ANSWER_TIME))?;
                BufReader::new(stream)
            }
        };
        let host = url.split('/').nth(2).unwrap_or_default();
        let request = format!(
            "GET {url} HTTP/1.1\r\nHost: {host}\r\n{}\r\n\r\n",
            self.authorization
        );
        reader.get_mut().write_all(request.as_bytes())?;
        let wrong = |what: &str| std::io::Error::other(what.to_owned());
        let (mut status, mut length, mut closes) = (None, 0, false);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Err(wrong("the connection ended within an answer"));
            }
            let line = line.trim_end().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(rest) = line.strip_prefix("http/1.1 ") {
                status = rest.get(..3).and_then(|text| text.parse().ok());
            } else if let Some(text) = line.strip_prefix("content-length: ") {
                length = text.parse().or(Err(wrong("the length is no number")))?;
            } else if line.starts_with("transfer-encoding:") {
                return Err(wrong("the answer has no length"));
            } else if line == "connection: close" {
                closes = true;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        if !closes {
            *kept = Some(reader);
        }
        status.ok_or_else(|| wrong("there is no status"))
    }
}

impl Tally {
    fn fail(&mut self, what: String) {
        self.failed += 1;
        if self.failures.len() < TOLD_MAX {
            self.failures.push(what);
        }
    }
}
