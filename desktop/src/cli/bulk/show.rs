//! What is told of changes on many agents.

use std::io::{self, Write};

use serde_json::{Value, json};
use underpass_fleet::bulk::{Ended, Journal, Part, Rollout, State, Stopped};

use crate::cli::output::{Output, table};
use crate::text::clean;

/// Most changed parts that are shown of one agent.
const PARTS_SHOWN: usize = 5;

pub(super) fn ended(ended: &Ended, out: &mut Output<'_>) -> anyhow::Result<()> {
    rollout(&ended.rollout, ended.stopped.as_ref(), out)
}

pub(super) fn rollout(
    rollout: &Rollout,
    stopped: Option<&Stopped>,
    out: &mut Output<'_>,
) -> anyhow::Result<()> {
    out.show(&shown(rollout, stopped), |out| {
        match rollout.number {
            Some(number) => writeln!(out, "{number}: {}", clean(&rollout.title))?,
            None => writeln!(out, "{}", clean(&rollout.title))?,
        }
        for part in &rollout.parts {
            print(out, part)?;
        }
        let counts = rollout.counts().words();
        let counts = counts.iter().map(|(count, word)| format!("{count} {word}"));
        writeln!(out, "{}", counts.collect::<Vec<_>>().join(", "))?;
        match (stopped, rollout.number) {
            (Some(reason), Some(number)) => {
                writeln!(out, "{}", text(reason))?;
                writeln!(out, "go on by `underpass fleet bulk run {number}`")
            }
            (Some(reason), None) => writeln!(out, "{}", text(reason)),
            (None, Some(number)) if rollout.counts().ready > 0 => {
                writeln!(
                    out,
                    "make the change by `underpass fleet bulk run {number}`"
                )
            }
            (None, _) => Ok(()),
        }
    })
}

fn print(out: &mut dyn Write, part: &Part) -> io::Result<()> {
    let label = clean(&part.label);
    let revision = match part.state.revision() {
        Some(revision) => format!(", revision {revision}"),
        None => String::new(),
    };
    match part.state.fault() {
        Some(fault) => {
            let field = fault.field.as_deref().map(|field| format!("{field}: "));
            let field = field.unwrap_or_default();
            let reason = clean(&format!("{field}{}", fault.message));
            writeln!(out, "{label}: {}: {reason}", part.state.word())?;
        }
        None => writeln!(out, "{label}: {}{revision}", part.state.word())?,
    }
    let Some(plan) = part.plan.as_ref().filter(|_| part.state == State::Ready) else {
        return Ok(());
    };
    for one in plan.changes.iter().take(PARTS_SHOWN) {
        writeln!(out, "  {} {}", one.change.sign(), clean(&one.part))?;
    }
    match (plan.changes.len() + plan.more).saturating_sub(PARTS_SHOWN) {
        0 => Ok(()),
        more => writeln!(out, "  and {more} more"),
    }
}

fn text(stopped: &Stopped) -> String {
    match stopped {
        Stopped::Wanted => "it was stopped".to_owned(),
        Stopped::Canary => "stopped: it went wrong on one of the first agents".to_owned(),
        Stopped::Failures => "stopped: too many agents failed".to_owned(),
        Stopped::Unkept(reason) => {
            format!("stopped: what came of it cannot be written down: {reason}")
        }
    }
}

fn shown(rollout: &Rollout, stopped: Option<&Stopped>) -> Value {
    let word = stopped.map(|stopped| match stopped {
        Stopped::Wanted => "wanted",
        Stopped::Canary => "canary",
        Stopped::Failures => "failures",
        Stopped::Unkept(_) => "unkept",
    });
    json!({
        "number": rollout.number,
        "title": rollout.title,
        "createdMs": rollout.created_ms,
        "options": rollout.options,
        "counts": rollout.counts(),
        "stopped": word,
        "reason": stopped.map(text),
        "agents": rollout.parts,
    })
}

pub(super) fn list(journal: &Journal, out: &mut Output<'_>) -> anyhow::Result<()> {
    let mut all = vec![];
    for number in journal.numbers()? {
        all.push(journal.read(number)?);
    }
    let told: Vec<Value> = all
        .iter()
        .map(|one| {
            json!({
                "number": one.number, "title": one.title, "createdMs": one.created_ms,
                "counts": one.counts(),
            })
        })
        .collect();
    out.show(&told, |out| {
        let head = ["NUMBER", "TITLE", "AGENTS"].map(str::to_owned);
        let rows = all.iter().map(|one| {
            let counts = one.counts().words();
            let counts = counts.iter().map(|(count, word)| format!("{count} {word}"));
            let counts: Vec<String> = counts.collect();
            let number = one.number.map(|number| number.to_string());
            [
                number.unwrap_or_default(),
                clean(&one.title),
                counts.join(", "),
            ]
        });
        table(out, &std::iter::once(head).chain(rows).collect::<Vec<_>>())
    })
}
