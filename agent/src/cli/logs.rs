//! `logs`.

use std::io;

use anyhow::Context as _;
use clap::Args;
use underpass_shared::api::management::{
    LineLevel, LogEvent, LogLine, LogPage, Query, RunningTarget, Target,
};
use underpass_shared::audit::Glob;

use super::client::Client;
use super::output::{Output, utc};

pub(super) const EXAMPLE: &str = "\
Examples:
  underpass-agent logs --level WARN
  underpass-agent logs --follow --text '*gate.example.com*'
  underpass-agent logs --json | jq -c 'select(.level == \"ERROR\")'

It prints the newest of the lines that the running agent has in memory (2,000), the oldest
first. All lines are where the service manager keeps them.";

/// Which lines.
#[derive(Args, Debug)]
pub struct Which {
    /// Print further lines as they are written, until it is interrupted or the agent stops.
    #[arg(long, short)]
    follow: bool,
    /// Lines of this level and of those that matter more: ERROR, WARN, INFO, DEBUG or TRACE.
    #[arg(long, ignore_case = true)]
    level: Option<LineLevel>,
    /// Lines that hold this; * and ? stand for other characters.
    #[arg(long, value_name = "PATTERN")]
    text: Option<Glob>,
    /// At most so many lines that were written already.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(0..=1000))]
    limit: u16,
}

pub(super) async fn show(
    client: &Client,
    which: Which,
    out: &mut Output<'_>,
) -> anyhow::Result<()> {
    let mut query = Query::default();
    query.log.level = which.level;
    query.audit.filter.text = which.text;
    // What comes after this line is followed, whatever of the lines before it is looked for.
    let newest = page(client, Query::default(), 1).await?;
    let newest = newest.lines.first().map(|line| line.number);
    if which.limit > 0 {
        let mut query = query.clone();
        query.log.before = newest.map(|number| number.saturating_add(1));
        let page = page(client, query, which.limit).await?;
        for line in page.lines.iter().rev() {
            print(line, out)?;
        }
        out.out.flush()?;
    }
    if !which.follow {
        return Ok(());
    }
    let target = Target::Running(RunningTarget::LogStream);
    let each = |json: &str| {
        let event = serde_json::from_str(json);
        match event.context("an event does not parse")? {
            LogEvent::Line(line) => print(&line, out)?,
            LogEvent::Start { .. } => {}
            LogEvent::Reset { reason } | LogEvent::End { reason } if !out.json => {
                writeln!(out.out, "-- {reason}")?;
            }
            LogEvent::Reset { .. } | LogEvent::End { .. } => writeln!(out.out, "{json}")?,
        }
        Ok(out.out.flush()?)
    };
    client.follow(target, &query, newest, each).await
}

async fn page(client: &Client, query: Query, limit: u16) -> anyhow::Result<LogPage> {
    let query = Query {
        limit: Some(limit.into()),
        ..query
    };
    let target = Target::Running(RunningTarget::Logs);
    client.get(target, &query).await
}

fn print(line: &LogLine, out: &mut Output<'_>) -> anyhow::Result<()> {
    if out.json {
        return Ok(writeln!(out.out, "{}", serde_json::to_string(line)?)?);
    }
    Ok(write(line, out)?)
}

fn write(line: &LogLine, out: &mut Output<'_>) -> io::Result<()> {
    let fields = line.fields.iter();
    let fields: String = fields
        .map(|(name, value)| format!(" {name}={value}"))
        .collect();
    let (time, level) = (utc(line.time_ms), line.level);
    let (target, message) = (&line.target, &line.message);
    writeln!(out.out, "{time} {level:5} {target}: {message}{fields}")
}
