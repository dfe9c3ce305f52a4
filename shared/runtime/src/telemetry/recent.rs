//! The newest lines of the log in memory, for those who look from elsewhere.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::{self, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use underpass_shared::api::management::{LineLevel, LogLine, LogPage, LogSearch};

use crate::clock;

/// Lines that are kept: hours of an agent that has nothing to tell.
const LINES_MAX: usize = 2_000;
/// Bytes of all kept lines, so that long ones cost no more.
const BYTES_MAX: usize = 1024 * 1024;
/// Bytes of one message or value; the rest is cut off.
const VALUE_LEN_MAX: usize = 2_048;
/// What a line costs beside its texts.
const LINE_COST: usize = 128;
/// Numbers a millisecond: more lines than are ever written, so that numbers grow over restarts.
const NUMBERS_PER_MS: u64 = 1_000;
/// What records of the `log` crate have beside their own fields.
const OF_LOG: &str = "log.";

/// The newest lines. Clones are the same.
#[derive(Clone, Debug)]
pub struct Recent(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    ring: Mutex<Ring>,
    newest: watch::Sender<u64>,
}

#[derive(Debug)]
struct Ring {
    next: u64,
    bytes: usize,
    lines: VecDeque<(usize, Arc<LogLine>)>,
    onward: Option<Onward>,
}

/// Where lines go beside the ring.
#[derive(Debug)]
struct Onward {
    queue: SyncSender<Arc<LogLine>>,
    dropped: Arc<AtomicU64>,
}

/// What was written behind a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Later {
    /// All of these, the oldest first.
    These(Vec<Arc<LogLine>>),
    /// More than is kept.
    Unknown,
}

impl Recent {
    /// No lines, the first of which will have a number that no former process gave.
    pub fn new() -> Self {
        Self::from(u64::try_from(clock::wall_ms()).unwrap_or(0))
    }

    fn from(now_ms: u64) -> Self {
        let next = now_ms.saturating_mul(NUMBERS_PER_MS).saturating_add(1);
        Self(Arc::new(Inner {
            ring: Mutex::new(Ring {
                next,
                bytes: 0,
                lines: VecDeque::new(),
                onward: None,
            }),
            newest: watch::Sender::new(next - 1),
        }))
    }

    /// The number of the newest line, told as lines are written.
    pub fn newest(&self) -> watch::Receiver<u64> {
        self.0.newest.subscribe()
    }

    /// The newest lines of a search, at most `limit`.
    pub fn page(&self, search: &LogSearch, limit: usize) -> LogPage {
        let lines: Vec<Arc<LogLine>> = {
            let ring = self.ring();
            ring.lines
                .iter()
                .map(|(_, line)| Arc::clone(line))
                .collect()
        };
        let oldest = lines.first().map(|line| line.number);
        let found = lines.iter().rev().filter(|line| search.finds(line));
        let lines: Vec<LogLine> = found.take(limit).map(|line| (**line).clone()).collect();
        let before = lines.last().map(|line| line.number);
        let before = before.filter(|before| lines.len() == limit && Some(*before) > oldest);
        LogPage { lines, before }
    }

    /// What was written behind the line `number`.
    pub fn later(&self, number: u64) -> Later {
        let ring = self.ring();
        let kept = u64::try_from(ring.lines.len()).unwrap_or(0);
        let oldest = ring.next - kept;
        if number >= ring.next || number + 1 < oldest {
            return Later::Unknown;
        }
        let later = ring.lines.iter().filter(|(_, line)| line.number > number);
        Later::These(later.map(|(_, line)| Arc::clone(line)).collect())
    }

    /// Gives all further lines to `queue` too, and answers those that are there; where it is full
    /// they are counted in `dropped`.
    pub(super) fn lead_to(
        &self,
        queue: SyncSender<Arc<LogLine>>,
        dropped: Arc<AtomicU64>,
    ) -> Vec<Arc<LogLine>> {
        let mut ring = self.ring();
        ring.onward = Some(Onward { queue, dropped });
        let lines = ring.lines.iter();
        lines.map(|(_, line)| Arc::clone(line)).collect()
    }

    /// Gives further lines to nobody else.
    pub(super) fn lead_nowhere(&self) {
        self.ring().onward = None;
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.0.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, level: LineLevel, target: String, values: Values) {
        let cost = values.cost + target.len() + LINE_COST;
        let mut line = LogLine {
            number: 0,
            time_ms: clock::wall_ms(),
            level,
            target,
            message: values.message,
            fields: values.fields,
        };
        let number = {
            let mut ring = self.ring();
            line.number = ring.next;
            ring.next += 1;
            ring.bytes += cost;
            let line = Arc::new(line);
            if let Some(onward) = &ring.onward
                && onward.queue.try_send(Arc::clone(&line)).is_err()
            {
                onward.dropped.fetch_add(1, Ordering::Relaxed);
            }
            ring.lines.push_back((cost, line));
            while ring.lines.len() > LINES_MAX || ring.bytes > BYTES_MAX {
                let Some((gone, _)) = ring.lines.pop_front() else {
                    break;
                };
                ring.bytes -= gone;
            }
            ring.next - 1
        };
        // Not under the lock: whoever is woken may write a line.
        self.0.newest.send_if_modified(|newest| {
            let later = number > *newest;
            *newest = number.max(*newest);
            later
        });
    }
}

impl Default for Recent {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: Subscriber> Layer<S> for Recent {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let level = match *event.metadata().level() {
            Level::ERROR => LineLevel::Error,
            Level::WARN => LineLevel::Warn,
            Level::INFO => LineLevel::Info,
            Level::DEBUG => LineLevel::Debug,
            Level::TRACE => LineLevel::Trace,
        };
        let mut values = Values::default();
        event.record(&mut values);
        let target = values.target.take();
        let target = target.unwrap_or_else(|| event.metadata().target().to_owned());
        self.push(level, target, values);
    }
}

/// The values of one event.
#[derive(Default)]
struct Values {
    message: String,
    fields: BTreeMap<String, String>,
    /// Where a record of the `log` crate comes from.
    target: Option<String>,
    cost: usize,
}

impl Values {
    fn put(&mut self, field: &Field, value: Short) {
        let text = value.0;
        self.cost += text.len();
        match field.name() {
            "message" => self.message = text,
            "log.target" => self.target = Some(text),
            name if name.starts_with(OF_LOG) => {}
            name => {
                self.cost += name.len();
                self.fields.insert(name.to_owned(), text);
            }
        }
    }
}

impl Visit for Values {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, Short::of(value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, Short::of(format_args!("{value:?}")));
    }
}

/// A text that stops growing.
struct Short(String);

impl Short {
    /// A text, with a sign where it was cut.
    fn of(value: impl fmt::Display) -> Self {
        let mut short = Self(String::new());
        if write!(short, "{value}").is_err() {
            short.0.push('…');
        }
        short
    }
}

impl fmt::Write for Short {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = VALUE_LEN_MAX - self.0.len();
        if text.len() <= room {
            self.0.push_str(text);
            return Ok(());
        }
        self.0.push_str(&text[..text.floor_char_boundary(room)]);
        Err(fmt::Error)
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    fn logged(log: impl FnOnce()) -> Recent {
        let recent = Recent::from(5);
        let subscriber = tracing_subscriber::registry().with(recent.clone());
        tracing::subscriber::with_default(subscriber, log);
        recent
    }

    fn all(recent: &Recent) -> Vec<LogLine> {
        recent.page(&LogSearch::default(), usize::MAX).lines
    }

    #[test]
    fn lines_have_message_and_fields_and_are_cut() {
        let long = "ä".repeat(VALUE_LEN_MAX);
        let recent = logged(|| {
            tracing::warn!(host = %"gate", count = 3, text = "plain", long, "tunnel down");
        });
        let line = all(&recent).remove(0);
        assert_eq!((line.number, line.level), (5_001, LineLevel::Warn));
        assert_eq!(line.message, "tunnel down");
        assert!(line.target.ends_with("telemetry::recent::tests"));
        let field = |name: &str| line.fields[name].as_str();
        assert_eq!((field("host"), field("count")), ("gate", "3"));
        assert_eq!(field("text"), "plain");
        let cut = field("long").strip_suffix('…').unwrap();
        assert_eq!(cut.len(), VALUE_LEN_MAX);
        assert_eq!(line.fields.len(), 4);
    }

    #[test]
    fn pages_go_back_to_the_oldest_line_and_no_further() {
        let recent = logged(|| {
            for n in 0..LINES_MAX + 5 {
                tracing::info!(n, "line");
            }
        });
        let lines = all(&recent);
        assert_eq!(lines.len(), LINES_MAX);
        let mut search = LogSearch::default();
        let mut seen = vec![];
        loop {
            let page = recent.page(&search, 700);
            seen.extend(page.lines);
            search.before = page.before;
            if page.before.is_none() {
                break;
            }
        }
        assert_eq!(seen, lines);
        assert_eq!(lines[0].fields["n"], (LINES_MAX + 4).to_string());
        let newest = *recent.newest().borrow();
        assert_eq!(newest, lines[0].number);
        let later = |number| match recent.later(number) {
            Later::These(lines) => Some(lines.len()),
            Later::Unknown => None,
        };
        let oldest = lines[LINES_MAX - 1].number;
        assert_eq!(later(newest), Some(0));
        assert_eq!(later(oldest), Some(LINES_MAX - 1));
        assert_eq!(later(oldest - 1), Some(LINES_MAX));
        assert_eq!(later(oldest - 2), None);
        assert_eq!(later(newest + 1), None);
    }

    #[test]
    fn long_lines_push_out_more() {
        let long = "x".repeat(VALUE_LEN_MAX);
        let recent = logged(|| {
            for _ in 0..LINES_MAX {
                tracing::info!(long, "line");
            }
        });
        let kept = all(&recent).len();
        assert!((400..LINES_MAX / 2).contains(&kept), "{kept}");
    }
}
