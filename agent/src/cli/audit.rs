//! `audit list|export|verify|level`.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use clap::{Args, Subcommand, ValueEnum};
use underpass_runtime::clock;
use underpass_shared::api::management::{
    AuditPage, AuditSearch, AuditTarget, AuditVerification, Query, Target, Verb,
};
use underpass_shared::audit::{Anchor, Category, Filter, Glob, PublicKey, Record, Report};
use underpass_shared::id::SubaccountId;

use super::client::Client;
use super::output::{Output, table, utc};
use crate::audit::{Form, VerifyError, verify};

pub(super) const EXAMPLE: &str = "\
Examples:
  underpass-agent audit list --since 2h --category AccessDenied
  underpass-agent audit list --operator 'os:*' --text '*erp.virtual:80*'
  underpass-agent audit export --since 2026-01-01 > audit.csv
  underpass-agent audit verify
  underpass-agent audit verify --dir /backup/audit --key HEX";

/// Records that are asked for at once.
const PAGE_LEN: usize = 1_000;

/// What to do with the audit log.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Show the newest records that fit.
    #[command(after_help = "Example:\n  underpass-agent audit list --since 7d --operator anna")]
    List {
        #[command(flatten)]
        search: Search,
        /// At most so many.
        #[arg(long, default_value_t = 100)]
        limit: usize,
    },
    /// Print all records that fit, the newest first, for other programs.
    #[command(after_help = "Example:\n  underpass-agent audit export --format jsonl > audit.jsonl")]
    Export {
        #[command(flatten)]
        search: Search,
        /// The form.
        #[arg(long, value_enum, default_value_t = Format::Csv)]
        format: Format,
    },
    /// Check that the log is as it was written; fails and names the first record that is not.
    #[command(after_help = "Examples:\n  underpass-agent audit verify\n  \
        underpass-agent audit verify --anchor 17:HASH\n  \
        underpass-agent audit verify --dir /backup/audit --key HEX\n\n\
        It prints the key and the last record with its hash. Whoever notes these down elsewhere, and\n\
        gives them again as --key and --anchor, also finds out that the end, or all, was replaced.")]
    Verify {
        /// Check this copy of the folder `audit`, without an agent.
        #[arg(long)]
        dir: Option<PathBuf>,
        /// The key that signed the copy, in hexadecimal; that which the copy names without it.
        #[arg(long, requires = "dir")]
        key: Vec<PublicKey>,
        /// A record that must be there, as NUMBER:HASH.
        #[arg(long)]
        anchor: Option<Anchor>,
    },
}

/// The form of an export.
#[derive(Clone, Copy, Debug, ValueEnum)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Format {
    Csv,
    Jsonl,
}

/// Which records.
#[derive(Args, Debug)]
pub struct Search {
    /// From this time on: a date, a date and time in UTC, or how long ago (90s, 15m, 2h, 7d).
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Before this time, in the same forms.
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// About this, such as `AccessDenied` or `BackendMapping`; a wrong one is answered with all.
    #[arg(long, value_parser = category)]
    category: Option<Category>,
    /// By operators whose name holds this; * and ? stand for other characters.
    #[arg(long, value_name = "PATTERN")]
    operator: Option<Glob>,
    /// Of this subaccount.
    #[arg(long, value_name = "GUID")]
    subaccount: Option<SubaccountId>,
    /// Whose text holds this; * and ? stand for other characters.
    #[arg(long, value_name = "PATTERN")]
    text: Option<Glob>,
}

impl Search {
    fn search(self) -> anyhow::Result<AuditSearch> {
        let time = |text: Option<String>, name| {
            let ms = text.map(|text| time(&text, clock::wall_ms())).transpose();
            ms.with_context(|| format!("--{name}"))
        };
        Ok(AuditSearch {
            filter: Filter {
                from_ms: time(self.since, "since")?,
                to_ms: time(self.until, "until")?,
                category: self.category,
                operator: self.operator,
                subaccount: self.subaccount,
                text: self.text,
                ..Filter::default()
            },
            ..AuditSearch::default()
        })
    }
}

fn category(text: &str) -> Result<Category, String> {
    let name = |one: &Category| format!("{one:?}");
    let found = Category::ALL.into_iter().find(|one| name(one) == text);
    found.ok_or_else(|| {
        let all: Vec<String> = Category::ALL.iter().map(name).collect();
        format!("must be one of {}", all.join(", "))
    })
}

/// A time as people write it.
fn time(text: &str, now_ms: i64) -> anyhow::Result<i64> {
    let rule = || format!("{text} is no date, no time and no duration such as 2h");
    let units = [("s", 1), ("m", 60), ("h", 60 * 60), ("d", 24 * 60 * 60)];
    for (unit, seconds) in units {
        let number = text.strip_suffix(unit).map(str::parse::<u32>);
        if let Some(Ok(number)) = number {
            return Ok(now_ms - i64::from(number) * seconds * 1_000);
        }
    }
    let (date, clock) = text.split_once(['T', ' ']).unwrap_or((text, "00:00:00"));
    let numbers = |text: &str, by: char| -> Option<Vec<u16>> {
        text.split(by).map(|part| part.parse().ok()).collect()
    };
    let read = || {
        let date = numbers(date, '-')?;
        let clock = numbers(clock.trim_end_matches('Z'), ':')?;
        let (&[year, month, day], &[hour, minute, ref second @ ..]) =
            (date.as_slice(), clock.as_slice())
        else {
            return None;
        };
        let small = |number: u16| u8::try_from(number).ok();
        let month = time::Month::try_from(small(month)?).ok()?;
        let date = time::Date::from_calendar_date(i32::from(year), month, small(day)?).ok()?;
        let second = match second {
            [] => 0,
            [second] => *second,
            _ => return None,
        };
        let clock = time::Time::from_hms(small(hour)?, small(minute)?, small(second)?).ok()?;
        Some(date.with_time(clock).assume_utc().unix_timestamp() * 1_000)
    };
    read().with_context(rule)
}

pub(super) async fn run(
    client: &Client,
    action: Action,
    out: &mut Output<'_>,
) -> anyhow::Result<()> {
    match action {
        Action::List { search, limit } => list(client, search.search()?, limit, out).await,
        Action::Export { search, format } => export(client, search.search()?, format, out).await,
        Action::Verify { anchor, .. } => {
            let mut query = Query::default();
            query.audit.anchor = anchor;
            let found: AuditVerification = client
                .get(Target::Audit(AuditTarget::Verification), &query)
                .await?;
            if let Some(bad) = &found.bad {
                bail!("the audit log does not verify: {}", bad.message);
            }
            let report = found.report.unwrap_or_default();
            show(&report, out)?;
            if !found.complete {
                bail!("the time was over before the end; verify the folder with --dir");
            }
            Ok(())
        }
    }
}

/// Verifies a copy of the log, without an agent.
pub(super) fn verify_dir(
    dir: &std::path::Path,
    keys: Vec<PublicKey>,
    anchor: Option<Anchor>,
    out: &mut Output<'_>,
) -> anyhow::Result<()> {
    if !dir.is_dir() {
        bail!("{} is no folder", dir.display());
    }
    match verify(dir, keys, anchor, None, None) {
        Ok(verified) => show(&verified.report, out),
        Err(VerifyError::Bad(bad)) => bail!("the audit log does not verify: {bad}"),
        Err(error) => Err(error.into()),
    }
}

fn show(report: &Report, out: &mut Output<'_>) -> anyhow::Result<()> {
    out.show(report, |out| {
        let Report {
            segments,
            records,
            first,
            last,
            unsealed,
            open_intents,
            ..
        } = report;
        writeln!(
            out,
            "verified: {records} records ({first} to {last}) in {segments} segments"
        )?;
        if *unsealed > 0 {
            writeln!(out, "not signed yet: the last {unsealed}")?;
        }
        if *open_intents > 0 {
            writeln!(out, "changes without an outcome: {open_intents}")?;
        }
        if let Some(hash) = report.last_hash {
            writeln!(out, "last: {last}:{hash}")?;
        }
        match report.public_key {
            Some(key) => writeln!(out, "key: {key}"),
            None => Ok(()),
        }
    })
}

async fn page(client: &Client, search: &AuditSearch, limit: usize) -> anyhow::Result<AuditPage> {
    let query = Query {
        limit: Some(limit),
        audit: search.clone(),
        ..Query::default()
    };
    let reply = client.call(
        Verb::Get,
        Target::Audit(AuditTarget::Records),
        &query,
        Bytes::new(),
    );
    reply.await?.read()
}

async fn list(
    client: &Client,
    mut search: AuditSearch,
    limit: usize,
    out: &mut Output<'_>,
) -> anyhow::Result<()> {
    let mut all: Vec<Record> = vec![];
    while all.len() < limit {
        let wanted = PAGE_LEN.min(limit - all.len());
        let page = page(client, &search, wanted).await?;
        all.extend(page.records);
        search.cursor = page.cursor;
        if search.cursor.is_none() {
            break;
        }
    }
    out.show(&all, |out| {
        let titles = ["RECORD", "TIME (UTC)", "WHO", "CATEGORY", "OUTCOME", "TEXT"];
        let rows = all.iter().map(|one| {
            [
                one.sequence.to_string(),
                utc(one.time_ms),
                one.actor.name.clone(),
                format!("{:?}", one.category),
                format!("{:?}", one.outcome),
                one.text(),
            ]
        });
        table(out, titles, rows)
    })
}

async fn export(
    client: &Client,
    mut search: AuditSearch,
    format: Format,
    out: &mut Output<'_>,
) -> anyhow::Result<()> {
    let form = match format {
        Format::Csv => Form::Csv,
        Format::Jsonl => Form::Lines,
    };
    out.out.write_all(form.begin().as_bytes())?;
    loop {
        let page = page(client, &search, PAGE_LEN).await?;
        for record in &page.records {
            out.out.write_all(form.record(record).as_bytes())?;
        }
        search.cursor = page.cursor;
        if search.cursor.is_none() {
            return Ok(out.out.flush()?);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        let now = 1_700_000_000_000;
        for (text, ms) in [
            ("90s", now - 90_000),
            ("2h", now - 7_200_000),
            ("7d", now - 604_800_000),
            ("2023-11-14", 1_699_920_000_000),
            ("2023-11-14T22:13", 1_699_999_980_000),
            ("2023-11-14 22:13:20Z", now),
        ] {
            assert_eq!(time(text, now).unwrap(), ms, "{text}");
        }
        for wrong in [
            "",
            "x",
            "h",
            "-1h",
            "2023-13-01",
            "2023-11-14T25:00",
            "2023-11",
        ] {
            assert!(time(wrong, now).is_err(), "{wrong}");
        }
    }
}
