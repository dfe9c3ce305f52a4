//! Words for what mappings are made of, and which of it goes together.

use underpass_shared::config::{
    AuthenticationMode, BackendType, HostInHeader, Mapping, MappingFields, Protocol,
    ProtocolFamily, Resource,
};
use underpass_shared::policy::effective::effective;

use crate::theme::State;

/// Every type of back end, the common ones first.
pub(super) const BACKENDS: [BackendType; 9] = [
    BackendType::Abap,
    BackendType::Gateway,
    BackendType::Hana,
    BackendType::Java,
    BackendType::ProcessIntegration,
    BackendType::CompositionEnvironment,
    BackendType::BusinessConnector,
    BackendType::OtherSap,
    BackendType::NonSap,
];

const PROTOCOLS: [Protocol; 8] = [
    Protocol::Https,
    Protocol::Http,
    Protocol::Rfc,
    Protocol::Rfcs,
    Protocol::Tcp,
    Protocol::Tcps,
    Protocol::Ldap,
    Protocol::Ldaps,
];

const MODES: [AuthenticationMode; 5] = [
    AuthenticationMode::None,
    AuthenticationMode::NoneRestricted,
    AuthenticationMode::X509General,
    AuthenticationMode::X509Restricted,
    AuthenticationMode::Kerberos,
];

/// A type of back end.
pub(super) const fn backend(kind: BackendType) -> &'static str {
    match kind {
        BackendType::Abap => "ABAP system",
        BackendType::Gateway => "SAP Gateway",
        BackendType::Hana => "SAP HANA",
        BackendType::Java => "SAP AS Java",
        BackendType::CompositionEnvironment => "SAP Composition Environment",
        BackendType::BusinessConnector => "SAP Business Connector",
        BackendType::ProcessIntegration => "SAP Process Integration",
        BackendType::OtherSap => "Other SAP system",
        BackendType::NonSap => "Non-SAP system",
    }
}

/// A protocol.
pub(crate) const fn protocol(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Http => "HTTP",
        Protocol::Https => "HTTPS",
        Protocol::Tcp => "TCP",
        Protocol::Tcps => "TCP TLS",
        Protocol::Rfc => "RFC",
        Protocol::Rfcs => "RFC SNC",
        Protocol::Ldap => "LDAP",
        Protocol::Ldaps => "LDAPS",
    }
}

/// The port that systems have by default.
pub(super) const fn port(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Http => "80",
        Protocol::Https => "443",
        Protocol::Rfc => "3300",
        Protocol::Rfcs => "4800",
        Protocol::Ldap => "389",
        Protocol::Ldaps => "636",
        Protocol::Tcp | Protocol::Tcps => "",
    }
}

/// How the user is told to the back end.
pub(super) const fn principal(mode: AuthenticationMode) -> &'static str {
    match mode {
        AuthenticationMode::None => "None",
        AuthenticationMode::NoneRestricted => "None, and no system certificate",
        AuthenticationMode::X509General => "X.509 certificate",
        AuthenticationMode::X509Restricted => "X.509 certificate, and no system certificate",
        AuthenticationMode::Kerberos => "Kerberos ticket",
    }
}

/// The same, for those who choose.
pub(super) const fn principal_help(mode: AuthenticationMode) -> &'static str {
    match mode {
        AuthenticationMode::None => {
            "The back end does not learn who the user is. It may log the agent on by its system certificate"
        }
        AuthenticationMode::NoneRestricted => {
            "The back end does not learn who the user is, and nobody is logged on"
        }
        AuthenticationMode::X509General => {
            "A short-lived certificate of the user. Without a user, the system certificate"
        }
        AuthenticationMode::X509Restricted => {
            "A short-lived certificate of the user. Without a user, nobody is logged on"
        }
        AuthenticationMode::Kerberos => "A ticket for the user, from the domain",
    }
}

/// A mapping of these alone, which the rules refuse where they do not go together.
fn goes_together(backend: BackendType, protocol: Protocol, mode: AuthenticationMode) -> bool {
    let (Ok(virtual_address), Ok(internal)) = ("x:1".parse(), "x:1".parse()) else {
        return false;
    };
    let fields = MappingFields {
        authentication_mode: mode,
        ..MappingFields::closed(virtual_address, internal, protocol, backend)
    };
    Mapping::try_from(fields).is_ok()
}

/// The protocols that a type of back end speaks.
pub(super) fn protocols(backend: BackendType) -> Vec<Protocol> {
    let fits = |protocol: &Protocol| goes_together(backend, *protocol, AuthenticationMode::None);
    PROTOCOLS.into_iter().filter(fits).collect()
}

/// The ways in which such a back end can be told the user.
pub(super) fn modes(backend: BackendType, protocol: Protocol) -> Vec<AuthenticationMode> {
    let fits = |mode: &AuthenticationMode| goes_together(backend, protocol, *mode);
    MODES.into_iter().filter(fits).collect()
}

/// A rule as a sentence.
pub(in super::super) fn sentence(rule: &str) -> String {
    let mut letters = rule.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// The name of a field of a mapping and its value, as these pages say them.
pub(in super::super) fn told(field: &str, value: &str) -> Option<(&'static str, String)> {
    fn read<T: serde::de::DeserializeOwned>(value: &str) -> Option<T> {
        serde_json::from_value(serde_json::Value::String(value.to_owned())).ok()
    }
    let words = |word: Option<&'static str>| word.map_or_else(|| value.to_owned(), str::to_owned);
    let told = match field {
        "backendType" => ("Back-end type", words(read(value).map(backend))),
        "protocol" => ("Protocol", words(read(value).map(protocol))),
        "authenticationMode" => ("Principal type", words(read(value).map(principal))),
        "hostInHeader" => {
            let host = |host| match host {
                HostInHeader::Virtual => "Virtual host",
                HostInHeader::Internal => "Internal host",
            };
            ("Host in the request", words(read(value).map(host)))
        }
        _ => return None,
    };
    Some(told)
}

/// What of a path is open.
pub(super) const fn reach(resource: &Resource) -> &'static str {
    match (resource.exact_match_only, resource.risky_prefix_match) {
        (true, _) => "Path only",
        (false, false) => "Sub-paths",
        (false, true) => "Prefix",
    }
}

/// What a mapping does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Requests pass.
    Open,
    /// No request passes: nothing of it is open.
    Closed,
    /// This version of the agent does nothing with it.
    NoEffect,
}

impl Verdict {
    pub(super) const fn shown(self) -> (State, &'static str) {
        match self {
            Self::Open => (State::Ok, "Open"),
            Self::Closed => (State::Off, "Closed"),
            Self::NoEffect => (State::Warn, "No effect"),
        }
    }
}

/// What a mapping does, and why where that is not plain.
pub(super) fn judge(mapping: &Mapping) -> (Verdict, Option<String>) {
    if let Err(why) = effective(mapping) {
        return (Verdict::NoEffect, Some(sentence(&why.to_string())));
    }
    let closed = !mapping.resources.iter().any(|one| one.enabled);
    match mapping.protocol.family() {
        ProtocolFamily::Http | ProtocolFamily::Rfc if closed => {
            let why = if mapping.resources.is_empty() {
                "It has no resource, so no request passes"
            } else {
                "None of its resources is enabled, so no request passes"
            };
            (Verdict::Closed, Some(why.to_owned()))
        }
        ProtocolFamily::Http | ProtocolFamily::Rfc | ProtocolFamily::Tcp | ProtocolFamily::Ldap => {
            (Verdict::Open, None)
        }
    }
}

/// A mapping in a line.
pub(super) fn summary(mapping: &MappingFields) -> String {
    let count = crate::text::plural(mapping.resources.len(), "resource");
    format!(
        "{}, {}, {count}",
        protocol(mapping.protocol),
        backend(mapping.backend_type)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_those_that_the_rules_allow() {
        assert_eq!(
            protocols(BackendType::Java),
            [Protocol::Https, Protocol::Http]
        );
        assert_eq!(protocols(BackendType::NonSap).len(), 6);
        assert_eq!(
            modes(BackendType::Abap, Protocol::Rfc),
            [AuthenticationMode::None]
        );
        assert!(!modes(BackendType::Abap, Protocol::Https).contains(&AuthenticationMode::Kerberos));
        assert_eq!(
            told("backendType", "nonSAPsys").unwrap().1,
            "Non-SAP system"
        );
        assert_eq!(told("protocol", "GOPHER").unwrap().1, "GOPHER");
        assert!(
            modes(BackendType::NonSap, Protocol::Https).contains(&AuthenticationMode::Kerberos)
        );
    }
}
