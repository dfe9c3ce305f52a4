//! `requests list|top|durations|clear`.

use std::io::{self, Write};

use bytes::Bytes;
use clap::{Args, Subcommand, ValueEnum};
use underpass_shared::api::management::monitoring::{
    PerformanceShown, RequestOutcome, RequestPage, RequestSearch, RequestShown, TopShown,
};
use underpass_shared::api::management::{MonitoringTarget, Query, Target, Verb};
use underpass_shared::audit::Glob;
use underpass_shared::id::SubaccountId;

use super::client::Client;
use super::output::{Output, table, utc};

pub(super) const EXAMPLE: &str = "\
Examples:
  underpass-agent requests list --host erp.virtual --min-ms 500
  underpass-agent requests list --outcome denied --json
  underpass-agent requests top
  underpass-agent requests durations
  underpass-agent requests clear durations

The agent remembers its last 10,000 requests and the 100 longest, until it is restarted.";

/// What to do with requests.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Show the requests that ended last, the newest first.
    #[command(after_help = "Example:\n  underpass-agent requests list --outcome failed")]
    List {
        #[command(flatten)]
        which: Which,
    },
    /// Show the requests that took longest, and where their time went.
    #[command(after_help = "Example:\n  underpass-agent requests top")]
    Top,
    /// Show how many requests took how long, by mapping.
    #[command(after_help = "Example:\n  underpass-agent requests durations --json")]
    Durations,
    /// Forget what was remembered, and begin anew.
    #[command(after_help = "Example:\n  underpass-agent requests clear top")]
    Clear {
        /// What to forget.
        what: Forgotten,
    },
}

/// Which requests.
#[derive(Args, Debug)]
pub struct Which {
    /// Whose virtual host and port, as host:port, hold this; * and ? stand for other characters.
    #[arg(long, value_name = "PATTERN")]
    host: Option<Glob>,
    /// Whose path or resource holds this.
    #[arg(long, value_name = "PATTERN")]
    path: Option<Glob>,
    /// That ended so: answered, denied, failed or aborted.
    #[arg(long)]
    outcome: Option<RequestOutcome>,
    /// Of this subaccount.
    #[arg(long, value_name = "GUID")]
    subaccount: Option<SubaccountId>,
    /// That took so many milliseconds or more.
    #[arg(long, value_name = "MS")]
    min_ms: Option<u64>,
    /// At most so many, up to 1000.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=1000))]
    limit: u16,
}

/// What can be forgotten.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Forgotten {
    /// The requests that ended last.
    Recent,
    /// The requests that took longest.
    Top,
    /// How many requests took how long.
    Durations,
}

pub(super) async fn run(
    client: &Client,
    action: Action,
    out: &mut Output<'_>,
) -> anyhow::Result<()> {
    match action {
        Action::List { which } => {
            let query = Query {
                limit: Some(which.limit.into()),
                requests: RequestSearch {
                    host: which.host,
                    path: which.path,
                    outcome: which.outcome,
                    subaccount: which.subaccount,
                    min_ms: which.min_ms,
                },
                ..Query::default()
            };
            let target = Target::Monitoring(MonitoringTarget::Requests);
            let page: RequestPage = client.get(target, &query).await?;
            out.show(&page, |out| print(&page.requests, out))
        }
        Action::Top => {
            let target = Target::Monitoring(MonitoringTarget::Top);
            let top: TopShown = client.get(target, &Query::default()).await?;
            out.show(&top, |out| {
                writeln!(out, "since {} UTC", utc(top.since_ms))?;
                print(&top.requests, out)
            })
        }
        Action::Durations => {
            let target = Target::Monitoring(MonitoringTarget::Performance);
            let all: PerformanceShown = client.get(target, &Query::default()).await?;
            out.show(&all, |out| durations(&all, out))
        }
        Action::Clear { what } => {
            let target = match what {
                Forgotten::Recent => MonitoringTarget::Requests,
                Forgotten::Top => MonitoringTarget::Top,
                Forgotten::Durations => MonitoringTarget::Performance,
            };
            let (target, query) = (Target::Monitoring(target), Query::default());
            client
                .call(Verb::Delete, target, &query, Bytes::new())
                .await?;
            out.show(&serde_json::json!({}), |out| writeln!(out, "forgotten"))
        }
    }
}

/// Tenths of a millisecond, or nothing.
fn ms(us: Option<u64>) -> String {
    let shown = us.map(|us| format!("{}.{}", us / 1_000, us % 1_000 / 100));
    shown.unwrap_or_else(|| "-".to_owned())
}

fn print(requests: &[RequestShown], out: &mut dyn Write) -> io::Result<()> {
    let titles = [
        "BEGUN (UTC)",
        "OUTCOME",
        "TOTAL MS",
        "BACK END",
        "OPEN",
        "TUNNEL",
        "GATEWAY",
        "HOST",
        "REQUEST",
    ];
    let rows = requests.iter().map(|one| {
        let outcome = match one.status {
            Some(status) => format!("{} {status}", one.outcome),
            None => one.outcome.to_string(),
        };
        let split = one.split;
        [
            utc(one.begun_ms),
            outcome,
            ms(Some(split.total_us)),
            ms(split.backend_us),
            ms(split.open_us),
            ms(split.tunnel_us),
            ms(split.gateway_us),
            format!("{}:{}", one.virtual_host, one.virtual_port),
            format!("{} {}", one.method, one.path),
        ]
    });
    table(out, titles, rows)
}

fn durations(all: &PerformanceShown, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "since {} UTC", utc(all.since_ms))?;
    let titles = ["HOST", "REQUESTS", "MEAN MS", "LONGER THAN MS: REQUESTS"];
    let rows = all.mappings.iter().map(|one| {
        let told = &one.told;
        let filled = told.buckets.iter().filter(|one| one.number_of_calls > 0);
        let filled: Vec<String> = filled
            .map(|one| format!("{}: {}", one.minimum_call_duration_ms, one.number_of_calls))
            .collect();
        [
            format!("{}:{}", told.virtual_host, told.virtual_port.0),
            told.count.to_string(),
            ms(told.sum_us.checked_div(told.count)),
            filled.join(", "),
        ]
    });
    table(out, titles, rows)
}
