//! Alerts: what stands and what stood, and what operators do about it.

use underpass_shared::alert::{Alert, Register, RegisterError};
use underpass_shared::api::management::operations::LIST_LEN_MAX;
use underpass_shared::api::management::{AlertList, AlertTarget, Refusal, SilenceInput, Verb};
use underpass_shared::audit::Category;
use underpass_shared::instant::Now;
use underpass_shared::rights::Role;

use super::call::Call;
use super::{Admin, Answer, answer};
use crate::alerts::Alerts;

fn refusal(error: &RegisterError) -> Refusal {
    let message = error.to_string();
    match error {
        RegisterError::Unknown(_) => Refusal::not_found(message),
        RegisterError::Resolved(_) | RegisterError::TooMany => Refusal::illegal_state(message),
        RegisterError::Until => Refusal::invalid("untilMs", message),
    }
}

/// An alert as a role sees it: who took note of it is not for monitoring.
fn shown(mut alert: Alert, role: Role) -> Alert {
    if let Some(acknowledged) = &mut alert.acknowledged
        && role == Role::Monitoring
    {
        acknowledged.by.clear();
    }
    alert
}

impl Admin {
    pub(super) async fn of_alerts(&self, call: &Call, verb: Verb, target: AlertTarget) -> Answer {
        let role = call.caller().role();
        let revision = self.store.current().revision().number;
        let alerts = self.alerts()?;
        match target {
            AlertTarget::All => {
                let limit = call.query.limit.unwrap_or(LIST_LEN_MAX);
                if !(1..=LIST_LEN_MAX).contains(&limit) {
                    let rule = format!("must be between 1 and {LIST_LEN_MAX}");
                    return Err(Refusal::invalid("limit", rule));
                }
                let found = alerts.list(call.query.alerts, limit).into_iter();
                let alerts = found.map(|alert| shown(alert, role)).collect();
                answer::ok(&AlertList { alerts }, revision)
            }
            AlertTarget::One(number) if verb == Verb::Delete => {
                let delete = |register: &mut Register, _now| register.delete(number);
                self.act(call, number, "deleted", delete).await?;
                Ok(answer::done(revision))
            }
            AlertTarget::One(number) => {
                let alert = alerts.get(number).map_err(|error| refusal(&error))?;
                answer::ok(&shown(alert, role), revision)
            }
            AlertTarget::Acknowledge(number) => {
                let by = call.caller().to_string();
                let acknowledge =
                    |register: &mut Register, now| register.acknowledge(number, &by, now);
                let alert = self.act(call, number, "took note of", acknowledge).await?;
                answer::ok(&alert, revision)
            }
            AlertTarget::Silence(number) => {
                let SilenceInput { until_ms } = call.read()?;
                let until = (until_ms != 0).then_some(until_ms);
                let what = match until {
                    Some(_) => "silenced",
                    None => "ended the silence of",
                };
                let silence = |register: &mut Register, now| register.silence(number, until, now);
                let alert = self.act(call, number, what, silence).await?;
                answer::ok(&alert, revision)
            }
        }
    }

    /// Does something with an alert, with a record of it before and after.
    async fn act(
        &self,
        call: &Call,
        number: u64,
        what: &str,
        act: impl FnOnce(&mut Register, Now) -> Result<Alert, RegisterError>,
    ) -> Result<Alert, Refusal> {
        let alerts = self.alerts()?;
        let present = alerts.get(number).map_err(|error| refusal(&error))?;
        let reason = format!("{what} alert {number}, {}", present.id);
        let recording = self.recording(call.caller(), Category::AlertConfiguration, &reason);
        recording.intend_act().await?;
        let done = match alerts.act(act) {
            Ok(alert) => alerts.save().await.map(|()| alert).map_err(|error| {
                Refusal::failure(format!(
                    "it is done, but not kept over a restart: {error:#}"
                ))
            }),
            Err(error) => Err(refusal(&error)),
        };
        recording.acted(&done);
        done
    }

    fn alerts(&self) -> Result<&Alerts, Refusal> {
        Ok(&self.live()?.alerts)
    }
}
