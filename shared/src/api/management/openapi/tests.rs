//! The description against the file of it in the repository, and against itself.

use std::collections::BTreeSet;

use serde_json::Value;

use super::*;

/// The description as it was last looked at. To write it anew, run this test with
/// `UNDERPASS_WRITE_SNAPSHOTS=1`, and look at the difference.
const SNAPSHOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/openapi.json");

fn described() -> Value {
    openapi(env!("CARGO_PKG_VERSION"))
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "a snapshot is written by hand only"
)]
fn the_file_is_what_is_served() {
    let mut text = serde_json::to_string_pretty(&described()).unwrap();
    text.push('\n');
    if std::env::var_os("UNDERPASS_WRITE_SNAPSHOTS").is_some() {
        std::fs::write(SNAPSHOT, text).unwrap();
        return;
    }
    let kept = std::fs::read_to_string(SNAPSHOT).unwrap();
    // Checkouts on Windows may have other line ends.
    let kept = kept.replace("\r\n", "\n");
    for (number, (kept, now)) in kept.lines().zip(text.lines()).enumerate() {
        let advice = "if the change is meant, run with UNDERPASS_WRITE_SNAPSHOTS=1";
        assert_eq!(kept, now, "docs/openapi.json line {}: {advice}", number + 1);
    }
    assert_eq!(kept.len(), text.len());
}

/// All `$ref`s in a value.
fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                if let (Some(text), "$ref") = (inner.as_str(), key.as_str()) {
                    found.insert(text.to_owned());
                }
                references(inner, found);
            }
        }
        Value::Array(list) => list.iter().for_each(|inner| references(inner, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn every_reference_leads_somewhere_and_every_schema_is_used() {
    let described = described();
    let mut found = BTreeSet::new();
    references(&described, &mut found);
    for reference in &found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(described.pointer(pointer).is_some(), "{reference}");
    }
    let schemas = described["components"]["schemas"].as_object().unwrap();
    for name in schemas.keys() {
        let reference = format!("#/components/schemas/{name}");
        assert!(found.contains(&reference), "{name} is not used");
    }
}

#[test]
fn names_are_single_and_input_is_closed() {
    let described = described();
    let mut ids = BTreeSet::new();
    for (path, methods) in described["paths"].as_object().unwrap() {
        for (method, call) in methods.as_object().unwrap() {
            let id = call["operationId"].as_str().unwrap();
            assert!(ids.insert(id.to_owned()), "{id}");
            let body = &call["requestBody"]["content"]["application/json"]["schema"];
            let Some(reference) = body["$ref"].as_str() else {
                continue;
            };
            let schema = described.pointer(reference.strip_prefix('#').unwrap());
            let closed = &schema.unwrap()["additionalProperties"];
            assert_eq!(*closed, false, "{method} {path} takes unknown fields");
        }
    }
    assert_eq!(ids.len(), operations().count());
}
