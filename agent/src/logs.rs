//! The log for those who look from elsewhere: pages of its newest lines, and streams of lines as
//! they are written.
//!
//! Whoever writes a line never waits for a listener: each reads from the ring on his own, and one
//! who is so slow that lines were dropped before he came to them is let go.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, StreamBody};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Interval, MissedTickBehavior, interval};
use underpass_runtime::tasks::Tasks;
use underpass_runtime::telemetry::{Later, Recent};
use underpass_shared::api::management::{LogEvent, LogLine, LogPage, LogSearch};

/// Listeners at a time; each holds a connection, and calls need some too.
const STREAMS_MAX: usize = 16;
/// Lines that a listener takes from the ring at once, which is what he has in memory.
const BATCH_LEN: usize = 64;
/// How often something is sent, so that both ends notice a dead connection.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Where the connection breaks, listeners come back after this time.
const RETRY: &str = "retry: 2000\n\n";

/// The newest lines and who listens to further ones. Clones are the same.
#[derive(Clone, Debug)]
pub struct Logs {
    recent: Recent,
    free: Arc<Semaphore>,
    tasks: Tasks,
}

struct Listener {
    recent: Recent,
    search: LogSearch,
    /// The last line that was looked at.
    last: u64,
    newest: watch::Receiver<u64>,
    ready: VecDeque<Bytes>,
    heartbeat: Interval,
    tasks: Tasks,
    ended: bool,
    _place: OwnedSemaphorePermit,
}

impl Logs {
    /// Of what is kept; streams end with `tasks`.
    pub fn new(recent: Recent, tasks: &Tasks) -> Self {
        Self {
            recent,
            free: Arc::new(Semaphore::new(STREAMS_MAX)),
            tasks: tasks.clone(),
        }
    }

    /// The newest lines of a search, at most `limit`.
    pub(crate) fn page(&self, search: &LogSearch, limit: usize) -> LogPage {
        self.recent.page(search, limit)
    }

    /// Lines of a search as they are written, from behind the line `last` on or from now on. None
    /// where too many listen.
    pub(crate) fn stream(
        &self,
        search: LogSearch,
        last: Option<u64>,
    ) -> Option<UnsyncBoxBody<Bytes, Infallible>> {
        let place = Arc::clone(&self.free).try_acquire_owned().ok()?;
        let newest = self.recent.newest();
        let now = *newest.borrow();
        let mut ready = VecDeque::from([Bytes::from_static(RETRY.as_bytes())]);
        let last = match last {
            None => {
                ready.push_back(text(Some(now), &LogEvent::Start { newest: now }));
                now
            }
            Some(last) if self.recent.later(last) != Later::Unknown => last,
            Some(_) => {
                let reason = "lines were missed; those that are kept are in pages".to_owned();
                ready.push_back(text(Some(now), &LogEvent::Reset { reason }));
                now
            }
        };
        let mut heartbeat = interval(HEARTBEAT);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        heartbeat.reset();
        let listener = Listener {
            recent: self.recent.clone(),
            search,
            last,
            newest,
            ready,
            heartbeat,
            tasks: self.tasks.clone(),
            ended: false,
            _place: place,
        };
        let frames = stream::unfold(listener, |mut listener| async {
            let bytes = listener.next().await?;
            Some((Ok(Frame::data(bytes)), listener))
        });
        Some(StreamBody::new(frames).boxed_unsync())
    }
}

impl Listener {
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(ready) = self.ready.pop_front() {
                return Some(ready);
            }
            if self.ended {
                return None;
            }
            if self.tasks.is_stopped() {
                self.end("the agent stops; come back in a moment");
                continue;
            }
            self.newest.mark_unchanged();
            match self.recent.later(self.last) {
                Later::Unknown => {
                    self.end("too slow: lines were dropped; those that are kept are in pages");
                }
                Later::These(lines) if lines.is_empty() => tokio::select! {
                    biased;
                    () = self.tasks.stopped() => {}
                    _ = self.heartbeat.tick() => return Some(self.sign_of_life()),
                    Ok(()) = self.newest.changed() => {}
                },
                Later::These(lines) => {
                    self.take(&lines);
                    // Lines that are not looked for must not keep the other end in the dark.
                    if self.ready.is_empty() && self.heartbeat_is_due() {
                        return Some(self.sign_of_life());
                    }
                }
            }
        }
    }

    fn take(&mut self, lines: &[Arc<LogLine>]) {
        let batch = lines.iter().take(BATCH_LEN);
        self.last = batch
            .clone()
            .next_back()
            .map_or(self.last, |line| line.number);
        let found = batch.filter(|line| self.search.finds(line));
        let event = |line: &Arc<LogLine>| {
            let line = LogLine::clone(line);
            text(Some(line.number), &LogEvent::Line(line))
        };
        self.ready.extend(found.map(event));
    }

    fn heartbeat_is_due(&mut self) -> bool {
        let tick = std::pin::pin!(self.heartbeat.tick());
        futures_util::FutureExt::now_or_never(tick).is_some()
    }

    /// How far he has come, which is all there is to tell.
    fn sign_of_life(&self) -> Bytes {
        format!("id: {}\n\n", self.last).into()
    }

    fn end(&mut self, reason: &str) {
        self.ended = true;
        let reason = reason.to_owned();
        self.ready.push_back(text(None, &LogEvent::End { reason }));
    }
}

fn text(id: Option<u64>, event: &LogEvent) -> Bytes {
    let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    // JSON in one line has no line break.
    let data = serde_json::to_string(event).expect("events serialise");
    format!("{id}event: {}\ndata: {data}\n\n", event.name()).into()
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    type Stream = UnsyncBoxBody<Bytes, Infallible>;

    async fn frame(body: &mut Stream) -> Option<String> {
        let frame = body.frame().await?.unwrap().into_data().unwrap();
        Some(String::from_utf8(frame.to_vec()).unwrap())
    }

    fn logs() -> (Logs, impl Fn(usize), Tasks) {
        let (recent, tasks) = (Recent::new(), Tasks::new());
        let subscriber = tracing_subscriber::registry().with(recent.clone());
        let dispatch = tracing::Dispatch::new(subscriber);
        let write = move |n: usize| {
            tracing::dispatcher::with_default(&dispatch, || {
                tracing::debug!(n, "in detail");
                tracing::warn!(n, "bad");
            });
        };
        (Logs::new(recent, &tasks), write, tasks)
    }

    fn warnings() -> LogSearch {
        LogSearch {
            level: Some("WARN".parse().unwrap()),
            ..LogSearch::default()
        }
    }

    #[tokio::test]
    async fn a_listener_gets_what_he_looks_for_and_comes_back_for_the_rest() {
        let (logs, write, tasks) = logs();
        write(1);
        let mut body = logs.stream(warnings(), None).unwrap();
        assert_eq!(frame(&mut body).await.unwrap(), RETRY);
        let start = frame(&mut body).await.unwrap();
        assert!(
            start.contains("event: start\ndata: {\"type\":\"start\""),
            "{start}"
        );
        write(2);
        let line = frame(&mut body).await.unwrap();
        assert!(
            line.contains("\"n\":\"2\"") && line.contains("bad"),
            "{line}"
        );
        let id = line.lines().next().unwrap().strip_prefix("id: ").unwrap();
        let id: u64 = id.parse().unwrap();
        drop(body);
        write(3);
        let mut back = logs.stream(warnings(), Some(id)).unwrap();
        assert_eq!(frame(&mut back).await.unwrap(), RETRY);
        let line = frame(&mut back).await.unwrap();
        assert!(line.contains("\"n\":\"3\""), "{line}");
        let mut late = logs.stream(warnings(), Some(7)).unwrap();
        frame(&mut late).await.unwrap();
        assert!(frame(&mut late).await.unwrap().contains("event: reset"));
        tasks.stop();
        let end = frame(&mut back).await.unwrap();
        assert!(
            end.contains("event: end") && end.contains("the agent stops"),
            "{end}"
        );
        assert_eq!(frame(&mut back).await, None);
    }

    #[tokio::test]
    async fn a_slow_listener_is_told_and_let_go() {
        let (logs, write, _tasks) = logs();
        let mut slow = logs.stream(warnings(), None).unwrap();
        frame(&mut slow).await.unwrap();
        frame(&mut slow).await.unwrap();
        for n in 0..1_001 {
            write(n);
        }
        let end = frame(&mut slow).await.unwrap();
        assert!(
            end.contains("event: end") && end.contains("too slow"),
            "{end}"
        );
        assert_eq!(frame(&mut slow).await, None);
        drop(slow);
        let streams: Vec<_> = (0..STREAMS_MAX)
            .map(|_| logs.stream(warnings(), None).unwrap())
            .collect();
        assert!(logs.stream(warnings(), None).is_none());
        drop(streams);
        assert!(logs.stream(warnings(), None).is_some());
    }
}
