//! From the tunnel to the internal systems: decide, connect, copy.

mod access;
mod answer;
mod backend;
mod check;
mod dial;
mod guard;
mod headers;
mod pool;
mod tls;
mod upgrade;
mod upload;

use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::OptionFuture;
use http::{Request, Response};
use hyper::body::Incoming;
use tokio::sync::watch;
use underpass_runtime::tasks::Tasks;
use underpass_runtime::tunnel::{Handler, Inbound, Responder, StreamError};
use underpass_shared::config::SubaccountKey;
use underpass_shared::protocol::upgrade::is_marked;

use self::answer::Answer;
use self::backend::{ANSWER_TIME, Backend};
pub(crate) use self::check::{Wanted, check};
use self::guard::Guard;
pub use self::guard::{OwnListeners, Registered};
use self::pool::Pool;
use self::tls::TlsRules;
use self::upload::{Expectation, Upload};
use crate::audit::Audit;
use crate::diagnosis::Diagnoses;
use crate::measure::{Counted, Measured, Meter, TunnelMeter};
use crate::secrets::SecretStore;
use crate::store::Snapshot;
use crate::trace::{Tap, Traces};
use crate::tunnel::Wanted as WantedTunnel;

/// What all tunnels share for forwarding. Clones are the same.
#[derive(Clone)]
pub struct Forward {
    snapshot: watch::Receiver<Arc<Snapshot>>,
    pool: Arc<Pool>,
    tls: Arc<TlsRules>,
    audit: Audit,
    own: OwnListeners,
    meter: Meter,
    diagnoses: Diagnoses,
    traces: Traces,
}

impl Forward {
    /// Forwarding by the rules of `snapshot`, with keys from `secrets`; its connections belong to
    /// `tasks`, what is decided is recorded in `audit`, and what goes wrong in `diagnoses`;
    /// `traces` takes down what is traced.
    pub fn new(
        snapshot: watch::Receiver<Arc<Snapshot>>,
        secrets: SecretStore,
        tasks: &Tasks,
        audit: Audit,
        (diagnoses, traces): (Diagnoses, Traces),
    ) -> Self {
        Self {
            audit,
            diagnoses,
            traces,
            snapshot,
            pool: Pool::start(tasks),
            tls: Arc::new(TlsRules::new(secrets)),
            own: OwnListeners::default(),
            meter: Meter::new(),
        }
    }

    /// Where the agent itself listens: no mapping may lead there by mistake.
    pub fn own_listeners(&self) -> &OwnListeners {
        &self.own
    }

    /// Where requests are measured.
    pub const fn meter(&self) -> &Meter {
        &self.meter
    }

    /// The handler of one enrolment's tunnels.
    pub(crate) fn for_subaccount(&self, wanted: &WantedTunnel) -> SubaccountForward {
        let tunnel = self.meter.tunnel(&wanted.key());
        SubaccountForward {
            key: Arc::clone(tunnel.key()),
            tunnel,
            forward: self.clone(),
        }
    }
}

/// Answers the requests of one subaccount.
pub(crate) struct SubaccountForward {
    key: Arc<SubaccountKey>,
    tunnel: Arc<TunnelMeter>,
    forward: Forward,
}

impl Handler for SubaccountForward {
    async fn handle(self: Arc<Self>, request: Request<Inbound>, mut responder: Responder) {
        let mut measured = self.tunnel.begin(&request, responder.round_trip());
        let tap = self.forward.traces.tap(&self.key, &request);
        if is_marked(request.headers()) {
            // In a box, since it is large and few requests ask for it.
            return Box::pin(self.upgrade(request, responder, measured, tap)).await;
        }
        let (mut request, mut expectation) = Upload::of(request);
        if let Some(tap) = &tap {
            let capture = tap.upload(request.headers());
            request.body_mut().capture(capture);
        }
        let answered = {
            let snapshot = self.snapshot();
            let backend = match self.backend(&snapshot, &request, &mut measured) {
                Ok(backend) => backend,
                Err(answer) => return send_own(answer, responder, &mut measured, tap).await,
            };
            let mut answering = pin!(backend.exchange(request));
            loop {
                let heard = expectation.as_ref().filter(|one| one.is_open());
                let heard = OptionFuture::from(heard.map(Expectation::heard));
                tokio::select! {
                    answered = &mut answering => break answered,
                    // The connection to the back end ends with this future.
                    () = responder.cancelled() => return,
                    Some(()) = heard => {}
                }
                if let Some(expectation) = &mut expectation {
                    expectation.fulfil();
                    if responder.invite().is_err() {
                        return;
                    }
                }
            }
        };
        match answered {
            Ok((response, lease)) => {
                // A back end may begin to answer while it still reads.
                if let Some(expectation) = &mut expectation
                    && response.status().is_success()
                {
                    expectation.fulfil();
                }
                let sent = send(response, responder, &mut measured, tap).await;
                // A connection that waits for a body in vain cannot be used again.
                if sent.is_ok() && !expectation.is_some_and(|one| one.is_open()) {
                    lease.give_back().await;
                }
            }
            Err(answer) => send_own(answer, responder, &mut measured, tap).await,
        }
    }
}

/// Sends a back end's answer.
async fn send(
    response: Response<Incoming>,
    responder: Responder,
    measured: &mut Measured,
    tap: Option<Tap>,
) -> Result<(), StreamError> {
    let status = response.status();
    let flow = Arc::clone(measured.flow());
    let response = response.map(|body| Counted::new(body, flow));
    let done = || measured.answered(status);
    match tap {
        None => responder.send_then(response, done).await,
        Some(tap) => Box::pin(responder.send_then(tap.answer(response), done)).await,
    }
}

/// Sends an answer of our own.
async fn send_own(answer: Answer, responder: Responder, measured: &mut Measured, tap: Option<Tap>) {
    let flow = Arc::clone(measured.flow());
    let response = answer.into_response();
    measured.failed(response.status());
    let response = response.map(|body| Counted::new(body, flow));
    let done = || measured.end();
    let sent = match tap {
        None => responder.send_then(response, done).await,
        Some(tap) => Box::pin(responder.send_then(tap.answer(response), done)).await,
    };
    if let Err(error) = sent {
        tracing::debug!(%error, "a caller left before its answer");
    }
}

impl SubaccountForward {
    fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.forward.snapshot.borrow())
    }

    /// Where a request may go.
    fn backend<'a, B>(
        &'a self,
        snapshot: &'a Snapshot,
        request: &Request<B>,
        measured: &mut Measured,
    ) -> Result<Backend<'a>, Answer> {
        let audit = &self.forward.audit;
        let decided = access::decide(snapshot, &self.key, request, audit, measured);
        let (subaccount, permit) = decided.map_err(|refused| {
            refused.diagnose(&self.key, &self.forward.diagnoses);
            refused.into_answer()
        })?;
        let connector = snapshot.document().connector();
        let mapping = permit.mapping();
        let tls = mapping.protocol.uses_tls();
        let tls = tls.then(|| self.forward.tls.of(connector, mapping));
        Ok(Backend {
            permit,
            subaccount,
            diagnoses: &self.forward.diagnoses,
            authority: request.uri().authority().cloned(),
            pool: &self.forward.pool,
            guard: Guard {
                allowed: connector.allowed_targets(),
                own: &self.forward.own,
            },
            tls,
            flow: Arc::clone(measured.flow()),
            answer_time: ANSWER_TIME,
        })
    }
}

/// The body type of our own answers.
type Text = http_body_util::Full<Bytes>;
