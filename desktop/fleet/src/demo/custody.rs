//! Backups of made-up agents: real archives with what a made-up agent has, sealed so that every
//! other one can open them; and restores by the real plan.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "what made-up agents do not do is refused in one place"
)]

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use underpass_runtime::archive::{
    self, About, ArchiveError, Identity, Key, Limits, Lock, Recipient,
};
use underpass_shared::api::management::{
    BackupHead, BackupInput, BackupTarget, BackupVerified, PASSPHRASE_LEN_MIN, Refusal,
    RestoreApplied, RestoreOrigin, RestorePlanShown, RestoreShown, RestoreTarget, RollbackOffer,
    Target, Verb, read,
};
use underpass_shared::backup::{
    Absent, CONTENT_FORMAT, Content, ContentError, Enrolment, Head, IdentityKey, KeptSecret,
    Machine, Named, Past, Values,
};
use underpass_shared::config::{Document, diff};
use underpass_shared::hash::Hash256;
use underpass_shared::id::{AgentId, PlanId};
use underpass_shared::restore::{Choice, Draft, Facts, Held, HeldEnrolment, HeldValue, Plan};
use underpass_shared::secret::Secret;

use super::acts::Acted;
use super::agent::{DemoAgent, State, USER, done, ok, text};
use super::certificates::client;
use super::form::parts;
use super::own::VERSION;
use super::random::Dice;
use crate::Reply;
use crate::api::Call;
use crate::backup::PRODUCT;

/// What backups of made-up agents are sealed to beside what was asked for. It is printed in the
/// specification of `age`, and secret to nobody.
const EVERYBODY: &str =
    "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";
/// How long plans are kept.
const PLAN_MS: i64 = 30 * 60_000;
/// Plans at a time.
const PLANS_MAX: usize = 4;

/// What is kept of restores.
#[derive(Default)]
pub(super) struct Custody {
    plans: Vec<(RestorePlanShown, Document)>,
    last: Option<RestoreApplied>,
    /// The way back: the revision, and when it was made.
    way_back: Option<(u64, i64)>,
}

impl Custody {
    /// After a restart: plans are in memory alone.
    pub(super) fn restarted(self) -> Self {
        Self {
            plans: vec![],
            ..self
        }
    }
}

/// What is sealed.
#[derive(Serialize, Deserialize)]
struct Sealed {
    /// The hash of the passphrase, where there is one.
    guard: Option<Hash256>,
    content: Content,
}

type Done = Result<Acted, Refusal>;

pub(super) fn act(agent: &DemoAgent, state: &mut State, call: &Call) -> Done {
    let number = state.store.number();
    match (&call.target, call.verb) {
        (Target::Backup(BackupTarget::Archive), Verb::Post) => give(agent, state, call),
        (Target::Backup(BackupTarget::Verification), _) => {
            let (content, backup) = open(call)?;
            let plan = draw(agent, state, &content, &backup, &Choice::default())?;
            ok(&report(agent, &content, &backup, plan), number).map(Acted::Answer)
        }
        (Target::Backup(BackupTarget::Configuration), _) => {
            let (content, backup) = open(call)?;
            let json = backup.to_json().into_bytes();
            Ok(Acted::Answer(text(json, content.revision.number)))
        }
        (Target::Restores(RestoreTarget::Plans), _) => plan(agent, state, call),
        (Target::Restores(RestoreTarget::Plan(id)), Verb::Delete) => {
            state.running.custody.plans.retain(|(one, _)| one.id != *id);
            Ok(Acted::Answer(done(number)))
        }
        (Target::Restores(RestoreTarget::Apply(id)), _) => apply(agent, state, *id),
        (Target::Restores(RestoreTarget::Rollback), _) => roll_back(agent, state),
        _ => Err(Refusal::not_implemented(
            "made-up agents have no keys for backups of others",
        )),
    }
}

/// Tells what was restored, and what is planned.
pub(super) fn tell(state: &State, target: RestoreTarget) -> Result<Reply, Refusal> {
    let (number, custody) = (state.store.number(), &state.running.custody);
    match target {
        RestoreTarget::Plan(id) => ok(&find(custody, id)?.0, number),
        _ => {
            let offer = |(revision, time_stamp): (u64, i64)| RollbackOffer {
                revision: Some(revision),
                time_stamp,
                identity: false,
            };
            let shown = RestoreShown {
                last: custody.last.clone(),
                rollback: custody.way_back.map(offer),
                plans: custody.plans.iter().map(|(plan, _)| plan.id).collect(),
                ..RestoreShown::default()
            };
            ok(&shown, number)
        }
    }
}

fn find(custody: &Custody, id: PlanId) -> Result<&(RestorePlanShown, Document), Refusal> {
    let found = custody.plans.iter().find(|(plan, _)| plan.id == id);
    found.ok_or_else(|| Refusal::not_found(format!("there is no plan {id}")))
}

fn everybody() -> Result<Identity, Refusal> {
    Identity::of_file(EVERYBODY).map_err(|error| Refusal::failure(error.to_string()))
}

fn guard(password: &str) -> Hash256 {
    Hash256::of(password.as_bytes())
}

fn give(agent: &DemoAgent, state: &State, call: &Call) -> Done {
    let input: BackupInput = read(&call.body)?;
    let mut recipients = vec![everybody()?.recipient()];
    for (at, one) in input.recipients.iter().enumerate() {
        let parsed = one.as_str().parse::<Recipient>();
        let wrong = |rule: &dyn std::fmt::Display| {
            Refusal::invalid(format!("recipients[{at}]"), rule.to_string())
        };
        recipients.push(parsed.map_err(|rule| wrong(&rule))?);
    }
    let password = input.password.as_ref().map(KeptSecret::expose);
    if password.is_some_and(|text| text.chars().count() < PASSPHRASE_LEN_MIN) {
        let rule = format!("must have at least {PASSPHRASE_LEN_MIN} characters");
        return Err(Refusal::invalid("password", rule));
    }
    if password.is_none() && input.recipients.is_empty() {
        return Err(Refusal::invalid("password", "is missing"));
    }
    let failed = |error: &dyn std::fmt::Display| Refusal::failure(error.to_string());
    let content = collect(agent, state, &input);
    let sealed = Sealed {
        guard: password.map(guard),
        content: content.map_err(|error| failed(&error))?,
    };
    let head = Head {
        number: sealed.content.revision.number,
        hash: sealed.content.hash(),
    };
    let about = About {
        product: PRODUCT,
        version: VERSION,
        created_at_ms: agent.now_ms(),
        instance: agent.id.to_string(),
        revision: Some(head),
    };
    let json = serde_json::to_vec(&sealed).map_err(|error| failed(&error))?;
    let made = archive::seal(about, &json, &Lock::Recipients(recipients));
    let (_manifest, archive) = made.map_err(|error| failed(&error))?;
    Ok(Acted::Answer(text(archive, state.store.number())))
}

fn collect(agent: &DemoAgent, state: &State, input: &BackupInput) -> Result<Content, ContentError> {
    let (revision, document) = state.store.current();
    let named = Named::of(document);
    let kept = || KeptSecret::new("made up".to_owned());
    let enrolment = || Enrolment {
        key: kept(),
        certificate: client(agent.now_ms()),
        ca_bundle: String::new(),
    };
    let numbers = (1..=revision.number).rev();
    let numbers = numbers.take(usize::try_from(input.history.get()).unwrap_or(usize::MAX));
    let revisions = numbers.filter_map(|number| {
        let (revision, old, new) = state.store.step(number).ok()?;
        Some(Past {
            revision: revision.clone(),
            inverse: diff(new, old),
        })
    });
    let all = |ids: BTreeSet<_>| ids.into_iter().map(|id| (id, kept())).collect();
    Ok(Content {
        format: CONTENT_FORMAT,
        instance: agent.id,
        created_at_ms: agent.now_ms(),
        product_version: VERSION.to_owned(),
        revision: revision.clone(),
        document: Content::document_of(document)?,
        revisions: revisions.collect(),
        secrets: Values {
            passwords: all(named.passwords),
            keys: all(named.keys),
        },
        enrolments: (named.enrolments.into_iter())
            .map(|id| (id, enrolment()))
            .collect(),
        absent: Absent::default(),
        identity: IdentityKey {
            key: kept(),
            chain: String::new(),
        },
        operators: BTreeMap::new(),
        audit: None,
        machine: input.include_machine.0.then(|| Machine {
            listen: vec![],
            keys: all(named.host_keys),
        }),
    })
}

fn sent(call: &Call) -> Result<Bytes, Refusal> {
    let sent = call.whole();
    sent.map_err(|error| Refusal::invalid("backup", format!("cannot be read: {error}")))
}

fn open(call: &Call) -> Result<(Content, Document), Refusal> {
    let body = sent(call)?;
    let parts = parts(call, &body);
    let parts = parts.ok_or_else(|| Refusal::invalid("", "the form cannot be read"))?;
    let missing = |name| Refusal::invalid(name, "is missing");
    let archive = parts.get("backup").ok_or_else(|| missing("backup"))?;
    let as_text = |name| {
        let bytes = parts.get(name).copied();
        bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    };
    let (key, password) = match (as_text("password"), as_text("identity")) {
        (Some(password), None) => (Key::Identity(everybody()?), Some(password)),
        (None, Some(identity)) => {
            let identity = Identity::of_file(Secret::new(identity).expose());
            let wrong =
                |rule: &dyn std::fmt::Display| Refusal::invalid("identity", rule.to_string());
            (Key::Identity(identity.map_err(|rule| wrong(&rule))?), None)
        }
        (None, None) => return Err(missing("password")),
        (Some(_), Some(_)) => {
            return Err(Refusal::invalid("identity", "goes without a password"));
        }
    };
    let opened = archive::open(archive, PRODUCT, &key, Limits::default());
    let (_manifest, json) = opened.map_err(|error| match error {
        ArchiveError::Identity if password.is_some() => {
            let rule = "made-up agents open backups of made-up agents alone";
            Refusal::invalid("backup", rule)
        }
        ArchiveError::Identity => Refusal::invalid("identity", error.to_string()),
        error => Refusal::invalid("backup", error.to_string()),
    })?;
    let sealed: Sealed = read(&json)?;
    if password.is_some() && password.as_deref().map(guard) != sealed.guard {
        let rule = ArchiveError::Passphrase.to_string();
        return Err(Refusal::invalid("password", rule));
    }
    let document = sealed.content.check();
    let document = document.map_err(|error| Refusal::invalid("backup", error.to_string()))?;
    Ok((sealed.content, document))
}

/// What a restore would do: the real plan, with some hosts that do not resolve.
fn draw(
    agent: &DemoAgent,
    state: &State,
    content: &Content,
    backup: &Document,
    choice: &Choice,
) -> Result<Plan, Refusal> {
    let present = state.store.current().1;
    let here = Named::of(present);
    let here: BTreeSet<_> = here.values().collect();
    let values = Named::of(backup);
    let held = Held {
        is_new: false,
        agent: Some(agent.id),
        values: (values.values().filter(|id| here.contains(id)))
            .map(|id| (id, HeldValue::Same))
            .collect(),
        enrolments: (present.subaccounts().iter())
            .map(|one| {
                // Older than any: what is restored is the newer one.
                let not_before_ms = 0;
                (one.own().instance, HeldEnrolment { not_before_ms })
            })
            .collect(),
    };
    let mut dice = Dice::new(agent.seed ^ state.store.number());
    let fresh = &mut || dice.uuid();
    let draft = Draft::make(present, content, backup, choice, &held, fresh)?;
    let questions = draft.questions(present);
    let unresolved = questions.hosts.into_iter().step_by(3).take(3);
    let facts = Facts {
        now_ms: agent.now_ms(),
        unresolved: unresolved
            .map(|host| (host, "no such name".to_owned()))
            .collect(),
        elsewhere: if content.instance == agent.id {
            BTreeSet::new()
        } else {
            draft.writes.enrolments.clone()
        },
        ..Facts::default()
    };
    Ok(draft.plan(present, content, &held, &facts))
}

fn report(agent: &DemoAgent, content: &Content, backup: &Document, plan: Plan) -> BackupVerified {
    let mappings = || backup.subaccounts().iter().flat_map(|one| one.mappings());
    BackupVerified {
        instance: content.instance,
        own: content.instance == agent.id,
        created_time_stamp: content.created_at_ms,
        product_version: content.product_version.clone(),
        format: content.format,
        revision: BackupHead {
            number: content.revision.number,
            hash: content.hash(),
        },
        subaccounts: backup.subaccounts().len(),
        mappings: mappings().count(),
        resources: mappings().map(|one| one.resources.len()).sum(),
        operators: backup.connector().operators().as_slice().len(),
        revisions: content.revisions.len(),
        secrets: content.secrets.len(),
        enrolments: content.enrolments.len(),
        machine: content.machine.is_some(),
        warnings: vec![],
        changes: plan.changes.len(),
        adaptations: plan.adaptations,
        refused: plan.refused,
    }
}

fn plan(agent: &DemoAgent, state: &mut State, call: &Call) -> Done {
    let body = sent(call)?;
    let choice = parts(call, &body).and_then(|parts| parts.get("choice").copied());
    let choice = match choice {
        Some(json) => read(json)?,
        None => Choice::default(),
    };
    let (content, backup) = open(call)?;
    let plan = draw(agent, state, &content, &backup, &choice)?;
    let number = state.store.number();
    let at = u64::try_from(state.running.custody.plans.len()).unwrap_or_default();
    let mut dice = Dice::new(agent.seed ^ number.rotate_left(17) ^ at.rotate_left(40));
    let own: AgentId = agent.id;
    let shown = RestorePlanShown {
        id: PlanId::from_uuid(dice.uuid()),
        expires_time_stamp: agent.now_ms() + PLAN_MS,
        backup: RestoreOrigin {
            agent: content.instance,
            created_time_stamp: content.created_at_ms,
            version: content.product_version.clone(),
            revision: content.revision.number,
            hash: content.hash(),
        },
        revision: number,
        parts: choice.parts(false).into_iter().collect(),
        choice,
        changes: plan.changes,
        adaptations: plan.adaptations,
        more_adaptations: plan.more_adaptations,
        secrets: plan.secrets,
        identity_changes: plan.writes.identity && content.instance != own,
        refused: plan.refused,
        applied: None,
    };
    let plans = &mut state.running.custody.plans;
    if plans.len() >= PLANS_MAX {
        plans.remove(0);
    }
    let answer = ok(&shown, number);
    plans.push((shown, plan.document));
    answer.map(Acted::Answer)
}

fn apply(agent: &DemoAgent, state: &mut State, id: PlanId) -> Done {
    let (plan, document) = find(&state.running.custody, id)?.clone();
    if let Some(applied) = &plan.applied {
        return ok(applied, applied.revision).map(Acted::Answer);
    }
    let number = state.store.number();
    if number != plan.revision {
        let message = format!(
            "the configuration has changed since the plan was made for revision {}; make it anew",
            plan.revision
        );
        return Err(Refusal::illegal_state(message));
    }
    if let Some(why) = &plan.refused {
        let message = format!("it cannot be restored: {why}");
        return Err(Refusal::illegal_state(message));
    }
    let reason = format!(
        "restored a backup of {} from revision {}",
        plan.backup.agent, plan.backup.revision
    );
    let applied = note(agent, state, Some(id), &document, reason.clone());
    let plans = state.running.custody.plans.iter_mut();
    for (one, _) in plans.filter(|(one, _)| one.id == id) {
        one.applied = Some(applied.clone());
    }
    let body = ok(&applied, applied.revision)?.body;
    Ok(Acted::Document(document, reason, body))
}

fn roll_back(agent: &DemoAgent, state: &mut State) -> Done {
    let none = || Refusal::not_found("no restore is there to take back");
    let (number, _) = state.running.custody.way_back.ok_or_else(none)?;
    let document = state.store.undone(number)?;
    let reason = "took the last restore back".to_owned();
    let applied = note(agent, state, None, &document, reason.clone());
    let body = ok(&applied, applied.revision)?.body;
    Ok(Acted::Document(document, reason, body))
}

/// Keeps what is done, with the way back.
fn note(
    agent: &DemoAgent,
    state: &mut State,
    plan: Option<PlanId>,
    document: &Document,
    reason: String,
) -> RestoreApplied {
    let changed = document.hash() != state.store.current().1.hash();
    let revision = state.store.number() + u64::from(changed);
    let applied = RestoreApplied {
        plan,
        revision,
        changed,
        time_stamp: agent.now_ms(),
        author: USER.to_owned(),
        reason,
    };
    let custody = &mut state.running.custody;
    custody.last = Some(applied.clone());
    custody.way_back = Some((revision, applied.time_stamp));
    applied
}
