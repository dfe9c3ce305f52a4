//! Documents as a whole: JSON, limits, differences, sharing.

mod mapping;
mod trust;

use std::sync::Arc;

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::hash::Hash256;
use crate::id::{CredentialId, InstanceId, SubaccountId};

/// A CA, and a client's certificate of it: CN=anna,OU=IT,O=Example\, Inc.
pub(super) const CA: &str = include_str!("tests/ca.pem");
/// See [`CA`].
pub(super) const LEAF: &str = include_str!("tests/leaf.pem");

pub(crate) fn key(n: u128) -> SubaccountKey {
    SubaccountKey {
        region_host: "localhost:8443".parse().unwrap(),
        subaccount: SubaccountId::from_uuid(Uuid::from_u128(n)),
        location_id: "".parse().unwrap(),
    }
}

pub(crate) fn own(n: u128) -> SubaccountFields {
    let instance = InstanceId::from_uuid(Uuid::from_u128(7));
    let credential = CredentialId::from_uuid(Uuid::from_u128(8));
    SubaccountFields {
        display_name: "Test".parse().unwrap(),
        ..SubaccountFields::enrolled(key(n), instance, credential)
    }
}

pub(crate) fn mapping(address: &str, paths: &[&str]) -> Mapping {
    let resource = |path: &&str| Resource {
        enabled: true,
        ..Resource::closed(path.parse().unwrap())
    };
    let internal = "10.0.0.1:8080".parse().unwrap();
    Mapping::try_from(MappingFields {
        resources: paths.iter().map(resource).collect(),
        ..MappingFields::closed(
            address.parse().unwrap(),
            internal,
            Protocol::Http,
            BackendType::NonSap,
        )
    })
    .unwrap()
}

fn sample() -> Document {
    let document = Document::empty()
        .with_subaccount(own(1))
        .unwrap()
        .with_subaccount(own(2))
        .unwrap();
    ["b:80", "a:80", "a:81"]
        .iter()
        .fold(document, |document, address| {
            document
                .with_mapping(key(1), mapping(address, &["/x", "/a/b"]))
                .unwrap()
        })
}

#[test]
fn json_survives_a_round_trip() {
    let document = sample();
    let text = document.to_json();
    let again = Document::from_json(&text).unwrap();
    assert_eq!(again, document);
    assert_eq!(again.to_json(), text);
    assert!(text.contains("\"virtualAddress\": \"a:80\""));
    assert!(text.contains("\"exactMatchOnly\": false"));
    assert_eq!(
        Document::from_json(r#"{"schema":1}"#).unwrap(),
        Document::empty()
    );
}

/// Text to replace in the sample, by what, and the field and rule of the answer.
const WRONG: &[(&str, &str, &str, &str)] = &[
    (
        "\"schema\": 1",
        "\"schema\": 2",
        "schema",
        "is 2, but this agent knows 1",
    ),
    (
        "\"a:80\"",
        "\"a:0\"",
        "subaccounts[0].mappings[0].virtualAddress",
        "port must be",
    ),
    (
        "\"/a/b\"",
        "\"/a/../b\"",
        "subaccounts[0].mappings[0].resources[0].path",
        "dot segments",
    ),
    (
        "\"/a/b\"",
        "\"/x\"",
        "subaccounts[0].mappings[0]",
        "resources: path /x occurs twice",
    ),
    (
        "\"a:81\"",
        "\"A:80\"",
        "subaccounts[0].mappings[1].virtualAddress",
        "a:80 occurs twice",
    ),
    (
        "\"protocol\": \"HTTP\"",
        "\"protocol\": \"GOPHER\"",
        "subaccounts[0].mappings[0].protocol",
        "unknown variant",
    ),
    (
        "\"protocol\": \"HTTP\"",
        "\"protocol\": \"RFC\"",
        "subaccounts[0].mappings[0]",
        "protocol: RFC and RFCS lead to back ends of type abapSys or netweaverGW",
    ),
    (
        "\"NONE\"",
        "\"NONE\", \"certificateNameByCommonName\": true",
        "subaccounts[0].mappings[0]",
        "certificateNameByCommonName: is for protocols with TLS",
    ),
    (
        "\"NONE\"",
        "\"NONE\", \"more\": 1",
        "subaccounts[0].mappings[0].more",
        "unknown field",
    ),
    (
        "\"tunnelConnections\": 2",
        "\"tunnelConnections\": 17",
        "connector.tunnelConnections",
        "between 1 and 16",
    ),
    (
        "\"allowedTargets\": []",
        "\"allowedTargets\": [\"x\"]",
        "connector.allowedTargets[0]",
        "must be an IP address",
    ),
    (
        "\"Test\"",
        "\"a\\u0000\"",
        "subaccounts[0].displayName",
        "control characters",
    ),
];

#[test]
fn wrong_json_names_field_and_rule() {
    let text = sample().to_json();
    for (from, to, field, rule) in WRONG {
        assert!(text.contains(*from), "{from}");
        let error = Document::from_json(&text.replacen(*from, to, 1)).unwrap_err();
        assert_eq!(error.field, *field, "{error}");
        assert!(error.rule.contains(rule), "{error}");
    }
    let twice = text.replace(
        &Uuid::from_u128(2).to_string(),
        &Uuid::from_u128(1).to_string(),
    );
    assert_eq!(
        Document::from_json(&twice).unwrap_err().field,
        "subaccounts[1]"
    );
    assert!(Document::from_json(&format!("{text}x")).is_err());
    assert!(Document::from_json("").is_err());
}

#[test]
fn limits_are_kept() {
    let too_long = format!("/{}", "a".repeat(limits::RESOURCE_PATH_LEN_MAX));
    assert!(too_long.parse::<ResourcePath>().is_err());
    assert!(
        too_long[..limits::RESOURCE_PATH_LEN_MAX]
            .parse::<ResourcePath>()
            .is_ok()
    );
    assert!("x".repeat(257).parse::<Text<256>>().is_err());
    let mut fields: MappingFields = mapping("a:80", &[]).into();
    let resource = |i| {
        let mut resource = mapping("a:80", &["/x"]).resources[0].clone();
        resource.path = format!("/{i}").parse().unwrap();
        resource
    };
    fields.resources = (0..limits::RESOURCES_MAX).map(resource).collect();
    assert!(Mapping::try_from(fields.clone()).is_ok());
    fields.resources.push(resource(limits::RESOURCES_MAX));
    assert_eq!(Mapping::try_from(fields).unwrap_err().field, "resources");
}

#[test]
fn a_change_shares_what_it_does_not_touch() {
    let old = sample();
    let new = old
        .with_mapping(key(1), mapping("a:80", &["/new"]))
        .unwrap();
    let (before, after) = (&old.subaccounts()[0], &new.subaccounts()[0]);
    assert!(!Arc::ptr_eq(&before.mappings()[0], &after.mappings()[0]));
    assert!(Arc::ptr_eq(&before.mappings()[1], &after.mappings()[1]));
    assert!(Arc::ptr_eq(&old.subaccounts()[1], &new.subaccounts()[1]));
    assert_ne!(old, new);
    assert_eq!(
        new.with_mapping(key(1), mapping("a:80", &["/x", "/a/b"]))
            .unwrap(),
        old
    );
    assert_eq!(diff(&old, &new).ops.len(), 1);
}

#[test]
fn steps_that_do_not_fit_are_refused() {
    let document = sample();
    for result in [
        document.without_mapping(key(1), "nobody:80".parse().unwrap()),
        document.without_mapping(key(3), "a:80".parse().unwrap()),
        document.with_mapping(key(3), mapping("a:80", &[])),
        document.without_subaccount(key(3)),
    ] {
        assert!(result.unwrap_err().rule.starts_with("there is no such"));
    }
}

#[test]
fn revisions_form_a_chain() {
    let genesis = Revision::genesis();
    let one = genesis.next(5, "a".parse().unwrap(), Text::default(), Hash256::of(b"x"));
    assert!(one.follows(&genesis));
    let mut forged = genesis.clone();
    forged.time_ms = 1;
    assert!(!one.follows(&forged));
    assert!(
        !one.next(6, Text::default(), Text::default(), Hash256::ZERO)
            .follows(&genesis)
    );
    let json = serde_json::to_string(&one).unwrap();
    assert_eq!(serde_json::from_str::<Revision>(&json).unwrap(), one);
}

/// A document out of a few subaccounts, addresses and paths.
pub(crate) fn any_document() -> impl Strategy<Value = Document> {
    let mappings = || prop::collection::btree_map(0..6u8, 0..3u8, 0..5);
    prop::collection::btree_map(1..4u128, (any::<bool>(), mappings()), 0..3).prop_map(
        |subaccounts| {
            subaccounts.into_iter().fold(
                Document::empty(),
                |document, (n, (connected, mappings))| {
                    let document = document
                        .with_subaccount(SubaccountFields {
                            connected,
                            ..own(n)
                        })
                        .unwrap();
                    mappings
                        .into_iter()
                        .fold(document, |document, (host, path)| {
                            let mapping = mapping(&format!("h{host}:80"), &[&format!("/{path}")]);
                            document.with_mapping(key(n), mapping).unwrap()
                        })
                },
            )
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn differences_lead_from_one_to_the_other_and_back(old in any_document(), new in any_document()) {
        let delta = diff(&old, &new);
        let json = serde_json::to_string(&delta).unwrap();
        let delta: Delta = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(delta.is_empty(), old == new);
        prop_assert_eq!(&old.apply(&delta).unwrap(), &new);
        prop_assert_eq!(&new.apply(&diff(&new, &old)).unwrap(), &old);
        let whole = Delta { ops: Arc::new(new.clone()).ops().collect() };
        prop_assert_eq!(&Document::empty().apply(&whole).unwrap(), &new);
        prop_assert_eq!(&Document::from_json(&new.to_json()).unwrap(), &new);
    }
}

/// The sample's first mapping with some lines more.
fn with_options(options: &str, resource: &str) -> Result<Document, String> {
    let text = sample().to_json();
    let text = text.replacen("\"protocol\":", &format!("{options}\"protocol\":"), 1);
    let text = text.replacen("\"path\": \"/a/b\",", resource, 1);
    Document::from_json(&text).map_err(|invalid| invalid.to_string())
}

#[test]
fn path_options_are_kept_and_wrong_ones_are_named() {
    let plain = "\"path\": \"/a/b\",";
    let all = "\"pathOptions\": {\"encodedSlashes\": true, \"emptySegments\": true},";
    let lax = with_options(all, "\"path\": \"/a%2fb//c\",").unwrap();
    assert_eq!(Document::from_json(&lax.to_json()).unwrap(), lax);
    assert!(lax.to_json().contains("\"/a%2Fb//c\""));
    let prefix = with_options("", &format!("{plain} \"riskyPrefixMatch\": true,")).unwrap();
    assert_eq!(Document::from_json(&prefix.to_json()).unwrap(), prefix);
    // What is off is left out, so documents keep the hash that they had.
    let off = with_options("\"pathOptions\": {\"encodedSlashes\": false},", plain).unwrap();
    assert_eq!(
        (off.hash(), off.to_json()),
        (sample().hash(), sample().to_json())
    );

    let mangling = "\"pathOptions\": {\"bspMangling\": true},";
    for (options, resource, rule) in [
        (
            "\"pathOptions\": {\"slashes\": true},",
            plain,
            "unknown field",
        ),
        (mangling, plain, "abapSys and netweaverGW only"),
        (
            "",
            "\"path\": \"/a%2fb\",",
            "path /a%2Fb: path must not contain encoded slashes",
        ),
        (
            "",
            "\"path\": \"/a//b\",",
            "path /a//b: path must not contain empty segments",
        ),
        (all, "\"path\": \"//b\",", "empty segments"),
        (all, "\"path\": \"/a%2f..\",", "dot segments"),
    ] {
        let refused = with_options(options, resource).unwrap_err();
        assert!(refused.contains(rule), "{options} {resource}: {refused}");
        assert!(refused.contains("mappings[0]"), "{refused}");
    }
    let mut both: MappingFields = mapping("a:80", &["/x"]).into();
    both.resources[0].exact_match_only = true;
    both.resources[0].risky_prefix_match = true;
    let refused = Mapping::try_from(both).unwrap_err();
    assert!(refused.rule.contains("exclude each other"), "{refused}");
    let tcp = MappingFields {
        protocol: Protocol::Tcp,
        path_options: PathOptions {
            encoded_slashes: true,
            ..PathOptions::STRICT
        },
        ..mapping("a:80", &[]).into()
    };
    let refused = Mapping::try_from(tcp).unwrap_err();
    assert_eq!(refused.field, "pathOptions");
    let abap = |path| {
        Mapping::try_from(MappingFields {
            backend_type: BackendType::Abap,
            path_options: PathOptions {
                bsp_mangling: true,
                ..PathOptions::STRICT
            },
            ..mapping("a:80", &[path]).into()
        })
    };
    assert!(abap("/sap/bc").is_ok());
    let refused = abap("/sap(a)/bc").unwrap_err().to_string();
    assert!(refused.contains("without the session"), "{refused}");
}
