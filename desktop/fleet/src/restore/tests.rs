//! Restores of made-up agents over connections that break.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use underpass_shared::api::management::{
    BackupInput, BackupTarget, DocumentTarget, RestorePlanShown, RunningTarget, Target, Verb,
};
use underpass_shared::backup::KeptSecret;
use underpass_shared::secret::Secret;

use super::*;
use crate::api::{Api, Events};
use crate::demo::{Clock, SEED, cast};
use crate::snapshot::Sample;
use crate::{FleetError, Reply};

/// What becomes of a call that changes something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// It does not arrive.
    Lost,
    /// It is done, and nobody is told.
    Mute,
    /// It does not arrive, and the agent starts anew.
    Restart,
}

/// A made-up agent behind a connection that breaks.
struct Agent {
    inner: Arc<dyn Api>,
    fates: Mutex<Vec<Fate>>,
}

fn silent() -> FleetError {
    let address = "agent:8443".to_owned();
    FleetError::Late { address }
}

impl Agent {
    async fn answer(&self, call: &Call) -> Result<Reply, FleetError> {
        let acts = matches!(
            call.target,
            Target::Restores(RestoreTarget::Apply(_) | RestoreTarget::Rollback)
        );
        let fate = if acts {
            self.fates.lock().unwrap().pop()
        } else {
            None
        };
        match fate {
            None => self.inner.call(call).await,
            Some(Fate::Lost) => Err(silent()),
            Some(Fate::Mute) => {
                self.inner.call(call).await?;
                Err(silent())
            }
            Some(Fate::Restart) => {
                let restart = Call::new(Verb::Post, Target::Running(RunningTarget::Restart));
                self.inner.call(&restart).await?;
                Err(silent())
            }
        }
    }
}

impl Api for Agent {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Result<Reply, FleetError>> {
        self.answer(call).boxed()
    }

    fn events(&self, after: Option<u64>) -> BoxFuture<'_, Result<Events, FleetError>> {
        self.inner.events(after)
    }

    fn samples(&self, since_ms: i64) -> BoxFuture<'_, Result<Vec<Sample>, FleetError>> {
        self.inner.samples(since_ms)
    }
}

/// Two agents, and the plan of the first one's backup on the second.
async fn planned() -> (Agent, Arc<RestorePlanShown>) {
    let clock: Clock = Arc::new(|| 1_767_225_600_000);
    let all = cast(SEED, &clock);
    let (from, to) = (all[0].api(), all[1].api());
    let input = BackupInput {
        password: Some(KeptSecret::new("correct horse battery".to_owned())),
        ..BackupInput::default()
    };
    let call = Call::new(Verb::Post, Target::Backup(BackupTarget::Archive));
    let archive = from.call(&call.with(&input).unwrap()).await.unwrap().body;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.zip");
    underpass_runtime::file::replace(&path, &archive).unwrap();
    let opener = Opener::Passphrase(Secret::new("correct horse battery".to_owned()));
    let call = plan(path, &opener, &Choice::default()).unwrap();
    let plan = to.call(&call).await.unwrap().read().unwrap();
    let agent = Agent {
        inner: to,
        fates: Mutex::default(),
    };
    (agent, Arc::new(plan))
}

async fn run(agent: &Agent, act: &Act, fates: &[Fate]) -> Result<RestoreApplied, String> {
    *agent.fates.lock().unwrap() = fates.to_vec();
    let stages = Mutex::new(vec![]);
    let follow = Follow {
        api: agent,
        act,
        told: &|stage| stages.lock().unwrap().push(stage),
        again: Duration::from_millis(1),
    };
    let done = follow.run().await;
    let stages = stages.into_inner().unwrap();
    assert_eq!(stages.contains(&Stage::Lost), !fates.is_empty());
    done
}

async fn document(agent: &Agent) -> bytes::Bytes {
    let whole = Call::get(Target::Document(DocumentTarget::Whole));
    agent.call(&whole).await.unwrap().body
}

#[tokio::test]
async fn a_restore_and_its_way_back_are_done_once_whatever_the_connection_does() {
    let (agent, plan) = planned().await;
    let before = document(&agent).await;
    let apply = Act::Apply(Arc::clone(&plan));
    let applied = run(&agent, &apply, &[Fate::Mute, Fate::Lost])
        .await
        .unwrap();
    assert_eq!(applied.plan, Some(plan.id));
    assert_eq!(applied.revision, plan.revision + 1);
    let restored = document(&agent).await;
    assert_ne!(restored, before);
    let back = Act::RollBack {
        revision: applied.revision,
    };
    let undone = run(&agent, &back, &[Fate::Mute]).await.unwrap();
    assert_eq!(undone.revision, applied.revision + 1);
    assert_eq!(document(&agent).await, before);
    // The way back has a way back too.
    let again = Act::RollBack {
        revision: undone.revision,
    };
    run(&agent, &again, &[]).await.unwrap();
    assert_eq!(document(&agent).await, restored);
}

#[tokio::test]
async fn an_agent_that_restarted_before_it_began_has_restored_nothing() {
    let (agent, plan) = planned().await;
    let before = document(&agent).await;
    let told = run(&agent, &Act::Apply(plan), &[Fate::Restart]).await;
    assert!(told.unwrap_err().contains("nothing was restored"));
    assert_eq!(document(&agent).await, before);
}
