//! Work on documents as JSON.

use serde_json::{Map, Value};
use underpass_shared::config::{Document, Invalid};

/// A document as JSON.
pub(crate) fn json(document: &Document) -> Result<Map<String, Value>, Invalid> {
    serde_json::from_str(&document.to_json())
        .map_err(|error| Invalid::new(".", format!("the document cannot be read: {error}")))
}

/// Merges a patch into a value (RFC 7396): null removes, objects are merged, all else replaces.
pub(super) fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        return target.clone_from(patch);
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    if let Value::Object(target) = target {
        merge_all(target, patch);
    }
}

pub(super) fn merge_all(target: &mut Map<String, Value>, patch: &Map<String, Value>) {
    for (name, patch) in patch {
        if patch.is_null() {
            target.remove(name);
        } else {
            merge(target.entry(name.clone()).or_insert(Value::Null), patch);
        }
    }
}

/// Takes an object out of another; an empty one where there is none.
pub(super) fn take_object(from: &mut Map<String, Value>, name: &str) -> Map<String, Value> {
    match from.remove(name) {
        Some(Value::Object(members)) => members,
        Some(_) | None => Map::new(),
    }
}

/// Takes a list of objects out of an object.
pub(super) fn take_list(from: &mut Map<String, Value>, name: &str) -> Vec<Map<String, Value>> {
    let Some(Value::Array(items)) = from.remove(name) else {
        return vec![];
    };
    let objects = items.into_iter().filter_map(|item| match item {
        Value::Object(members) => Some(members),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            None
        }
    });
    objects.collect()
}
