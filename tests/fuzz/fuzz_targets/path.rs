//! Decisions on paths against the reference model.
//!
//! Input: one byte of options, then lines: the path of the request, then up to four resources, each a
//! byte of flags and a path.
#![no_main]

#[path = "../../../shared/src/policy/tests/model.rs"]
mod model;

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use underpass_shared::config::{
    BackendType, Document, Mapping, MappingFields, PathOptions, Protocol, Resource,
    SubaccountFields, SubaccountKey,
};
use underpass_shared::id::{CredentialId, InstanceId, SubaccountId};
use underpass_shared::policy::{Access, Denial, Policy};
use uuid::Uuid;

const RESOURCES_MAX: usize = 4;

/// A document with a subaccount and no mapping.
static EMPTY: LazyLock<Document> = LazyLock::new(|| {
    let instance = InstanceId::from_uuid(Uuid::nil());
    let credential = CredentialId::from_uuid(Uuid::nil());
    let own = SubaccountFields::enrolled(key(), instance, credential);
    Document::empty().with_subaccount(own).expect("it is valid")
});

fuzz_target!(|input: &[u8]| {
    let Some((&options, lines)) = input.split_first() else {
        return;
    };
    let websocket = bit(options, 3);
    let mut lines = lines.split(|&byte| byte == b'\n');
    let path = lines.next().unwrap_or_default();
    let mut resources: Vec<Resource> = Vec::new();
    for resource in lines.take(RESOURCES_MAX).filter_map(resource) {
        let twice = resources.iter().any(|other| other.path == resource.path);
        // What the mapping refuses is left out.
        if !twice && mapping(options, vec![resource.clone()]).is_some() {
            resources.push(resource);
        }
    }
    let entries: Vec<model::Entry> = resources.iter().map(entry).collect();
    let Some(mapping) = mapping(options, resources) else {
        unreachable!("each resource alone is valid, and no path comes twice");
    };
    let document = EMPTY.with_mapping(key(), mapping).expect("it is valid");
    let policy = Policy::new(Arc::clone(&document.subaccounts()[0]));
    let decided = policy.decide(&Access {
        protocol: Protocol::Http,
        host: "a",
        port: 80,
        path,
        websocket,
    });
    let found = match decided {
        Ok(_) => model::Outcome::Open,
        Err(Denial::AmbiguousPath(..)) => model::Outcome::Ambiguous,
        Err(Denial::UnknownResource(_)) => model::Outcome::NotListed,
        Err(Denial::WebsocketNotAllowed(_)) => model::Outcome::NoWebsocket,
        Err(denial) => panic!("{denial}"),
    };
    let wanted = match std::str::from_utf8(path) {
        Ok(path) => model::decide(&entries, model_options(options), path, websocket),
        Err(_) => model::Outcome::Ambiguous,
    };
    assert_eq!(found, wanted);
});

fn bit(flags: u8, at: u8) -> bool {
    flags >> at & 1 == 1
}

fn key() -> SubaccountKey {
    SubaccountKey {
        region_host: "localhost".parse().expect("it is a host"),
        subaccount: SubaccountId::from_uuid(Uuid::nil()),
        location_id: "".parse().expect("it is a location"),
    }
}

fn resource(line: &[u8]) -> Option<Resource> {
    let (&flags, path) = line.split_first()?;
    Some(Resource {
        enabled: !bit(flags, 0),
        exact_match_only: bit(flags, 1),
        risky_prefix_match: bit(flags, 2),
        websocket_upgrade_allowed: bit(flags, 3),
        ..Resource::closed(std::str::from_utf8(path).ok()?.parse().ok()?)
    })
}

fn entry(resource: &Resource) -> model::Entry {
    model::Entry {
        path: resource.path.as_str().to_owned(),
        enabled: resource.enabled,
        exact: resource.exact_match_only,
        prefix: resource.risky_prefix_match,
        websocket: resource.websocket_upgrade_allowed,
    }
}

fn model_options(flags: u8) -> model::Options {
    model::Options {
        encoded_slashes: bit(flags, 0),
        empty_segments: bit(flags, 1),
        bsp_mangling: bit(flags, 2),
    }
}

fn mapping(flags: u8, resources: Vec<Resource>) -> Option<Mapping> {
    Mapping::try_from(MappingFields {
        path_options: PathOptions {
            encoded_slashes: bit(flags, 0),
            empty_segments: bit(flags, 1),
            bsp_mangling: bit(flags, 2),
        },
        resources,
        ..MappingFields::closed(
            "a:80".parse().ok()?,
            "10.0.0.1:80".parse().ok()?,
            Protocol::Http,
            BackendType::Abap,
        )
    })
    .ok()
}
