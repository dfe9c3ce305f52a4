//! What each step does, and what takes it back.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use underpass_shared::api::management::{DocumentTarget, ReleaseMode, Target};
use underpass_shared::config::Document;
use underpass_shared::id::{AgentId, HandoverId};
use uuid::Uuid;

use super::calls::{Agents, Fault, Party, Told};
use super::engine::Probe;
use super::handover::{Aborted, Handover};
use super::machine::Migration;
use super::plan::{self, Mode, Origin, Plan, TargetPlan};
use super::reach::{self, When};
use super::step::{Act, Step};
use super::transfer::{self, Transfer};
use super::tried::{Trial, Tried, Went};
use crate::backup::Opener;
use crate::slot::FromReply as _;
use crate::snapshot::Configuration;

/// What steps are done with.
pub(super) struct Acts<'a> {
    pub(super) agents: &'a dyn Agents,
    pub(super) stop: &'a CancellationToken,
    pub(super) opener: Option<&'a Opener>,
    pub(super) probe: Option<&'a dyn Probe>,
}

/// What was seen, for people.
type Seen = Result<Vec<String>, Fault>;

/// Who takes part in a step.
struct Parties<'a> {
    plan: Arc<Plan>,
    target_plan: TargetPlan,
    source: Option<Party<'a>>,
    target: Party<'a>,
}

impl<'a> Parties<'a> {
    fn source(&self) -> Result<&Party<'a>, Fault> {
        let none = || Fault::new("a backup can do nothing; only an agent can");
        self.source.as_ref().ok_or_else(none)
    }

    fn handover(&self) -> Result<Handover<'_>, Fault> {
        let source = self.source()?;
        Ok(Handover::of(
            &self.target_plan,
            self.plan.mode,
            source,
            &self.target,
        ))
    }
}

impl<'a> Acts<'a> {
    fn party(&self, id: AgentId) -> Party<'a> {
        Party::new(self.agents, id, self.stop)
    }

    fn parties(&self, migration: &Migration, step: Step) -> Result<Parties<'a>, Fault> {
        let plan = Arc::clone(&migration.plan);
        let unknown = || Fault::new("the plan does not name this target");
        Ok(Parties {
            target_plan: plan.target(step.target).cloned().ok_or_else(unknown)?,
            source: plan.source().map(|id| self.party(id)),
            target: self.party(step.target),
            plan,
        })
    }

    /// Does a step.
    pub(super) async fn act(&self, migration: &mut Migration, step: Step) -> Seen {
        let parties = self.parties(migration, step)?;
        match step.act {
            Act::Preflight => self.preflight(&parties).await,
            Act::Transfer => self.transfer(migration, &parties).await,
            Act::Apply => Self::apply(migration, &parties).await,
            Act::Vouch => Self::vouch(migration, &parties).await,
            Act::Accept => Self::accept(migration, &parties).await,
            Act::Connect => Self::connect(&parties).await,
            Act::Switch => {
                let handover = parties.handover()?;
                if handover.is_empty() {
                    return Ok(nothing());
                }
                Ok(vec![handover.switch().await?])
            }
            Act::Verify => self.verify(migration, &parties).await,
            Act::Release => {
                let handover = parties.handover()?;
                if handover.is_empty() {
                    return Ok(nothing());
                }
                Ok(vec![handover.release(ReleaseMode::Disable).await?])
            }
        }
    }

    async fn preflight(&self, parties: &Parties<'_>) -> Seen {
        let source = parties.source.as_ref();
        let origin = &parties.plan.origin;
        let (_, document) = self::origin(origin, source, &parties.target, self.opener).await?;
        let both = (source, &parties.target);
        let (plan, tolerant) = (&parties.target_plan, parties.plan.tolerant);
        let settings = parties.plan.settings;
        reach::check(&document, plan, both, When::Before { settings }, tolerant).await
    }

    async fn transfer(&self, migration: &mut Migration, parties: &Parties<'_>) -> Seen {
        let transfer = Transfer {
            plan: &parties.plan,
            target_plan: &parties.target_plan,
            target: &parties.target,
            opener: self.opener,
        };
        let (id, seen) = match &parties.plan.origin {
            Origin::Agent { .. } => transfer.of_agent(parties.source()?).await?,
            Origin::Backup { file } => transfer.of_backup(file).await?,
        };
        migration.left(parties.target_plan.agent).restore = Some(id);
        Ok(seen)
    }

    async fn apply(migration: &mut Migration, parties: &Parties<'_>) -> Seen {
        let left = migration.left(parties.target_plan.agent);
        let id = left.restore.clone().ok_or(Fault::Lost(Act::Transfer))?;
        match transfer::apply(&parties.target, &id).await? {
            Told::Done(seen) => Ok(seen),
            Told::Unknown => Err(Fault::Lost(Act::Transfer)),
        }
    }

    async fn vouch(migration: &mut Migration, parties: &Parties<'_>) -> Seen {
        let handover = parties.handover()?;
        if handover.is_empty() {
            return Ok(nothing());
        }
        let vouched = handover.vouch().await?;
        let seen = format!("{} certificates were issued", vouched.certificates.len());
        migration.left(parties.target_plan.agent).vouched = Some(vouched);
        Ok(vec![seen])
    }

    async fn accept(migration: &mut Migration, parties: &Parties<'_>) -> Seen {
        let handover = parties.handover()?;
        if handover.is_empty() {
            return Ok(nothing());
        }
        let left = migration.left(parties.target_plan.agent);
        let vouched = left.vouched.clone().ok_or(Fault::Lost(Act::Vouch))?;
        match handover.accept(vouched).await? {
            Told::Done(_) => Ok(vec![]),
            Told::Unknown => Err(Fault::Lost(Act::Vouch)),
        }
    }

    async fn connect(parties: &Parties<'_>) -> Seen {
        if parties.source.is_none() {
            return Ok(vec![transfer::connected(&parties.target).await?]);
        }
        let handover = parties.handover()?;
        if handover.is_empty() {
            return Ok(nothing());
        }
        Ok(vec![handover.connected().await?])
    }

    async fn verify(&self, migration: &mut Migration, parties: &Parties<'_>) -> Seen {
        let mut seen = vec![];
        let handover = match &parties.source {
            Some(_) => Some(parties.handover()?),
            None => None,
        };
        match handover.as_ref() {
            None => seen.push(transfer::connected(&parties.target).await?),
            Some(handover) if handover.is_empty() => {}
            Some(handover) => {
                handover.carries().await?;
                let count = handover.keys.len();
                seen.push(format!(
                    "requests of {count} subaccounts come to the target"
                ));
            }
        }
        seen.extend(Self::test(migration, parties).await?);
        if let Some(source) = &parties.source {
            let document = live(source).await?.1;
            let both = (Some(source), &parties.target);
            let (plan, tolerant) = (&parties.target_plan, parties.plan.tolerant);
            seen.extend(reach::check(&document, plan, both, When::After, tolerant).await?);
        }
        self.probed(parties, seen).await
    }

    /// Makes the test requests; what came of each is kept for the report, also of a failure.
    async fn test(migration: &mut Migration, parties: &Parties<'_>) -> Seen {
        let (plan, target) = (&parties.target_plan, &parties.target);
        let requests = match &plan.tests {
            Some(requests) => requests.clone(),
            // A plan of an earlier version; the target knows best what it has got.
            None => {
                let document = live(target).await?.1;
                let taken = document.subaccounts().iter();
                plan::each(taken.map(|one| (one.key(), &**one))).0
            }
        };
        if requests.is_empty() {
            return Ok(vec![]);
        }
        let trial = Trial {
            plan,
            target,
            source: parties.source.as_ref(),
            tolerant: parties.plan.tolerant,
        };
        let tried = trial.all(&requests).await?;
        let told = |went| tried.iter().filter(move |one: &&Tried| one.went == went);
        let bad = told(Went::Failed).chain(told(Went::Noted));
        let mut seen: Vec<String> = bad.map(ToString::to_string).collect();
        let (failed, all) = (told(Went::Failed).count(), tried.len());
        seen.insert(
            0,
            format!(
                "{} of {all} test requests passed",
                told(Went::Passed).count()
            ),
        );
        let first = told(Went::Failed).next().map(ToString::to_string);
        migration.left(plan.agent).tried = tried;
        match first {
            None => Ok(seen),
            Some(first) => {
                let reason = format!("{failed} of {all} test requests failed: {first}");
                Err(Fault::Failed { reason, seen })
            }
        }
    }

    /// What the program of the operator says, where there is one.
    async fn probed(&self, parties: &Parties<'_>, mut seen: Vec<String>) -> Seen {
        let Some(probe) = self.probe else {
            return Ok(seen);
        };
        let looked = tokio::select! {
            () = self.stop.cancelled() => return Err(Fault::Cancelled),
            looked = probe.look(parties.target_plan.agent) => looked,
        };
        match looked {
            Ok(more) => {
                seen.extend(more);
                Ok(seen)
            }
            Err(reason) => Err(Fault::Failed { reason, seen }),
        }
    }

    /// Takes a step back.
    pub(super) async fn undo(&self, migration: &mut Migration, step: Step) -> Seen {
        let parties = self.parties(migration, step)?;
        match step.act {
            Act::Preflight | Act::Connect | Act::Verify => Ok(vec![]),
            Act::Transfer => match migration.left(step.target).restore.clone() {
                Some(id) => transfer::forget(&parties.target, &id)
                    .await
                    .map(|()| vec![]),
                None => Ok(vec![]),
            },
            Act::Apply => {
                let left = migration.left(step.target);
                let (id, returned) = (left.restore.clone(), left.returned);
                match transfer::roll_back(&parties.target, id.as_deref()).await {
                    // The subaccounts went back with their enrolments; the rest stands by itself.
                    Err(Fault::Failed { reason, .. }) if returned => {
                        Ok(vec![format!("what else came along stays: {reason}")])
                    }
                    rolled_back => rolled_back,
                }
            }
            Act::Vouch | Act::Accept | Act::Switch | Act::Release => {
                Self::cut_back(migration, &parties, step).await
            }
        }
    }

    /// Has the source carry again. The gateways take a handover back until it is over; afterwards
    /// the target vouches for the source as the source did for it.
    async fn cut_back(migration: &mut Migration, parties: &Parties<'_>, step: Step) -> Seen {
        let handover = parties.handover()?;
        if handover.is_empty() || migration.left(step.target).returned {
            return Ok(vec![]);
        }
        let mut seen = vec![];
        // The gateways take the word of either side; a source that is away is no reason to stay.
        let at_source = match handover.abort(handover.source).await {
            Ok(aborted) => aborted,
            Err(Fault::Failed { reason, .. }) => {
                seen.push(reason);
                Aborted::Unknown
            }
            Err(fault @ (Fault::Cancelled | Fault::Lost(_))) => return Err(fault),
        };
        let at_target = handover.abort(handover.target).await?;
        match (at_source, at_target) {
            (Aborted::Yes, _) | (_, Aborted::Yes) | (Aborted::Unknown, Aborted::Unknown) => {
                return Ok(seen);
            }
            (Aborted::TooLate, _) | (_, Aborted::TooLate) => {}
        }
        if parties.plan.mode == Mode::Copy {
            // Nobody lost anything to a copy; it ends with the configuration of the target.
            return Ok(seen);
        }
        let left = migration.left(step.target);
        let id = *left
            .back
            .get_or_insert_with(|| HandoverId::from_uuid(Uuid::now_v7()));
        let back = handover.reversed(id);
        let vouched = back.vouch().await?;
        if let Told::Unknown = back.accept(vouched).await? {
            return Err(Fault::new("the source forgets the keys that it made"));
        }
        back.connected().await?;
        seen.push(back.switch().await?);
        seen.push(back.release(ReleaseMode::Remove).await?);
        migration.left(step.target).returned = true;
        Ok(seen)
    }
}

fn nothing() -> Vec<String> {
    vec!["no subaccount has a tunnel to hand over".to_owned()]
}

/// The configuration that is to go to a target, as of its revision: that of a running source, or
/// what the target finds in a backup.
pub(super) async fn origin(
    origin: &Origin,
    source: Option<&Party<'_>>,
    target: &Party<'_>,
    opener: Option<&Opener>,
) -> Result<(u64, Document), Fault> {
    match (origin, source) {
        (Origin::Backup { file }, _) => transfer::backed_up(target, file, opener).await,
        (Origin::Agent { .. }, Some(source)) => live(source).await,
        (Origin::Agent { .. }, None) => Err(Fault::new("the source is not known")),
    }
}

/// The configuration of an agent as it is now, with its revision.
pub(super) async fn live(agent: &Party<'_>) -> Result<(u64, Document), Fault> {
    let call = crate::api::Call::get(Target::Document(DocumentTarget::Whole));
    let reply = agent.send(&call).await?;
    let found = Configuration::from_reply(&reply);
    let found =
        found.map_err(|error| Fault::new(format!("{}: {}", agent.label, error.reason())))?;
    Ok((found.revision, Document::clone(&found.document)))
}
