//! Decisions by table, by tricks, and against a reference model.

mod against_model;
pub(super) mod model;
mod tricks;

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::config::{
    AuthenticationMode, BackendType, Document, Mapping, MappingFields, PathOptions,
    SubaccountFields, SubaccountKey,
};
use crate::id::{CredentialId, InstanceId, SubaccountId};

/// Path, exact only, enabled, WebSocket.
type Entry<'a> = (&'a str, bool, bool, bool);

fn resource(entry: &Entry<'_>) -> Resource {
    let &(path, exact_match_only, enabled, websocket_upgrade_allowed) = entry;
    Resource {
        enabled,
        exact_match_only,
        websocket_upgrade_allowed,
        ..Resource::closed(path.parse().unwrap())
    }
}

fn mapping(address: &str, entries: &[Entry<'_>]) -> MappingFields {
    let internal = "10.0.0.1:8080".parse().unwrap();
    MappingFields {
        host_in_header: HostInHeader::Internal,
        resources: entries.iter().map(resource).collect(),
        ..MappingFields::closed(
            address.parse().unwrap(),
            internal,
            Protocol::Http,
            BackendType::Abap,
        )
    }
}

fn policy_of(mappings: Vec<MappingFields>) -> Policy {
    let key = SubaccountKey {
        region_host: "localhost".parse().unwrap(),
        subaccount: SubaccountId::from_uuid(Uuid::nil()),
        location_id: "".parse().unwrap(),
    };
    let instance = InstanceId::from_uuid(Uuid::nil());
    let credential = CredentialId::from_uuid(Uuid::nil());
    let own = SubaccountFields::enrolled(key.clone(), instance, credential);
    let document = Document::empty().with_subaccount(own).unwrap();
    let document = mappings.into_iter().fold(document, |document, fields| {
        document
            .with_mapping(key.clone(), Mapping::try_from(fields).unwrap())
            .unwrap()
    });
    Policy::new(Arc::clone(&document.subaccounts()[0]))
}

/// Path options in all combinations.
pub(super) fn any_options() -> impl Strategy<Value = PathOptions> {
    any::<[bool; 3]>().prop_map(
        |[encoded_slashes, empty_segments, bsp_mangling]| PathOptions {
            encoded_slashes,
            empty_segments,
            bsp_mangling,
        },
    )
}

impl From<PathOptions> for model::Options {
    fn from(options: PathOptions) -> Self {
        Self {
            encoded_slashes: options.encoded_slashes,
            empty_segments: options.empty_segments,
            bsp_mangling: options.bsp_mangling,
        }
    }
}

fn http<'a>(host: &'a str, port: u16, path: &'a str) -> Access<'a> {
    Access {
        protocol: Protocol::Http,
        host,
        port,
        path: path.as_bytes(),
        websocket: false,
    }
}

fn sample() -> Policy {
    policy_of(vec![mapping(
        "erp.corp:44300",
        &[
            ("/a/b", false, true, false),
            ("/exact", true, true, true),
            ("/dir/", false, true, false),
            ("/off", false, false, false),
            ("/a/b/secret", false, false, false),
            ("/%7Euser/x%20y", true, true, false),
        ],
    )])
}

#[test]
fn only_what_is_listed_passes() {
    let policy = sample();
    for path in [
        "/a/b",
        "/a/b/",
        "/a/b/c",
        "/a/b/c/d",
        "/exact",
        "/dir/",
        "/dir/x",
        "/a/b/secret",
        "/~user/x%20y",
        "/%7euser/x%20y",
        "/a/%62/c",
    ] {
        let permit = policy.decide(&http("ERP.corp", 44300, path)).unwrap();
        assert_eq!(permit.internal().to_string(), "10.0.0.1:8080");
        assert_eq!(permit.host_header(), HostInHeader::Internal);
    }
    for path in [
        "/",
        "/a",
        "/a/",
        "/a/bc",
        "/a/bxyz/c",
        "/A/b",
        "/a/B",
        "/exact/",
        "/exact/x",
        "/exac",
        "/dir",
        "/dirx",
        "/off",
        "/off/x",
        "/a/b;v=1",
        "/~user/x%20y/z",
        "/~user",
    ] {
        let denial = policy.decide(&http("erp.corp", 44300, path)).unwrap_err();
        assert_eq!(denial, Denial::UnknownResource(DECIDED), "{path}");
    }
}

#[test]
fn the_most_specific_resource_is_named() {
    let permit = sample()
        .decide(&http("erp.corp", 44300, "/a/b/secret/x"))
        .unwrap();
    assert_eq!(permit.resource().unwrap().path.as_str(), "/a/b");
}

#[test]
fn unknown_systems_are_denied() {
    let policy = sample();
    for (host, port) in [
        ("erp.corp", 443),
        ("erp.corp.", 44300),
        ("erp", 44300),
        ("", 44300),
        ("erp.corp:44300", 44300),
    ] {
        assert_eq!(
            policy.decide(&http(host, port, "/a/b")).unwrap_err(),
            Denial::UnknownSystem(DECIDED)
        );
    }
    for protocol in [Protocol::Tcp, Protocol::Rfc, Protocol::Ldap] {
        let access = Access {
            protocol,
            ..http("erp.corp", 44300, "/a/b")
        };
        assert_eq!(
            policy.decide(&access).unwrap_err(),
            Denial::UnknownSystem(DECIDED)
        );
    }
    let nothing = policy_of(vec![]);
    assert_eq!(
        nothing
            .decide(&http("erp.corp", 44300, "/a/b"))
            .unwrap_err(),
        Denial::UnknownSystem(DECIDED)
    );
    let closed = policy_of(vec![mapping("a:80", &[])]);
    assert_eq!(
        closed.decide(&http("a", 80, "/")).unwrap_err(),
        Denial::UnknownResource(DECIDED)
    );
}

#[test]
fn ambiguous_paths_are_denied_even_where_all_is_open() {
    let policy = policy_of(vec![mapping("a:80", &[("/", false, true, true)])]);
    assert!(policy.decide(&http("a", 80, "/any/thing")).is_ok());
    for (path, rule) in [
        ("/a/../b", PathRule::DotSegment),
        ("/a%2fb", PathRule::EncodedSlash),
        ("//a", PathRule::EmptySegment),
        ("", PathRule::NotAbsolute),
    ] {
        let denial = policy.decide(&http("a", 80, path)).unwrap_err();
        assert_eq!(denial, Denial::AmbiguousPath(rule, DECIDED), "{path}");
    }
}

#[test]
fn what_is_not_effective_is_denied() {
    let open = || mapping("a:80", &[("/", false, true, true)]);
    let https = policy_of(vec![MappingFields {
        protocol: Protocol::Https,
        ..open()
    }]);
    assert!(https.decide(&http("a", 80, "/")).is_ok());
    let restricted = policy_of(vec![MappingFields {
        authentication_mode: AuthenticationMode::NoneRestricted,
        ..open()
    }]);
    assert!(restricted.decide(&http("a", 80, "/")).is_ok());
    for authentication_mode in [
        AuthenticationMode::X509General,
        AuthenticationMode::X509Restricted,
        AuthenticationMode::Kerberos,
    ] {
        let policy = policy_of(vec![MappingFields {
            authentication_mode,
            backend_type: BackendType::NonSap,
            ..open()
        }]);
        let denial = policy.decide(&http("a", 80, "/")).unwrap_err();
        assert_eq!(
            denial,
            Denial::NotEffective(NotEffective::Authentication, DECIDED)
        );
    }
    let tcp = policy_of(vec![MappingFields {
        protocol: Protocol::Tcp,
        ..open()
    }]);
    let access = Access {
        protocol: Protocol::Tcp,
        ..http("a", 80, "/")
    };
    assert_eq!(
        tcp.decide(&access).unwrap_err(),
        Denial::NotEffective(NotEffective::Protocol, DECIDED)
    );
}

#[test]
fn websocket_needs_its_own_permission() {
    let policy = sample();
    let decide = |path| {
        let access = Access {
            websocket: true,
            ..http("erp.corp", 44300, path)
        };
        policy.decide(&access).map(|permit| permit.resource)
    };
    for (path, denial) in [
        ("/a/b", Denial::WebsocketNotAllowed(DECIDED)),
        ("/none", Denial::UnknownResource(DECIDED)),
    ] {
        assert_eq!(decide(path), Err(denial), "{path}");
    }
    assert!(decide("/exact").is_ok());
}

#[test]
fn a_deep_path_costs_little_and_is_still_decided() {
    let policy = policy_of(vec![mapping("a:80", &[("/a", false, true, false)])]);
    let deep = "/a".repeat(4_000);
    assert!(policy.decide(&http("a", 80, &deep)).is_ok());
    assert!(
        policy
            .decide(&http("a", 80, &deep.replacen('a', "b", 1)))
            .is_err()
    );
}
