//! Answers what commands ask of the running gateway.

use std::collections::BTreeSet;

use serde::Serialize;
use underpass_alerting::InvalidChannel;
use underpass_runtime::tasks::Tasks;
use uuid::Uuid;

use super::Live;
use crate::directory::{Answer, Order};

impl Live {
    /// Answers orders until it is dropped, each on a task of its own.
    pub async fn serve(self, tasks: Tasks) {
        let mut index = self.directory.watch();
        let mut taken: BTreeSet<Uuid> = BTreeSet::new();
        loop {
            let present = index.borrow_and_update().clone();
            let waiting: BTreeSet<Uuid> = present.orders().map(|(id, _)| id).collect();
            taken.retain(|id| waiting.contains(id));
            for (id, order) in present.orders() {
                if taken.insert(id) {
                    let answering = self.clone().reply(id, Order::clone(order));
                    tasks.spawn("order", answering);
                }
            }
            if index.changed().await.is_err() {
                return;
            }
        }
    }

    async fn reply(self, id: Uuid, order: Order) {
        let answer = self.answer(order).await;
        if let Err(error) = self.directory.answer(id, &answer).await {
            tracing::warn!(%error, "cannot answer an operator's command");
        }
    }

    async fn answer(&self, order: Order) -> Answer {
        match order {
            Order::Agents => told(&self.agents()),
            Order::Traffic => told(&self.traffic()),
            Order::Alerts { history } => told(&self.alerts.list(history)),
            Order::Acknowledge { number, by } => {
                let alert = self.alerts.acknowledge(number, &by).await;
                told(&alert.map_err(|error| error.to_string())?)
            }
            Order::Silence {
                number,
                until_ms,
                by,
            } => {
                let alert = self.alerts.silence(number, until_ms, &by).await;
                told(&alert.map_err(|error| error.to_string())?)
            }
            Order::Replace { instance, process } => {
                told(&self.places.replace(instance, process).await?)
            }
            Order::TestAlerts { channel } => {
                let channel = channel.parse();
                let channel = channel.map_err(|rule: InvalidChannel| rule.to_string())?;
                self.courier.test(&channel).await?;
                told(&true)
            }
        }
    }
}

fn told(result: &impl Serialize) -> Answer {
    serde_json::to_value(result).map_err(|error| error.to_string())
}
