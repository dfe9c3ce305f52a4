//! Who is at the other end of a connection, by the certificate that was shown.

use std::time::Duration;

use rustls::pki_types::CertificateDer;
use underpass_runtime::clock;
use underpass_runtime::pki::CertificateInfo;
use underpass_runtime::tls::vouches;
use underpass_shared::config::Certificate;
use underpass_shared::id::OperatorId;
use underpass_shared::pki::subject::Subject;
use underpass_shared::rights::Role;

use super::Shared;
use crate::admin::{Caller, Member, Operator};
use crate::store::Snapshot;

/// The longest wait for the end of a certificate, so that a clock that was set is noticed.
const EXPIRY_LOOK: Duration = Duration::from_secs(60);

/// Somebody with a certificate that counts.
#[derive(Clone, Debug)]
pub(super) struct Visitor {
    who: Who,
    not_after_ms: i64,
}

/// By whom he is vouched for.
#[derive(Clone, Debug)]
enum Who {
    /// By this agent.
    Operator(OperatorId),
    /// By a CA of the organisation.
    Member {
        authority: Certificate,
        subject: Subject,
        chain: Vec<CertificateDer<'static>>,
    },
}

impl Visitor {
    /// Whom a chain belongs to. TLS has verified the key; here it is asked who vouches for whom.
    /// Our own authority alone may name operators, and whatever names an operator, of this or of
    /// another agent, is nobody of an organisation.
    pub(super) fn of(chain: &[CertificateDer<'_>], shared: &Shared) -> Option<Self> {
        let leaf = chain.first()?;
        let info = CertificateInfo::from_der(leaf).ok()?;
        let now_ms = clock::wall_ms();
        let current = shared.snapshot.borrow();
        let who = if shared.front().own.issued(chain, now_ms) {
            Who::Operator(info.operator?.0)
        } else if info.operator.is_some() || info.identity.is_some() {
            return None;
        } else {
            let subject = Subject::of(leaf)?;
            let organisation = &current.document().connector().organisation;
            let mut authorities = organisation.authorities().iter();
            let found = authorities.find(|one| vouches(&one.certificate, chain, now_ms))?;
            let chain = chain.iter().map(|one| one.clone().into_owned());
            Who::Member {
                authority: found.certificate.clone(),
                subject,
                chain: chain.collect(),
            }
        };
        let visitor = Self {
            who,
            not_after_ms: info.not_after_ms,
        };
        // One who was removed is a stranger, and is told so.
        let is_known = visitor.caller(&current).is_some();
        is_known.then_some(visitor)
    }

    /// As whom requests are answered now; nobody where the operator was removed, or no rule is for
    /// him.
    pub(super) fn caller(&self, current: &Snapshot) -> Option<Caller> {
        let connector = current.document().connector();
        match &self.who {
            Who::Operator(id) => {
                let operator = connector.operators().get(*id)?;
                Some(Caller::Operator(Operator {
                    id: operator.id,
                    name: operator.name.to_string(),
                    role: operator.role,
                }))
            }
            Who::Member {
                authority, subject, ..
            } => Member::of(&connector.organisation, authority, subject).map(Caller::Member),
        }
    }

    /// What his rights rest on; another name of an operator is none of it.
    fn footing(&self, current: &Snapshot) -> Option<Role> {
        self.caller(current).map(|caller| caller.role())
    }

    /// Whether an organisation's CA vouches for him at this time too: one between him and it may
    /// have ended before him.
    fn is_vouched_for(&self) -> bool {
        match &self.who {
            Who::Operator(_) => true,
            Who::Member {
                authority, chain, ..
            } => vouches(authority, chain, clock::wall_ms()),
        }
    }

    /// Resolves with the reason when what was true at the handshake is true no longer.
    pub(super) async fn ended(&self, shared: &Shared) -> &'static str {
        let mut snapshot = shared.snapshot.clone();
        let mut front = shared.front.subscribe();
        let agent = front.borrow_and_update().identity.id();
        let role = self.footing(&snapshot.borrow_and_update());
        loop {
            if role.is_none() || self.footing(&snapshot.borrow_and_update()) != role {
                return "the operator was removed or got another role";
            }
            if !self.is_vouched_for() {
                return "a certificate of the operator's organisation ended";
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
                Ok(()) = front.changed() => {
                    let now = front.borrow_and_update().identity.id();
                    if matches!(self.who, Who::Operator(_)) && now != agent {
                        return "the agent's identity was exchanged";
                    }
                }
                () = tokio::time::sleep(wait) => {}
            }
        }
    }
}
