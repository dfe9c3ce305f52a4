//! The log of an agent, followed for as long as somebody looks.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::{FutureExt as _, StreamExt as _};
use tokio::time::{sleep, timeout};
use underpass_runtime::tasks::Tasks;
use underpass_shared::api::management::{LogEvent, LogLine, LogPage, Query, RunningTarget, Target};

use crate::FleetError;
use crate::api::{Api, Call, Lines};
use crate::fleet::Wake;

/// Lines that wait for the screen, which takes them with each frame.
const WAITING_MAX: usize = 5_000;
/// Lines of the past that are fetched before those that are written.
const PAGE_LEN: usize = 500;

/// How fast a log is followed. Tests make it faster; nothing else should.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tempo {
    /// Lines are handed on no more often, so that a busy agent does not draw the screen all the
    /// time.
    pause: Duration,
    /// Nobody looks who did not for so long.
    patience: Duration,
    /// An agent sends a sign of life every 15 seconds; three missing ones are a loss.
    silence: Duration,
    /// How long until a broken stream is opened anew, at first.
    retry_first: Duration,
    /// And at most.
    retry_most: Duration,
}

impl Default for Tempo {
    fn default() -> Self {
        Self {
            pause: Duration::from_millis(100),
            patience: Duration::from_secs(10),
            silence: Duration::from_secs(45),
            retry_first: Duration::from_secs(2),
            retry_most: Duration::from_secs(30),
        }
    }
}

/// How it goes with following.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Following {
    /// The newest lines are on their way.
    #[default]
    Opening,
    /// Lines come as they are written.
    Live,
    /// They do not, for this reason; it is tried again.
    Broken(Arc<str>),
    /// Nobody looked any more.
    Over,
}

#[derive(Debug, Default)]
struct Held {
    lines: VecDeque<LogLine>,
    has_gap: bool,
    state: Following,
}

#[derive(Debug, Default)]
struct Inner {
    wanted: AtomicBool,
    held: Mutex<Held>,
}

/// Lines of an agent's log on their way to a screen. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct LogFeed(Arc<Inner>);

impl LogFeed {
    /// Somebody looks; to be said with each frame.
    pub fn want(&self) {
        self.0.wanted.store(true, Ordering::Relaxed);
    }

    /// How it goes.
    pub fn state(&self) -> Following {
        self.held().state.clone()
    }

    /// The lines that came since, the oldest first, and whether lines are missing before them.
    pub fn take(&self) -> (Vec<LogLine>, bool) {
        let mut held = self.held();
        let has_gap = std::mem::take(&mut held.has_gap);
        (held.lines.drain(..).collect(), has_gap)
    }

    pub(crate) fn put(&self, lines: impl IntoIterator<Item = LogLine>, has_gap: bool) {
        let mut held = self.held();
        held.has_gap |= has_gap;
        held.lines.extend(lines);
        let more = held.lines.len().saturating_sub(WAITING_MAX);
        held.has_gap |= more > 0;
        held.lines.drain(..more);
    }

    pub(crate) fn set(&self, state: Following) {
        self.held().state = state;
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until nobody looks any more.
    async fn unwanted(&self, patience: Duration) {
        while self.0.wanted.swap(false, Ordering::Relaxed) {
            sleep(patience).await;
        }
    }
}

/// Follows the log behind a line that is known, until nobody looks or all ends.
pub(crate) async fn follow(
    api: Arc<dyn Api>,
    feed: LogFeed,
    after: Option<u64>,
    wake: Wake,
    (tasks, tempo): (Tasks, Tempo),
) {
    feed.want();
    let follower = Follower {
        api,
        feed: feed.clone(),
        last: after,
        wake: Arc::clone(&wake),
        tempo,
    };
    tokio::select! {
        () = follower.run() => {}
        () = feed.unwanted(tempo.patience) => {}
        () = tasks.stopped() => {}
    }
    feed.set(Following::Over);
    wake();
}

struct Follower {
    api: Arc<dyn Api>,
    feed: LogFeed,
    /// The newest line that is known.
    last: Option<u64>,
    wake: Wake,
    tempo: Tempo,
}

impl Follower {
    async fn run(mut self) {
        let mut wait = self.tempo.retry_first;
        loop {
            let broken = self.listen(&mut wait).await;
            self.feed.set(Following::Broken(broken.into()));
            (self.wake)();
            sleep(wait).await;
            wait = (wait * 2).min(self.tempo.retry_most);
        }
    }

    /// Listens until that breaks: why it did.
    async fn listen(&mut self, wait: &mut Duration) -> String {
        if self.last.is_none()
            && let Err(error) = self.catch_up().await
        {
            return error.reason();
        }
        let mut lines = match self.api.lines(self.last).await {
            Ok(lines) => lines,
            Err(error) => return error.reason(),
        };
        *wait = self.tempo.retry_first;
        self.feed.set(Following::Live);
        (self.wake)();
        loop {
            if let Some(reason) = self.hear(&mut lines).await {
                return reason;
            }
        }
    }

    /// Takes what comes next, and what came with it; the reason where that was the last.
    async fn hear(&mut self, lines: &mut Lines) -> Option<String> {
        let first = timeout(self.tempo.silence, lines.next())
            .await
            .ok()
            .flatten();
        let mut next = Some(first.unwrap_or(Err(FleetError::Silent)));
        let (mut came, mut end) = (vec![], None);
        while let Some(heard) = next.take() {
            match heard.map(|heard| heard.message) {
                Ok(Some(LogEvent::Line(line))) => {
                    self.last = Some(line.number);
                    came.push(line);
                }
                Ok(Some(LogEvent::Reset { .. })) => {
                    end = self.catch_up().await.err().map(|error| error.reason());
                }
                Ok(Some(LogEvent::End { reason })) => end = Some(reason),
                Ok(Some(LogEvent::Start { .. }) | None) => {}
                Err(error) => end = Some(error.reason()),
            }
            if end.is_none() && came.len() < PAGE_LEN {
                let soon = lines.next().now_or_never();
                next = soon.map(|heard| heard.unwrap_or(Err(FleetError::Silent)));
            }
        }
        if !came.is_empty() {
            self.feed.put(came, false);
        }
        (self.wake)();
        sleep(self.tempo.pause).await;
        end
    }

    /// Fetches the newest lines behind the one that is known.
    async fn catch_up(&mut self) -> Result<(), FleetError> {
        let query = Query {
            limit: Some(PAGE_LEN),
            ..Query::default()
        };
        let call = Call::get(Target::Running(RunningTarget::Logs)).query(query);
        let page: LogPage = self.api.call(&call).await?.read()?;
        let last = self.last;
        let oldest = page.lines.last().map(|line| line.number);
        let has_gap = page.before.is_some()
            && last
                .zip(oldest)
                .is_some_and(|(last, oldest)| oldest > last + 1);
        self.last = page.lines.first().map(|line| line.number).or(last);
        let new = page.lines.into_iter().rev();
        let new = new.filter(|line| last.is_none_or(|last| line.number > last));
        self.feed.put(new, has_gap);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
