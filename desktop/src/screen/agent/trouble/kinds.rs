//! How diagnoses are shown: how bad they are, their area, and the pages that mend them.

use underpass_shared::diagnosis::{Category, Kind};

use crate::nav::AgentTab;
use crate::theme::State;

/// How bad it is: what stops requests, what slows or endangers them, what merely is.
pub(super) const fn state(kind: Kind) -> State {
    match kind {
        Kind::GatewayName
        | Kind::GatewayAway
        | Kind::GatewayTls
        | Kind::ProxyAway
        | Kind::ProxyLogin
        | Kind::ProxyRefuses
        | Kind::BackendName
        | Kind::BackendGuarded
        | Kind::BackendRefuses
        | Kind::BackendTls
        | Kind::HistoryStopped => State::Error,
        Kind::ClockSkew
        | Kind::CertificateEnds
        | Kind::BackendSlow
        | Kind::PathDenied
        | Kind::HistoryDamaged => State::Warn,
        Kind::MappingUnused | Kind::AgentOutdated | Kind::Unknown => State::Info,
    }
}

/// The word of an area.
pub(super) const fn area(category: Category) -> &'static str {
    match category {
        Category::Network => "Network",
        Category::Proxy => "Proxy",
        Category::Tls => "TLS",
        Category::Clock => "Clock",
        Category::Backend => "Back end",
        Category::Configuration => "Configuration",
        Category::Host => "Host",
        Category::Unknown => "Other",
    }
}

/// The pages that help, the best first.
pub(super) const fn pages(kind: Kind) -> &'static [AgentTab] {
    match kind {
        Kind::GatewayName | Kind::GatewayAway => &[AgentTab::Subaccounts, AgentTab::Settings],
        Kind::GatewayTls => &[AgentTab::Subaccounts],
        Kind::ProxyAway | Kind::ProxyLogin | Kind::ProxyRefuses => &[AgentTab::Settings],
        Kind::ClockSkew | Kind::AgentOutdated | Kind::Unknown => &[],
        Kind::CertificateEnds => &[AgentTab::Trust],
        Kind::BackendTls => &[AgentTab::AccessControl, AgentTab::Trust],
        Kind::BackendSlow => &[AgentTab::AccessControl, AgentTab::Monitoring],
        Kind::PathDenied => &[AgentTab::AccessControl, AgentTab::Audit],
        Kind::BackendName | Kind::BackendGuarded | Kind::BackendRefuses | Kind::MappingUnused => {
            &[AgentTab::AccessControl]
        }
        Kind::HistoryStopped | Kind::HistoryDamaged => &[AgentTab::Monitoring],
    }
}
