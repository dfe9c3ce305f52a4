//! Service channels.

use super::super::{ChannelInput, ChannelShown, ChannelStateInput};
use super::Operation;
use crate::rights::Access::{Read, Subaccounts};

pub(crate) const CHANNELS: &str =
    "/api/v1/configuration/subaccounts/{regionHost}/{subaccount}/channels";
pub(crate) const CHANNELS_OF: &str =
    "/api/v1/configuration/subaccounts/{regionHost}/{subaccount}/channels/{channelType}";
pub(crate) const CHANNEL: &str =
    "/api/v1/configuration/subaccounts/{regionHost}/{subaccount}/channels/{channelType}/{channel}";
pub(crate) const CHANNEL_STATE: &str = "/api/v1/configuration/subaccounts/{regionHost}/{subaccount}/channels/{channelType}/{channel}/state";
pub(crate) const AVAILABLE: &str =
    "/api/v1/configuration/subaccounts/{regionHost}/{subaccount}/availableChannels/{availableType}";

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::get(CHANNELS, Read, "Not offered: channels have types (501).")
        .gives::<Vec<ChannelShown>>()
        .refuses(&[501]),
    Operation::post(
        CHANNELS,
        Subaccounts,
        "Not offered: channels have types (501).",
    )
    .takes::<ChannelInput>()
    .optionally()
    .acts()
    .refuses(&[501]),
    Operation::delete(
        CHANNELS,
        Subaccounts,
        "Removes all service channels of a subaccount.",
    ),
    // A number in place of the type is how channels without one were called.
    Operation::get(CHANNELS_OF, Read, "Lists the service channels of a type.")
        .gives::<Vec<ChannelShown>>()
        .refuses(&[501]),
    Operation::post(CHANNELS_OF, Subaccounts, "Adds a service channel.")
        .takes::<ChannelInput>()
        .creates()
        .conflicts()
        .refuses(&[501]),
    Operation::delete(
        CHANNELS_OF,
        Subaccounts,
        "Removes all service channels of a type.",
    )
    .refuses(&[501]),
    Operation::get(CHANNEL, Read, "Shows a service channel.")
        .gives::<ChannelShown>()
        .refuses(&[501]),
    Operation::put(CHANNEL, Subaccounts, "Replaces a service channel.")
        .takes::<ChannelInput>()
        .conflicts()
        .refuses(&[501]),
    Operation::delete(CHANNEL, Subaccounts, "Removes a service channel.").refuses(&[501]),
    Operation::put(
        CHANNEL_STATE,
        Subaccounts,
        "Opens or closes a service channel; 500 where it cannot be opened.",
    )
    .takes::<ChannelStateInput>()
    .refuses(&[501]),
    Operation::get(
        AVAILABLE,
        Read,
        "Lists what channels of a type could lead to; gateways offer nothing yet.",
    )
    .gives::<Vec<ChannelShown>>(),
];
