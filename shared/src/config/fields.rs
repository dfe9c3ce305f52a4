//! What differs between two values, field by field, for people.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// Names by which entries of lists are told apart, the best first.
const NAMES: [&str; 7] = [
    "alias",
    "id",
    "path",
    "virtualAddress",
    "name",
    "regionHost",
    "user",
];

/// A field that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldChange {
    /// Where in the value, such as `resources[/sap].enabled`; empty for the value itself.
    pub path: String,
    /// What it was, if it was there.
    pub before: Option<Value>,
    /// What it is, if it is there.
    pub after: Option<Value>,
}

/// The fields that differ between two values. Entries of lists are matched by their names, where
/// each has one of its own.
pub fn field_changes(before: Option<&Value>, after: Option<&Value>) -> Vec<FieldChange> {
    let mut found = vec![];
    compare("", before, after, &mut found);
    found
}

/// The name by which people know an entry of a list: its alias, id, path, …
pub fn entry_name(entry: &Value) -> Option<String> {
    let fields = entry.as_object()?;
    match NAMES.iter().find_map(|name| fields.get(*name))? {
        Value::String(name) => Some(name.clone()),
        Value::Object(_) | Value::Array(_) => None,
        name @ (Value::Null | Value::Bool(_) | Value::Number(_)) => Some(name.to_string()),
    }
}

fn compare(
    path: &str,
    before: Option<&Value>,
    after: Option<&Value>,
    found: &mut Vec<FieldChange>,
) {
    match (before, after) {
        (None, None) => {}
        (Some(before), Some(after)) if before == after => {}
        (Some(Value::Object(before)), Some(Value::Object(after))) => {
            objects(path, before, after, found);
        }
        (None, Some(Value::Object(after))) if !after.is_empty() => {
            objects(path, &Map::new(), after, found);
        }
        (Some(Value::Object(before)), None) if !before.is_empty() => {
            objects(path, before, &Map::new(), found);
        }
        (Some(Value::Array(before)), Some(Value::Array(after)))
            if are_named(before) && are_named(after) =>
        {
            lists(path, before, after, found);
        }
        (None, Some(Value::Array(after))) if are_named(after) => lists(path, &[], after, found),
        (Some(Value::Array(before)), None) if are_named(before) => lists(path, before, &[], found),
        (before, after) => found.push(FieldChange {
            path: path.to_owned(),
            before: before.cloned(),
            after: after.cloned(),
        }),
    }
}

fn objects(
    path: &str,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    found: &mut Vec<FieldChange>,
) {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for name in names {
        let inner = match path {
            "" => name.clone(),
            outer => format!("{outer}.{name}"),
        };
        compare(&inner, before.get(name), after.get(name), found);
    }
}

/// Whether all entries of a list have a name each of its own.
fn are_named(list: &[Value]) -> bool {
    let names: BTreeSet<Option<String>> = list.iter().map(entry_name).collect();
    !list.is_empty() && names.len() == list.len() && !names.contains(&None)
}

fn lists(path: &str, before: &[Value], after: &[Value], found: &mut Vec<FieldChange>) {
    let find = |list: &[Value], name: &String| {
        let mut list = list.iter();
        list.find(|one| entry_name(one).as_ref() == Some(name))
            .cloned()
    };
    let names: BTreeSet<String> = before.iter().chain(after).filter_map(entry_name).collect();
    for name in names {
        let (old, new) = (find(before, &name), find(after, &name));
        let path = format!("{path}[{name}]");
        if old.is_some() && new.is_some() {
            compare(&path, old.as_ref(), new.as_ref(), found);
        } else {
            found.push(FieldChange {
                path,
                before: old,
                after: new,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(before: &Value, after: &Value) -> Vec<String> {
        let text = |value: Option<Value>| value.map_or_else(String::new, |one| one.to_string());
        let tell = |one: FieldChange| {
            let (before, after) = (text(one.before), text(one.after));
            format!("{} {before}>{after}", one.path)
        };
        let changes = field_changes(Some(before), Some(after));
        changes.into_iter().map(tell).collect()
    }

    #[test]
    fn fields_are_told_one_by_one_and_entries_of_lists_by_their_names() {
        let before = json!({"a": 1, "same": true, "names": ["p"],
            "list": [{"path": "/x", "enabled": true}, {"path": "/y"}]});
        let after = json!({"b": "", "same": true, "names": ["p", "q"],
            "list": [{"path": "/x", "enabled": false}, {"path": "/z"}]});
        assert_eq!(
            told(&before, &after),
            [
                "a 1>",
                r#"b >"""#,
                "list[/x].enabled true>false",
                r#"list[/y] {"path":"/y"}>"#,
                r#"list[/z] >{"path":"/z"}"#,
                r#"names ["p"]>["p","q"]"#,
            ]
        );
        assert!(told(&after, &after).is_empty());
        assert_eq!(told(&json!(1), &json!({"x": 2})), [r#" 1>{"x":2}"#]);
    }

    #[test]
    fn lists_whose_entries_share_a_name_differ_as_a_whole() {
        let twice = json!({"list": [{"id": 1}, {"id": 1}]});
        let once = json!({"list": [{"id": 1}]});
        assert_eq!(
            told(&twice, &once),
            [r#"list [{"id":1},{"id":1}]>[{"id":1}]"#]
        );
        assert_eq!(entry_name(&json!({"id": 7, "name": "x"})).unwrap(), "7");
        assert_eq!(entry_name(&json!({"id": {"x": 1}})), None);
        assert_eq!(entry_name(&json!("x")), None);
    }
}
