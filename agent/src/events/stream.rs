//! One listener's stream, in the format of server-sent events.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http_body::Frame;
use http_body_util::BodyExt as _;
use http_body_util::StreamBody;
use http_body_util::combinators::UnsyncBoxBody;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::time::timeout;
use underpass_runtime::clock;
use underpass_runtime::tasks::Tasks;
use underpass_shared::api::management::{Event, EventMessage};
use underpass_shared::rights::Role;

use super::ring::{Missed, Since};
use super::{Entry, Events, Subscription};

/// How often something is sent, so that both ends notice a dead connection.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Where the connection breaks, listeners come back after this time.
const RETRY: &str = "retry: 2000\n\n";

struct Listener {
    role: Role,
    ready: VecDeque<Bytes>,
    live: broadcast::Receiver<Arc<Entry>>,
    tasks: Tasks,
    ended: bool,
    _place: OwnedSemaphorePermit,
}

impl Events {
    /// A stream for an operator with a role, from behind the event `last` on or from now on. None
    /// where too many listen.
    pub(crate) fn stream(
        &self,
        role: Role,
        last: Option<u64>,
        revision: u64,
    ) -> Option<UnsyncBoxBody<Bytes, Infallible>> {
        let Subscription { since, live, place } = self.subscribe(last)?;
        let listener = Listener {
            role,
            ready: first(since, role, revision),
            live,
            tasks: self.0.tasks.clone(),
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

/// What a stream begins with.
fn first(since: Since, role: Role, revision: u64) -> VecDeque<Bytes> {
    let mut ready = VecDeque::from([Bytes::from_static(RETRY.as_bytes())]);
    let newest = Some(since.newest);
    match since.missed {
        Missed::New => ready.push_back(now(newest, Event::Start { revision })),
        Missed::These(list) => ready.extend(list.iter().map(|entry| text_for(role, entry))),
        Missed::Unknown => {
            let reason = "events were missed; ask for what you show anew".to_owned();
            ready.push_back(now(newest, Event::Reset { revision, reason }));
        }
    }
    ready
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
            let heard = tokio::select! {
                biased;
                () = self.tasks.stopped() => Err("the agent stops; come back in a moment"),
                heard = timeout(HEARTBEAT, self.live.recv()) => match heard {
                    Err(_elapsed) => Ok(Bytes::from_static(b":\n\n")),
                    Ok(Ok(entry)) => Ok(text_for(self.role, &entry)),
                    Ok(Err(RecvError::Lagged(_))) => {
                        Err("too slow: events were dropped; come back with Last-Event-ID")
                    }
                    Ok(Err(RecvError::Closed)) => Err("the agent stops"),
                },
            };
            self.ready.push_back(heard.unwrap_or_else(|reason| {
                self.ended = true;
                let reason = reason.to_owned();
                now(None, Event::End { reason })
            }));
        }
    }
}

/// An event as a listener with a role gets it. Of others he gets the number alone.
fn text_for(role: Role, entry: &Entry) -> Bytes {
    if entry.message.event.is_for(role) {
        return text(Some(entry.id), &entry.message);
    }
    format!("id: {}\n\n", entry.id).into()
}

/// An event of this stream alone.
fn now(id: Option<u64>, event: Event) -> Bytes {
    let time_ms = clock::wall_ms();
    text(id, &EventMessage { time_ms, event })
}

fn text(id: Option<u64>, message: &EventMessage) -> Bytes {
    let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    // JSON in one line has no line break.
    let data = serde_json::to_string(message).expect("events serialise");
    format!("{id}event: {}\ndata: {data}\n\n", message.event.name()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(n: usize) -> Event {
        Event::Notice {
            text: format!("notice {n}"),
        }
    }

    async fn frame(body: &mut UnsyncBoxBody<Bytes, Infallible>) -> Option<String> {
        let frame = body.frame().await?.unwrap().into_data().unwrap();
        Some(String::from_utf8(frame.to_vec()).unwrap())
    }

    async fn rest(mut body: UnsyncBoxBody<Bytes, Infallible>) -> String {
        let mut all = String::new();
        while let Some(text) = frame(&mut body).await {
            all.push_str(&text);
        }
        all
    }

    #[tokio::test]
    async fn a_slow_listener_is_told_and_let_go_and_stops_nobody() {
        let tasks = Tasks::new();
        let events = Events::new(&tasks);
        let mut slow = events.stream(Role::Administrator, None, 7).unwrap();
        assert_eq!(frame(&mut slow).await.unwrap(), RETRY);
        let start = frame(&mut slow).await.unwrap();
        assert!(start.contains("event: start\ndata: {\"timeMs\""), "{start}");
        let id = start.lines().next().unwrap().strip_prefix("id: ").unwrap();
        let id: u64 = id.parse().unwrap();
        for n in 0..=super::super::QUEUE_LEN {
            events.tell(notice(n));
        }
        let all = rest(slow).await;
        assert!(
            all.starts_with("event: end\n") && all.contains("too slow"),
            "{all}"
        );
        // He comes back for what he missed.
        let mut back = events.stream(Role::Administrator, Some(id + 1), 7).unwrap();
        assert_eq!(frame(&mut back).await.unwrap(), RETRY);
        let next = frame(&mut back).await.unwrap();
        assert!(next.starts_with(&format!("id: {}\n", id + 2)), "{next}");
        assert!(next.contains("notice 1\""), "{next}");
        tasks.stop();
        let all = rest(back).await;
        assert!(
            all.ends_with("\n\n") && all.contains("the agent stops"),
            "{all}"
        );
    }

    #[tokio::test]
    async fn roles_get_what_is_theirs_and_there_are_not_too_many() {
        let tasks = Tasks::new();
        let events = Events::new(&tasks);
        let streams: Vec<_> = (0..super::super::STREAMS_MAX)
            .map(|_| events.stream(Role::Monitoring, None, 7).unwrap())
            .collect();
        assert!(events.stream(Role::Administrator, None, 7).is_none());
        events.tell(notice(1));
        tasks.stop();
        for body in streams.into_iter().take(2) {
            let all = rest(body).await;
            assert!(
                !all.contains("notice") && all.contains("event: end"),
                "{all}"
            );
        }
        assert!(events.stream(Role::Monitoring, Some(1), 7).is_some());
    }
}
