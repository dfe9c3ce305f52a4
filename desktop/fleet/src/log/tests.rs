//! Following a log that breaks, is left behind, and is looked at no more.

use std::sync::atomic::AtomicUsize;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream;
use http::StatusCode;
use underpass_shared::api::management::LineLevel;

use super::*;
use crate::Reply;
use crate::api::{Events, Heard};
use crate::snapshot::Sample;

/// An agent that has written so many lines, and what its streams tell, one after the other.
struct Writer {
    written: u64,
    streams: Mutex<VecDeque<Vec<LogEvent>>>,
    /// From behind which line each stream was asked for.
    asked: Mutex<Vec<Option<u64>>>,
    pages: AtomicUsize,
}

impl Writer {
    fn new(written: u64, streams: Vec<Vec<LogEvent>>) -> Arc<Self> {
        Arc::new(Self {
            written,
            streams: Mutex::new(streams.into()),
            asked: Mutex::default(),
            pages: AtomicUsize::new(0),
        })
    }
}

fn line(number: u64) -> LogLine {
    LogLine {
        number,
        time_ms: 0,
        level: LineLevel::Info,
        target: "underpass_agent".to_owned(),
        message: "written".to_owned(),
        fields: [].into(),
    }
}

fn reset() -> LogEvent {
    LogEvent::Reset {
        reason: "lines were missed".to_owned(),
    }
}

fn end(reason: &str) -> LogEvent {
    LogEvent::End {
        reason: reason.to_owned(),
    }
}

impl Api for Writer {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Result<Reply, FleetError>> {
        self.pages.fetch_add(1, Ordering::Relaxed);
        let limit = u64::try_from(call.query.limit.unwrap()).unwrap();
        let oldest = self.written.saturating_sub(limit) + 1;
        let page = LogPage {
            lines: (oldest..=self.written).rev().map(line).collect(),
            before: (oldest > 1).then_some(oldest),
        };
        let reply = Reply {
            status: StatusCode::OK,
            revision: None,
            body: Bytes::from(serde_json::to_vec(&page).unwrap()),
        };
        std::future::ready(Ok(reply)).boxed()
    }

    fn events(&self, _after: Option<u64>) -> BoxFuture<'_, Result<Events, FleetError>> {
        std::future::ready(Err(FleetError::Silent)).boxed()
    }

    fn lines(&self, after: Option<u64>) -> BoxFuture<'_, Result<Lines, FleetError>> {
        self.asked.lock().unwrap().push(after);
        let next = self.streams.lock().unwrap().pop_front();
        let Some(events) = next else {
            return std::future::ready(Err(FleetError::Unknown)).boxed();
        };
        let heard = events.into_iter().map(|event| {
            Ok(Heard {
                id: None,
                message: Some(event),
            })
        });
        // What does not end goes on without further lines.
        let rest = stream::pending();
        std::future::ready(Ok(stream::iter(heard).chain(rest).boxed())).boxed()
    }

    fn samples(&self, _since_ms: i64) -> BoxFuture<'_, Result<Vec<Sample>, FleetError>> {
        std::future::ready(Ok(vec![])).boxed()
    }
}

const FAST: Tempo = Tempo {
    pause: Duration::from_millis(1),
    patience: Duration::from_secs(2),
    silence: Duration::from_millis(300),
    retry_first: Duration::from_millis(5),
    retry_most: Duration::from_millis(20),
};

/// Looks until something is so: the lines that came meanwhile, and whether some are missing.
async fn look(feed: &LogFeed, so: impl Fn(&[u64]) -> bool) -> (Vec<u64>, bool) {
    let (mut numbers, mut has_gap) = (vec![], false);
    let looking = async {
        while !so(&numbers) {
            feed.want();
            sleep(Duration::from_millis(2)).await;
            let (lines, gap) = feed.take();
            numbers.extend(lines.into_iter().map(|line| line.number));
            has_gap |= gap;
        }
    };
    timeout(Duration::from_secs(30), looking).await.unwrap();
    (numbers, has_gap)
}

fn start(writer: &Arc<Writer>, after: Option<u64>) -> LogFeed {
    let feed = LogFeed::default();
    let (api, wake): (Arc<dyn Api>, Wake) = (writer.clone(), Arc::new(|| {}));
    let tasks = Tasks::new();
    let followed = follow(api, feed.clone(), after, wake, (tasks.clone(), FAST));
    tasks.spawn("follow", followed);
    feed
}

#[tokio::test]
async fn lines_of_the_past_come_first_and_a_broken_stream_goes_on_where_it_ended() {
    let first = vec![
        LogEvent::Line(line(4)),
        LogEvent::Line(line(5)),
        end("too slow"),
    ];
    let writer = Writer::new(3, vec![first, vec![LogEvent::Line(line(6))]]);
    let feed = start(&writer, None);
    assert_eq!(feed.state(), Following::Opening);
    let (numbers, has_gap) = look(&feed, |known| known.len() >= 6).await;
    assert_eq!((numbers, has_gap), (vec![1, 2, 3, 4, 5, 6], false));
    assert_eq!(*writer.asked.lock().unwrap(), [Some(3), Some(5)]);
    assert_eq!(writer.pages.load(Ordering::Relaxed), 1);
    assert_eq!(feed.state(), Following::Live);
    // A stream without a sign of life is broken too.
    let gone = Following::Broken("there is no such agent".into());
    look(&feed, |_| feed.state() == gone).await;
}

#[tokio::test]
async fn what_was_missed_is_fetched_and_what_is_gone_is_told() {
    for (after, first, is_gap) in [(90, 101, true), (590, 591, false)] {
        let writer = Writer::new(600, vec![vec![reset()]]);
        let feed = start(&writer, Some(after));
        let (numbers, has_gap) = look(&feed, |known| known.last() == Some(&600)).await;
        assert!(numbers.into_iter().eq(first..=600));
        assert_eq!(has_gap, is_gap);
    }
}

#[tokio::test]
async fn nobody_follows_for_nobody_and_no_screen_takes_endless_lines() {
    let many = (1..=6_000).map(|number| LogEvent::Line(line(number)));
    let writer = Writer::new(0, vec![many.collect()]);
    let feed = start(&writer, None);
    let over = async {
        while feed.state() != Following::Over {
            sleep(Duration::from_millis(2)).await;
        }
    };
    timeout(Duration::from_secs(30), over).await.unwrap();
    let (lines, has_gap) = feed.take();
    assert!(lines.iter().map(|line| line.number).eq(1_001..=6_000) && has_gap);
    // From then on nothing is asked.
    let asked = || writer.asked.lock().unwrap().len();
    let before = asked();
    sleep(FAST.retry_most * 3).await;
    assert_eq!(asked(), before);
}
