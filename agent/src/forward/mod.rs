//! From the tunnel to the internal systems: decide, connect, copy.

mod access;
mod answer;
mod backend;
mod dial;
mod headers;
mod pool;
mod tls;

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use tokio::sync::watch;
use underpass_runtime::tasks::Tasks;
use underpass_runtime::tunnel::{Handler, Inbound, Responder};
use underpass_shared::config::SubaccountKey;

use self::access::Refused;
use self::answer::Answer;
use self::backend::Backend;
use self::pool::{Lease, Pool};
use self::tls::TlsRules;
use crate::store::Snapshot;
use crate::tunnel::Wanted;

/// What all tunnels share for forwarding. Clones are the same.
#[derive(Clone)]
pub struct Forward {
    snapshot: watch::Receiver<Arc<Snapshot>>,
    pool: Arc<Pool>,
    tls: Arc<TlsRules>,
}

impl Forward {
    /// Forwarding by the rules of `snapshot`; its connections belong to `tasks`.
    pub fn new(snapshot: watch::Receiver<Arc<Snapshot>>, tasks: &Tasks) -> Self {
        Self {
            snapshot,
            pool: Pool::start(tasks),
            tls: Arc::default(),
        }
    }

    /// The handler of one enrolment's tunnels.
    pub(crate) fn for_subaccount(&self, wanted: &Wanted) -> SubaccountForward {
        SubaccountForward {
            key: SubaccountKey {
                region_host: wanted.region_host.clone(),
                subaccount: wanted.subaccount,
                location_id: wanted.location.clone(),
            },
            forward: self.clone(),
        }
    }
}

/// Answers the requests of one subaccount.
pub(crate) struct SubaccountForward {
    key: SubaccountKey,
    forward: Forward,
}

impl Handler for SubaccountForward {
    async fn handle(self: Arc<Self>, request: Request<Inbound>, mut responder: Responder) {
        let answered = tokio::select! {
            answered = self.answer(request) => answered,
            // The connection to the back end ends with this future.
            () = responder.cancelled() => return,
        };
        match answered {
            Ok((response, lease)) => {
                if responder.send(response).await.is_ok() {
                    lease.give_back().await;
                }
            }
            Err(answer) => {
                if let Err(error) = responder.send(answer.into_response()).await {
                    tracing::debug!(%error, "a caller left before its answer");
                }
            }
        }
    }
}

impl SubaccountForward {
    async fn answer(
        &self,
        request: Request<Inbound>,
    ) -> Result<(Response<hyper::body::Incoming>, Lease), Answer> {
        let snapshot = Arc::clone(&self.forward.snapshot.borrow());
        let permit =
            access::decide(&snapshot, &self.key, &request).map_err(Refused::into_answer)?;
        let connector = snapshot.document().connector();
        let mapping = permit.mapping();
        let by_common_name = mapping.certificate_name_by_common_name;
        let tls = mapping.protocol.uses_tls();
        let tls = tls.then(|| self.forward.tls.of(connector, by_common_name));
        let backend = Backend {
            permit,
            pool: &self.forward.pool,
            allowed: connector.allowed_targets(),
            tls,
        };
        backend.exchange(request).await
    }
}

/// The body type of our own answers.
type Text = http_body_util::Full<Bytes>;
