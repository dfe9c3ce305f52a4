//! Changes as lines of the review: parts with their fields below.

use serde_json::Value;
use underpass_shared::config::{Change, Document};

use crate::changes::{self, Part};
use crate::screen::agent::access::told;
use crate::text;
use crate::widget::{DiffKind, DiffRow};

/// A line of the review.
#[derive(Clone, Debug)]
pub(super) enum Line {
    /// What the parts below belong to.
    Of(String),
    /// A part.
    Part {
        kind: DiffKind,
        title: String,
        note: String,
    },
    /// A field of the part above.
    Field(DiffRow),
}

/// The lines of some changes, gathered by what they belong to.
pub(super) fn lines(
    changes: &[Change],
    document: &Document,
    note: impl Fn(&Change) -> String,
) -> Vec<Line> {
    let mut lines = vec![];
    let mut of: Option<String> = None;
    for change in changes {
        let part = changes::part(change);
        if of.as_ref() != Some(&part.of) {
            lines.push(Line::Of(owner(&part.of, document)));
            of = Some(part.of.clone());
        }
        let Part {
            kind, title, rows, ..
        } = part;
        lines.push(Line::Part {
            kind,
            title: with_target(&title, change),
            note: note(change),
        });
        let told = rows.into_iter().filter(is_told);
        lines.extend(told.map(|row| Line::Field(for_people(row, change))));
    }
    lines
}

/// A subaccount by the name that people gave it.
fn owner(of: &str, document: &Document) -> String {
    let is_it = |key: &str| text::clean(key.trim_end_matches('/')) == of;
    let found = document
        .subaccounts()
        .iter()
        .find(|one| is_it(&one.key().to_string()));
    match found.map(|one| &one.own().display_name) {
        Some(name) if !name.is_empty() => format!("{} · {of}", text::clean(name)),
        Some(_) | None => of.to_owned(),
    }
}

/// A mapping with where it leads.
fn with_target(title: &str, change: &Change) -> String {
    let value = change.after.as_ref().or(change.before.as_ref());
    let internal = value
        .and_then(|value| value.get("internalAddress"))
        .and_then(Value::as_str);
    match internal {
        Some(internal) => format!("{title} → {}", text::clean(internal)),
        None => title.to_owned(),
    }
}

/// Whether a field says something that the line of its part does not.
fn is_told(row: &DiffRow) -> bool {
    let beside = matches!(
        row.path.as_str(),
        "virtualAddress" | "internalAddress" | "creationDate"
    );
    let nothing = |value: &str| matches!(value, "" | "empty" | "none");
    match row.kind {
        DiffKind::Added => !beside && !nothing(&row.after),
        DiffKind::Removed => !beside && !nothing(&row.before),
        DiffKind::Changed => true,
    }
}

/// A field with its name in words, and a resource with what it opens.
fn for_people(row: DiffRow, change: &Change) -> DiffRow {
    let path = row
        .path
        .strip_prefix("resources[")
        .and_then(|rest| rest.strip_suffix(']'));
    let (before, after) = match path {
        Some(path) => {
            let reach = |value: &Option<Value>| value.as_ref().and_then(|value| reach(value, path));
            (
                reach(&change.before).filter(|_| !row.before.is_empty()),
                reach(&change.after).filter(|_| !row.after.is_empty()),
            )
        }
        None => (None, None),
    };
    if let Some((name, value)) = told(&row.path, &row.after)
        && change.part.starts_with("mapping ")
    {
        let before = told(&row.path, &row.before).filter(|_| !row.before.is_empty());
        return DiffRow {
            path: name.to_owned(),
            before: before.map(|(_, before)| before).unwrap_or_default(),
            after: if row.after.is_empty() {
                row.after
            } else {
                value
            },
            ..row
        };
    }
    DiffRow {
        path: named(&row.path),
        before: before.unwrap_or(row.before),
        after: after.unwrap_or(row.after),
        ..row
    }
}

/// `resources[/x].enabled` as words: "Resource /x, enabled".
pub(super) fn named(path: &str) -> String {
    let Some((list, rest)) = path.split_once('[') else {
        return changes::words(path).replace('.', ", ");
    };
    let (key, field) = rest.rsplit_once(']').unwrap_or((rest, ""));
    let list = changes::words(list);
    let one = list.strip_suffix('s').unwrap_or(&list);
    match field.trim_start_matches('.') {
        "" => format!("{one} {key}"),
        field => format!("{one} {key}, {}", changes::words(field).to_lowercase()),
    }
}

/// What a resource of a mapping opens.
fn reach(mapping: &Value, path: &str) -> Option<String> {
    let all = mapping.get("resources")?.as_array()?;
    let found = all
        .iter()
        .find(|one| one.get("path").and_then(Value::as_str) == Some(path))?;
    let on = |name: &str| found.get(name).and_then(Value::as_bool) == Some(true);
    let reach = if on("exactMatchOnly") {
        "This path only"
    } else {
        "Path and all sub-paths"
    };
    let mut words = reach.to_owned();
    if on("websocketUpgradeAllowed") {
        words.push_str(", WebSocket");
    }
    if !on("enabled") {
        words.push_str(", disabled");
    }
    Some(words)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use underpass_shared::config::ChangeKind;

    use super::*;

    #[test]
    fn fields_are_named_in_words() {
        assert_eq!(named("internalAddress"), "Internal address");
        assert_eq!(
            named("resources[/a.b].exactMatchOnly"),
            "Resource /a.b, exact match only"
        );
        let after =
            json!({"internalAddress": "b:2", "resources": [{"path": "/x", "enabled": true}]});
        let change = Change {
            change: ChangeKind::Added,
            part: "mapping a:1 of h/0/".to_owned(),
            before: None,
            after: Some(after),
        };
        let lines = lines(&[change], &Document::empty(), |_| String::new());
        let Some(Line::Field(row)) = lines.last() else {
            panic!("{lines:?}");
        };
        assert_eq!(
            (row.path.as_str(), row.after.as_str()),
            ("Resource /x", "Path and all sub-paths")
        );
    }

    #[test]
    fn parts_stand_below_what_they_belong_to() {
        let change = |part: &str, after: Value| Change {
            change: ChangeKind::Added,
            part: part.to_owned(),
            before: None,
            after: Some(after),
        };
        let changes = [
            change("connector.description", json!("x")),
            change(
                "mapping a:1 of h/0/",
                json!({"virtualAddress": "a:1", "internalAddress": "b:2"}),
            ),
            change(
                "mapping c:1 of h/0/",
                json!({"internalAddress": "b:2", "authenticationMode": "NONE"}),
            ),
        ];
        let lines = lines(&changes, &Document::empty(), |_| String::new());
        let told: Vec<String> = lines
            .iter()
            .map(|line| match line {
                Line::Of(of) => format!("# {of}"),
                Line::Part { title, .. } => title.clone(),
                Line::Field(row) => format!("- {}", row.path),
            })
            .collect();
        assert_eq!(
            told,
            [
                "# Agent",
                "Description",
                "- Value",
                "# h/0",
                "Mapping a:1 → b:2",
                "Mapping c:1 → b:2",
                "- Principal type",
            ]
        );
    }
}
