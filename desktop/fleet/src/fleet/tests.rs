//! The engine with the made-up fleet.

use std::sync::{Condvar, Mutex, PoisonError};

use underpass_shared::api::management::{DocumentTarget, Query, SecurityStatus, Target, Verb};

use super::*;
use crate::api::Call;
use crate::bulk::{Act, Ended, Options, Rollout, Wanted};
use crate::command::{Bulk, Change, Many};
use crate::demo::SEED;
use crate::slot::Slot;
use crate::snapshot::{JobState, Link};
use crate::template::{Template, Values};

/// How long anything may take.
const LIMIT: Duration = Duration::from_secs(20);

/// An engine that is looked at when it says so.
struct Watched {
    fleet: Fleet,
    woken: Arc<(Mutex<u64>, Condvar)>,
}

impl Watched {
    fn start() -> Self {
        let woken = Arc::new((Mutex::new(0), Condvar::new()));
        let inner = Arc::clone(&woken);
        let wake: Wake = Arc::new(move || {
            *inner.0.lock().unwrap_or_else(PoisonError::into_inner) += 1;
            inner.1.notify_all();
        });
        let clock: Clock = Arc::new(underpass_runtime::clock::wall_ms);
        let source = Source::Demo { seed: SEED, clock };
        let fleet = Fleet::start(source, wake).unwrap();
        Self { fleet, woken }
    }

    /// Looks after each wake.
    fn until<T>(&self, what: &str, mut look: impl FnMut(&FleetSnapshot) -> Option<T>) -> T {
        let end = underpass_runtime::clock::monotonic() + LIMIT;
        loop {
            let seen = *self.woken.0.lock().unwrap();
            if let Some(found) = look(&self.fleet.snapshot()) {
                return found;
            }
            // The fleet says something all the time, so each wait has its share of the limit only.
            let left = end.saturating_sub(underpass_runtime::clock::monotonic());
            let woken = self.woken.0.lock().unwrap();
            let (_woken, late) = self
                .woken
                .1
                .wait_timeout_while(woken, left, |now| *now == seen)
                .unwrap();
            assert!(
                !late.timed_out(),
                "{what} does not come: {:?}",
                self.fleet.snapshot()
            );
        }
    }

    fn all_known(&self) -> AgentId {
        self.until("all agents", |snapshot| {
            let unknown = |link: &Link| matches!(link, Link::Connecting { .. });
            let known = snapshot.agents.iter().filter(|one| !unknown(&one.link));
            (known.count() == 50).then(|| {
                let mut online = snapshot.agents.iter();
                online
                    .find(|one| one.link.is_online() && one.pending.is_none())
                    .unwrap()
                    .id
            })
        })
    }
}

#[test]
fn all_agents_come_up_and_slots_are_filled() {
    let watched = Watched::start();
    let agent = watched.all_known();
    let slot = Slot::<SecurityStatus>::default();
    let mut commands = vec![];
    slot.request(
        &mut commands,
        agent,
        &Target::SecurityStatus,
        &Query::default(),
    );
    for command in commands {
        watched.fleet.send(command).unwrap();
    }
    watched.until("the answer", |_| slot.get().value().map(|_| ()));
    watched.fleet.stop();
}

#[test]
fn calls_are_jobs_and_their_effect_is_seen() {
    let watched = Watched::start();
    let agent = watched.all_known();
    let revision = |snapshot: &FleetSnapshot| {
        snapshot
            .agent(agent)?
            .configuration
            .value()
            .map(|known| known.revision)
    };
    let before = watched.until("the configuration", revision);
    let done = Slot::default();
    let change = Change {
        agent,
        call: Call::new(Verb::Post, Target::Document(DocumentTarget::Undo(before))),
        title: "Undo".to_owned(),
        done: done.clone(),
    };
    watched.fleet.send(Command::Call(change)).unwrap();
    watched.until("the change", |snapshot| {
        (revision(snapshot)? > before).then_some(())
    });
    watched.until("the end", |snapshot| {
        (snapshot.jobs[0].state == JobState::Done).then_some(())
    });
    assert!(done.get().value().is_some());
    // The same on several: who is not there fails alone.
    let snapshot = watched.fleet.snapshot();
    let agents: Vec<AgentId> = snapshot.agents.iter().map(|one| one.id).collect();
    let call = Call::new(Verb::Post, Target::Document(DocumentTarget::Undo(1_000)));
    let title = "Undo everywhere".to_owned();
    watched
        .fleet
        .send(Command::Many(Many {
            agents,
            call,
            title,
        }))
        .unwrap();
    let job = watched.until("all parts", |snapshot| {
        snapshot
            .jobs
            .first()
            .filter(|job| job.ended_ms.is_some() && job.parts.len() == 50)
            .cloned()
    });
    assert!(matches!(&job.state, JobState::Failed(why) if &*why.message == "50 of 50 failed"));
}

#[test]
fn a_rollout_is_a_job_that_can_be_undone() {
    let watched = Watched::start();
    let agent = watched.all_known();
    let template = r#"{"format":1,"settings":{"description":"of a rollout"}}"#;
    let wanted = Wanted {
        agent,
        label: "one".to_owned(),
        group: None,
    };
    let options = Options {
        watch_seconds: 0,
        ..Options::default()
    };
    let template = Template::from_json(template).unwrap();
    let rollout = Rollout::new(template, Values::default(), options, vec![wanted], 1).unwrap();
    let run = |rollout: Rollout, act| {
        let done = Slot::<Ended>::default();
        let command = Command::Bulk(Bulk {
            rollout: Box::new(rollout),
            act,
            ends_by_signal: false,
            done: done.clone(),
        });
        watched.fleet.send(command).unwrap();
        let ended = watched.until("its end", |_| done.take()).value;
        assert_eq!(ended.stopped, None);
        ended.rollout.clone()
    };
    let planned = run(rollout, Act::Plan { again: false });
    assert_eq!(planned.counts().ready, 1);
    let applied = run(planned, Act::Apply);
    assert_eq!(applied.counts().done, 1);
    watched.until("the job can be undone", |snapshot| {
        let job = snapshot.jobs.first()?;
        let is_done = matches!(job.state, JobState::Done) && job.undoing().len() == 1;
        is_done.then_some(())
    });
    assert_eq!(run(applied.clone(), Act::Undo).counts().undone, 1);
    // What is not known any more is told, and ends.
    let mut foreign = applied;
    foreign.parts[0].agent = AgentId::of_authority(&[9; 32]);
    assert_eq!(run(foreign, Act::Undo).counts().not_undone, 1);
}
