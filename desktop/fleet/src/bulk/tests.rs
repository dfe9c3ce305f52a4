//! Rollouts over made-up agents that fail in made-up ways.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::json;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use underpass_shared::api::management::{DocumentTarget, Target, Verb};
use underpass_shared::config::Document;

use super::*;
use crate::FleetError;
use crate::api::{Api, Call, Events};
use crate::demo::{Clock, SEED, cast};
use crate::papers::PaperError;
use crate::slot::FromReply as _;
use crate::snapshot::{Configuration, Sample};

/// How an agent fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Trouble {
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
struct World {
    apis: BTreeMap<AgentId, Arc<dyn Api>>,
    troubles: Vec<Arc<Mutex<BTreeSet<Trouble>>>>,
    wanted: Vec<Wanted>,
    folder: tempfile::TempDir,
}

impl World {
    async fn new(count: usize) -> Self {
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

    fn trouble(&self, agent: usize, trouble: Option<Trouble>) {
        *self.troubles[agent].lock().unwrap() = trouble.into_iter().collect();
    }

    fn journal(&self) -> Journal {
        Journal::of(self.folder.path())
    }

    fn rollout(&self, options: Options) -> Rollout {
        let template = json!({ "format": 1, "settings": { "description": "${agent.label}!" } });
        let template = Template::from_json(&template.to_string()).unwrap();
        let wanted = self.wanted.clone();
        Rollout::new(template, Values::default(), options, wanted, 1).unwrap()
    }

    async fn act(&self, rollout: Rollout, act: Act) -> Ended {
        self.act_until(rollout, act, CancellationToken::new()).await
    }

    async fn act_until(&self, rollout: Rollout, act: Act, stop: CancellationToken) -> Ended {
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

    async fn planned(&self, options: Options) -> Rollout {
        let plan = Act::Plan { again: false };
        let ended = self.act(self.rollout(options), plan).await;
        assert_eq!(ended.stopped, None);
        ended.rollout
    }

    async fn document(&self, agent: usize) -> Document {
        let api = &self.apis[&self.wanted[agent].agent];
        let reply = api
            .call(&Call::get(Target::Document(DocumentTarget::Whole)))
            .await
            .unwrap();
        let known = Configuration::from_reply(&reply).unwrap();
        Arc::unwrap_or_clone(known.document)
    }

    async fn is_changed(&self, agent: usize) -> bool {
        let wanted = format!("{}!", self.wanted[agent].label);
        let document = self.document(agent).await;
        let description = document.connector().description.as_ref();
        description.is_some_and(|text| **text == *wanted)
    }

    /// Somebody else changes an agent.
    async fn meddle(&self, agent: usize, tunnels: u8) {
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

fn quick() -> Options {
    Options {
        watch_seconds: 0,
        ..Options::default()
    }
}

fn kinds(rollout: &Rollout) -> Vec<(&str, Option<FaultKind>)> {
    let one = |part: &Part| {
        let fault = part.state.fault().map(|fault| fault.kind);
        (part.state.word(), fault)
    };
    rollout.parts.iter().map(one).collect()
}

#[tokio::test]
async fn a_plan_changes_nothing_and_tells_who_takes_the_change() {
    let world = World::new(3).await;
    world.trouble(1, Some(Trouble::Away));
    let before = world.document(0).await;
    let planned = world.planned(quick()).await;
    let unreachable = ("refused", Some(FaultKind::Unreachable));
    assert_eq!(
        kinds(&planned),
        [("ready", None), unreachable, ("ready", None)]
    );
    let plan = planned.parts[0].plan.as_ref().unwrap();
    assert_eq!(plan.changes[0].part, "connector.description");
    assert_eq!(world.document(0).await, before);
    // It comes back, and is asked again alone.
    world.trouble(1, None);
    let again = world.act(planned, Act::Plan { again: true }).await.rollout;
    assert_eq!(again.counts().ready, 3);
    let done = world.act(again, Act::Apply).await;
    assert_eq!((done.rollout.counts().done, done.stopped), (3, None));
    assert!(world.is_changed(1).await);
    // Once more there is nothing to do.
    assert_eq!(world.planned(quick()).await.counts().unchanged, 3);
    assert_eq!(world.journal().numbers().unwrap().len(), 2);
}

#[tokio::test]
async fn one_of_the_first_that_fails_keeps_the_others_from_it() {
    let world = World::new(5).await;
    let planned = world.planned(quick()).await;
    world.meddle(0, 3).await;
    let ended = world.act(planned, Act::Apply).await;
    assert_eq!(ended.stopped, Some(Stopped::Canary));
    let raced = ("failed", Some(FaultKind::Raced));
    assert_eq!(kinds(&ended.rollout)[0], raced);
    assert_eq!(ended.rollout.counts().ready, 4);
    for agent in 0..5 {
        assert!(!world.is_changed(agent).await);
    }
    // Planned anew, it goes through, and what somebody else did stays.
    let again = world
        .act(ended.rollout, Act::Plan { again: true })
        .await
        .rollout;
    let ended = world.act(again, Act::Apply).await;
    assert_eq!(ended.rollout.counts().done, 5);
    assert_eq!(
        world
            .document(0)
            .await
            .connector()
            .tunnel_connections()
            .get(),
        3
    );
}

#[tokio::test]
async fn what_was_under_way_when_the_answer_was_lost_is_found_out() {
    let world = World::new(3).await;
    let options = Options {
        canary: 0,
        failures: 9,
        ..quick()
    };
    let planned = world.planned(options).await;
    world.trouble(0, Some(Trouble::LostAfter));
    world.trouble(1, Some(Trouble::LostBefore));
    let ended = world.act(planned, Act::Apply).await;
    let lost = ("unknown", Some(FaultKind::Lost));
    assert_eq!(kinds(&ended.rollout), [lost, lost, ("done", None)]);
    assert!(!ended.rollout.is_settled());
    for agent in 0..2 {
        world.trouble(agent, None);
    }
    assert_eq!(
        (world.is_changed(0).await, world.is_changed(1).await),
        (true, false)
    );
    // The one is not changed twice, the other once.
    let before = world.document(0).await;
    let ended = world.act(ended.rollout, Act::Apply).await;
    assert_eq!(kinds(&ended.rollout), [("done", None); 3]);
    assert_eq!(world.document(0).await, before);
    assert!(world.is_changed(1).await);
}

#[tokio::test]
async fn a_program_that_was_killed_goes_on_where_it_was() {
    let world = World::new(3).await;
    let mut planned = world.planned(quick()).await;
    // As it is written down before the first is changed; of the first it was.
    let number = planned.number.unwrap();
    planned.parts[0].state = State::Running;
    planned.parts[1].state = State::Running;
    world.journal().keep(&mut planned).unwrap();
    world.trouble(0, Some(Trouble::LostAfter));
    let wanted = &world.wanted[0];
    let template = world.rollout(quick()).template;
    let about = crate::template::About {
        id: wanted.agent,
        label: &wanted.label,
        group: None,
    };
    world.trouble(0, None);
    let document = template.render(&Values::default(), &about, &world.document(0).await);
    let mut call = Call::new(Verb::Put, Target::Document(DocumentTarget::Whole));
    call.body = document.unwrap().to_json().into_bytes().into();
    world.apis[&wanted.agent].call(&call).await.unwrap();
    let rollout = world.journal().read(number).unwrap();
    let ended = world.act(rollout, Act::Apply).await;
    assert_eq!(ended.rollout.counts().done, 3);
    let undone = world.act(ended.rollout, Act::Undo).await;
    assert_eq!(undone.rollout.counts().undone, 3);
}

#[tokio::test]
async fn undo_leaves_what_others_did_since_and_can_be_gone_on_with() {
    let world = World::new(4).await;
    let before = world.document(0).await;
    let ended = world.act(world.planned(quick()).await, Act::Apply).await;
    assert_eq!(ended.rollout.counts().done, 4);
    world.meddle(1, 3).await;
    world.trouble(2, Some(Trouble::NoUndo));
    world.trouble(3, Some(Trouble::Away));
    let ended = world.act(ended.rollout, Act::Undo).await;
    let away = ("not undone", Some(FaultKind::Unreachable));
    let expected = [("undone", None), ("undone", None), away, away];
    assert_eq!(kinds(&ended.rollout), expected);
    assert_eq!(world.document(0).await, before);
    assert_eq!(
        world
            .document(1)
            .await
            .connector()
            .tunnel_connections()
            .get(),
        3
    );
    assert!(!world.is_changed(1).await);
    world.trouble(2, None);
    world.trouble(3, None);
    let ended = world.act(ended.rollout, Act::Undo).await;
    assert_eq!(ended.rollout.counts().undone, 4);
    assert!(!world.is_changed(3).await);
}

#[tokio::test]
async fn an_agent_that_is_not_well_with_the_change_goes_back_by_its_trial() {
    for (confirm_within, word, is_changed) in [(None, "unwell", true), (Some(10), "failed", false)]
    {
        let world = World::new(2).await;
        let options = Options {
            watch_seconds: 1,
            confirm_within,
            ..Options::default()
        };
        let planned = world.planned(options).await;
        world.trouble(0, Some(Trouble::Down));
        let ended = world.act(planned, Act::Apply).await;
        assert_eq!(ended.stopped, Some(Stopped::Canary));
        let expected = (word, Some(FaultKind::Unwell));
        assert_eq!(kinds(&ended.rollout), [expected, ("ready", None)]);
        assert_eq!(world.is_changed(0).await, is_changed);
        // Where it is well, the change is confirmed.
        world.trouble(0, None);
        let ended = match is_changed {
            true => world.act(ended.rollout, Act::Undo).await,
            false => world.act(ended.rollout, Act::Plan { again: true }).await,
        };
        let again = world.act(ended.rollout, Act::Plan { again: true }).await;
        let ended = world.act(again.rollout, Act::Apply).await;
        assert_eq!(ended.rollout.counts().done, 2);
        for wanted in &world.wanted {
            let pending = Call::get(Target::Document(DocumentTarget::PendingConfirm));
            assert!(world.apis[&wanted.agent].call(&pending).await.is_err());
        }
    }
}

#[tokio::test]
async fn nothing_further_is_begun_when_somebody_stops_it() {
    let world = World::new(4).await;
    let planned = world.planned(quick()).await;
    let stop = CancellationToken::new();
    stop.cancel();
    let ended = world.act_until(planned, Act::Apply, stop).await;
    assert_eq!(ended.stopped, Some(Stopped::Wanted));
    assert_eq!(ended.rollout.counts().ready, 4);
    let ended = world.act(ended.rollout, Act::Apply).await;
    assert_eq!((ended.rollout.counts().done, ended.stopped), (4, None));
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let refused = |options: Options| options.check().unwrap_err().field;
    let sound = Options::default();
    assert_eq!(
        refused(Options {
            at_once: 0,
            ..sound
        }),
        "atOnce"
    );
    assert_eq!(
        refused(Options {
            watch_seconds: 4_000,
            ..sound
        }),
        "watchSeconds"
    );
    for confirm_within in [Some(5), Some(60), Some(9_999)] {
        assert_eq!(
            refused(Options {
                confirm_within,
                ..sound
            }),
            "confirmWithin"
        );
    }
    let template = Template::from_json(r#"{"format":1}"#).unwrap();
    let none = Rollout::new(template, Values::default(), sound, vec![], 1);
    assert_eq!(none.unwrap_err().field, "agents");
}

#[test]
fn journals_of_newer_programs_and_damaged_ones_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::of(dir.path());
    let one = NonZeroUsize::MIN;
    assert!(matches!(journal.read(one), Err(JournalError::Unknown(_))));
    let path = dir.path().join("bulk/1.json");
    underpass_runtime::file::private_dir(&dir.path().join("bulk")).unwrap();
    let write = |text: &str| underpass_runtime::file::replace(&path, text.as_bytes()).unwrap();
    write(r#"{"format":2,"other":1}"#);
    assert!(matches!(
        journal.read(one),
        Err(JournalError::Paper(PaperError::TooNew(_)))
    ));
    write(r#"{"format":1}"#);
    assert!(matches!(
        journal.read(one),
        Err(JournalError::Paper(PaperError::Damaged { .. }))
    ));
    assert_eq!(journal.numbers().unwrap(), [one]);
    journal.remove(one).unwrap();
    assert_eq!(journal.numbers().unwrap(), []);
}
