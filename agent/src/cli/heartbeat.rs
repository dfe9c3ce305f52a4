//! `heartbeat`.

use bytes::Bytes;
use clap::Subcommand;
use underpass_shared::api::management::{ConnectorTarget, Query, Target, Verb};
use underpass_shared::config::{Heartbeat, HeartbeatUrl};

use super::DryRun;
use super::client::Client;
use super::output::Output;

pub(super) const EXAMPLE: &str = "\
Example:
  underpass-agent heartbeat set https://hc-ping.example/0190a5a2 --every 60

A monitor outside, such as healthchecks, raises an alarm when the URL was not asked for a while. It
is asked only while all tunnels that shall be up are up; a drained agent does not ask it.";

const TARGET: Target = Target::Connector(ConnectorTarget::Heartbeat);

/// What to do with the heartbeat.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Show it.
    #[command(after_help = "Example:\n  underpass-agent heartbeat show --json")]
    Show,
    /// Ask a URL from now on.
    #[command(
        after_help = "Example:\n  underpass-agent heartbeat set https://hc-ping.example/0190a5a2"
    )]
    Set {
        /// The URL, such as https://host/path; who reads the configuration can read it.
        #[arg(value_name = "URL")]
        url: HeartbeatUrl,
        /// How often, in seconds.
        #[arg(long, value_name = "SECONDS", default_value = "60")]
        every: u32,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Ask nothing any more.
    #[command(after_help = "Example:\n  underpass-agent heartbeat off")]
    Off {
        #[command(flatten)]
        dry_run: DryRun,
    },
}

pub(super) async fn run(
    client: &Client,
    action: Action,
    out: &mut Output<'_>,
) -> anyhow::Result<()> {
    let mut query = Query::default();
    let (body, dry_run) = match action {
        Action::Show => {
            let mut shown: serde_json::Map<_, _> = client.get(TARGET, &query).await?;
            shown.remove("_links");
            let heartbeat: Heartbeat = serde_json::from_value(shown.into())?;
            return out.show(&heartbeat, |out| match &heartbeat.url {
                Some(url) => writeln!(out, "{url}, every {} s", heartbeat.every_sec.get()),
                None => writeln!(out, "no heartbeat"),
            });
        }
        Action::Set {
            url,
            every,
            dry_run,
        } => (
            serde_json::json!({ "url": url, "everySec": every }),
            dry_run,
        ),
        Action::Off { dry_run } => (serde_json::json!({}), dry_run),
    };
    let body = Bytes::from(serde_json::to_vec(&body)?);
    dry_run.put(&mut query);
    let reply = client.call(Verb::Put, TARGET, &query, body);
    out.changed(&reply.await?, query.dry_run)
}
