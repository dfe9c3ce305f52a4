//! The delivery of alerts.

use super::super::delivery::{DeliveryShown, DeliveryTestInput, DeliveryTested};
use super::Operation;
use crate::rights::Access::{Connector, Read};

pub(crate) const STATES: &str = "/api/v1/alerts/delivery";
pub(crate) const TEST: &str = "/api/v1/alerts/test";

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::get(STATES, Read, "Shows how the delivery of alerts is doing.")
        .gives::<DeliveryShown>()
        .conflicts(),
    Operation::post(
        TEST,
        Connector,
        "Sends a test by a channel now, whether it is on or not, and tells how that ended.",
    )
    .takes::<DeliveryTestInput>()
    .gives::<DeliveryTested>()
    .acts()
    .conflicts(),
];
