//! The report as Markdown.

use std::fmt;

use super::findings::{At, Decision, Finding, Kind};
use super::report::Report;

/// Most places that one finding names; the JSON form names all.
const PLACES_MAX: usize = 20;

/// The kinds in the order of a report, each with its heading and an explanation.
const KINDS: [(Kind, &str, &str); 5] = [
    (Kind::NotCarried, "Not carried", "These fields stay behind."),
    (
        Kind::NotRead,
        "Not read",
        "The connector refused to tell these; what they hold is not in the plan.",
    ),
    (
        Kind::Changed,
        "Carried in another form",
        "These fields were made to fit.",
    ),
    (
        Kind::WithoutEffect,
        "Carried without effect",
        "These are kept, and this version does nothing with them.",
    ),
    (
        Kind::State,
        "No configuration",
        "States, and what follows from other fields.",
    ),
];

impl Report {
    /// The report for people.
    pub fn to_markdown(&self) -> String {
        Markdown(self).to_string()
    }
}

/// A report as Markdown.
struct Markdown<'a>(&'a Report);

impl fmt::Display for Markdown<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(report) = self;
        let source = escape(&report.source.address);
        writeln!(
            out,
            "# Import from SAP Cloud Connector\n\nRead from {source}.\n"
        )?;
        writeln!(
            out,
            "| | found | in the plan | left behind |\n|---|---:|---:|---:|"
        )?;
        for (name, tally) in report.counts.all() {
            let left = tally.left();
            writeln!(
                out,
                "| {name} | {} | {} | {left} |",
                tally.found, tally.carried
            )?;
        }
        writeln!(out, "\n## Decisions\n")?;
        if report.decisions.is_empty() {
            writeln!(out, "None.")?;
        }
        for one in &report.decisions {
            decision(out, one)?;
        }
        for (kind, heading, explanation) in KINDS {
            let mut all = report.of(kind).peekable();
            if all.peek().is_some() {
                writeln!(out, "\n## {heading}\n\n{explanation}\n")?;
                all.try_for_each(|one| finding(out, one))?;
            }
        }
        writeln!(out, "\n## What the connector's API does not tell\n")?;
        for one in &report.untold {
            writeln!(out, "- {}: {}", escape(&one.what), escape(&one.remedy))?;
        }
        if !report.steps.is_empty() {
            writeln!(out, "\n## What is left to do\n")?;
        }
        for (number, step) in (1..).zip(&report.steps) {
            let number: usize = number;
            writeln!(out, "{number}. {}", escape(step))?;
        }
        Ok(())
    }
}

fn decision(out: &mut fmt::Formatter<'_>, one: &Decision) -> fmt::Result {
    let open = if one.open { "**open** " } else { "" };
    let (about, taken) = (escape(&one.about), escape(&one.taken));
    writeln!(out, "- {open}{about}: {taken}. {}", escape(&one.instead))?;
    let places: Vec<At> = one
        .places
        .iter()
        .map(|place| At {
            place: place.clone(),
            value: None,
        })
        .collect();
    places_of(out, &places)
}

fn finding(out: &mut fmt::Formatter<'_>, one: &Finding) -> fmt::Result {
    let field = if one.field.is_empty() {
        String::new()
    } else {
        format!("`{}`: ", one.field.replace(['`', '\n'], "'"))
    };
    writeln!(out, "- {field}{} ({})", escape(&one.why), one.places.len())?;
    places_of(out, &one.places)
}

fn places_of(out: &mut fmt::Formatter<'_>, places: &[At]) -> fmt::Result {
    for at in places.iter().take(PLACES_MAX) {
        match &at.value {
            Some(value) => writeln!(out, "  - {}: {}", escape(&at.place), escape(value))?,
            None => writeln!(out, "  - {}", escape(&at.place))?,
        }
    }
    if let Some(more) = places
        .len()
        .checked_sub(PLACES_MAX)
        .filter(|more| *more > 0)
    {
        writeln!(
            out,
            "  - and {more} more, all in the JSON form of this report"
        )?;
    }
    Ok(())
}

/// Text of others, which is not to be taken for Markdown.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for one in text.chars() {
        match one {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '~' | '!' => {
                out.push('\\');
                out.push(one);
            }
            one if one.is_control() => out.push(' '),
            one => out.push(one),
        }
    }
    out
}
