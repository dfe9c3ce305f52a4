//! What the kinds of channels are called, and what they are for.

use underpass_shared::config::ChannelType;

/// Its name for people.
pub(super) const fn name(kind: ChannelType) -> &'static str {
    match kind {
        ChannelType::Hana => "HANA database",
        ChannelType::VirtualMachine => "Virtual machine",
        ChannelType::AbapCloud => "ABAP, RFC",
        ChannelType::AbapCloudSnc => "ABAP, RFC with SNC",
        ChannelType::K8S => "Kubernetes service",
    }
}

/// What it is for.
pub(super) const fn purpose(kind: ChannelType) -> &'static str {
    match kind {
        ChannelType::Hana => "SQL clients of this network reach a database of the cloud",
        ChannelType::VirtualMachine => {
            "Programs of this network reach a port of a virtual machine of the cloud"
        }
        ChannelType::AbapCloud => {
            "ABAP systems of this network call an ABAP system of the cloud by RFC"
        }
        ChannelType::AbapCloudSnc => {
            "ABAP systems of this network call an ABAP system of the cloud by RFC, secured by SNC"
        }
        ChannelType::K8S => "Programs of this network reach a service of a cluster",
    }
}
