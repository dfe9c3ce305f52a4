//! `alerts`: what is wrong, and who takes note of it.

use std::io::{self, Write};

use underpass_runtime::print;
use underpass_shared::alert::Alert;

use super::Work;
use super::agents::ask;
use super::times::lasted;
use crate::cli::AlertsCommand;
use crate::directory::Order;

pub(super) async fn run(mut work: Work<'_>, command: &AlertsCommand) -> anyhow::Result<()> {
    let now_ms = work.now_ms;
    match command {
        AlertsCommand::List { history } => {
            let order = Order::Alerts { history: *history };
            let alerts: Vec<Alert> = ask(&work, &order).await?;
            work.answer(&alerts, |out| list(out, &alerts, now_ms))
        }
        AlertsCommand::Ack { number } => {
            let (number, by) = (*number, operator());
            let alert: Alert = ask(&work, &Order::Acknowledge { number, by }).await?;
            work.answer(&alert, |out| {
                writeln!(out, "Alert {number} is acknowledged: {}", alert.title)
            })
        }
        AlertsCommand::Silence {
            number, lasting, ..
        } => {
            let (number, by) = (*number, operator());
            let life_ms = lasting.map(|life| i64::try_from(life.as_millis()).unwrap_or(i64::MAX));
            let until_ms = life_ms.map(|life| now_ms.saturating_add(life));
            let order = Order::Silence {
                number,
                until_ms,
                by,
            };
            let alert: Alert = ask(&work, &order).await?;
            work.answer(&alert, |out| match until_ms {
                Some(until) => {
                    writeln!(
                        out,
                        "Nobody is told of alert {number} for {}.",
                        lasted(until, now_ms)
                    )
                }
                None => writeln!(out, "Alert {number} is told of again."),
            })
        }
        AlertsCommand::Test { channel } => {
            let channel = channel.to_string();
            let order = Order::TestAlerts {
                channel: channel.clone(),
            };
            let sent: bool = ask(&work, &order).await?;
            work.answer(&serde_json::json!({ "sent": sent }), |out| {
                writeln!(out, "A test was sent by {channel}.")
            })
        }
    }
}

/// Who gives the command, as the system calls him.
fn operator() -> String {
    let names = ["SUDO_USER", "USER", "USERNAME"];
    let name = names.into_iter().find_map(|name| std::env::var(name).ok());
    name.filter(|name| !name.is_empty())
        .unwrap_or_else(|| "operator".to_owned())
}

fn list(out: &mut dyn Write, alerts: &[Alert], now_ms: i64) -> io::Result<()> {
    if alerts.is_empty() {
        return writeln!(out, "There are no such alerts.");
    }
    let head = ["NUMBER", "SEVERITY", "ALERT", "FOR", "", "TEXT"];
    let mut rows = vec![head.map(str::to_owned)];
    for alert in alerts {
        let severity = format!("{:?}", alert.severity).to_uppercase();
        let until_ms = alert.resolved_ms.unwrap_or(now_ms);
        let mark = match (&alert.acknowledged, alert.silenced_until_ms) {
            (_, Some(until)) if until > now_ms => "silenced",
            (Some(_), _) => "acknowledged",
            (None, _) => "",
        };
        rows.push([
            alert.number.to_string(),
            severity,
            alert.title.clone(),
            lasted(until_ms, alert.since_ms),
            mark.to_owned(),
            alert.text.clone(),
        ]);
    }
    print::table(out, &rows)
}
