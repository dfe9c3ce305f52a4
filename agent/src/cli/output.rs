//! What commands print: tables for people, JSON for scripts.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;
use underpass_runtime::print;
use underpass_shared::api::management::Preview;
use underpass_shared::config::{Certificate, Change, ChangeKind, FieldChange};

use super::client::Reply;
pub(super) use crate::utc::utc;

/// Where a command prints, and how.
pub(super) struct Output<'a> {
    pub(super) json: bool,
    pub(super) out: &'a mut dyn Write,
}

impl Output<'_> {
    /// Prints the one or the other.
    pub(super) fn show(
        &mut self,
        value: &impl Serialize,
        human: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> anyhow::Result<()> {
        if self.json {
            writeln!(self.out, "{}", serde_json::to_string_pretty(value)?)?;
        } else {
            human(self.out)?;
        }
        Ok(self.out.flush()?)
    }

    /// Says that something is deleted; scripts get its number or name.
    pub(super) fn deleted(&mut self, which: impl Serialize, words: &str) -> anyhow::Result<()> {
        let told = serde_json::json!({ "deleted": which });
        self.show(&told, |out| writeln!(out, "{words}"))
    }

    /// Prints what became of a change, or what would become of it.
    pub(super) fn changed(&mut self, reply: &Reply, dry_run: bool) -> anyhow::Result<()> {
        if dry_run {
            let preview: Preview = reply.read()?;
            return self.show(&preview, |out| would_change(out, &preview.changes));
        }
        let revision = reply.revision.unwrap_or_default();
        let mut told = serde_json::json!({ "revision": revision });
        if let Some(ms) = reply.reverts_at_ms {
            told["revertsAtMs"] = ms.into();
        }
        self.show(&told, |out| {
            writeln!(out, "revision {revision}")?;
            reverts(reply.reverts_at_ms, out)
        })
    }
}

/// A table with titles.
pub(super) fn table<const N: usize>(
    out: &mut dyn Write,
    titles: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> io::Result<()> {
    let titles = [titles.map(str::to_owned)].into_iter();
    let all: Vec<[String; N]> = titles.chain(rows).collect();
    print::table(out, &all)
}

/// Says when a change is taken back, if it is.
pub(super) fn reverts(ms: Option<i64>, out: &mut dyn Write) -> io::Result<()> {
    let Some(time) = ms.map(utc) else {
        return Ok(());
    };
    writeln!(
        out,
        "taken back at {time} UTC, unless you run `underpass-agent confirm`"
    )
}

/// What a change that is only tried would change.
pub(super) fn would_change(out: &mut dyn Write, all: &[Change]) -> io::Result<()> {
    if all.is_empty() {
        return writeln!(out, "nothing would change");
    }
    writeln!(out, "would change:")?;
    changes(out, all)
}

/// Fields of one part that are told; the others are counted.
const FIELDS_MAX: usize = 20;
/// Characters of a value that are shown.
const VALUE_LEN_MAX: usize = 120;

/// One line for each part, and below those that changed one for each field.
pub(super) fn changes(out: &mut dyn Write, changes: &[Change]) -> io::Result<()> {
    changes.iter().try_for_each(|one| {
        writeln!(out, "  {} {}", one.kind().sign(), one.part)?;
        match one.kind() {
            ChangeKind::Changed => fields(out, &one.fields()),
            ChangeKind::Added | ChangeKind::Removed => Ok(()),
        }
    })
}

/// The same, with all fields of the parts that came or went too.
pub(super) fn all_changes(out: &mut dyn Write, changes: &[Change]) -> io::Result<()> {
    changes.iter().try_for_each(|one| {
        writeln!(out, "  {} {}", one.kind().sign(), one.part)?;
        fields(out, &one.fields())
    })
}

fn fields(out: &mut dyn Write, all: &[FieldChange]) -> io::Result<()> {
    for one in all.iter().take(FIELDS_MAX) {
        let path = match one.path.as_str() {
            "" => String::new(),
            path => format!("{path}: "),
        };
        match (&one.before, &one.after) {
            (Some(before), Some(after)) => {
                writeln!(out, "      {path}{} -> {}", brief(before), brief(after))?;
            }
            (Some(before), None) => writeln!(out, "      - {path}{}", brief(before))?,
            (None, Some(after)) => writeln!(out, "      + {path}{}", brief(after))?,
            (None, None) => {}
        }
    }
    match all.len().saturating_sub(FIELDS_MAX) {
        0 => Ok(()),
        more => writeln!(out, "      and {more} more; see --json"),
    }
}

/// A value on one line.
fn brief(value: &Value) -> String {
    let certificate = value.as_str().and_then(|text| text.parse().ok());
    let text = match certificate.map(|found: Certificate| found.summary()) {
        Some(summary) => format!("certificate of {}", summary.subject),
        None => value.to_string(),
    };
    match text.char_indices().nth(VALUE_LEN_MAX) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(changes: &[Change], tell: fn(&mut dyn Write, &[Change]) -> io::Result<()>) -> String {
        let mut out = vec![];
        tell(&mut out, changes).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_changed_is_told_with_its_values() {
        let part = "mapping erp.virtual:80 of gw.example/0190/";
        let changed = Change {
            change: ChangeKind::Changed,
            part: part.to_owned(),
            before: Some(json!({"sid": "ABC", "resources": [{"path": "/a", "enabled": true}]})),
            after: Some(json!({"sid": "x".repeat(500), "resources": [{"path": "/a"}]})),
        };
        let long = format!("\"{}...", "x".repeat(VALUE_LEN_MAX - 1));
        let text = format!(
            "  ~ {part}\n      - resources[/a].enabled: true\n      sid: \"ABC\" -> {long}\n"
        );
        assert_eq!(told(&[changed], changes), text);

        let added = Change {
            change: ChangeKind::Added,
            part: part.to_owned(),
            before: None,
            after: Some(json!({"sid": "ABC"})),
        };
        let line = format!("  + {part}\n");
        assert_eq!(told(std::slice::from_ref(&added), changes), line);
        let text = format!("{line}      + sid: \"ABC\"\n");
        assert_eq!(told(&[added], all_changes), text);
    }

    #[test]
    fn of_settings_what_differs_from_the_default_is_told() {
        let change = |path: &str, value: Value| Change {
            change: ChangeKind::Added,
            part: path.to_owned(),
            before: None,
            after: Some(value),
        };
        let heartbeat = change("connector.heartbeat", json!({"everySec": 30}));
        let text = told(&[heartbeat], changes);
        assert!(text.starts_with("  ~ connector.heartbeat\n"), "{text}");
        assert!(text.contains("everySec: 60 -> 30\n"), "{text}");
        let many: Vec<_> = (0..FIELDS_MAX + 3)
            .map(|n| json!({"id": n.to_string()}))
            .collect();
        let text = told(&[change("connector.x", json!({"list": many}))], all_changes);
        assert!(text.ends_with("      and 3 more; see --json\n"), "{text}");
    }
}
