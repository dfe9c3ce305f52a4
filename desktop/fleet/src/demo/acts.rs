//! What a made-up agent does at once: subaccounts come, operators come and go, passwords are kept.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "what is not done here is done, or refused, elsewhere"
)]

use bytes::Bytes;
use http::StatusCode;
use underpass_shared::api::management::{
    ConnectorTarget, Drain, DrainShown, Enrolment, ErrorType, MailInput, MonitoringPassword,
    MonitoringUserInput, MonitoringUserShown, OperatorChange, OperatorShown, OperatorTarget,
    PairingCreated, PairingInput, PairingShown, PairingState, ProxyInput, Refusal, RunningTarget,
    SubaccountCertificate, SubaccountShown, SubaccountTarget, Target, Verb, read,
};
use underpass_shared::config::{
    Connector, ConnectorFields, Document, Mail, MonitoringUser, Operator, Organisation, Proxy,
    ProxyFields, SubaccountFields, SubaccountKey,
};
use underpass_shared::id::{CredentialId, InstanceId, OperatorId};
use underpass_shared::pairing::PairingLink;
use underpass_shared::pki::token::EnrolToken;

use super::agent::{DemoAgent, State, USER, done, ok};
use super::answers::find;
use super::custody::{self, Custody};
use super::measured::Answered;
use super::own;
use super::random::Dice;
use super::schedules;
use crate::Reply;
use crate::api::Call;

/// How long a pairing string is good.
const LIFE_MS: i64 = 600_000;
const DAY_MS: i64 = 86_400_000;
/// When somebody uses the pairing string.
const KNOCK_MS: i64 = 12_000;
/// The words that both sides show then.
const WORDS: [&str; 6] = ["harbor", "violin", "maple", "orbit", "candle", "river"];
/// Connections of the tunnels of an agent that is not drained.
const CONNECTIONS: usize = 4;

/// What it does now and forgets at its end.
#[derive(Default)]
pub(super) struct Running {
    pairing: Option<Pairing>,
    drain: Option<Drain>,
    pub(super) alerts: Answered,
    pub(super) custody: Custody,
    pub(super) asked: schedules::Asked,
}

struct Pairing {
    input: PairingInput,
    created_ms: i64,
}

/// What came of a call.
pub(super) enum Acted {
    /// A new document, why, and what is answered.
    Document(Document, String, Bytes),
    /// An answer, and nothing in the document.
    Answer(Reply),
}

impl Acted {
    /// A new document, and why.
    pub(super) const fn document(document: Document, reason: String) -> Self {
        Self::Document(document, reason, Bytes::new())
    }
}

/// Does what a call asks for, if it is one of these.
pub(super) fn act(
    agent: &DemoAgent,
    state: &mut State,
    call: &Call,
) -> Option<Result<Acted, Refusal>> {
    Some(match (&call.target, call.verb) {
        (Target::Backup(_) | Target::Restores(_), _) => custody::act(agent, state, call),
        (Target::Schedules(target), _) => schedules::act(agent, state, call, target),
        (Target::Subaccounts, Verb::Post) => enrol(agent, state, call),
        (Target::Of(path, SubaccountTarget::Validity), Verb::Post) => {
            let found = find(state.store.current().1, path).map(|one| own::tunnel(agent, one));
            let number = state.store.number();
            let shown = |tunnel: underpass_shared::api::management::Tunnel| {
                let certificate: Option<SubaccountCertificate> = tunnel.subaccount_certificate;
                ok(&certificate, number).map(Acted::Answer)
            };
            found.and_then(shown)
        }
        (Target::Proxy, Verb::Put | Verb::Delete) => proxy(agent, state, call),
        (Target::Connector(ConnectorTarget::Email), Verb::Put) => mail(agent, state, call),
        (Target::Connector(ConnectorTarget::MonitoringUsers), Verb::Post)
        | (Target::Connector(ConnectorTarget::MonitoringUser(_)), Verb::Put | Verb::Delete) => {
            monitoring(agent, state, call)
        }
        (Target::Operators(target), _) => operators(agent, state, call, target),
        (Target::Running(RunningTarget::Drain), Verb::Post) => {
            state.running.drain = Some(Drain {
                since_ms: agent.now_ms(),
                author: USER.to_owned(),
            });
            Ok(Acted::Answer(done(state.store.number())))
        }
        (Target::Running(RunningTarget::Drain), Verb::Delete) => {
            state.running.drain = None;
            Ok(Acted::Answer(done(state.store.number())))
        }
        (Target::Running(RunningTarget::Restart), Verb::Post) => {
            let custody = std::mem::take(&mut state.running.custody).restarted();
            state.running = Running {
                custody,
                ..Running::default()
            };
            Ok(Acted::Answer(done(state.store.number())))
        }
        _ => return None,
    })
}

/// Tells what it does now, if that is asked for.
pub(super) fn tell(
    agent: &DemoAgent,
    state: &State,
    target: &Target,
) -> Option<Result<Reply, Refusal>> {
    let number = state.store.number();
    let settings = state.store.current().1.connector();
    Some(match target {
        Target::Running(RunningTarget::Drain) => {
            let connections = if state.running.drain.is_some() {
                0
            } else {
                CONNECTIONS
            };
            ok(
                &DrainShown::of(state.running.drain.clone(), connections),
                number,
            )
        }
        Target::Restores(target) => custody::tell(state, *target),
        Target::Schedules(target) => schedules::tell(agent, state, target),
        Target::Operators(OperatorTarget::Pairing) => pairing(agent, state),
        Target::Operators(OperatorTarget::All) => {
            let mut dice = Dice::new(agent.seed);
            let seen = |one: &Operator| OperatorShown {
                certificate_not_after_time_stamp: Some(
                    agent.now_ms() + DAY_MS * i64::from(9 + dice.below(80)),
                ),
                last_seen_time_stamp: Some(agent.now_ms() - 60_000 * i64::from(dice.below(9_000))),
                ..OperatorShown::show(one)
            };
            let shown: Vec<_> = settings.operators().as_slice().iter().map(seen).collect();
            ok(&shown, number)
        }
        Target::Connector(ConnectorTarget::MonitoringUsers) => {
            let all = settings.monitoring_users.as_slice().iter();
            let shown: Vec<_> = all
                .map(|one| MonitoringUserShown::show(&one.name))
                .collect();
            ok(&shown, number)
        }
        _ => return None,
    })
}

fn with(document: &Document, set: impl FnOnce(&mut ConnectorFields)) -> Result<Document, Refusal> {
    let mut fields = ConnectorFields::from(Connector::clone(document.connector()));
    set(&mut fields);
    Ok(document.with_connector(fields.try_into()?)?)
}

fn dice(agent: &DemoAgent, state: &State) -> Dice {
    Dice::new(agent.seed ^ state.store.number().rotate_left(32))
}

fn enrol(agent: &DemoAgent, state: &State, call: &Call) -> Result<Acted, Refusal> {
    let input: Enrolment = read(&call.body)?;
    let wrong = |rule: String| Refusal::invalid("authenticationData", rule);
    let token: EnrolToken = input
        .token()?
        .parse()
        .map_err(|rule| wrong(format!("{rule}")))?;
    let key = SubaccountKey {
        region_host: token.region_host.clone(),
        subaccount: token.subaccount,
        location_id: input.location_id.clone().unwrap_or_default(),
    };
    let mut dice = dice(agent, state);
    let instance = InstanceId::from_uuid(dice.uuid());
    let credential = CredentialId::from_uuid(dice.uuid());
    let fields = SubaccountFields {
        display_name: input.display_name.unwrap_or_default(),
        description: input.description.unwrap_or_default(),
        managed: input.is_managed.is_some_and(|flag| flag.0),
        ..SubaccountFields::enrolled(key, instance, credential)
    };
    let key = fields.key.clone();
    let document = state.store.current().1.with_subaccount(fields)?;
    let new = document
        .subaccount(&key)
        .map(|new| SubaccountShown::show(new.own(), own::tunnel(agent, new)));
    let body = ok(&new, state.store.number())?.body;
    let reason = format!("enrolled for {}", token.subaccount);
    Ok(Acted::Document(document, reason, body))
}

fn proxy(agent: &DemoAgent, state: &State, call: &Call) -> Result<Acted, Refusal> {
    let document = state.store.current().1;
    if call.verb == Verb::Delete {
        let next = with(document, |fields| fields.proxy = None)?;
        return Ok(Acted::document(next, "removed the proxy".to_owned()));
    }
    let input: ProxyInput = read(&call.body)?;
    let credential = CredentialId::from_uuid(dice(agent, state).uuid());
    let reason = format!("set the proxy to {}:{}", input.host, input.port.0);
    let proxy = Proxy::try_from(ProxyFields {
        host: input.host,
        port: input.port.0,
        credential: input.user.is_some().then_some(credential),
        user: input.user,
    })?;
    Ok(Acted::document(
        with(document, |fields| fields.proxy = Some(proxy))?,
        reason,
    ))
}

fn mail(agent: &DemoAgent, state: &State, call: &Call) -> Result<Acted, Refusal> {
    let input: MailInput = read(&call.body)?;
    let (mut fields, password) = input.into_parts();
    let credential = CredentialId::from_uuid(dice(agent, state).uuid());
    fields.credential = password.map(|_| credential);
    let mail = Mail::try_from(fields)?;
    let document = with(state.store.current().1, |fields| fields.email = mail)?;
    Ok(Acted::document(
        document,
        "changed how mail is sent".to_owned(),
    ))
}

fn monitoring(agent: &DemoAgent, state: &State, call: &Call) -> Result<Acted, Refusal> {
    let document = state.store.current().1;
    let mut users: Vec<MonitoringUser> = document.connector().monitoring_users.clone().into();
    let password = CredentialId::from_uuid(dice(agent, state).uuid());
    let reason = match &call.target {
        Target::Connector(ConnectorTarget::MonitoringUser(name)) => {
            if call.verb == Verb::Put {
                read::<MonitoringPassword>(&call.body)?.checked()?;
                return Ok(Acted::Answer(done(state.store.number())));
            }
            users.retain(|one| one.name != *name);
            format!("removed the user {name}")
        }
        _ => {
            let (name, _secret) = read::<MonitoringUserInput>(&call.body)?.into_parts()?;
            let reason = format!("added the user {name}");
            users.push(MonitoringUser { name, password });
            reason
        }
    };
    let users = users.try_into()?;
    Ok(Acted::document(
        with(document, |fields| fields.monitoring_users = users)?,
        reason,
    ))
}

fn operators(
    agent: &DemoAgent,
    state: &mut State,
    call: &Call,
    target: &OperatorTarget,
) -> Result<Acted, Refusal> {
    let document = state.store.current().1;
    let all = document.connector().operators();
    let known = |id: &OperatorId| {
        let none = || Refusal::not_found(format!("there is no operator {id}"));
        all.get(*id).cloned().ok_or_else(none)
    };
    let (next, reason) = match (target, call.verb) {
        (OperatorTarget::One(id), Verb::Patch) => {
            let change: OperatorChange = read(&call.body)?;
            let old = known(id)?;
            let reason = format!("changed operator {}", old.name);
            let new = Operator {
                name: change.name.unwrap_or(old.name),
                role: change.role.unwrap_or(old.role),
                comment: change.comment.unwrap_or(old.comment),
                ..old
            };
            (all.with(new)?, reason)
        }
        (OperatorTarget::One(id), Verb::Delete) => {
            let old = known(id)?;
            (all.without(*id), format!("removed operator {}", old.name))
        }
        (OperatorTarget::Pairing, Verb::Post) => return open(agent, state, call),
        (OperatorTarget::Pairing, Verb::Delete) => {
            state.running.pairing = None;
            return Ok(Acted::Answer(done(state.store.number())));
        }
        (OperatorTarget::Organisation, Verb::Put) => {
            let organisation: Organisation = read(&call.body)?;
            let next = with(document, |fields| fields.organisation = organisation)?;
            return Ok(Acted::document(
                next,
                "changed the CAs of the organisation".to_owned(),
            ));
        }
        _ => return Err(Refusal::not_implemented("made-up agents sign nothing")),
    };
    all.may_become(&next, underpass_shared::config::Joining::Anybody)?;
    Ok(Acted::document(
        with(document, |fields| fields.operators = next)?,
        reason,
    ))
}

/// Makes a pairing string that nobody can use.
fn open(agent: &DemoAgent, state: &mut State, call: &Call) -> Result<Acted, Refusal> {
    let input: PairingInput = read(&call.body)?;
    let mut dice = dice(agent, state);
    let mut identity = [0; 32];
    let mut secret = [0; 16];
    identity.fill_with(|| dice.next().to_be_bytes()[0]);
    secret.fill_with(|| dice.next().to_be_bytes()[0]);
    let link = PairingLink {
        address: agent.address.clone(),
        identity,
        secret: underpass_shared::pairing::PairingSecret::new(secret),
    };
    let created_ms = agent.now_ms();
    let created = PairingCreated {
        pairing: link.to_string(),
        expires_time_stamp: created_ms + LIFE_MS,
    };
    state.running.pairing = Some(Pairing { input, created_ms });
    ok(&created, state.store.number()).map(Acted::Answer)
}

fn pairing(agent: &DemoAgent, state: &State) -> Result<Reply, Refusal> {
    let none = || {
        let message = "no pairing string was made since the start";
        Refusal::new(StatusCode::NOT_FOUND, ErrorType::NotFound, message)
    };
    let pairing = state.running.pairing.as_ref().ok_or_else(none)?;
    let age_ms = agent.now_ms() - pairing.created_ms;
    let used = age_ms >= KNOCK_MS;
    let shown = PairingShown {
        state: if used {
            PairingState::Used
        } else {
            PairingState::Open
        },
        role: pairing.input.role,
        author: USER.to_owned(),
        tries_left: 3,
        operator: None,
        words: if used {
            WORDS.map(str::to_owned).to_vec()
        } else {
            vec![]
        },
    };
    ok(&shown, state.store.number())
}
