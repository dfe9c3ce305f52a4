//! Changes of a configuration as rows for people: part by part, field by field.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use underpass_shared::config::{
    AlertRules, Alerting, AuditSettings, Certificate, Change, ChangeKind, Heartbeat,
    HistorySettings, LogSettings, Mail, PpSettings,
};

use crate::text;
use crate::widget::{DiffKind, DiffRow};

/// Most fields of one part that are shown; nobody reads more.
const ROWS_MAX: usize = 200;
/// The longest value that is shown.
const VALUE_LEN_MAX: usize = 160;
/// Names by which entries of lists are told apart.
const KEYS: [&str; 7] = [
    "alias",
    "id",
    "path",
    "virtualAddress",
    "name",
    "regionHost",
    "user",
];

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
    let kind = match change.change {
        ChangeKind::Added => DiffKind::Added,
        ChangeKind::Removed => DiffKind::Removed,
        ChangeKind::Changed => DiffKind::Changed,
    };
    let (title, of) = title(&change.part);
    // Settings at their defaults are not written; what differs from those is what was changed.
    let default = default_of(&change.part);
    let kind = if default.is_some() {
        DiffKind::Changed
    } else {
        kind
    };
    let before = change.before.as_ref().or(default.as_ref());
    let after = change.after.as_ref().or(default.as_ref());
    Part {
        kind,
        title,
        of,
        rows: rows(before, after),
    }
}

/// The default of a setting of the agent that is one object, and not written while it is at it.
fn default_of(part: &str) -> Option<Value> {
    let default = match part.strip_prefix("connector.")? {
        "alerting" => serde_json::to_value(Alerting::default()),
        "alertRules" => serde_json::to_value(AlertRules::default()),
        "audit" => serde_json::to_value(AuditSettings::default()),
        "email" => serde_json::to_value(Mail::default()),
        "heartbeat" => serde_json::to_value(Heartbeat::default()),
        "history" => serde_json::to_value(HistorySettings::default()),
        "logAndTrace" => serde_json::to_value(LogSettings::default()),
        "ppSettings" => serde_json::to_value(PpSettings::default()),
        _ => return None,
    };
    default.ok()
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
    let mut rows = vec![];
    compare("", before, after, &mut rows);
    if rows.len() > ROWS_MAX {
        let more = rows.len() - ROWS_MAX;
        rows.truncate(ROWS_MAX);
        rows.push(row(
            DiffKind::Changed,
            format!("and {} more", text::count(more)),
            None,
            None,
        ));
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
        Value::Object(fields) => match key_of(fields) {
            Some(key) => key,
            None => text::plural(fields.len(), "field"),
        },
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

fn key_of(fields: &Map<String, Value>) -> Option<String> {
    let found = KEYS.iter().find_map(|key| fields.get(*key));
    found
        .filter(|key| !key.is_object() && !key.is_array())
        .map(value)
}

fn row(kind: DiffKind, path: String, before: Option<&Value>, after: Option<&Value>) -> DiffRow {
    DiffRow {
        kind,
        path,
        before: before.map(value).unwrap_or_default(),
        after: after.map(value).unwrap_or_default(),
        note: String::new(),
        chosen: None,
    }
}

fn compare(path: &str, before: Option<&Value>, after: Option<&Value>, rows: &mut Vec<DiffRow>) {
    match (before, after) {
        (None, None) => {}
        (Some(before), Some(after)) if before == after => {}
        (Some(Value::Object(before)), Some(Value::Object(after))) => {
            objects(path, before, after, rows)
        }
        (Some(Value::Array(before)), Some(Value::Array(after)))
            if keyed(before) && keyed(after) =>
        {
            lists(path, before, after, rows);
        }
        (None, Some(Value::Object(after))) if !after.is_empty() => {
            objects(path, &Map::new(), after, rows)
        }
        (Some(Value::Object(before)), None) if !before.is_empty() => {
            objects(path, before, &Map::new(), rows)
        }
        (None, Some(Value::Array(after))) if keyed(after) => lists(path, &[], after, rows),
        (Some(Value::Array(before)), None) if keyed(before) => lists(path, before, &[], rows),
        (None, Some(_)) => rows.push(row(DiffKind::Added, named(path), None, after)),
        (Some(_), None) => rows.push(row(DiffKind::Removed, named(path), before, None)),
        (Some(_), Some(_)) => rows.push(row(DiffKind::Changed, named(path), before, after)),
    }
}

fn named(path: &str) -> String {
    if path.is_empty() {
        "value".to_owned()
    } else {
        path.to_owned()
    }
}

fn objects(
    path: &str,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    rows: &mut Vec<DiffRow>,
) {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for name in names {
        let shown = text::clean(name);
        let path = if path.is_empty() {
            shown
        } else {
            format!("{path}.{shown}")
        };
        compare(&path, before.get(name), after.get(name), rows);
    }
}

/// Whether all entries of a list have a name each of its own.
fn keyed(list: &[Value]) -> bool {
    let keys: BTreeSet<Option<String>> = list.iter().map(entry_key).collect();
    !list.is_empty() && keys.len() == list.len() && !keys.contains(&None)
}

fn entry_key(entry: &Value) -> Option<String> {
    match entry {
        Value::Object(fields) => key_of(fields),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            None
        }
    }
}

fn lists(path: &str, before: &[Value], after: &[Value], rows: &mut Vec<DiffRow>) {
    let find = |list: &[Value], key: &String| {
        list.iter()
            .find(|one| entry_key(one).as_ref() == Some(key))
            .cloned()
    };
    let keys: BTreeSet<String> = before.iter().chain(after).filter_map(entry_key).collect();
    for key in keys {
        let (old, new) = (find(before, &key), find(after, &key));
        let path = format!("{}[{key}]", named(path));
        match (&old, &new) {
            (Some(_), Some(_)) => compare(&path, old.as_ref(), new.as_ref(), rows),
            (None, Some(new)) => rows.push(row(DiffKind::Added, path, None, Some(new))),
            (Some(old), None) => rows.push(row(DiffKind::Removed, path, Some(old), None)),
            (None, None) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

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
