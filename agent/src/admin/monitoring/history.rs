//! What was measured, from the history.

use underpass_history::{History, Query, QueryError};
use underpass_runtime::clock;
use underpass_shared::api::management::{MetricList, MetricShown, MonitorAsk, Refusal};
use underpass_shared::monitor::{Entity, Metric};

use crate::admin::call::{Call, blocking};
use crate::admin::{Admin, Answer, answer};

/// How much is shown where nobody says from when on.
const SHOWN_MS: i64 = 60 * 60 * 1_000;

impl Admin {
    pub(super) async fn metrics(&self) -> Answer {
        let (history, number) = (self.kept()?, self.store.current().revision().number);
        blocking(move || {
            let metrics = Metric::ALL.iter().copied();
            let list = MetricList {
                metrics: metrics.map(MetricShown::from).collect(),
                entities: history.entities().map_err(refusal)?,
            };
            answer::ok(&list, number)
        })
        .await
    }

    pub(super) async fn metric_history(&self, call: &Call) -> Answer {
        let query = query(&call.query.monitor, clock::wall_ms())?;
        let (history, number) = (self.kept()?, self.store.current().revision().number);
        blocking(move || {
            let found = history.query(&query).map_err(refusal)?;
            answer::ok(&found, number)
        })
        .await
    }

    fn kept(&self) -> Result<History, Refusal> {
        let kept = self.live()?.history.as_ref();
        let history = kept.map(|kept| kept.history().clone());
        history.map_err(|reason| {
            Refusal::illegal_state(format!("the agent keeps no history: {reason}"))
        })
    }
}

fn query(ask: &MonitorAsk, now_ms: i64) -> Result<Query, Refusal> {
    let needed = || Refusal::invalid("metric", "is needed; /api/v1/monitoring/metrics lists them");
    let to_ms = ask.to.unwrap_or(now_ms);
    let metric = ask.metric.ok_or_else(needed)?;
    let entity = ask.entity.clone().unwrap_or(Entity::Agent);
    let wrong = |rule| Refusal::invalid("entity", rule);
    metric.check(&entity).map_err(wrong)?;
    Ok(Query {
        metric,
        entity,
        from_ms: ask.from.unwrap_or(to_ms.saturating_sub(SHOWN_MS)),
        to_ms,
        step_ms: ask.step.map(i64::from).unwrap_or_default(),
        buckets: ask.buckets,
    })
}

fn refusal(error: QueryError) -> Refusal {
    match error {
        QueryError::Invalid { field, rule } => Refusal::invalid(field, rule),
        QueryError::Missing => Refusal::illegal_state(
            "there is no history.db; another one begins with the next sample, within 15 s, or the \
             status tells why not",
        ),
        error @ QueryError::Read(_) => {
            let reason = format!("{:#}", anyhow::Error::from(error));
            tracing::warn!(reason, "the history cannot be read");
            let message = "history.db cannot be read; `underpass-agent doctor` tells more";
            Refusal::failure(message)
        }
    }
}
