//! Addresses of what belongs to a subaccount.

use std::fmt;

use super::{SubaccountPath, Target, resource_id};
use crate::api::management::{MappingAddress, Refusal};
use crate::config::{ChannelType, ClientUser};

/// None where nothing has this path.
type Found = Option<Result<Target, Refusal>>;

/// A name in the path, or what is wrong with it.
fn named<T: std::str::FromStr<Err: fmt::Display>>(
    field: &str,
    text: &str,
    target: impl FnOnce(T) -> Target,
) -> Result<Target, Refusal> {
    let parsed = text.parse().map(target);
    parsed.map_err(|rule| Refusal::invalid(field, rule.to_string()))
}

pub(super) fn of(path: SubaccountPath, rest: &[&str]) -> Found {
    Some(Ok(match rest {
        ["systemMappings"] => Target::Mappings(path),
        // No address is one word.
        ["systemMappings", "check"] => Target::ConnectionCheck(path),
        ["systemMappings", "export"] => Target::ExportMappings(path),
        ["systemMappings", "import"] => Target::ImportMappings(path),
        ["systemMappings", address, rest @ ..] => return of_mapping(path, address, rest),
        ["domainMappings"] => Target::DomainMappings(path),
        ["domainMappings", domain] => {
            return Some(named("internalDomain", domain, |domain| {
                Target::DomainMapping(path, domain)
            }));
        }
        ["channels", rest @ ..] => return of_channels(path, rest),
        ["availableChannels", kind] => match channel_type(kind)? {
            kind @ (ChannelType::Hana | ChannelType::VirtualMachine) => {
                Target::AvailableChannels(path, kind)
            }
            ChannelType::AbapCloud | ChannelType::AbapCloudSnc | ChannelType::K8S => return None,
        },
        ["trust"] => Target::IdentityTrust(path),
        ["trust", "idps"] => Target::IdentityProviders(path),
        ["trust", "idps", id] => {
            return Some(named("id", id, |id| Target::IdentityProvider(path, id)));
        }
        ["trust", "apps"] => Target::TrustedApps(path),
        ["trust", "apps", id] => return Some(named("id", id, |id| Target::TrustedApp(path, id))),
        [recovery, ..] if recovery.starts_with("recovery") => {
            let message = "there are no disaster recovery subaccounts; serve a subaccount by \
                           several agents with location IDs of their own instead";
            return Some(Err(Refusal::gone(message)));
        }
        _ => return None,
    }))
}

fn of_mapping(path: SubaccountPath, address: &str, rest: &[&str]) -> Found {
    let address: MappingAddress = match address.parse() {
        Ok(address) => address,
        Err(rule) => {
            let field = "virtualHost:virtualPort";
            return Some(Err(Refusal::invalid(field, format!("{rule}"))));
        }
    };
    Some(Ok(match rest {
        [] => Target::Mapping(path, address),
        ["check"] => Target::MappingCheck(path, address),
        ["resources"] => Target::Resources(path, address),
        ["resources", id] => {
            let id = resource_id::decode(id);
            let resource = |id| Target::Resource(path, address, id);
            let wrong =
                |rule: resource_id::InvalidResourceId| Refusal::invalid("id", rule.to_string());
            return Some(id.map(resource).map_err(wrong));
        }
        ["allowedClients"] => Target::AllowedClients(path, address),
        ["allowedClients", client] => {
            return Some(named("client", client, |client| {
                Target::AllowedClient(path, address, client)
            }));
        }
        ["blockedClientUsers"] => Target::BlockedUsers(path, address),
        ["blockedClientUsers", user] => {
            return Some(named("client:user", user, |user: ClientUser| {
                Target::BlockedUser(path, address, user)
            }));
        }
        _ => return None,
    }))
}

fn channel_type(text: &str) -> Option<ChannelType> {
    ChannelType::ALL
        .into_iter()
        .find(|one| one.as_str() == text)
}

fn of_channels(path: SubaccountPath, rest: &[&str]) -> Found {
    let (kind, rest) = match rest {
        [] => return Some(Ok(Target::Channels(path))),
        [kind, rest @ ..] => (kind, rest),
    };
    let Some(kind) = channel_type(kind) else {
        // How channels were named before they had types.
        let untyped = !kind.is_empty() && kind.bytes().all(|byte| byte.is_ascii_digit());
        return untyped.then(|| Err(untyped_channels()));
    };
    match rest {
        [] => Some(Ok(Target::ChannelsOf(path, kind))),
        [id] => Some(named("id", id, |id| Target::Channel(path, kind, id))),
        [id, "state"] => Some(named("id", id, |id| Target::ChannelState(path, kind, id))),
        _ => None,
    }
}

/// Why channels without a type are not there.
pub fn untyped_channels() -> Refusal {
    let types = ChannelType::ALL.map(ChannelType::as_str).join(", ");
    Refusal::not_offered(format!(
        "channels without a type are not offered; use channels/<type> with one of {types}"
    ))
}
