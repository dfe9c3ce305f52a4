//! Addresses of what belongs to a subaccount.

use std::fmt;

use super::super::error::Refusal;
use super::super::operations::{channels, checks, domains, identity, subaccounts};
use super::named;
use crate::config::{Alias, ChannelId, ChannelType};
use crate::host::CookieDomain;

/// What of a subaccount an address means. `Display` writes what stands behind the address of the
/// subaccount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubaccountTarget {
    /// The subaccount itself.
    Itself,
    /// Whether its tunnel is to be open.
    State,
    /// Its client certificate.
    Validity,
    /// Whether a request to it would pass.
    AccessCheck,
    /// Its system mappings.
    Mappings,
    /// Its system mappings as a file.
    ExportMappings,
    /// System mappings from a file.
    ImportMappings,
    /// Whether a system that is not mapped can be reached.
    ConnectionCheck,
    /// Its domain mappings for cookies.
    DomainMappings,
    /// One of them, by its internal domain.
    DomainMapping(CookieDomain),
    /// Its service channels of all types.
    Channels,
    /// Those of one type.
    ChannelsOf(ChannelType),
    /// One of them.
    Channel(ChannelType, ChannelId),
    /// Whether it is to be open.
    ChannelState(ChannelType, ChannelId),
    /// What channels of a type could lead to.
    AvailableChannels(ChannelType),
    /// Whose word on users it takes.
    IdentityTrust,
    /// The identity providers.
    IdentityProviders,
    /// One of them.
    IdentityProvider(Alias),
    /// The cloud applications.
    TrustedApps,
    /// One of them.
    TrustedApp(Alias),
}

/// None where nothing has this path.
type Found = Option<Result<SubaccountTarget, Refusal>>;

impl SubaccountTarget {
    /// Reads what stands behind the address of the subaccount.
    pub(super) fn parse(segments: &[&str]) -> Found {
        Some(Ok(match segments {
            [] => Self::Itself,
            ["state"] => Self::State,
            ["validity"] => Self::Validity,
            ["accessCheck"] => Self::AccessCheck,
            ["systemMappings"] => Self::Mappings,
            // No address of a mapping is one word.
            ["systemMappings", "check"] => Self::ConnectionCheck,
            ["systemMappings", "export"] => Self::ExportMappings,
            ["systemMappings", "import"] => Self::ImportMappings,
            ["domainMappings"] => Self::DomainMappings,
            ["domainMappings", domain] => {
                return Some(named("internalDomain", domain).map(Self::DomainMapping));
            }
            ["channels", rest @ ..] => return of_channels(rest),
            ["availableChannels", kind] => match channel_type(kind)? {
                kind @ (ChannelType::Hana | ChannelType::VirtualMachine) => {
                    Self::AvailableChannels(kind)
                }
                ChannelType::AbapCloud | ChannelType::AbapCloudSnc | ChannelType::K8S => {
                    return None;
                }
            },
            ["trust"] => Self::IdentityTrust,
            ["trust", "idps"] => Self::IdentityProviders,
            ["trust", "idps", id] => return Some(named("id", id).map(Self::IdentityProvider)),
            ["trust", "apps"] => Self::TrustedApps,
            ["trust", "apps", id] => return Some(named("id", id).map(Self::TrustedApp)),
            [recovery, ..] if recovery.starts_with("recovery") => {
                let message = "there are no disaster recovery subaccounts; serve a subaccount by \
                               several agents with location IDs of their own instead";
                return Some(Err(Refusal::gone(message)));
            }
            _ => return None,
        }))
    }

    pub(super) const fn template(&self) -> &'static str {
        match self {
            Self::Itself => subaccounts::SUBACCOUNT,
            Self::State => subaccounts::STATE,
            Self::Validity => subaccounts::VALIDITY,
            Self::AccessCheck => checks::ACCESS_CHECK,
            Self::Mappings => subaccounts::MAPPINGS,
            Self::ExportMappings => checks::EXPORT,
            Self::ImportMappings => checks::IMPORT,
            Self::ConnectionCheck => checks::CONNECTION_CHECK,
            Self::DomainMappings => domains::DOMAIN_MAPPINGS,
            Self::DomainMapping(_) => domains::DOMAIN_MAPPING,
            Self::Channels => channels::CHANNELS,
            Self::ChannelsOf(_) => channels::CHANNELS_OF,
            Self::Channel(..) => channels::CHANNEL,
            Self::ChannelState(..) => channels::CHANNEL_STATE,
            Self::AvailableChannels(_) => channels::AVAILABLE,
            Self::IdentityTrust => identity::TRUST,
            Self::IdentityProviders => identity::PROVIDERS,
            Self::IdentityProvider(_) => identity::PROVIDER,
            Self::TrustedApps => identity::APPS,
            Self::TrustedApp(_) => identity::APP,
        }
    }
}

impl fmt::Display for SubaccountTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Itself => Ok(()),
            Self::State => f.write_str("/state"),
            Self::Validity => f.write_str("/validity"),
            Self::AccessCheck => f.write_str("/accessCheck"),
            Self::Mappings => f.write_str("/systemMappings"),
            Self::ExportMappings => f.write_str("/systemMappings/export"),
            Self::ImportMappings => f.write_str("/systemMappings/import"),
            Self::ConnectionCheck => f.write_str("/systemMappings/check"),
            Self::DomainMappings => f.write_str("/domainMappings"),
            Self::DomainMapping(domain) => write!(f, "/domainMappings/{domain}"),
            Self::Channels => f.write_str("/channels"),
            Self::ChannelsOf(kind) => write!(f, "/channels/{kind}"),
            Self::Channel(kind, id) => write!(f, "/channels/{kind}/{id}"),
            Self::ChannelState(kind, id) => write!(f, "/channels/{kind}/{id}/state"),
            Self::AvailableChannels(kind) => write!(f, "/availableChannels/{kind}"),
            Self::IdentityTrust => f.write_str("/trust"),
            Self::IdentityProviders => f.write_str("/trust/idps"),
            Self::IdentityProvider(id) => write!(f, "/trust/idps/{id}"),
            Self::TrustedApps => f.write_str("/trust/apps"),
            Self::TrustedApp(id) => write!(f, "/trust/apps/{id}"),
        }
    }
}

fn channel_type(text: &str) -> Option<ChannelType> {
    ChannelType::ALL
        .into_iter()
        .find(|one| one.as_str() == text)
}

fn of_channels(segments: &[&str]) -> Found {
    let (kind, rest) = match segments {
        [] => return Some(Ok(SubaccountTarget::Channels)),
        [kind, rest @ ..] => (kind, rest),
    };
    let Some(kind) = channel_type(kind) else {
        // How channels were named before they had types.
        let untyped = !kind.is_empty() && kind.bytes().all(|byte| byte.is_ascii_digit());
        return untyped.then(|| Err(untyped_channels()));
    };
    let one = |id| named::<ChannelId>("id", id);
    match rest {
        [] => Some(Ok(SubaccountTarget::ChannelsOf(kind))),
        [id] => Some(one(id).map(|id| SubaccountTarget::Channel(kind, id))),
        [id, "state"] => Some(one(id).map(|id| SubaccountTarget::ChannelState(kind, id))),
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
