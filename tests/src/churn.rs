//! A course of configuration changes that everybody can compute: what revision `n` must hold.

use underpass_shared::config::{
    BackendType, Document, Invalid, Mapping, MappingFields, Protocol, Resource, SubaccountFields,
    SubaccountKey,
};

/// Mappings that the course keeps changing.
const MAPPINGS: u64 = 20;
/// One in so many revisions is large: it is written in several pieces.
const LARGE_EVERY: u64 = 25;
/// Resources of a mapping in a large revision; about 300 KiB.
const LARGE_RESOURCES: u64 = 280;

/// The change that makes revision `number` of the revision before.
///
/// # Errors
/// When `old` is not the revision before.
pub fn step(old: &Document, number: u64) -> Result<Document, Invalid> {
    if number == 1 {
        return old.with_subaccount(own());
    }
    let mapping = mapping(number);
    let address = mapping.virtual_address.clone();
    let subaccount = old.subaccount(&key());
    let host = address.host.as_str();
    let present = subaccount.is_some_and(|own| own.mapping(host, address.port.get()).is_some());
    if present && number.is_multiple_of(3) {
        old.without_mapping(key(), address)
    } else {
        old.with_mapping(key(), mapping)
    }
}

fn key() -> SubaccountKey {
    SubaccountKey {
        region_host: "localhost:8443".parse().expect("a region host"),
        subaccount: id(1).parse().expect("a subaccount id"),
        location_id: "".parse().expect("a location ID"),
    }
}

fn own() -> SubaccountFields {
    let instance = id(2).parse().expect("an instance id");
    let credential = id(3).parse().expect("a credential id");
    SubaccountFields {
        connected: false,
        ..SubaccountFields::enrolled(key(), instance, credential)
    }
}

fn id(number: u32) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

/// The mapping that revision `number` touches; its text holds the number.
fn mapping(number: u64) -> Mapping {
    let resources = if number.is_multiple_of(LARGE_EVERY) {
        LARGE_RESOURCES
    } else {
        1
    };
    let resource = |index: u64| Resource {
        enabled: true,
        description: "x".repeat(1_000).parse().expect("a description"),
        ..Resource::closed(format!("/{number}/{index}").parse().expect("a path"))
    };
    let host = number * 7 % MAPPINGS;
    Mapping::try_from(MappingFields {
        description: format!("revision {number}").parse().expect("a description"),
        resources: (0..resources).map(resource).collect(),
        ..MappingFields::closed(
            format!("host{host}:80").parse().expect("an address"),
            "10.0.0.1:8080".parse().expect("an address"),
            Protocol::Http,
            BackendType::NonSap,
        )
    })
    .expect("a mapping")
}
