//! Made-up agents that fail in made-up ways, and rollouts over them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::json;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use underpass_shared::api::management::{DocumentTarget, Target, Verb};
use underpass_shared::config::Document;
use underpass_shared::id::AgentId;

use crate::FleetError;
use crate::api::{Api, Call, Events};
use crate::bulk::*;
use crate::demo::{Clock, SEED, cast};
use crate::slot::FromReply as _;
use crate::snapshot::{Configuration, Sample};

/// How an agent fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Trouble {
    /// Nobody is there.
    Away,
    /// A change is made, and the answer is lost with the agent.
    LostAfter,
    /// A change is lost on its way, with the agent.
    LostBefore,
    /// The tunnels do not come up after a change.
    Down,
    /// The same, and the change was made.
    IsDown,
    /// Questions are answered, steps back are not.
    NoUndo,
}

/// An agent that may fail.
struct Agent {
    inner: Arc<dyn Api>,
    trouble: Arc<Mutex<BTreeSet<Trouble>>>,
}

impl Agent {
    fn has(&self, one: Trouble) -> bool {
        let troubles = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        troubles.contains(&one)
    }

    async fn answer(&self, call: &Call) -> Result<crate::Reply, FleetError> {
        let away = || FleetError::Unreachable {
            address: "a:1".to_owned(),
            source: std::io::Error::other("nobody is there"),
        };
        let is_change = call.target == Target::Document(DocumentTarget::Whole)
            && call.verb == Verb::Put
            && !call.query.dry_run;
        if self.has(Trouble::Away) {
            return Err(away());
        }
        if is_change && (self.has(Trouble::LostAfter) || self.has(Trouble::LostBefore)) {
            if self.has(Trouble::LostAfter) {
                self.inner.call(call).await?;
            }
            let mut troubles = self.trouble.lock().unwrap();
            *troubles = BTreeSet::from([Trouble::Away]);
            return Err(FleetError::Silent);
        }
        if matches!(call.target, Target::Document(DocumentTarget::Undo(_)))
            && self.has(Trouble::NoUndo)
        {
            return Err(away());
        }
        let mut reply = self.inner.call(call).await?;
        if is_change && self.has(Trouble::Down) {
            self.trouble.lock().unwrap().insert(Trouble::IsDown);
        }
        if call.target == Target::Status && self.has(Trouble::IsDown) {
            let mut status: serde_json::Value = reply.read()?;
            status["links"] = json!([]);
            reply.body = status.to_string().into();
        }
        Ok(reply)
    }
}

impl Api for Agent {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Result<crate::Reply, FleetError>> {
        self.answer(call).boxed()
    }

    fn events(&self, after: Option<u64>) -> BoxFuture<'_, Result<Events, FleetError>> {
        self.inner.events(after)
    }

    fn samples(&self, since_ms: i64) -> BoxFuture<'_, Result<Vec<Sample>, FleetError>> {
        self.inner.samples(since_ms)
    }
}

/// Agents, all of which answer at first.
pub(super) struct World {
    pub(super) apis: BTreeMap<AgentId, Arc<dyn Api>>,
    troubles: Vec<Arc<Mutex<BTreeSet<Trouble>>>>,
    pub(super) wanted: Vec<Wanted>,
    folder: tempfile::TempDir,
}

impl World {
    pub(super) async fn new(count: usize) -> Self {
        let clock: Clock = Arc::new(|| 1_767_225_600_000);
        let mut world = Self {
            apis: BTreeMap::new(),
            troubles: vec![],
            wanted: vec![],
            folder: tempfile::tempdir().unwrap(),
        };
        for actor in cast(SEED, &clock) {
            let inner = actor.api();
            let pending = inner
                .call(&Call::get(Target::Document(DocumentTarget::PendingConfirm)))
                .await;
            let is_here = inner
                .call(&Call::get(Target::Document(DocumentTarget::Whole)))
                .await
                .is_ok();
            if !is_here || pending.is_ok() || world.wanted.len() == count {
                continue;
            }
            let trouble: Arc<Mutex<BTreeSet<Trouble>>> = Arc::default();
            world.troubles.push(Arc::clone(&trouble));
            world
                .apis
                .insert(actor.id(), Arc::new(Agent { inner, trouble }));
            world.wanted.push(Wanted {
                agent: actor.id(),
                label: actor.described.label.clone(),
                group: actor.described.group.clone(),
            });
        }
        assert_eq!(world.wanted.len(), count);
        world
    }

    pub(super) fn trouble(&self, agent: usize, trouble: Option<Trouble>) {
        *self.troubles[agent].lock().unwrap() = trouble.into_iter().collect();
    }

    pub(super) fn journal(&self) -> Journal {
        Journal::of(self.folder.path())
    }

    pub(super) fn rollout(&self, options: Options) -> Rollout {
        let template = json!({ "format": 1, "settings": { "description": "${agent.label}!" } });
        let template = Template::from_json(&template.to_string()).unwrap();
        let wanted = self.wanted.clone();
        Rollout::new(template, Values::default(), options, wanted, 1).unwrap()
    }

    pub(super) async fn act(&self, rollout: Rollout, act: Act) -> Ended {
        self.act_until(rollout, act, CancellationToken::new()).await
    }

    pub(super) async fn act_until(
        &self,
        rollout: Rollout,
        act: Act,
        stop: CancellationToken,
    ) -> Ended {
        let (told, mut heard) = mpsc::channel(1);
        let runner = Runner {
            apis: self.apis.clone(),
            journal: Some(self.journal()),
            stop,
            told,
        };
        let listen = async { while heard.recv().await.is_some() {} };
        let (ended, ()) = tokio::join!(runner.run(rollout, act), listen);
        // What is written down is what it came to.
        let written = self.journal().read(ended.rollout.number.unwrap()).unwrap();
        assert_eq!(written, ended.rollout);
        ended
    }

    pub(super) async fn planned(&self, options: Options) -> Rollout {
        let plan = Act::Plan { again: false };
        let ended = self.act(self.rollout(options), plan).await;
        assert_eq!(ended.stopped, None);
        ended.rollout
    }

    pub(super) async fn document(&self, agent: usize) -> Document {
        let api = &self.apis[&self.wanted[agent].agent];
        let reply = api
            .call(&Call::get(Target::Document(DocumentTarget::Whole)))
            .await
            .unwrap();
        let known = Configuration::from_reply(&reply).unwrap();
        Arc::unwrap_or_clone(known.document)
    }

    pub(super) async fn is_changed(&self, agent: usize) -> bool {
        let wanted = format!("{}!", self.wanted[agent].label);
        let document = self.document(agent).await;
        let description = document.connector().description.as_ref();
        description.is_some_and(|text| **text == *wanted)
    }

    /// Somebody else changes an agent.
    pub(super) async fn meddle(&self, agent: usize, tunnels: u8) {
        let mut document: serde_json::Value =
            serde_json::from_str(&self.document(agent).await.to_json()).unwrap();
        document["connector"]["tunnelConnections"] = tunnels.into();
        let api = &self.apis[&self.wanted[agent].agent];
        let call = Call::new(Verb::Put, Target::Document(DocumentTarget::Whole))
            .with(&document)
            .unwrap();
        api.call(&call).await.unwrap();
    }
}

pub(super) fn quick() -> Options {
    Options {
        watch_seconds: 0,
        ..Options::default()
    }
}

pub(super) fn kinds(rollout: &Rollout) -> Vec<(&str, Option<FaultKind>)> {
    let one = |part: &Part| {
        let fault = part.state.fault().map(|fault| fault.kind);
        (part.state.word(), fault)
    };
    rollout.parts.iter().map(one).collect()
}
