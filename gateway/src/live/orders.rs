//! Answers what commands ask of the running gateway.

use serde::Serialize;

use super::Live;
use crate::directory::{Answer, Order};

impl Live {
    /// Answers orders until it is dropped.
    pub async fn serve(self) {
        let mut index = self.directory.watch();
        loop {
            let present = index.borrow_and_update().clone();
            for (id, order) in present.orders() {
                let answer = self.answer(order);
                if let Err(error) = self.directory.answer(id, &answer).await {
                    tracing::warn!(%error, "cannot answer an operator's command");
                }
            }
            if index.changed().await.is_err() {
                return;
            }
        }
    }

    fn answer(&self, order: &Order) -> Answer {
        match order {
            Order::Agents => told(&self.agents()),
            Order::Traffic => told(&self.traffic()),
        }
    }
}

fn told(result: &impl Serialize) -> Answer {
    serde_json::to_value(result).map_err(|error| error.to_string())
}
