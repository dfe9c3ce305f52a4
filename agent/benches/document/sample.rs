//! The large document and the small changes to it.

use std::fmt::Debug;
use std::str::FromStr;
use std::sync::Arc;

use underpass_shared::config::{
    BackendType, CreationDate, Delta, Document, Invalid, Mapping, MappingFields, Op, Part,
    Protocol, Resource, SubaccountFields, SubaccountKey,
};
use underpass_shared::id::SubaccountId;
use uuid::Uuid;

pub(crate) const MAPPINGS: usize = 5_000;
pub(crate) const RESOURCES: usize = 20;

pub(crate) fn key() -> SubaccountKey {
    SubaccountKey {
        region_host: parsed("gateway.example.com"),
        subaccount: SubaccountId::from_uuid(Uuid::from_u128(1)),
        location_id: parsed(""),
    }
}

pub(crate) fn host(n: usize) -> String {
    format!("erp{n:04}.systems.example.com")
}

pub(crate) fn path(n: usize) -> String {
    format!("/sap/opu/odata/sap/API_BUSINESS_SERVICE_{n:04}")
}

pub(crate) fn import(old: &Document) -> Result<Document, Invalid> {
    let instance = parsed(&Uuid::from_u128(2).to_string());
    let credential = parsed(&Uuid::from_u128(3).to_string());
    let own = SubaccountFields::enrolled(key(), instance, credential);
    let mut ops = vec![Op::PutSubaccount(Arc::new(Part::new(own)))];
    for n in 0..MAPPINGS {
        let mapping = Arc::new(Part::new(mapping(n, "imported")?));
        ops.push(Op::PutMapping {
            subaccount: key(),
            mapping,
        });
    }
    old.apply(&Delta { ops })
}

pub(crate) fn change_one(old: &Document, n: usize) -> Result<Document, Invalid> {
    old.with_mapping(key(), mapping(n * 23 % MAPPINGS, &format!("changed {n}"))?)
}

fn mapping(n: usize, description: &str) -> Result<Mapping, Invalid> {
    let resource = |n| Resource {
        enabled: true,
        description: parsed("Business service of the finance department"),
        creation_date: CreationDate::at(1_700_000_000_000),
        ..Resource::closed(parsed(&path(n)))
    };
    Mapping::try_from(MappingFields {
        description: parsed(description),
        creation_date: CreationDate::at(1_700_000_000_000),
        resources: (0..RESOURCES).map(resource).collect(),
        ..MappingFields::closed(
            parsed(&format!("{}:44300", host(n))),
            parsed(&format!("s4h{n:04}.corp.internal:8000")),
            Protocol::Http,
            BackendType::Abap,
        )
    })
}

fn parsed<T: FromStr<Err: Debug>>(text: &str) -> T {
    text.parse().expect("the sample is valid")
}
