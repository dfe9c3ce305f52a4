//! `alert list|show|acknowledge|silence|delete|rules`.

mod rules;

use std::io::{self, Write};

use bytes::Bytes;
use clap::Subcommand;
use underpass_runtime::clock;
use underpass_shared::alert::{Alert, SILENCE_MAX};
use underpass_shared::api::management::{
    AlertList, AlertState, AlertTarget, Query, SilenceInput, Target, Verb,
};

pub use self::rules::Change;
use super::DryRun;
use super::client::Client;
use super::output::{Output, table, utc};

pub(super) const EXAMPLE: &str = "\
Examples:
  underpass-agent alert list
  underpass-agent alert silence 7 --for 8h
  underpass-agent alert rules thresholds.cpuLoad=80";

/// What to do with alerts.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Show the alerts, the newest first.
    #[command(after_help = "Example:\n  underpass-agent alert list --state all --limit 20")]
    List {
        /// Those that stand (active), those that stood (history), or all.
        #[arg(long, default_value_t)]
        state: AlertState,
        /// At most so many, up to 1000.
        #[arg(long, default_value_t = 100)]
        limit: usize,
    },
    /// Show an alert, and what to do about it.
    #[command(after_help = "Example:\n  underpass-agent alert show 7")]
    Show {
        /// Its number.
        number: u64,
    },
    /// Take note of an alert; nobody is reminded of it any more.
    #[command(
        visible_alias = "ack",
        after_help = "Example:\n  underpass-agent alert acknowledge 7"
    )]
    Acknowledge {
        /// Its number.
        number: u64,
    },
    /// Tell nobody of an alert for a while; what is raised meanwhile is told afterwards.
    #[command(
        after_help = "Examples:\n  underpass-agent alert silence 7 --for 8h\n  \
        underpass-agent alert silence 7 --end"
    )]
    Silence {
        /// Its number.
        number: u64,
        /// For how long, in minutes, hours or days, such as 30m, 8h or 7d; 366d at most.
        #[arg(
            long = "for",
            value_name = "DURATION",
            value_parser = milliseconds,
            required_unless_present = "end",
            conflicts_with = "end"
        )]
        duration: Option<i64>,
        /// Tell of it again.
        #[arg(long)]
        end: bool,
    },
    /// Remove an alert; it comes back if what it tells of still stands.
    #[command(after_help = "Example:\n  underpass-agent alert delete 7")]
    Delete {
        /// Its number.
        number: u64,
    },
    /// Show when alerts are raised and which are sent, or change some of that.
    #[command(after_help = "Examples:\n  underpass-agent alert rules\n  \
        underpass-agent alert rules thresholds.cpuLoad=80 delays.tunnels=120\n  \
        underpass-agent alert rules notification.backends=false --dry-run")]
    Rules {
        /// Rules to change, by the names that are shown; without a value, a rule gets back its default.
        #[arg(value_name = "NAME=VALUE")]
        changes: Vec<Change>,
        #[command(flatten)]
        dry_run: DryRun,
    },
}

/// Reads a duration such as 8h.
fn milliseconds(text: &str) -> Result<i64, String> {
    let wrong = || "must be such as 30m, 8h or 7d, and 366d at most".to_owned();
    let (number, unit) = text
        .split_at_checked(text.len().saturating_sub(1))
        .ok_or_else(wrong)?;
    let unit: i64 = match unit {
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(wrong()),
    };
    let number = number.parse::<u32>().ok().filter(|number| *number > 0);
    let length = number.and_then(|number| unit.checked_mul(number.into()));
    let most = i64::try_from(SILENCE_MAX.as_millis()).unwrap_or(i64::MAX);
    length.filter(|length| *length <= most).ok_or_else(wrong)
}

pub(super) async fn run(
    client: &Client,
    action: Action,
    out: &mut Output<'_>,
) -> anyhow::Result<()> {
    let query = Query::default();
    match action {
        Action::List { state, limit } => {
            let query = Query {
                alerts: state,
                limit: Some(limit),
                ..query
            };
            let list: AlertList = client.get(Target::Alerts(AlertTarget::All), &query).await?;
            out.show(&list, |out| {
                if list.alerts.is_empty() {
                    return writeln!(out, "no alerts");
                }
                rows(&list.alerts, out)
            })
        }
        Action::Show { number } => {
            let target = Target::Alerts(AlertTarget::One(number));
            let alert: Alert = client.get(target, &query).await?;
            out.show(&alert, |out| show(&alert, out))
        }
        Action::Acknowledge { number } => {
            let target = Target::Alerts(AlertTarget::Acknowledge(number));
            let reply = client.call(Verb::Post, target, &query, Bytes::new());
            let alert: Alert = reply.await?.read()?;
            out.show(&alert, |out| show(&alert, out))
        }
        Action::Silence {
            number, duration, ..
        } => {
            let until_ms = duration.map_or(0, |length| clock::wall_ms().saturating_add(length));
            let target = Target::Alerts(AlertTarget::Silence(number));
            let body = SilenceInput { until_ms };
            let reply = client.send(Verb::Post, target, &query, &body);
            let alert: Alert = reply.await?.read()?;
            out.show(&alert, |out| show(&alert, out))
        }
        Action::Delete { number } => {
            let target = Target::Alerts(AlertTarget::One(number));
            client
                .call(Verb::Delete, target, &query, Bytes::new())
                .await?;
            out.deleted(number, "deleted")
        }
        Action::Rules { changes, dry_run } => rules::run(client, changes, dry_run, out).await,
    }
}

fn rows(alerts: &[Alert], out: &mut dyn Write) -> io::Result<()> {
    let titles = ["ALERT", "SINCE (UTC)", "STATE", "TYPE", "OF", "TEXT"];
    let rows = alerts.iter().map(|one| {
        [
            one.number.to_string(),
            utc(one.since_ms),
            state(one).to_owned(),
            one.id.code.to_string(),
            one.id.entity.clone(),
            one.text.clone(),
        ]
    });
    table(out, titles, rows)
}

/// What stands is as bad as it is, unless somebody knows of it.
fn state(alert: &Alert) -> &'static str {
    use underpass_shared::alert::Severity;
    match alert {
        Alert {
            resolved_ms: Some(_),
            ..
        } => "resolved",
        Alert {
            silenced_until_ms: Some(_),
            ..
        } => "silenced",
        Alert {
            acknowledged: Some(_),
            ..
        } => "acknowledged",
        Alert { severity, .. } => match severity {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        },
    }
}

fn show(alert: &Alert, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "alert {}, {}: {}",
        alert.number,
        state(alert),
        alert.title
    )?;
    writeln!(out, "of {}", alert.id)?;
    writeln!(out, "{}", alert.text)?;
    if alert.hides > 0 {
        writeln!(out, "{} more follow from it", alert.hides)?;
    }
    writeln!(out, "since {} UTC", utc(alert.since_ms))?;
    if let Some(ms) = alert.resolved_ms {
        return writeln!(out, "resolved since {} UTC", utc(ms));
    }
    if let Some(one) = &alert.acknowledged {
        writeln!(out, "acknowledged by {} at {} UTC", one.by, utc(one.at_ms))?;
    }
    if let Some(ms) = alert.silenced_until_ms {
        writeln!(out, "silenced until {} UTC", utc(ms))?;
    }
    writeln!(out, "{}", alert.remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit_and_an_end() {
        for (text, minutes) in [("1m", 1), ("8h", 480), ("366d", 527_040)] {
            assert_eq!(milliseconds(text), Ok(minutes * 60_000), "{text}");
        }
        for text in [
            "",
            "8",
            "h",
            "0h",
            "-1h",
            "1.5h",
            "367d",
            "4294967296d",
            "8ü",
        ] {
            assert!(milliseconds(text).is_err(), "{text}");
        }
    }
}
