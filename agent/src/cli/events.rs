//! `events`.

use anyhow::Context as _;
use underpass_shared::alert::Notice;
use underpass_shared::api::management::{Event, EventMessage, Query, Target};

use super::client::Client;
use super::output::{Output, utc};

pub(super) const EXAMPLE: &str = "\
Example:
  underpass-agent events --json | jq -c 'select(.type == \"tunnel\")'

Prints a line for everything that happens, until it is interrupted or the agent stops.";

pub(super) async fn follow(client: &Client, out: &mut Output<'_>) -> anyhow::Result<()> {
    client
        .follow(Target::Events, &Query::default(), None, |json| {
            if out.json {
                writeln!(out.out, "{json}")?;
            } else {
                let message = serde_json::from_str(json);
                let message: EventMessage = message.context("an event does not parse")?;
                writeln!(out.out, "{} {}", utc(message.time_ms), line(&message.event))?;
            }
            Ok(out.out.flush()?)
        })
        .await
}

fn line(event: &Event) -> String {
    let name = event.name();
    match event {
        Event::Start { revision } => format!("{name} at revision {revision}"),
        Event::Reset { revision, reason } => format!("{name} at revision {revision}: {reason}"),
        Event::Tunnel {
            region_host,
            subaccount,
            location_id,
            state,
            connections,
            message,
        } => {
            let message = message.as_ref().map(|text| format!(": {text}"));
            format!(
                "{name} {subaccount} \"{location_id}\" at {region_host}: {state:?}, {connections} up{}",
                message.unwrap_or_default()
            )
        }
        Event::Revision {
            number,
            author,
            reason,
        } => format!("{name} {number} by {author}: {reason}"),
        Event::PendingConfirm { pending: None } => format!("{name}: none"),
        Event::PendingConfirm { pending: Some(one) } => format!(
            "{name}: revisions {} to {} of {} until {}",
            one.first_revision,
            one.last_revision,
            one.author,
            utc(one.until_ms)
        ),
        Event::Warnings { warnings } if warnings.is_empty() => format!("{name}: none"),
        Event::Warnings { warnings } => format!("{name}: {}", warnings.join("; ")),
        Event::Metrics {
            requests_per_second,
            errors_per_second,
            p95_ms,
            tunnels_up,
            ..
        } => {
            let p95 = p95_ms.map(|ms| format!(", 95 % within {ms} ms"));
            format!(
                "{name}: {requests_per_second} requests and {errors_per_second} errors a second{}, {tunnels_up} tunnels up",
                p95.unwrap_or_default()
            )
        }
        Event::Notice { text } => format!("{name}: {text}"),
        Event::Alert { notice } => {
            let Notice {
                happening, alert, ..
            } = &**notice;
            format!(
                "{name} {} {happening}: {}: {}",
                alert.number, alert.id, alert.text
            )
        }
        Event::End { reason } => format!("{name}: {reason}"),
    }
}
