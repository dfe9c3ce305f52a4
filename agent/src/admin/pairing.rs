//! The pairing string: made by an Administrator, used by a client that has nothing else.

use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use underpass_runtime::{clock, net};
use underpass_shared::api::management::{
    self as api, ErrorType, OperatorTarget, PairRequest, Paired, PairingCreated, PairingInput,
    PairingShown, PairingState, Query, Refusal, Target, Verb,
};
use underpass_shared::audit::{Actor, Category, Outcome, Record};
use underpass_shared::config::{Comment, OperatorName};
use underpass_shared::host::{InternalAddress, Port};
use underpass_shared::pairing::{Handshake, LIFE, PairingLink, Refused};
use underpass_shared::rights::Role;

use super::call::Call;
use super::{Admin, Answer, Caller, NewOperator, answer};
use crate::operators::{Promise, Used};

/// A client that wants to be paired, as the listener knows it.
#[derive(Clone, Copy, Debug)]
pub struct Knock {
    /// Where it is.
    pub peer: SocketAddr,
    /// What the exporter of its TLS connection gives.
    pub exporter: [u8; 32],
}

impl Admin {
    pub(super) async fn pairing(&self, call: Call, verb: Verb) -> Answer {
        let number = self.readable()?.revision().number;
        match verb {
            Verb::Post => self.open_pairing(&call).await,
            Verb::Delete => {
                *self.operators.reception.pending().await = None;
                Ok(answer::done(number))
            }
            Verb::Get | Verb::Put | Verb::Patch => {
                let pending = self.operators.reception.pending().await;
                let none = || Refusal::not_found("no pairing string was made since the start");
                let pending = pending.as_ref().ok_or_else(none)?;
                let promise = &pending.offer.promised;
                let state = match (&pending.used, pending.offer.left(clock::monotonic())) {
                    (Some(_), _) => PairingState::Used,
                    (None, Some(_)) => PairingState::Open,
                    (None, None) => PairingState::Closed,
                };
                let current = self.store.current();
                let operators = current.document().connector().operators();
                let operator = pending.used.as_ref();
                let operator = operator.and_then(|used| operators.get(used.operator));
                let words = pending.used.as_ref().map(|used| used.words.clone());
                let shown = PairingShown {
                    state,
                    role: promise.role,
                    author: promise.creator.to_string(),
                    tries_left: pending.offer.tries(),
                    operator: operator.map(|one| self.operators.show(one)),
                    words: words.unwrap_or_default(),
                };
                answer::ok(&shown, number)
            }
        }
    }

    async fn open_pairing(&self, call: &Call) -> Answer {
        let PairingInput { role, name, host } = call.read()?;
        let current = self.readable()?;
        let Some(live) = &self.live else {
            let message = "a client is paired with the agent while it runs; start it, or use `underpass-agent operator issue`";
            return Err(Refusal::illegal_state(message));
        };
        let port = live.board.managed(|management| {
            let listening = management.listening.first().map(SocketAddr::port);
            listening.ok_or_else(|| {
                let problems: Vec<&str> =
                    management.problems.values().map(String::as_str).collect();
                let message = format!(
                    "the management API is not reachable: {}",
                    problems.join("; ")
                );
                Refusal::illegal_state(message)
            })
        })?;
        let own = || net::host_name().and_then(|name| name.parse().ok());
        let host = host.or_else(own).ok_or_else(|| {
            let rule = "is missing, and this host has no name that could stand for it";
            Refusal::invalid("host", rule)
        })?;
        let identity = self.operators.identity();
        let identity = identity.map_err(|error| Refusal::failure(format!("{error:#}")))?;
        let port = Port::try_from(port);
        let port = port.map_err(|rule| Refusal::failure(rule.to_string()))?;
        let number = current.revision().number;
        let promise = Promise {
            role,
            name,
            creator: call.caller().clone(),
        };
        let reason = format!("made a pairing string for the role {role}");
        let recording = self.recording(call.caller(), Category::Pairing, &reason);
        recording.intend_act().await?;
        let link = PairingLink {
            address: InternalAddress { host, port },
            identity: *identity.fingerprint(),
            secret: self.operators.reception.open(promise).await,
        };
        // Whoever administers this agent should know, so this is a warning.
        let author = call.caller().to_string();
        tracing::warn!(author, %role, "a pairing string was made; it is good for ten minutes");
        let life_ms = i64::try_from(LIFE.as_millis()).unwrap_or(i64::MAX);
        recording.acted(&Ok(()));
        self.notice(format!(
            "{author} made a pairing string for the role {role}"
        ));
        let created = PairingCreated {
            pairing: link.to_string(),
            expires_time_stamp: clock::wall_ms() + life_ms,
        };
        answer::ok(&created, number)
    }

    /// Whether a client without a certificate may try to pair.
    pub(crate) async fn pairs(&self) -> bool {
        self.operators.reception.is_open().await
    }

    /// Answers a client without a certificate that wants to be paired.
    pub(crate) async fn pair(&self, knock: Knock, request: Request<Bytes>) -> Response<Bytes> {
        let paired = self.try_pair(knock, &request).await;
        paired.unwrap_or_else(|refusal| answer::refused(&refusal, None))
    }

    async fn try_pair(&self, knock: Knock, request: &Request<Bytes>) -> Answer {
        let operation = Target::Operators(OperatorTarget::Pair).operation(request.method())?;
        Query::parse(request.uri().query(), operation)?;
        let PairRequest { csr, proof, name } = api::read(request.body())?;
        let proof = STANDARD.decode(&proof);
        let proof = proof.or(Err(Refusal::invalid("proof", "must be base64")))?;
        let handshake = Handshake {
            exporter: &knock.exporter,
            csr: &csr,
        };
        // One at a time: two who know the string cannot both be let in.
        let mut slot = self.operators.reception.pending().await;
        let pending = slot.as_mut().ok_or_else(|| refused(Refused::Closed))?;
        // Used up only when all went well; a disk that is full now costs no string.
        let mut offer = pending.offer.clone();
        let welcome = match offer.claim(clock::monotonic(), &handshake, &proof) {
            Ok(welcome) => welcome,
            Err(reason) => {
                pending.offer = offer;
                tracing::warn!(peer = %knock.peer, %reason, "a client was not paired");
                self.knocked(knock, reason);
                return Err(refused(reason));
            }
        };
        let promise = &offer.promised;
        if !self.still_administers(&promise.creator) {
            return Err(refused(Refused::Closed));
        }
        let name = promise.name.clone().or(name).unwrap_or_else(default_name);
        let reason = format!("paired {name} as {} from {}", promise.role, knock.peer.ip());
        let new = NewOperator {
            name,
            role: promise.role,
            comment: Comment::default(),
        };
        let issued = self.issue(&promise.creator, new, &csr, &reason).await?;
        let words = welcome.words.map(str::to_owned).to_vec();
        let (operator, role) = (&issued.operator, promise.role);
        tracing::warn!(peer = %knock.peer, name = operator.name, id = %operator.id, %role, words = words.join(" "), "an operator was paired");
        let used = Used {
            operator: operator.id,
            words,
        };
        let proof = STANDARD.encode(offer.proof(&handshake, &issued.certificate));
        pending.offer = offer;
        pending.used = Some(used);
        answer::ok(
            &Paired { issued, proof },
            self.store.current().revision().number,
        )
    }

    /// Records a client that was not let in.
    fn knocked(&self, knock: Knock, reason: Refused) {
        let actor = Actor {
            name: "a client without a certificate".to_owned(),
            role: None,
            from: Some(knock.peer.ip().to_string()),
        };
        let (category, outcome) = (Category::AccessDenied, Outcome::Refused);
        let message = format!("pairing: {reason}");
        let time_ms = self.audit.now_ms();
        self.audit
            .event(Record::new(time_ms, category, outcome, actor, &message));
    }

    /// Whether the maker of a pairing string may still do what he did then.
    fn still_administers(&self, creator: &Caller) -> bool {
        match creator {
            Caller::Local(_) => true,
            Caller::Monitoring(_) => false,
            Caller::Operator(creator) => {
                let current = self.store.current();
                let found = current.document().connector().operators().get(creator.id);
                found.is_some_and(|one| one.role == Role::Administrator)
            }
            Caller::Member(creator) => {
                let current = self.store.current();
                let found = creator.now(&current.document().connector().organisation);
                found.is_some_and(|one| one.role() == Role::Administrator)
            }
        }
    }
}

fn refused(reason: Refused) -> Refusal {
    let (status, kind) = (StatusCode::FORBIDDEN, ErrorType::ForbiddenRequest);
    Refusal::new(status, kind, reason.to_string())
}

/// A name for somebody whom nobody named.
fn default_name() -> OperatorName {
    let text = format!("paired {}", underpass_runtime::random::id());
    text.parse().unwrap_or_default()
}
