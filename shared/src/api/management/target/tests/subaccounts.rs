//! Addresses of subaccounts and system mappings.

use super::*;
use crate::config::{ChannelId, ChannelType, ClientUser};

#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn rows() -> Vec<Row> {
    let sub = format!("configuration/subaccounts/gate.example.com:8443/{GUID}");
    let erp: MappingAddress = "erp:443".parse().unwrap();
    let range: MappingAddress = "erp:30000-30010".parse().unwrap();
    let user: ClientUser = "100:A/B".parse().unwrap();
    let one = ChannelId::FIRST;
    let of = |path: &str, target, methods| {
        let path = format!("{sub}{path}");
        row(&path, Target::Of(subaccount(), target), methods)
    };
    let mapping = |path: &str, target, methods| {
        let path = format!("{sub}/systemMappings/erp:443{path}");
        let target = Target::OfMapping(subaccount(), erp.clone(), target);
        row(&path, target, methods)
    };
    vec![
        of(
            "/systemMappings/export",
            SubaccountTarget::ExportMappings,
            "GET",
        ),
        of(
            "/systemMappings/import",
            SubaccountTarget::ImportMappings,
            "POST",
        ),
        of("/accessCheck", SubaccountTarget::AccessCheck, "POST"),
        of(
            "/systemMappings/check",
            SubaccountTarget::ConnectionCheck,
            "POST",
        ),
        mapping("/check", MappingTarget::Check, "POST"),
        row(
            "configuration/subaccounts",
            Target::Subaccounts,
            "GET, POST",
        ),
        of("", SubaccountTarget::Itself, "GET, PUT, DELETE"),
        of("/state", SubaccountTarget::State, "PUT"),
        of(
            "/systemMappings",
            SubaccountTarget::Mappings,
            "GET, POST, DELETE",
        ),
        mapping("", MappingTarget::Itself, "GET, PUT, DELETE"),
        mapping("/resources", MappingTarget::Resources, "GET, POST, DELETE"),
        mapping(
            "/resources/-sap-a+2Db",
            MappingTarget::Resource("/sap/a-b".to_owned()),
            "GET, PUT, DELETE",
        ),
        row(
            "configuration/subaccounts/corrupted",
            Target::Corrupted,
            "GET",
        ),
        of("/validity", SubaccountTarget::Validity, "POST"),
        row(
            &format!("{sub}/systemMappings/erp:30000-30010"),
            Target::OfMapping(subaccount(), range, MappingTarget::Itself),
            "GET, PUT, DELETE",
        ),
        mapping(
            "/allowedClients",
            MappingTarget::AllowedClients,
            "GET, POST, PATCH, DELETE",
        ),
        mapping(
            "/allowedClients/100",
            MappingTarget::AllowedClient(user.client),
            "DELETE",
        ),
        mapping(
            "/blockedClientUsers",
            MappingTarget::BlockedUsers,
            "GET, POST, PATCH, DELETE",
        ),
        mapping(
            "/blockedClientUsers/100:A%2FB",
            MappingTarget::BlockedUser(user),
            "DELETE",
        ),
        of(
            "/domainMappings",
            SubaccountTarget::DomainMappings,
            "GET, POST, DELETE",
        ),
        of(
            "/domainMappings/corp.example",
            SubaccountTarget::DomainMapping("corp.example".parse().unwrap()),
            "GET, PUT, DELETE",
        ),
        of("/channels", SubaccountTarget::Channels, "GET, POST, DELETE"),
        of(
            "/channels/K8S",
            SubaccountTarget::ChannelsOf(ChannelType::K8S),
            "GET, POST, DELETE",
        ),
        of(
            "/channels/ABAPCloudSNC/1",
            SubaccountTarget::Channel(ChannelType::AbapCloudSnc, one),
            "GET, PUT, DELETE",
        ),
        of(
            "/channels/ABAPCloud/1/state",
            SubaccountTarget::ChannelState(ChannelType::AbapCloud, one),
            "PUT",
        ),
        of(
            "/availableChannels/HANA",
            SubaccountTarget::AvailableChannels(ChannelType::Hana),
            "GET",
        ),
        of("/trust", SubaccountTarget::IdentityTrust, "GET, PUT, POST"),
        of("/trust/idps", SubaccountTarget::IdentityProviders, "GET"),
        of(
            "/trust/idps/a",
            SubaccountTarget::IdentityProvider("a".parse().unwrap()),
            "GET, PUT",
        ),
        of("/trust/apps", SubaccountTarget::TrustedApps, "GET"),
        of(
            "/trust/apps/a",
            SubaccountTarget::TrustedApp("a".parse().unwrap()),
            "GET, PUT",
        ),
        mapping(
            "/resources/-a%2520b",
            MappingTarget::Resource("/a%20b".to_owned()),
            "GET, PUT, DELETE",
        ),
    ]
}
