//! A body that comes in: drained from the connection at once, read by its consumer when it likes.
//!
//! A stalled consumer costs at most its window, for what arrives goes into large segments and not
//! into one queue entry per frame; and it delays nobody else, for the connection never waits for it.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::{Bytes, BytesMut};
use h2::{FlowControl, RecvStream};
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use tokio::task::AbortHandle;

use super::error::StreamError;
use super::gauge::{ActiveStream, Gauge};
use crate::tasks::Tasks;

/// Frames below this are copied together; larger ones are kept as they are.
const COALESCE_BELOW: usize = 4 * 1024;

/// Size of the segments that small frames are copied into.
const SEGMENT: usize = 16 * 1024;

/// A body from the other end of the tunnel.
#[derive(Debug)]
pub struct Inbound(State);

#[derive(Debug)]
enum State {
    /// Everything was here already when the stream was handed out.
    Whole(Queue),
    /// More comes; a task drains it.
    Running(Arc<Shared>, AbortHandle),
}

#[derive(Debug)]
struct Shared {
    queue: Mutex<Queue>,
    flow: Arc<Mutex<FlowControl>>,
    gauge: Arc<Gauge>,
    over: Over,
}

/// Whether the other end has finished sending on a stream.
#[derive(Clone, Debug, Default)]
pub(super) struct Over(Arc<Fate>);

#[derive(Debug, Default)]
struct Fate {
    over: AtomicBool,
    watch: Mutex<Watch>,
}

#[derive(Debug, Default)]
enum Watch {
    /// Nobody wants to know: what is not read need not be drained.
    #[default]
    Nobody,
    /// The responder wants to know, also when the body itself is no longer wanted.
    Responder(Option<AbortOnDrop>),
}

impl Over {
    pub(super) fn is_set(&self) -> bool {
        self.0.over.load(Ordering::Relaxed)
    }

    pub(super) fn watch(&self) {
        *lock(&self.0.watch) = Watch::Responder(None);
    }

    pub(super) fn unwatch(&self) {
        *lock(&self.0.watch) = Watch::Nobody;
    }

    fn set(&self) {
        self.0.over.store(true, Ordering::Relaxed);
    }

    /// Lets the task of a body that nobody reads any more drain on while it is watched.
    fn drain_on(&self, drain: AbortOnDrop) {
        if let Watch::Responder(kept) = &mut *lock(&self.0.watch) {
            *kept = Some(drain);
        }
    }
}

#[derive(Debug, Default)]
struct Queue {
    chunks: VecDeque<Bytes>,
    tail: BytesMut,
    trailers: Option<HeaderMap>,
    end: Option<Result<(), StreamError>>,
    reader: Option<Waker>,
    on_end: Vec<AbortOnDrop>,
    /// The body was dropped: what still comes is neither kept nor counted.
    forgotten: bool,
}

/// Aborts a task when dropped.
#[derive(Debug)]
pub struct AbortOnDrop(AbortHandle);

impl AbortOnDrop {
    /// Guards a task.
    pub fn new(task: AbortHandle) -> Self {
        Self(task)
    }
}

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Queue {
    fn push(&mut self, chunk: Bytes) {
        if chunk.len() >= COALESCE_BELOW {
            self.seal_tail();
            self.chunks.push_back(chunk);
            return;
        }
        if self.tail.capacity() - self.tail.len() < chunk.len() {
            self.seal_tail();
            // A first small chunk gets its own size only: most bodies end with it.
            let first = self.chunks.is_empty();
            self.tail.reserve(if first { chunk.len() } else { SEGMENT });
        }
        self.tail.extend_from_slice(&chunk);
    }

    fn seal_tail(&mut self) {
        if !self.tail.is_empty() {
            let sealed = std::mem::take(&mut self.tail);
            self.chunks.push_back(sealed.freeze());
        }
    }

    fn pop(&mut self) -> Option<Bytes> {
        if self.chunks.is_empty() {
            self.seal_tail();
        }
        self.chunks.pop_front()
    }

    fn held(&self) -> usize {
        self.chunks.iter().map(Bytes::len).sum::<usize>() + self.tail.len()
    }

    /// What follows the last chunk: trailers, then the end; pending while more may come.
    fn poll_end(&mut self) -> Poll<Option<Result<Frame<Bytes>, StreamError>>> {
        if let Some(trailers) = self.trailers.take() {
            return Poll::Ready(Some(Ok(Frame::trailers(trailers))));
        }
        match &self.end {
            Some(Ok(())) => Poll::Ready(None),
            Some(Err(error)) => Poll::Ready(Some(Err(error.clone()))),
            None => Poll::Pending,
        }
    }
}

impl Inbound {
    /// Takes over a stream; what is here already costs no task. `over` is set at its end.
    pub(super) fn new(
        mut recv: RecvStream,
        active: Option<ActiveStream>,
        gauge: &Arc<Gauge>,
        tasks: &Tasks,
        over: Over,
    ) -> Self {
        let mut queue = Queue::default();
        let mut unreleased = 0;
        let mut cx = Context::from_waker(Waker::noop());
        while queue.end.is_none() {
            match poll_step(&mut recv, &mut cx) {
                Poll::Ready(step) => {
                    unreleased += step.len();
                    queue.step(step);
                }
                Poll::Pending => break,
            }
        }
        if queue.end.is_some() {
            drop(recv.flow_control().release_capacity(unreleased));
            over.set();
            return Self(State::Whole(queue));
        }
        gauge.hold(unreleased);
        let flow = Arc::new(Mutex::new(recv.flow_control().clone()));
        gauge.enlist(&flow);
        let shared = Arc::new(Shared {
            queue: Mutex::new(queue),
            flow,
            gauge: Arc::clone(gauge),
            over,
        });
        let drain = drain(recv, Arc::clone(&shared), active);
        let task = tasks.spawn("tunnel-inbound", drain);
        Self(State::Running(shared, task.abort_handle()))
    }

    /// Ends a task as soon as this body has ended or is dropped.
    pub fn abort_at_end(&mut self, guard: AbortOnDrop) {
        match &mut self.0 {
            // The body is complete: what still runs for it has no purpose.
            State::Whole(_) => drop(guard),
            State::Running(shared, _) => {
                let mut queue = lock(&shared.queue);
                if queue.end.is_none() {
                    queue.on_end.push(guard);
                }
            }
        }
    }

    fn poll_next(&mut self, cx: &Context<'_>) -> Poll<Option<Result<Frame<Bytes>, StreamError>>> {
        let (shared, mut queue) = match &mut self.0 {
            State::Whole(queue) => {
                return match queue.pop() {
                    Some(chunk) => Poll::Ready(Some(Ok(Frame::data(chunk)))),
                    None => queue.poll_end(),
                };
            }
            State::Running(shared, _) => (&*shared, lock(&shared.queue)),
        };
        if let Some(chunk) = queue.pop() {
            drop(queue);
            shared.released(chunk.len());
            return Poll::Ready(Some(Ok(Frame::data(chunk))));
        }
        let end = queue.poll_end();
        if end.is_pending() {
            queue.reader = Some(cx.waker().clone());
        }
        end
    }
}

impl Shared {
    fn released(&self, bytes: usize) {
        self.gauge.read(bytes);
        // Fails only after the stream's end, when nobody needs the capacity.
        drop(lock(&self.flow).release_capacity(bytes));
    }
}

/// One thing that the connection has for a stream.
enum Step {
    Data(Bytes),
    End(Result<Option<HeaderMap>, StreamError>),
}

impl Step {
    fn len(&self) -> usize {
        match self {
            Self::Data(chunk) => chunk.len(),
            Self::End(_) => 0,
        }
    }
}

impl Queue {
    fn step(&mut self, step: Step) {
        match step {
            Step::Data(chunk) => self.push(chunk),
            Step::End(Ok(trailers)) => {
                self.trailers = trailers;
                self.end = Some(Ok(()));
            }
            Step::End(Err(error)) => self.end = Some(Err(error)),
        }
    }
}

fn poll_step(recv: &mut RecvStream, cx: &mut Context<'_>) -> Poll<Step> {
    if recv.is_end_stream() {
        return Poll::Ready(Step::End(Ok(None)));
    }
    match std::task::ready!(recv.poll_data(cx)) {
        Some(Ok(chunk)) => Poll::Ready(Step::Data(chunk)),
        Some(Err(error)) => Poll::Ready(Step::End(Err(error.into()))),
        None => {
            let trailers = std::task::ready!(recv.poll_trailers(cx));
            Poll::Ready(Step::End(trailers.map_err(StreamError::from)))
        }
    }
}

/// Drains a stream into its queue until it ends.
async fn drain(mut recv: RecvStream, shared: Arc<Shared>, active: Option<ActiveStream>) {
    let mut ended = false;
    while !ended {
        let step = std::future::poll_fn(|cx| poll_step(&mut recv, cx)).await;
        ended = matches!(step, Step::End(_));
        let mut queue = lock(&shared.queue);
        if !queue.forgotten {
            shared.gauge.hold(step.len());
            queue.step(step);
        }
        let guards = if ended {
            std::mem::take(&mut queue.on_end)
        } else {
            Vec::new()
        };
        let reader = queue.reader.take();
        drop(queue);
        drop(guards);
        if let Some(reader) = reader {
            reader.wake();
        }
    }
    shared.over.set();
    drop(active);
}

impl Body for Inbound {
    type Data = Bytes;
    type Error = StreamError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, StreamError>>> {
        self.get_mut().poll_next(cx)
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            State::Whole(queue) => queue.is_finished(),
            State::Running(shared, _) => lock(&shared.queue).is_finished(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            State::Whole(queue) if matches!(queue.end, Some(Ok(()))) => {
                SizeHint::with_exact(queue.held() as u64)
            }
            State::Whole(_) | State::Running(..) => SizeHint::default(),
        }
    }
}

impl Queue {
    fn is_finished(&self) -> bool {
        matches!(self.end, Some(Ok(())))
            && self.chunks.is_empty()
            && self.tail.is_empty()
            && self.trailers.is_none()
    }
}

impl Drop for Inbound {
    fn drop(&mut self) {
        if let State::Running(shared, task) = &self.0 {
            shared.over.drain_on(AbortOnDrop::new(task.clone()));
            let mut queue = lock(&shared.queue);
            shared.gauge.let_go(queue.held());
            *queue = Queue {
                forgotten: true,
                ..Queue::default()
            };
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
