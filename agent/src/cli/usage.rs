//! `usage`.

use std::io::{self, Write};

use underpass_shared::api::management::monitoring::UsagesShown;
use underpass_shared::api::management::{MonitoringTarget, Query, Target};

use super::client::Client;
use super::output::{Output, table, utc};

pub(super) const EXAMPLE: &str = "\
Examples:
  underpass-agent usage
  underpass-agent usage --unused
  underpass-agent usage --unused --json | jq -r '.mappings[] | select(.neverUsed) | .virtualHost'";

pub(super) async fn show(
    client: &Client,
    unused: bool,
    out: &mut Output<'_>,
) -> anyhow::Result<()> {
    let query = Query {
        unused,
        ..Query::default()
    };
    let target = Target::Monitoring(MonitoringTarget::Usage);
    let all: UsagesShown = client.get(target, &query).await?;
    out.show(&all, |out| print(&all, out))
}

fn print(all: &UsagesShown, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "since {} UTC", utc(all.since_ms))?;
    let titles = [
        "HOST",
        "RESOURCE",
        "REQUESTS",
        "RECEIVED",
        "SENT",
        "LAST (UTC)",
    ];
    let mut rows = vec![];
    let last = |ms: Option<i64>| ms.map_or_else(|| "never".to_owned(), utc);
    for one in &all.mappings {
        let told = &one.told;
        let host = format!("{}:{}", told.virtual_host, told.virtual_port.0);
        rows.push([
            host,
            String::new(),
            told.calls.to_string(),
            told.received.to_string(),
            told.sent.to_string(),
            last(told.last_access_ms),
        ]);
        let resources = told.resources.iter().map(|one| {
            [
                String::new(),
                one.path.clone(),
                one.calls.to_string(),
                one.received.to_string(),
                one.sent.to_string(),
                last(one.last_access_ms),
            ]
        });
        rows.extend(resources);
    }
    table(out, titles, rows)
}
