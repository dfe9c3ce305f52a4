//! What a record tells of a change of the document.

use serde_json::json;

use crate::audit::limits::EDITS_MAX;
use crate::audit::{Category, Edits, edits};
use crate::config::Document;

const ID: &str = "0190a5a2-6d0e-7cc0-8000-000000000001";

fn document(connector: &serde_json::Value, mappings: &serde_json::Value) -> Document {
    let json = json!({"schema": 1, "connector": connector,
        "subaccounts": [{"regionHost": "g", "subaccount": ID, "instance": ID, "credential": ID,
                         "connected": true, "mappings": mappings}]});
    Document::from_json(&json.to_string()).unwrap()
}

fn mapping(port: u32, paths: &[&str]) -> serde_json::Value {
    let resource = |path: &&str| json!({"path": path, "enabled": true, "exactMatchOnly": true, "websocketUpgradeAllowed": false});
    let resources: Vec<_> = paths.iter().map(resource).collect();
    json!({"virtualAddress": format!("v:{port}"), "internalAddress": "a:1", "protocol": "HTTP",
           "backendType": "nonSAPsys", "resources": resources})
}

fn told(edits: &Edits) -> Vec<String> {
    edits.list.iter().map(ToString::to_string).collect()
}

#[test]
fn a_resource_that_came_is_told_alone() {
    let old = document(&json!({}), &json!([mapping(80, &["/a", "/b"])]));
    let new = document(&json!({}), &json!([mapping(80, &["/a", "/aa", "/b"])]));
    let edits = edits(&old, &new);
    assert_eq!(edits.category, Category::AllowedResource);
    assert_eq!(edits.subaccount.as_ref(), Some(old.subaccounts()[0].key()));
    assert_eq!((edits.list.len(), edits.more), (1, 0));
    let text = &told(&edits)[0];
    assert!(
        text.contains("resources") && text.contains("/aa") && text.ends_with(" added"),
        "{text}"
    );
}

#[test]
fn a_field_is_told_from_old_to_new() {
    let old = document(&json!({"tunnelConnections": 2}), &json!([mapping(80, &[])]));
    let new = document(&json!({"tunnelConnections": 3}), &json!([]));
    let edits = edits(&old, &new);
    assert_eq!(
        (edits.category, &edits.subaccount),
        (Category::Configuration, &None)
    );
    let told = told(&edits);
    assert_eq!(told[0], "connector: tunnelConnections from {2} to {3}");
    assert!(
        told.iter()
            .any(|text| text.contains("internalAddress {\"a:1\"} removed")),
        "{told:?}"
    );
    let equal = super::super::edits(&old, &old);
    assert_eq!((equal.list.len(), equal.more), (0, 0));
}

#[test]
fn what_is_large_is_bounded() {
    let many: Vec<_> = (1..=300).map(|port| mapping(port, &[])).collect();
    let edits = edits(
        &document(&json!({}), &json!([])),
        &document(&json!({}), &json!(many)),
    );
    assert_eq!(edits.list.len(), EDITS_MAX);
    assert!(edits.more > 280, "{}", edits.more);
    let long = "x".repeat(1_000);
    let mut large = mapping(80, &[]);
    large["description"] = json!(long);
    large["resources"] = json!([{"path": format!("/{long}"), "enabled": true, "exactMatchOnly": true,
        "websocketUpgradeAllowed": false, "description": long}]);
    let edits = super::super::edits(
        &document(&json!({}), &json!([])),
        &document(&json!({}), &json!([large])),
    );
    let text = told(&edits).join("\n");
    assert!(text.contains("sha256"), "{text}");
}
