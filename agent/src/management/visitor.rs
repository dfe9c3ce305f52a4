//! Who is at the other end of a connection, by the certificate that was shown.

use std::time::Duration;

use rustls::pki_types::CertificateDer;
use underpass_runtime::clock;
use underpass_runtime::pki::CertificateInfo;
use underpass_shared::id::OperatorId;
use underpass_shared::rights::Role;

use super::Shared;
use crate::admin::{Caller, Operator};
use crate::store::Snapshot;

/// The longest wait for the end of a certificate, so that a clock that was set is noticed.
const EXPIRY_LOOK: Duration = Duration::from_secs(60);

/// Somebody with a certificate of an operator.
#[derive(Clone, Debug)]
pub(super) struct Visitor {
    id: OperatorId,
    not_after_ms: i64,
}

impl Visitor {
    /// The operator that a chain belongs to. TLS has verified the chain and the key; here only
    /// who issued it is asked again, since only our own authority may name operators.
    pub(super) fn of(chain: &[CertificateDer<'_>], shared: &Shared) -> Option<Self> {
        let info = CertificateInfo::from_der(chain.first()?).ok()?;
        if !shared.own.issued(chain, clock::wall_ms()) {
            return None;
        }
        let visitor = Self {
            id: info.operator?.0,
            not_after_ms: info.not_after_ms,
        };
        // One who was removed is a stranger, and is told so.
        let is_operator = visitor.role(&shared.snapshot.borrow()).is_some();
        is_operator.then_some(visitor)
    }

    /// As whom requests are answered now; nobody where the operator was removed.
    pub(super) fn caller(&self, current: &Snapshot) -> Option<Caller> {
        let operators = current.document().connector().operators();
        let operator = operators.get(self.id)?;
        Some(Caller::Operator(Operator {
            id: operator.id,
            name: operator.name.to_string(),
            role: operator.role,
        }))
    }

    pub(super) fn role(&self, current: &Snapshot) -> Option<Role> {
        let operators = current.document().connector().operators();
        operators.get(self.id).map(|operator| operator.role)
    }

    /// Resolves with the reason when what was true at the handshake is true no longer.
    pub(super) async fn ended(&self, shared: &Shared) -> &'static str {
        let mut snapshot = shared.snapshot.clone();
        let role = self.role(&snapshot.borrow_and_update());
        loop {
            if role.is_none() || self.role(&snapshot.borrow_and_update()) != role {
                return "the operator was removed or got another role";
            }
            let left_ms = self.not_after_ms - clock::wall_ms();
            let Ok(left_ms) = u64::try_from(left_ms) else {
                return "the operator's certificate ended";
            };
            let wait = EXPIRY_LOOK.min(Duration::from_millis(left_ms + 1));
            tokio::select! {
                changed = snapshot.changed() => if changed.is_err() {
                    return "the agent ends";
                },
                () = tokio::time::sleep(wait) => {}
            }
        }
    }
}
