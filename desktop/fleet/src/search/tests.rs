//! What is found where.

use underpass_shared::config::{Connector, ConnectorFields, MappingFields, Resource};

use super::*;
use crate::template::tests::{document, key, mapping};

fn searched() -> Document {
    let resource = |path: &str, enabled| Resource {
        enabled,
        ..Resource::closed(path.parse().unwrap())
    };
    let fields = MappingFields {
        resources: vec![resource("/sap/opu", true), resource("/secret", false)],
        ..mapping("ERP:80", "erp.corp:8000").into()
    };
    let document = document("a").with_mapping(key(1, "a"), fields.try_into().unwrap());
    let document = document.unwrap();
    let mut fields: ConnectorFields = Connector::clone(document.connector()).into();
    fields.description = "beside the ERP".parse().ok();
    document.with_connector(fields.try_into().unwrap()).unwrap()
}

/// What is found, as short words.
fn find(words: &str) -> Vec<String> {
    let search: Search = words.parse().unwrap();
    let found = search.run(&searched()).unwrap();
    let word = |hit: &Hit| match hit {
        Hit::Mapping {
            virtual_address,
            open_paths,
            ..
        } => format!("{virtual_address} {}", open_paths.join(",")),
        Hit::Subaccount { subaccount, .. } => subaccount.clone(),
        Hit::Setting { path, .. } => path.clone(),
    };
    found.hits.iter().map(word).collect()
}

#[test]
fn hosts_paths_and_settings_are_found() {
    let erp = "erp:80 /sap/opu";
    for (words, found) in [
        ("internal:erp.corp", vec![erp]),
        ("internal:erp.corp:8000", vec![erp]),
        ("internal:ERP*", vec![erp]),
        ("internal:corp", vec![]),
        ("erp.corp", vec![erp]),
        ("erp", vec![erp, "connector.description"]),
        ("host:*.corp", vec![erp, "old:80 "]),
        ("host:*.corp port:8000", vec![erp]),
        ("path:/sap*", vec![erp]),
        // What is closed is not exposed.
        ("path:/secret", vec![]),
        ("setting:connector.desc*", vec!["connector.description"]),
        ("value:*erp", vec!["connector.description"]),
        ("erp protocol:https", vec![]),
        ("location:a old", vec!["old:80 "]),
    ] {
        assert_eq!(find(words), found, "{words}");
    }
    // A subaccount that is looked for is told, not each of its mappings.
    assert_eq!(
        find("location:a"),
        [key(1, "a").to_string(), key(2, "a").to_string()]
    );
}

#[test]
fn what_is_no_search_is_refused() {
    let refused = |text: &str| text.parse::<Search>().unwrap_err();
    assert_eq!(refused("  "), InvalidSearch::Empty);
    assert_eq!(refused("hosts:x"), InvalidSearch::Field("hosts".to_owned()));
    assert_eq!(refused(&"x".repeat(501)), InvalidSearch::TooLong);
    assert!("erp.corp:8000".parse::<Search>().is_ok());
}
