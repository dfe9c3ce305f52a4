//! One request while it runs: begun, counted and remembered at this one place.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::Duration;

use http::{Method, Request as Head};
use underpass_runtime::clock;
use underpass_shared::host::VirtualAddress;
use underpass_shared::monitor::{Outcome, Request, Split};
use underpass_shared::policy::Permit;
use underpass_shared::protocol::timing;

use super::cell::{Active, Cell, Ended};
use super::tunnel::TunnelMeter;

/// Longer texts that a caller chose are cut, bytes: ten thousand requests are remembered.
const TEXT_LEN_MAX: usize = 256;

/// What passes in a request, told from wherever it passes.
#[derive(Debug, Default)]
pub(crate) struct Flow {
    /// Where it is counted; set when the mapping is known, before anything passes.
    cell: OnceLock<Arc<Cell>>,
    received: AtomicU64,
    sent: AtomicU64,
    /// When the head or the last of the body went to the back end; 0 before.
    asked_us: AtomicU64,
    /// From then to the first of the answer, plus 1; 0 before.
    waited: AtomicU64,
    /// What opening a connection took, plus 1; 0 where none was opened.
    opened: AtomicU64,
}

fn now_us() -> u64 {
    us(clock::monotonic())
}

fn us(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// What was stored with 1 added.
const fn told(stored: u64) -> Option<u64> {
    stored.checked_sub(1)
}

impl Flow {
    /// Bytes of the request's body pass to the back end.
    pub(crate) fn received(&self, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.received.fetch_add(bytes, Ordering::Relaxed);
        if let Some(cell) = self.cell.get() {
            cell.received(bytes);
        }
        self.asked();
    }

    /// Bytes of the answer's body pass to the cloud.
    pub(crate) fn sent(&self, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.sent.fetch_add(bytes, Ordering::Relaxed);
        if let Some(cell) = self.cell.get() {
            cell.sent(bytes);
        }
    }

    /// The back end has something to answer, or more of it.
    pub(crate) fn asked(&self) {
        self.asked_us.store(now_us(), Ordering::Relaxed);
    }

    /// The back end began to answer.
    pub(crate) fn answered(&self) {
        let asked = self.asked_us.load(Ordering::Relaxed);
        let waited = now_us().saturating_sub(asked) + 1;
        self.waited.store(waited, Ordering::Relaxed);
    }

    /// Opening a connection took this long.
    pub(crate) fn opened(&self, time: Duration) {
        self.opened
            .store(us(time).saturating_add(1), Ordering::Relaxed);
    }

    /// A connection in use for this request, where its mapping is known.
    pub(crate) fn connection(&self) -> Option<Active> {
        self.cell.get().map(Active::new)
    }
}

/// A request that runs. It counts as broken off when this is dropped before its end was told.
#[derive(Debug)]
pub(crate) struct Measured {
    tunnel: Arc<TunnelMeter>,
    flow: Arc<Flow>,
    begun: Duration,
    begun_ms: i64,
    gateway: Option<Duration>,
    round_trip: Option<Duration>,
    method: Arc<str>,
    path: Box<str>,
    port: u16,
    /// Set where no mapping was found, for then the cell knows none.
    host: Option<Arc<str>>,
    internal: Arc<str>,
    resource: Arc<str>,
    outcome: Outcome,
    is_over: bool,
}

impl Measured {
    /// A request came in, on a connection whose last round trip is known.
    pub(super) fn begin<B>(
        tunnel: &Arc<TunnelMeter>,
        request: &Head<B>,
        round_trip: Option<Duration>,
    ) -> Self {
        let nothing = nothing();
        Self {
            tunnel: Arc::clone(tunnel),
            flow: Arc::default(),
            begun: clock::monotonic(),
            begun_ms: clock::wall_ms(),
            gateway: timing::spent(request.headers()),
            round_trip,
            method: method(request.method()),
            path: cut(request.uri().path(), Request::PATH_LEN_MAX).into(),
            port: 0,
            host: None,
            internal: Arc::clone(&nothing),
            resource: nothing,
            outcome: Outcome::Aborted,
            is_over: false,
        }
    }

    /// Access control let it pass.
    pub(crate) fn permitted(&mut self, port: u16, permit: &Permit) {
        let mapping = permit.mapping();
        let cell = self.tunnel.cell(&mapping.virtual_address);
        let path = permit.resource().map_or("", |one| one.path.as_str());
        (self.internal, self.resource) = cell.texts(&mapping.internal_address, path);
        self.port = port;
        self.count_in(cell);
    }

    /// Access control denied it; `mapping` has the virtual address, where one has it.
    pub(crate) fn denied(&mut self, host: &str, port: u16, mapping: Option<&VirtualAddress>) {
        self.outcome = Outcome::Denied;
        self.port = port;
        match mapping {
            Some(address) => self.count_in(self.tunnel.cell(address)),
            None => {
                self.host = Some(cut(host, TEXT_LEN_MAX).into());
                self.count_in(Arc::clone(self.tunnel.rest()));
            }
        }
    }

    fn count_in(&self, cell: Arc<Cell>) {
        cell.open.enter();
        if self.flow.cell.set(cell).is_err() {
            tracing::error!("a request was decided twice");
        }
    }

    /// The agent answers in place of the back end; that it denied stays so.
    pub(crate) fn failed(&mut self, status: http::StatusCode) {
        if self.outcome != Outcome::Denied {
            self.outcome = Outcome::Failed(status.as_u16());
        }
    }

    /// The last byte of the back end's answer is on its way.
    pub(crate) fn answered(&mut self, status: http::StatusCode) {
        self.outcome = Outcome::Answered(status.as_u16());
        self.end();
    }

    /// Nothing more happens.
    pub(crate) fn end(&mut self) {
        if self.is_over {
            return;
        }
        self.is_over = true;
        let (now, now_ms) = (clock::monotonic(), clock::wall_ms());
        let flow = &self.flow;
        let split = Split {
            total: us(now.saturating_sub(self.begun)),
            gateway: self.gateway.map(us),
            tunnel: self.round_trip.map(us),
            open: told(flow.opened.load(Ordering::Relaxed)),
            backend: told(flow.waited.load(Ordering::Relaxed)),
            propagation: None,
        };
        let received = flow.received.load(Ordering::Relaxed);
        let sent = flow.sent.load(Ordering::Relaxed);
        let cell = flow.cell.get_or_init(|| {
            // Given up before it was decided.
            let rest = self.tunnel.rest();
            rest.open.enter();
            Arc::clone(rest)
        });
        cell.count(&Ended {
            outcome: self.outcome,
            split: &split,
            resource: &self.resource,
            received,
            sent,
            now_ms,
        });
        cell.open.leave();
        self.tunnel.end(Request {
            begun_ms: self.begun_ms,
            subaccount: Arc::clone(self.tunnel.key()),
            virtual_host: Arc::clone(self.host.as_ref().unwrap_or(&cell.host)),
            virtual_port: self.port,
            internal: Arc::clone(&self.internal),
            method: Arc::clone(&self.method),
            path: std::mem::take(&mut self.path),
            resource: Arc::clone(&self.resource),
            user: None,
            received,
            sent,
            outcome: self.outcome,
            split,
        });
    }

    /// What passes in it.
    pub(crate) const fn flow(&self) -> &Arc<Flow> {
        &self.flow
    }
}

impl Drop for Measured {
    fn drop(&mut self) {
        self.end();
    }
}

/// The text of nothing, made once.
fn nothing() -> Arc<str> {
    static NOTHING: LazyLock<Arc<str>> = LazyLock::new(|| "".into());
    Arc::clone(&NOTHING)
}

/// The text of a method; that of a common one is made once.
fn method(method: &Method) -> Arc<str> {
    const COMMON: [Method; 7] = [
        Method::GET,
        Method::POST,
        Method::HEAD,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
    ];
    static TEXTS: LazyLock<[Arc<str>; COMMON.len()]> =
        LazyLock::new(|| COMMON.map(|one| one.as_str().into()));
    let at = COMMON.iter().position(|one| one == method);
    let known = at.and_then(|at| TEXTS.get(at));
    known.map_or_else(|| cut(method.as_str(), TEXT_LEN_MAX).into(), Arc::clone)
}

/// The beginning of a text, at most `len` bytes.
fn cut(text: &str, len: usize) -> &str {
    text.get(..text.floor_char_boundary(len)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abcd", 3), "abc");
        assert_eq!(cut("ab\u{e4}d", 3), "ab");
        assert_eq!(&*method(&Method::PATCH), "PATCH");
        assert_eq!(&*method(&Method::from_bytes(b"REPORT").unwrap()), "REPORT");
    }
}
