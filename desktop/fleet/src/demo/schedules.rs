//! Schedules of backups of made-up agents: the real times, and made-up runs.

use std::collections::BTreeMap;

use underpass_shared::api::management::{
    DestinationInput, Refusal, ScheduleInput, ScheduleShown, ScheduleState, ScheduleStatus,
    ScheduleTarget, Verb, read,
};
use underpass_shared::backup::{ScheduledBackup, ScheduledRun};
use underpass_shared::config::{
    BackupDestination, BackupSchedule, BackupUpload, Connector, ConnectorFields, Document,
    ScheduleName, UploadLogin,
};
use underpass_shared::id::CredentialId;

use super::acts::Acted;
use super::agent::{DemoAgent, State, USER, done, ok};
use super::random::Dice;
use crate::Reply;
use crate::api::Call;

const DAY_MS: i64 = 86_400_000;
/// How long a run takes.
const RUN_MS: i64 = 4_000;

/// When schedules were asked to run.
pub(super) type Asked = BTreeMap<ScheduleName, i64>;

fn absent(name: &ScheduleName) -> Refusal {
    Refusal::not_found(format!("there is no schedule {name}"))
}

/// Tells of schedules.
pub(super) fn tell(
    agent: &DemoAgent,
    state: &State,
    target: &ScheduleTarget,
) -> Result<Reply, Refusal> {
    let number = state.store.number();
    let all = &state.store.current().1.connector().backup_schedules;
    let shown = |one: &BackupSchedule| ScheduleShown::show(one, status(agent, state, one));
    match target {
        ScheduleTarget::All => {
            let shown: Vec<_> = all.as_slice().iter().map(shown).collect();
            ok(&shown, number)
        }
        ScheduleTarget::One(name) | ScheduleTarget::Run(name) => {
            let found = all.get(name).ok_or_else(|| absent(name))?;
            ok(&shown(found), number)
        }
    }
}

/// Every fourth agent cannot store what it makes.
fn status(agent: &DemoAgent, state: &State, one: &BackupSchedule) -> ScheduleStatus {
    let now_ms = agent.now_ms();
    let utc: &dyn Fn(i64) -> i64 = &|_at_ms| 0;
    let is_upload = matches!(one.target, BackupDestination::Url(_));
    let fails = is_upload && agent.seed.is_multiple_of(4);
    let next_ms = one.cron.next_after(now_ms, utc).filter(|_| one.enabled);
    let newest = one.cron.next_after(now_ms - DAY_MS, utc);
    let newest = newest.filter(|at_ms| *at_ms + RUN_MS < now_ms);
    let asked = state.running.asked.get(&one.name).copied();
    let run = |started_ms, asked: bool, problem: Option<&str>| ScheduledRun {
        started_ms,
        ended_ms: started_ms + RUN_MS,
        asked_by: asked.then(|| USER.to_owned()),
        problem: problem.map(str::to_owned),
        made: problem.is_none().then(|| ScheduledBackup {
            file: format!("{}-{started_ms}.zip", one.name),
            target: one.target.to_string(),
            bytes: 61_208,
            revision: state.store.number(),
            remark: None,
        }),
    };
    let started_ms = asked.or(newest);
    let problem = fails.then_some("the address answered 507 Insufficient Storage");
    let last = started_ms.map(|at_ms| run(at_ms, asked.is_some(), problem));
    let last_good = if fails {
        newest.map(|at_ms| run(at_ms - 3 * DAY_MS, false, None))
    } else {
        last.clone()
    };
    ScheduleStatus {
        state: if one.enabled {
            ScheduleState::Waiting
        } else {
            ScheduleState::Off
        },
        next_ms,
        last,
        last_good,
        failures: if fails { 3 } else { 0 },
        overdue: fails && one.wanted_within_hours.is_some(),
    }
}

/// Changes schedules, or has one run.
pub(super) fn act(
    agent: &DemoAgent,
    state: &mut State,
    call: &Call,
    target: &ScheduleTarget,
) -> Result<Acted, Refusal> {
    let document = state.store.current().1;
    let mut all: Vec<BackupSchedule> = document.connector().backup_schedules.clone().into();
    let is_there = |name: &ScheduleName| all.iter().any(|one| one.name == *name);
    let (name, verb) = match (target, call.verb) {
        (ScheduleTarget::Run(name), _) if is_there(name) => {
            let now_ms = agent.now_ms();
            state.running.asked.insert(name.clone(), now_ms - RUN_MS);
            return Ok(Acted::Answer(done(state.store.number())));
        }
        (ScheduleTarget::One(name), verb @ (Verb::Put | Verb::Delete)) => (name, verb),
        (ScheduleTarget::Run(name) | ScheduleTarget::One(name), _) => return Err(absent(name)),
        (ScheduleTarget::All, _) => return Err(Refusal::not_implemented("name one of them")),
    };
    let reason = if verb == Verb::Delete {
        if !is_there(name) {
            return Err(absent(name));
        }
        all.retain(|one| one.name != *name);
        format!("removed the backup schedule {name}")
    } else {
        let mut dice = Dice::new(agent.seed ^ state.store.number().rotate_left(9));
        let credential = CredentialId::from_uuid(dice.uuid());
        let new = schedule(name, read(&call.body)?, credential)?;
        all.retain(|one| one.name != *name);
        all.push(new);
        format!("set the backup schedule {name}")
    };
    Ok(Acted::document(with(document, all)?, reason))
}

/// A document with these schedules.
fn with(document: &Document, all: Vec<BackupSchedule>) -> Result<Document, Refusal> {
    let mut fields = ConnectorFields::from(Connector::clone(document.connector()));
    fields.backup_schedules = all.try_into()?;
    Ok(document.with_connector(fields.try_into()?)?)
}

fn schedule(
    name: &ScheduleName,
    input: ScheduleInput,
    credential: CredentialId,
) -> Result<BackupSchedule, Refusal> {
    let fields = input.into_fields(name.clone(), |target| match target {
        DestinationInput::Directory(folder) => Ok(BackupDestination::Directory(folder)),
        DestinationInput::Url(upload) => {
            let login = upload.login.map(|login| UploadLogin {
                user: login.user,
                credential,
            });
            Ok(BackupDestination::Url(BackupUpload {
                url: upload.url,
                login,
                ca: upload.ca,
                via_proxy: upload.via_proxy.0,
            }))
        }
    })?;
    Ok(fields.try_into()?)
}
