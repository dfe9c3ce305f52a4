//! What is told of an import.

use std::io::Write;

use serde_json::json;
use underpass_shared::api::management::Preview;
use underpass_shared::scc::{Decision, Report};

use crate::cli::output::{Output, changes, table};
use crate::text::clean;

pub(super) fn told(
    out: &mut Output<'_>,
    report: &Report,
    preview: Option<&Preview>,
    revision: Option<u64>,
) -> anyhow::Result<()> {
    let all = json!({
        "report": report,
        "changes": preview.map(|preview| &preview.changes),
        "revision": revision,
    });
    out.show(&all, |out| {
        summary(out, report)?;
        match (revision, preview) {
            (Some(revision), _) => writeln!(out, "\nrevision {revision}")?,
            (None, Some(preview)) if preview.changes.is_empty() => {
                writeln!(out, "\nnothing would change")?;
            }
            (None, Some(preview)) => {
                writeln!(out, "\nwould change:")?;
                changes(out, &preview.changes)?;
            }
            (None, None) => writeln!(out, "\nnothing was changed; --into names an agent")?,
        }
        if !report.steps.is_empty() {
            writeln!(out, "\nleft to do:")?;
        }
        report
            .steps
            .iter()
            .try_for_each(|step| writeln!(out, "  {}", clean(step)))
    })
}

/// What was found, what is decided, and how much stays behind.
pub(super) fn summary(out: &mut dyn Write, report: &Report) -> std::io::Result<()> {
    let head = ["", "FOUND", "IN THE PLAN", "LEFT BEHIND"].map(str::to_owned);
    let rows = report.counts.all().map(|(name, tally)| {
        let numbers = [tally.found, tally.carried, tally.left()].map(|number| number.to_string());
        let [found, carried, left] = numbers;
        [name.to_owned(), found, carried, left]
    });
    table(out, &std::iter::once(head).chain(rows).collect::<Vec<_>>())?;
    if !report.decisions.is_empty() {
        writeln!(out, "\ndecisions:")?;
    }
    for Decision {
        about,
        taken,
        instead,
        open,
        places,
        ..
    } in &report.decisions
    {
        let open = if *open { "OPEN: " } else { "" };
        let count = match places.len() {
            0 | 1 => String::new(),
            many => format!(" ({many})"),
        };
        let (about, taken) = (clean(about), clean(taken));
        writeln!(out, "  {open}{about}{count}: {taken}")?;
        writeln!(out, "    {}", clean(instead))?;
    }
    Ok(())
}
