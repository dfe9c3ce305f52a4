//! Restores: plan, apply, roll back.

mod apply;
mod plan;

use http::StatusCode;
use underpass_runtime::clock;
use underpass_shared::api::management::{
    RecipientShown, Refusal, RestoreShown, RestoreTarget, RollbackOffer, Target, Verb,
};
use underpass_shared::audit::Category;
use underpass_shared::id::PlanId;

use super::call::Call;
use super::{Admin, Answer, answer};
use crate::restore::{PLAN_LIFE, Previous, Waiting};

/// The work of a restore, which waits for disks, beside the other requests.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
) -> Result<T, Refusal> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done.map_err(|error| failed(&error)),
        Err(_panic) => Err(Refusal::failure(
            "the restore ended in a panic; this is a defect of this program",
        )),
    }
}

fn failed(error: &anyhow::Error) -> Refusal {
    Refusal::failure(format!("{error:#}"))
}

fn unknown(id: PlanId) -> Refusal {
    Refusal::not_found(format!(
        "there is no plan {id}; plans are kept for 30 minutes and end with the agent"
    ))
}

impl Admin {
    pub(super) async fn of_restore(&self, call: Call, verb: Verb, target: RestoreTarget) -> Answer {
        match target {
            RestoreTarget::Last => self.restore_shown().await,
            RestoreTarget::Plans => self.make_plan(call).await,
            RestoreTarget::Plan(id) if verb == Verb::Delete => self.forget_plan(id),
            RestoreTarget::Plan(id) => {
                let shown = self.waiting(id)?.shown;
                answer::ok(&shown, self.readable()?.revision().number)
            }
            RestoreTarget::Apply(id) => {
                let applied = self.apply_plan(&call, id).await?;
                answer::ok(&applied, applied.revision)
            }
            RestoreTarget::Recipient => self.open_recipient(&call).await,
            RestoreTarget::Rollback => {
                let applied = self.roll_back(&call).await?;
                answer::ok(&applied, applied.revision)
            }
        }
    }

    fn waiting(&self, id: PlanId) -> Result<Waiting, Refusal> {
        self.restores.plans().get(id).ok_or_else(|| unknown(id))
    }

    fn forget_plan(&self, id: PlanId) -> Answer {
        if !self.restores.plans().forget(id) {
            return Err(unknown(id));
        }
        Ok(answer::done(self.readable()?.revision().number))
    }

    async fn restore_shown(&self) -> Answer {
        let number = self.readable()?.revision().number;
        let (restores, vault) = (self.restores.clone(), self.vault.clone());
        let shown = aside(move || {
            let previous = Previous::load(&vault)?;
            let rollback = previous.map(|previous| RollbackOffer {
                revision: previous.revision,
                time_stamp: previous.time_ms,
                identity: previous.values.identity.is_some(),
            });
            Ok(RestoreShown {
                state: restores.state(),
                last: restores.last(),
                rollback,
                plans: restores.plans().ids(),
            })
        });
        answer::ok(&shown.await?, number)
    }

    async fn open_recipient(&self, call: &Call) -> Answer {
        let number = self.readable()?.revision().number;
        let what = "made a key that a backup can be sealed to";
        let recording = self.recording(call.caller(), Category::Backup, what);
        recording.intend_act().await?;
        let life_ms = i64::try_from(PLAN_LIFE.as_millis()).unwrap_or(i64::MAX);
        let shown = RecipientShown {
            recipient: self.restores.plans().open_recipient(),
            expires_time_stamp: clock::wall_ms() + life_ms,
        };
        recording.acted(&Ok(()));
        answer::ok(&shown, number)
    }

    /// 201 with the address of a plan.
    fn plan_made(&self, id: PlanId) -> Answer {
        let shown = self.waiting(id)?.shown;
        let mut response = answer::ok(&shown, shown.revision)?;
        *response.status_mut() = StatusCode::CREATED;
        answer::locate(&mut response, &Target::Restores(RestoreTarget::Plan(id)));
        Ok(response)
    }
}
