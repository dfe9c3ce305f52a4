//! One made-up agent: it answers as a real one does, out of memory.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream;
use futures_util::{FutureExt as _, StreamExt as _};
use http::StatusCode;
use serde::Serialize;
use tokio::sync::broadcast;
use underpass_shared::api::management::{
    CertificateTarget, ConnectorTarget, DocumentTarget, ErrorType, Event, EventMessage,
    MappingTarget, Preview, Refusal, StateInput, SubaccountPath, SubaccountTarget, Target, Verb,
    read,
};
use underpass_shared::config::{Document, Invalid, changes, diff};
use underpass_shared::host::InternalAddress;
use underpass_shared::id::AgentId;

use super::acts::{self, Acted};
use super::cast::{GATEWAYS, PEOPLE, Trouble};
use super::document::document;
use super::furniture::furnished;
use super::random::Dice;
use super::store::{Order, Store};
use super::{answers, certificates, logs, measured, quality, trouble};
use crate::api::{Api, Call, Events, Heard, Lines};
use crate::snapshot::Sample;
use crate::{FleetError, Reply};

/// Who sits before the demo.
pub(super) const USER: &str = "operator:a.lindgren";
/// Events that a slow listener may be behind.
const EVENTS_MAX: usize = 256;

/// The time, as everybody in the demo is told.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// What changes of it.
pub(super) struct State {
    pub(super) store: Store,
    pub(super) running: acts::Running,
    pub(super) trouble: trouble::Told,
    next_event: u64,
    /// It left in the middle of the play.
    pub(super) is_gone: bool,
}

/// One made-up agent.
pub(super) struct DemoAgent {
    pub(super) id: AgentId,
    pub(super) host: String,
    pub(super) address: InternalAddress,
    pub(super) trouble: Trouble,
    pub(super) seed: u64,
    pub(super) started_ms: i64,
    clock: Clock,
    state: Mutex<State>,
    events: broadcast::Sender<Heard>,
}

impl DemoAgent {
    pub(super) fn new(
        seed: u64,
        host: String,
        address: InternalAddress,
        trouble: Trouble,
        group: usize,
        clock: Clock,
    ) -> Self {
        let mut dice = Dice::new(seed);
        let mut identity = [0; 32];
        for chunk in identity.chunks_exact_mut(8) {
            chunk.copy_from_slice(&dice.next().to_be_bytes());
        }
        let now_ms = clock();
        let gateway = GATEWAYS.get(group).copied().unwrap_or(GATEWAYS[0]);
        let number = host.trim_start_matches(|one: char| !one.is_ascii_digit());
        let number = (group == quality::GROUP).then(|| number.parse().unwrap_or_default());
        let whole = whole(&mut dice, (gateway, number), trouble, now_ms);
        // The tests see that all of them follow the rules.
        let whole = whole.unwrap_or_else(|_invalid| Document::empty());
        let store = history(&mut dice, &whole, trouble, now_ms);
        Self {
            id: AgentId::of_authority(&identity),
            host,
            address,
            trouble,
            seed,
            started_ms: now_ms - 3_600_000 * i64::from(1 + dice.below(900)),
            clock,
            state: Mutex::new(State {
                store,
                running: acts::Running::default(),
                trouble: trouble::Told::default(),
                next_event: 1,
                is_gone: false,
            }),
            events: broadcast::Sender::new(EVENTS_MAX),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now_ms(&self) -> i64 {
        (self.clock)()
    }

    fn happened(&self, state: &mut State, event: Event) {
        let id = state.next_event;
        state.next_event += 1;
        let time_ms = self.now_ms();
        let message = Some(EventMessage { time_ms, event });
        // Nobody may listen.
        drop(self.events.send(Heard {
            id: Some(id),
            message,
        }));
    }

    /// A request and its answer, at once.
    pub(super) fn answer(&self, call: &Call) -> Result<Reply, FleetError> {
        if let Some(error) = self.absent() {
            return Err(error);
        }
        let answered = match call.verb {
            Verb::Get => answers::get(self, &self.state(), call),
            Verb::Post | Verb::Put | Verb::Patch | Verb::Delete => self.change(call),
        };
        answered.map_err(|Refusal { status, body, .. }| FleetError::Refused { status, body })
    }

    /// Why it does not answer.
    pub(super) fn absent(&self) -> Option<FleetError> {
        match self.trouble {
            Trouble::Away if self.state().is_gone => Some(FleetError::Unreachable {
                address: self.address.to_string(),
                source: std::io::Error::new(
                    std::io::ErrorKind::TimedOut,
                    "the connection timed out",
                ),
            }),
            Trouble::Refused => {
                let message = "the certificate of this program was revoked; pair again";
                let status = StatusCode::UNAUTHORIZED;
                let kind = ErrorType::ForbiddenRequest;
                let Refusal { status, body, .. } = Refusal::new(status, kind, message);
                Some(FleetError::Refused { status, body })
            }
            Trouble::KeyChanged => Some(FleetError::Imposter),
            Trouble::Nothing
            | Trouble::TunnelDown
            | Trouble::AllDown
            | Trouble::Blocked
            | Trouble::Expiring(_)
            | Trouble::Weak
            | Trouble::OnTrial
            | Trouble::Away => None,
        }
    }

    fn change(&self, call: &Call) -> Result<Reply, Refusal> {
        let mut state = self.state();
        let now_ms = self.now_ms();
        match (&call.target, call.verb) {
            (Target::Document(DocumentTarget::PendingConfirm), Verb::Post) => {
                state.store.pending(now_ms)?;
                state.store.trial = None;
                self.happened(&mut state, Event::PendingConfirm { pending: None });
                return Ok(done(state.store.number()));
            }
            (Target::Document(DocumentTarget::PendingConfirm), Verb::Delete) => {
                state.store.revert(now_ms)?;
                self.revised(&mut state);
                self.happened(&mut state, Event::PendingConfirm { pending: None });
                return Ok(done(state.store.number()));
            }
            (
                Target::Of(_, SubaccountTarget::ConnectionCheck)
                | Target::OfMapping(.., MappingTarget::Check),
                Verb::Post,
            ) => {
                return answers::checked(self, &state);
            }
            (Target::Of(path, SubaccountTarget::AccessCheck), Verb::Post) => {
                return answers::access(&state, path, &call.body);
            }
            (Target::Alerts(target), _) => {
                return measured::change(self, &mut state, *target, call);
            }
            (Target::Monitoring(target), verb) if measured::forget(*target, verb) => {
                return Ok(done(state.store.number()));
            }
            (_, Verb::Get | Verb::Post | Verb::Put | Verb::Patch | Verb::Delete) => {}
        }
        let acted = match acts::act(self, &mut state, call) {
            Some(acted) => Some(acted),
            None => trouble::act(self, &mut state, call),
        };
        let (document, reason, body) = match acted {
            None => edited(&state.store, call, now_ms)?,
            Some(acted) => match acted? {
                Acted::Document(document, reason, body) => (document, reason, body),
                Acted::Answer(reply) => return Ok(reply),
            },
        };
        let order = Order {
            author: USER,
            reason: &reason,
            if_match: call.if_match,
            within: call.query.confirm_within,
            now_ms,
        };
        if call.query.dry_run {
            state.store.admit(&order)?;
            let (revision, old) = state.store.current();
            let changes = changes(&diff(old, &document), &diff(&document, old));
            let revision = revision.number;
            return ok(&Preview { revision, changes }, revision);
        }
        if state.store.put(document, &order)? {
            self.revised(&mut state);
            if let Ok(pending) = state.store.pending(now_ms) {
                let pending = Some(pending);
                self.happened(&mut state, Event::PendingConfirm { pending });
            }
        }
        Ok(Reply {
            body,
            ..done(state.store.number())
        })
    }

    fn revised(&self, state: &mut State) {
        let revision = state.store.current().0.clone();
        let event = Event::Revision {
            number: revision.number,
            author: revision.author,
            reason: revision.reason,
        };
        self.happened(state, event);
    }

    pub(super) fn figures(&self, since_ms: i64) -> Vec<Sample> {
        measured::samples(&measured::Nature::of(self), since_ms, self.now_ms())
    }

    /// The stream of events as a session opens it.
    fn listen(&self) -> Result<Events, FleetError> {
        if self.trouble == Trouble::Away {
            self.state().is_gone = true;
        }
        if let Some(error) = self.absent() {
            return Err(error);
        }
        let revision = self.state().store.number();
        let start = Heard {
            id: None,
            message: Some(EventMessage {
                time_ms: self.now_ms(),
                event: Event::Start { revision },
            }),
        };
        let heard = stream::unfold(self.events.subscribe(), |mut events| async {
            loop {
                match events.recv().await {
                    Ok(heard) => return Some((Ok(heard), events)),
                    Err(broadcast::error::RecvError::Lagged(_)) => {}
                    Err(broadcast::error::RecvError::Closed) => return None,
                }
            }
        });
        Ok(stream::iter([Ok(start)]).chain(heard).boxed())
    }
}

impl DemoAgent {
    /// The log as it is written.
    fn follow(&self, after: Option<u64>) -> Result<Lines, FleetError> {
        match self.absent() {
            Some(error) => Err(error),
            None => Ok(logs::follow(self.seed, Arc::clone(&self.clock), after)),
        }
    }
}

impl Api for DemoAgent {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Result<Reply, FleetError>> {
        std::future::ready(self.answer(call)).boxed()
    }

    fn events(&self, _after: Option<u64>) -> BoxFuture<'_, Result<Events, FleetError>> {
        std::future::ready(self.listen()).boxed()
    }

    fn lines(&self, after: Option<u64>) -> BoxFuture<'_, Result<Lines, FleetError>> {
        std::future::ready(self.follow(after)).boxed()
    }

    fn samples(&self, since_ms: i64) -> BoxFuture<'_, Result<Vec<Sample>, FleetError>> {
        std::future::ready(Ok(self.figures(since_ms))).boxed()
    }
}

/// The document with a subaccount connected, or not.
fn connected(
    document: &Document,
    path: &SubaccountPath,
    body: &[u8],
) -> Result<(Document, String), Refusal> {
    let input: StateInput = read(body)?;
    let mut own = (***answers::find(document, path)?.own()).clone();
    own.connected = input.connected.0;
    let verb = if own.connected {
        "connected"
    } else {
        "disconnected"
    };
    let reason = format!("{verb} subaccount {}", path.subaccount);
    Ok((document.with_subaccount(own)?, reason))
}

/// The configuration after a change, why it was made, and what the answer holds.
fn edited(store: &Store, call: &Call, now_ms: i64) -> Result<(Document, String, Bytes), Refusal> {
    let present = store.current().1;
    let (document, reason) = match (&call.target, call.verb) {
        (Target::Document(DocumentTarget::Whole), Verb::Put) => {
            let text = std::str::from_utf8(&call.body);
            let text = text.map_err(|_utf8| Refusal::invalid("", "the document is not UTF-8"))?;
            let document = Document::from_json(text)?;
            (document, "applied a whole document".to_owned())
        }
        (Target::Document(DocumentTarget::Undo(number)), Verb::Post) => {
            (store.undone(*number)?, format!("undid revision {number}"))
        }
        (Target::Document(DocumentTarget::Restore(number)), Verb::Post) => {
            let past = store.at(*number)?.1;
            let restored = present.restoring(past)?;
            (restored, format!("restored revision {number}"))
        }
        (Target::Of(path, SubaccountTarget::State), Verb::Put) => {
            connected(present, path, &call.body)?
        }
        (Target::Certificates(CertificateTarget::Own(one)), verb) => {
            return certificates::change(present, *one, verb, &call.body, now_ms);
        }
        (Target::Connector(ConnectorTarget::Logs), Verb::Patch) => logs::set(present, &call.body)?,
        (Target::Of(_, SubaccountTarget::IdentityTrust), Verb::Post) => {
            let message = "the gateway offers no lists of identity providers";
            return Err(Refusal::illegal_state(message));
        }
        (_, Verb::Get | Verb::Post | Verb::Put | Verb::Patch | Verb::Delete) => {
            let message = "made-up agents take changes of the configuration alone";
            return Err(Refusal::not_implemented(message));
        }
    };
    Ok((document, reason, Bytes::new()))
}

/// The configuration. Agents of the group that shall be the same have a number in it.
fn whole(
    dice: &mut Dice,
    (gateway, number): (&str, Option<usize>),
    trouble: Trouble,
    now_ms: i64,
) -> Result<Document, Invalid> {
    let whole = document(dice, gateway, trouble, now_ms);
    match number {
        Some(number) => quality::quality(number, gateway, trouble, now_ms),
        None => whole.and_then(|whole| furnished(&whole, &mut dice.clone())),
    }
}

/// How it came to be: each subaccount and the last mappings are a change of somebody.
fn history(dice: &mut Dice, whole: &Document, trouble: Trouble, now_ms: i64) -> Store {
    let mut store = Store::new();
    let mut at_ms = now_ms - 86_400_000 * 40;
    let connector = (***whole.connector()).clone();
    let mut present = Document::empty()
        .with_connector(connector)
        .unwrap_or_else(|_| whole.clone());
    let mut steps = vec![(present.clone(), "set the agent up".to_owned())];
    for subaccount in whole.subaccounts() {
        let own = (***subaccount.own()).clone();
        let name = own.display_name.to_string();
        present = present.with_subaccount(own).unwrap_or(present);
        steps.push((present.clone(), format!("enrolled for {name}")));
        for mapping in subaccount.mappings() {
            let key = subaccount.key().clone();
            present = present
                .with_mapping(key, (***mapping).clone())
                .unwrap_or(present);
            let (from, to) = (&mapping.virtual_address, &mapping.internal_address);
            steps.push((
                present.clone(),
                format!("added system mapping {from} to {to}"),
            ));
        }
    }
    let last = steps.len().saturating_sub(1);
    for (at, (document, reason)) in steps.into_iter().enumerate() {
        let on_trial = trouble == Trouble::OnTrial && at == last;
        at_ms = (at_ms + 3_600_000 * i64::from(1 + dice.below(30))).min(now_ms - 60_000);
        let author = format!("operator:{}", dice.one_of(&PEOPLE));
        let order = Order {
            author: if on_trial { USER } else { &author },
            reason: &reason,
            if_match: None,
            within: "600".parse().ok().filter(|_| on_trial),
            now_ms: if on_trial { now_ms } else { at_ms },
        };
        if store.put(document, &order).is_err() {
            break;
        }
    }
    store
}

/// 200 with a body.
pub(super) fn ok(body: &impl Serialize, revision: u64) -> Result<Reply, Refusal> {
    let json = serde_json::to_vec(body).map_err(|error| Refusal::failure(error.to_string()))?;
    Ok(text(json, revision))
}

/// 200 with JSON that is there already.
pub(super) fn text(json: impl Into<Bytes>, revision: u64) -> Reply {
    Reply {
        status: StatusCode::OK,
        revision: Some(revision),
        body: json.into(),
    }
}

pub(super) fn done(revision: u64) -> Reply {
    Reply {
        status: StatusCode::NO_CONTENT,
        revision: Some(revision),
        body: Bytes::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::SEED;
    use super::super::cast::{GROUPS, trouble};
    use super::*;

    #[test]
    fn configurations_and_their_histories_follow_the_rules() {
        let mut dice = Dice::new(SEED);
        for (group, gateway) in (0..GROUPS.len()).zip(GATEWAYS.iter().cycle()) {
            for at in 0..20 {
                let mut dice = Dice::new(dice.next());
                let number = (group == quality::GROUP).then_some(at);
                let whole = whole(&mut dice, (gateway, number), trouble(at), 1_772_443_800_000);
                let whole = whole.unwrap();
                assert!(!whole.subaccounts().is_empty());
                let store = history(&mut dice, &whole, trouble(at), 1_772_443_800_000);
                assert_eq!(store.current().1.hash(), whole.hash(), "{group} {at}");
            }
        }
    }
}
