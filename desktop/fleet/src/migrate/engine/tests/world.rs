//! Two agents and a gateway that are as simple as can be, and never let a request fall between them.

mod acts;

use std::sync::{Arc, Mutex, MutexGuard};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::StatusCode;
use serde::Serialize;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use underpass_shared::api::management::{
    BackupTarget, DocumentTarget, ErrorBody, ErrorType, HandoverSide, HandoverState, MappingTarget,
    MigrationTarget, RestoreTarget, SubaccountTarget, Target,
};
use underpass_shared::config::Document;
use underpass_shared::id::{AgentId, HandoverId};
use underpass_shared::restore::HostRule;
use uuid::Uuid;

use self::acts::access;
use super::{Journals, Migration};
use crate::api::{Api, Call, Events};
use crate::migrate::Agents;
use crate::migrate::plan::tests::{agent, document, key, target};
use crate::migrate::plan::{Making, Mode, Origin, TestsWish, Wish, make};
use crate::snapshot::Sample;
use crate::{FleetError, Reply};

/// What happens at a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// The program ends, after the agent did it.
    Cut,
    /// The agent does not do it.
    Refused,
    /// The agent does it, and the answer gets lost.
    AnswerLost,
    /// The agent knows nothing of it any more.
    Forgotten,
}

/// One agent's part in a handover.
#[derive(Clone, Copy, Debug)]
struct Part {
    handover: HandoverId,
    side: HandoverSide,
    state: HandoverState,
}

#[derive(Debug, Default)]
struct Agent {
    staged: Option<Uuid>,
    applied: Option<Uuid>,
    parts: Vec<Part>,
    /// Whether its tunnels are up.
    up: bool,
    dead: bool,
}

#[derive(Debug)]
struct State {
    agents: [Agent; 2],
    /// Who carries.
    carrier: usize,
    calls: Vec<String>,
    fates: Vec<(usize, Fate)>,
    stop: CancellationToken,
}

/// All of it.
pub(super) struct World {
    state: Arc<Mutex<State>>,
    folder: TempDir,
}

const NAMES: [&str; 2] = ["source", "target"];

impl World {
    pub(super) fn new() -> Self {
        let source = Agent {
            up: true,
            ..Agent::default()
        };
        let state = State {
            agents: [source, Agent::default()],
            carrier: 0,
            calls: vec![],
            fates: vec![],
            stop: CancellationToken::new(),
        };
        Self {
            state: Arc::new(Mutex::new(state)),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(super) fn migration(&self) -> Migration {
        self.migration_with(TestsWish::Each)
    }

    pub(super) fn migration_with(&self, tests: TestsWish) -> Migration {
        let mut wished = target(1);
        wished.tests = tests;
        wished.hosts = vec![HostRule {
            find: ".old.corp".to_owned(),
            replace: ".new.corp".to_owned(),
        }];
        let wish = Wish {
            origin: Origin::Agent { agent: agent(0) },
            mode: Mode::Move,
            settings: false,
            tolerant: false,
            targets: vec![wished],
        };
        let making = Making {
            now_ms: 0,
            id: &Uuid::now_v7,
        };
        let known = [(agent(1), Document::empty())].into();
        Migration::new(make(&wish, making, (1, &source()), &known).unwrap().into())
    }

    pub(super) fn agents(&self) -> Arc<dyn Agents> {
        Arc::new(Both(Arc::clone(&self.state)))
    }

    pub(super) fn journals(&self) -> Journals {
        Journals::of(self.folder.path())
    }

    /// What stops the next run.
    pub(super) fn stop(&self) -> CancellationToken {
        let stop = CancellationToken::new();
        self.state().stop = stop.clone();
        stop
    }

    /// Something happens at the call with this number.
    pub(super) fn at(&self, call: usize, fate: Fate) {
        self.state().fates.push((call, fate));
    }

    /// Some agents do not reach the system.
    pub(super) fn dead(&self, who: &[&str]) {
        let mut state = self.state();
        for (agent, name) in state.agents.iter_mut().zip(NAMES) {
            agent.dead = who.contains(&name);
        }
    }

    pub(super) fn calls(&self) -> Vec<String> {
        self.state().calls.clone()
    }

    /// All handovers are over; what carries stays.
    pub(super) fn time_is_up(&self) {
        for agent in &mut self.state().agents {
            for part in &mut agent.parts {
                part.state = HandoverState::Completed;
            }
        }
    }

    pub(super) fn has_moved(&self) -> bool {
        let state = self.state();
        state.carrier == 1 && !state.agents[0].up && state.agents[1].applied.is_some()
    }

    pub(super) fn source_carries(&self) -> bool {
        let state = self.state();
        state.carrier == 0 && state.agents[0].up && state.agents[1].applied.is_none()
    }

    /// Whether the target waits for the word to apply something.
    pub(super) fn is_staged(&self) -> bool {
        self.state().agents[1].staged.is_some()
    }

    pub(super) fn is_as_before(&self) -> bool {
        let source_carries = self.source_carries();
        let target = &self.state().agents[1];
        let over = |part: &Part| part.state == HandoverState::Aborted;
        source_carries && !target.up && target.parts.iter().all(over)
    }
}

fn source() -> Document {
    document(&[(key(1, ""), true, &["erp.old.corp:80"])])
}

struct Both(Arc<Mutex<State>>);

impl Agents for Both {
    fn api(&self, id: AgentId) -> Result<Arc<dyn Api>, FleetError> {
        let number = usize::from(id == agent(1));
        Ok(Arc::new(One(Arc::clone(&self.0), number)))
    }

    fn label(&self, id: AgentId) -> String {
        if id == agent(0) { "old" } else { "new" }.to_owned()
    }
}

struct One(Arc<Mutex<State>>, usize);

impl Api for One {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Result<Reply, FleetError>> {
        let answered = self.0.lock().unwrap().called(self.1, call);
        async move { answered }.boxed()
    }

    fn events(&self, _after: Option<u64>) -> BoxFuture<'_, Result<Events, FleetError>> {
        async { Err(FleetError::Silent) }.boxed()
    }

    fn samples(&self, _since_ms: i64) -> BoxFuture<'_, Result<Vec<Sample>, FleetError>> {
        async { Ok(vec![]) }.boxed()
    }
}

fn refused(status: StatusCode) -> FleetError {
    let body = ErrorBody {
        kind: ErrorType::IllegalState,
        message: "made up".to_owned(),
        field: None,
    };
    FleetError::Refused { status, body }
}

fn reply(body: &impl Serialize) -> Result<Reply, FleetError> {
    Ok(Reply {
        status: StatusCode::OK,
        revision: Some(1),
        body: serde_json::to_vec(body)?.into(),
    })
}

impl State {
    fn called(&mut self, number: usize, call: &Call) -> Result<Reply, FleetError> {
        let fates = &self.fates;
        let fate = fates.iter().find(|(at, _)| *at == self.calls.len());
        let fate = fate.map(|(_, fate)| *fate);
        let name = format!("{} {}", NAMES[number], word(call));
        self.calls.push(name);
        match fate {
            Some(Fate::Refused) => return Err(refused(StatusCode::CONFLICT)),
            Some(Fate::Forgotten) => return Err(refused(StatusCode::NOT_FOUND)),
            Some(Fate::Cut | Fate::AnswerLost) | None => {}
        }
        let answered = self.does(number, call);
        // The one rule of all rules.
        assert!(self.agents[self.carrier].up, "{:?}", self.calls);
        match fate {
            Some(Fate::Cut) => {
                self.stop.cancel();
                Err(FleetError::Silent)
            }
            Some(Fate::AnswerLost) => Err(FleetError::Silent),
            Some(Fate::Refused | Fate::Forgotten) | None => answered,
        }
    }

    fn does(&mut self, number: usize, call: &Call) -> Result<Reply, FleetError> {
        #[expect(clippy::wildcard_enum_match_arm, reason = "others are not called")]
        match &call.target {
            Target::Document(DocumentTarget::Whole) => Ok(Reply {
                status: StatusCode::OK,
                revision: Some(1),
                body: source().to_json().into_bytes().into(),
            }),
            Target::Backup(BackupTarget::Archive) => reply(&"sealed"),
            Target::Restores(target) => self.restore(number, call.verb, *target),
            Target::Migration(target) => self.migration(number, *target, &call.body),
            Target::OfMapping(_, _, MappingTarget::Check) => reply(&self.reached(number)),
            Target::Of(_, SubaccountTarget::AccessCheck) => reply(&access(&call.body)),
            other => panic!("{other} is called"),
        }
    }
}

fn word(call: &Call) -> &'static str {
    #[expect(clippy::wildcard_enum_match_arm, reason = "others are not called")]
    match &call.target {
        Target::Document(_) => "document",
        Target::Backup(_) => "backup",
        Target::Restores(RestoreTarget::Recipient) => "recipient",
        Target::Restores(RestoreTarget::Plans) => "plan",
        Target::Restores(RestoreTarget::Plan(_)) => "forget",
        Target::Restores(RestoreTarget::Apply(_)) => "apply",
        Target::Restores(RestoreTarget::Last) => "last",
        Target::Restores(RestoreTarget::Rollback) => "rollback",
        Target::OfMapping(_, _, MappingTarget::Check) => "check",
        Target::Of(_, SubaccountTarget::AccessCheck) => "access",
        Target::Migration(MigrationTarget::Handovers) => "handovers",
        Target::Migration(MigrationTarget::Csr) => "csr",
        Target::Migration(MigrationTarget::Vouch) => "vouch",
        Target::Migration(MigrationTarget::Accept) => "accept",
        Target::Migration(MigrationTarget::Ready) => "ready",
        Target::Migration(MigrationTarget::Release) => "release",
        Target::Migration(MigrationTarget::Abort) => "abort",
        Target::Migration(MigrationTarget::Preflight) => "preflight",
        other => panic!("{other} is called"),
    }
}
