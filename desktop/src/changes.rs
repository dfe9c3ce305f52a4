//! Changes of a configuration as rows for people: part by part, field by field.

use serde_json::Value;
use underpass_shared::config::{
    Certificate, Change, ChangeKind, FieldChange, entry_name, field_changes,
};

use crate::text;
use crate::widget::{DiffKind, DiffRow};

/// Most fields of one part that are shown; nobody reads more.
const ROWS_MAX: usize = 200;
/// The longest value that is shown.
const VALUE_LEN_MAX: usize = 160;

/// One changed part.
#[derive(Clone, Debug)]
pub struct Part {
    /// How it changed.
    pub kind: DiffKind,
    /// What it is, for people.
    pub title: String,
    /// What it belongs to.
    pub of: String,
    /// Its fields that differ.
    pub rows: Vec<DiffRow>,
}

/// What is shown of a change.
pub fn part(change: &Change) -> Part {
    let kind = match change.kind() {
        ChangeKind::Added => DiffKind::Added,
        ChangeKind::Removed => DiffKind::Removed,
        ChangeKind::Changed => DiffKind::Changed,
    };
    let (title, of) = title(&change.part);
    Part {
        kind,
        title,
        of,
        rows: shown(change.fields()),
    }
}

/// The same for many.
pub fn parts(changes: &[Change]) -> Vec<Part> {
    changes.iter().map(part).collect()
}

/// How many fields differ in all.
pub fn count(parts: &[Part]) -> usize {
    parts.iter().map(|part| part.rows.len().max(1)).sum()
}

/// The fields that differ between two values.
pub fn rows(before: Option<&Value>, after: Option<&Value>) -> Vec<DiffRow> {
    shown(field_changes(before, after))
}

fn shown(mut fields: Vec<FieldChange>) -> Vec<DiffRow> {
    let more = fields.len().saturating_sub(ROWS_MAX);
    fields.truncate(ROWS_MAX);
    let mut rows: Vec<DiffRow> = fields.iter().map(row).collect();
    if more > 0 {
        let path = format!("and {} more", text::count(more));
        rows.push(row(&FieldChange {
            path,
            before: None,
            after: None,
        }));
    }
    rows
}

/// The name of a part, and what it belongs to.
pub fn title(part: &str) -> (String, String) {
    if let Some(name) = part.strip_prefix("connector.") {
        return (words(name), "Agent".to_owned());
    }
    if let Some((mapping, of)) = part
        .strip_prefix("mapping ")
        .and_then(|rest| rest.split_once(" of "))
    {
        return (
            format!("Mapping {}", text::clean(mapping)),
            text::clean(of.trim_end_matches('/')),
        );
    }
    if let Some(of) = part.strip_prefix("subaccount ") {
        return (
            "Subaccount".to_owned(),
            text::clean(of.trim_end_matches('/')),
        );
    }
    if part == "connector" {
        return ("Settings".to_owned(), "Agent".to_owned());
    }
    (text::clean(part), String::new())
}

/// `trustAllBackends` as words: "Trust all backends".
pub fn words(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    for letter in text::clean(name).chars() {
        match out.chars().last() {
            None => out.extend(letter.to_uppercase()),
            Some(last) if letter.is_uppercase() && last.is_lowercase() => {
                out.push(' ');
                out.extend(letter.to_lowercase());
            }
            Some(_) => out.push(letter),
        }
    }
    out
}

/// A value as one line of text.
pub fn value(value: &Value) -> String {
    let whole = match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(true) => "on".to_owned(),
        Value::Bool(false) => "off".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) if text.is_empty() => "empty".to_owned(),
        Value::String(text) => certificate(text).unwrap_or_else(|| text.clone()),
        Value::Array(list) if list.is_empty() => "none".to_owned(),
        Value::Array(list) if list.iter().all(|one| !one.is_object() && !one.is_array()) => {
            let all: Vec<String> = list.iter().map(self::value).collect();
            all.join(", ")
        }
        Value::Array(list) => text::plural(list.len(), "entry").replace("entrys", "entries"),
        Value::Object(fields) => {
            entry_name(value).unwrap_or_else(|| text::plural(fields.len(), "field"))
        }
    };
    let mut shown = text::clean(&whole);
    if shown.chars().count() > VALUE_LEN_MAX {
        shown = shown.chars().take(VALUE_LEN_MAX).chain(['…']).collect();
    }
    shown
}

/// A certificate by its subject: nobody reads PEM.
fn certificate(text: &str) -> Option<String> {
    text.starts_with("-----BEGIN CERTIFICATE").then_some(())?;
    let read: Certificate = text.parse().ok()?;
    Some(format!("certificate of {}", read.summary().subject))
}

fn row(field: &FieldChange) -> DiffRow {
    let (before, after) = (field.before.as_ref(), field.after.as_ref());
    DiffRow {
        kind: match (before, after) {
            (None, Some(_)) => DiffKind::Added,
            (Some(_), None) => DiffKind::Removed,
            (Some(_), Some(_)) | (None, None) => DiffKind::Changed,
        },
        path: match field.path.as_str() {
            path if path.is_empty() || path.starts_with('[') => {
                text::clean(&format!("value{path}"))
            }
            path => text::clean(path),
        },
        before: before.map(value).unwrap_or_default(),
        after: after.map(value).unwrap_or_default(),
        note: String::new(),
        chosen: None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use underpass_shared::config::Alerting;

    use super::*;

    fn told(before: &Value, after: &Value) -> Vec<String> {
        let tell =
            |row: DiffRow| format!("{:?} {} {}>{}", row.kind, row.path, row.before, row.after);
        rows(Some(before), Some(after))
            .into_iter()
            .map(tell)
            .collect()
    }

    #[test]
    fn fields_are_told_one_by_one_and_entries_of_lists_by_their_names() {
        let before = json!({"a": 1, "same": true, "list": [{"path": "/x", "enabled": true}, {"path": "/y"}], "names": ["p"]});
        let after = json!({"b": "", "same": true, "list": [{"path": "/x", "enabled": false}, {"path": "/z"}], "names": ["p", "q"]});
        assert_eq!(
            told(&before, &after),
            [
                "Removed a 1>",
                "Added b >empty",
                "Changed list[/x].enabled on>off",
                "Removed list[/y] /y>",
                "Added list[/z] >/z",
                "Changed names p>p, q",
            ]
        );
        assert!(told(&after, &after).is_empty());
        let many: Vec<Value> = (0..1_000).map(|n| json!({"id": n.to_string()})).collect();
        let rows = rows(None, Some(&json!({"list": many})));
        assert_eq!(rows.len(), ROWS_MAX + 1);
        assert!(rows[ROWS_MAX].path.contains("800 more"));
    }

    #[test]
    fn of_settings_only_what_differs_from_their_defaults_is_told() {
        let mut rules = Alerting::default();
        rules.thresholds.cpu_load = serde_json::from_value(json!(85)).unwrap();
        let rules = serde_json::to_value(rules).unwrap();
        let change = |before: Option<&Value>, after: Option<&Value>| Change {
            change: ChangeKind::Added,
            part: "connector.alerting".to_owned(),
            before: before.cloned(),
            after: after.cloned(),
        };
        for (change, told) in [
            (change(None, Some(&rules)), ("90", "85")),
            (change(Some(&rules), None), ("85", "90")),
        ] {
            let part = part(&change);
            let [row] = part.rows.as_slice() else {
                panic!("{part:?}");
            };
            assert_eq!((row.before.as_str(), row.after.as_str()), told);
            assert_eq!(
                (part.kind, row.path.as_str()),
                (DiffKind::Changed, "thresholds.cpuLoad")
            );
        }
    }

    #[test]
    fn parts_have_names_for_people() {
        assert_eq!(
            title("connector.backendTrust"),
            ("Backend trust".to_owned(), "Agent".to_owned())
        );
        let (title, of) = title("mapping erp:443 of host.example/0190/");
        assert_eq!(
            (title.as_str(), of.as_str()),
            ("Mapping erp:443", "host.example/0190")
        );
    }
}
