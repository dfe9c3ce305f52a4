//! The delivery of alerts: how it is doing, and tests of it.

use underpass_alerting::Channel;
use underpass_shared::api::management::{
    DeliveryShown, DeliveryTarget, DeliveryTestInput, DeliveryTested, Refusal,
};
use underpass_shared::audit::Category;

use super::call::Call;
use super::{Admin, Answer, answer};
use crate::deliver::Delivery;

impl Admin {
    pub(super) async fn of_delivery(&self, call: &Call, target: DeliveryTarget) -> Answer {
        match target {
            DeliveryTarget::States => {
                let channels = self.running_delivery()?.courier().states();
                let number = self.store.current().revision().number;
                answer::ok(&DeliveryShown { channels }, number)
            }
            DeliveryTarget::Test => self.test_delivery(call).await,
        }
    }

    async fn test_delivery(&self, call: &Call) -> Answer {
        let input: DeliveryTestInput = call.read()?;
        let channel = input.channel.parse::<Channel>();
        let channel = channel.map_err(|rule| Refusal::invalid("channel", rule.to_string()))?;
        let courier = self.running_delivery()?.courier();
        courier
            .is_configured(&channel)
            .map_err(|rule| Refusal::invalid("channel", rule))?;
        let reason = format!("tested the delivery of alerts by {channel}");
        let recording = self.recording(call.caller(), Category::ServiceControl, &reason);
        recording.intend_act().await?;
        let tested = courier.test(&channel).await;
        recording.acted(&Ok(()));
        let shown = DeliveryTested {
            channel: channel.to_string(),
            delivered: tested.is_ok(),
            outcome: tested
                .err()
                .unwrap_or_else(|| "the receiver took the message".to_owned()),
        };
        answer::ok(&shown, self.store.current().revision().number)
    }

    fn running_delivery(&self) -> Result<&Delivery, Refusal> {
        let none = || Refusal::illegal_state("the agent does not run, or alerts.db cannot be used");
        let live = self.live.as_ref();
        live.and_then(|live| live.delivery.as_ref())
            .ok_or_else(none)
    }
}
