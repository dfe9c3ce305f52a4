//! Of what a diagnosis is, for people.

use underpass_shared::config::{Document, SubaccountKey};
use underpass_shared::host::VirtualAddress;
use underpass_shared::monitor::Entity;

use crate::screen::agent::edit::name_of;
use crate::text;

/// The mapping that a diagnosis is of, if it is of one.
pub(super) fn mapping(entity: &str) -> Option<(SubaccountKey, VirtualAddress)> {
    match entity.parse() {
        Ok(Entity::Mapping(key, address)) => Some((key, address)),
        Ok(
            Entity::Agent
            | Entity::Volume(_)
            | Entity::Interface(_)
            | Entity::Tunnel(_)
            | Entity::Channel(..),
        )
        | Err(_) => None,
    }
}

/// Of what it is: mappings by their virtual hosts and the names of their subaccounts.
pub(in super::super) fn named(entity: &str, document: Option<&Document>) -> String {
    let Some((key, address)) = mapping(entity) else {
        return if entity.is_empty() {
            "This agent".to_owned()
        } else {
            text::clean(entity)
        };
    };
    let subaccount = document.and_then(|document| document.subaccount(&key));
    match subaccount {
        Some(subaccount) => format!("{address} of {}", name_of(subaccount.own())),
        None => text::clean(&format!("{address} of {}", key.subaccount)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mappings_are_called_by_their_addresses() {
        let of = "mapping:gate.example/0190a5a2-6d0e-7cc0-8000-000000000001//erp:443";
        assert_eq!(
            named(of, None),
            "erp:443 of 0190a5a2-6d0e-7cc0-8000-000000000001"
        );
        assert_eq!(mapping(of).unwrap().1.to_string(), "erp:443");
        assert_eq!(named("gate.example", None), "gate.example");
        assert_eq!(named("", None), "This agent");
    }
}
