//! `subaccount list|connect|disconnect|renew|manage|remove`.

use bytes::Bytes;
use clap::Subcommand;
use underpass_shared::api::management::{
    Flag, Query, StateInput, SubaccountCertificate, SubaccountInput, SubaccountShown,
    SubaccountTarget, Target, TunnelState, ValidityInput, Verb,
};

use super::DryRun;
use super::client::Client;
use super::input;
use super::output::{Output, table, utc};
use super::select::Select;

pub(super) const EXAMPLE: &str = "\
Examples:
  underpass-agent subaccount list
  underpass-agent subaccount disconnect --subaccount acme
  underpass-agent subaccount remove --subaccount acme      # with its mappings and its key";

/// What to do with subaccounts.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Show the subaccounts that this agent serves, and their tunnels.
    #[command(after_help = "Example:\n  underpass-agent subaccount list --json")]
    List,
    /// Open the tunnel of a subaccount, and keep it open.
    #[command(after_help = "Example:\n  underpass-agent subaccount connect --subaccount acme")]
    Connect {
        #[command(flatten)]
        select: Select,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Close the tunnel of a subaccount; running requests may finish.
    #[command(after_help = "Example:\n  underpass-agent subaccount disconnect --subaccount acme")]
    Disconnect {
        #[command(flatten)]
        select: Select,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Renew the client certificate of a subaccount at once; by itself it is renewed in time.
    #[command(after_help = "Examples:\n  \
        underpass-agent subaccount renew --subaccount acme\n  \
        underpass-agent subaccount renew --token underpass-enrol.AZCl...   # if it is too late")]
    Renew {
        /// Enrol anew with a token, or - to read it from standard input, instead of proving the
        /// present key.
        #[arg(long)]
        token: Option<String>,
        #[command(flatten)]
        select: Select,
    },
    /// Let only Administrators change a subaccount, or let others do so again.
    #[command(after_help = "Example:\n  underpass-agent subaccount manage --subaccount acme on")]
    Manage {
        /// Whether only Administrators may.
        #[arg(value_parser = ["on", "off"])]
        managed: String,
        #[command(flatten)]
        select: Select,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Close the tunnel of a subaccount and delete its mappings and its key.
    #[command(
        after_help = "Example:\n  underpass-agent subaccount remove --subaccount acme\n\n\
        `revision undo` brings the mappings back; the tunnel needs a new enrolment."
    )]
    Remove {
        #[command(flatten)]
        select: Select,
        #[command(flatten)]
        dry_run: DryRun,
    },
}

pub(super) async fn run(
    client: &Client,
    action: Action,
    out: &mut Output<'_>,
) -> anyhow::Result<()> {
    match action {
        Action::List => list(client, out).await,
        Action::Connect { select, dry_run } => state(client, &select, dry_run, true, out).await,
        Action::Disconnect { select, dry_run } => state(client, &select, dry_run, false, out).await,
        Action::Renew { token, select } => renew(client, token, &select, out).await,
        Action::Manage {
            managed,
            select,
            dry_run,
        } => {
            let (path, mut query) = select.find(client).await?;
            dry_run.put(&mut query);
            let body = SubaccountInput {
                is_managed: Some(Flag(managed == "on")),
                ..SubaccountInput::default()
            };
            let reply = client.send(
                Verb::Put,
                Target::Of(path, SubaccountTarget::Itself),
                &query,
                &body,
            );
            out.changed(&reply.await?, query.dry_run)
        }
        Action::Remove { select, dry_run } => {
            let (path, mut query) = select.find(client).await?;
            dry_run.put(&mut query);
            let target = Target::Of(path, SubaccountTarget::Itself);
            let reply = client.call(Verb::Delete, target, &query, Bytes::new());
            out.changed(&reply.await?, query.dry_run)
        }
    }
}

async fn state(
    client: &Client,
    select: &Select,
    dry_run: DryRun,
    connected: bool,
    out: &mut Output<'_>,
) -> anyhow::Result<()> {
    let (path, mut query) = select.find(client).await?;
    dry_run.put(&mut query);
    let body = StateInput {
        connected: Flag(connected),
    };
    let reply = client.send(
        Verb::Put,
        Target::Of(path, SubaccountTarget::State),
        &query,
        &body,
    );
    out.changed(&reply.await?, query.dry_run)
}

async fn renew(
    client: &Client,
    token: Option<String>,
    select: &Select,
    out: &mut Output<'_>,
) -> anyhow::Result<()> {
    let (path, query) = select.find(client).await?;
    let body = ValidityInput {
        authentication_data: token.map(input::token).transpose()?,
        ..ValidityInput::default()
    };
    let reply = client.send(
        Verb::Post,
        Target::Of(path, SubaccountTarget::Validity),
        &query,
        &body,
    );
    let renewed: SubaccountCertificate = reply.await?.read()?;
    out.show(&renewed, |out| {
        let end = utc(renewed.not_after_time_stamp);
        writeln!(out, "renewed; the certificate is good until {end} UTC")
    })
}

async fn list(client: &Client, out: &mut Output<'_>) -> anyhow::Result<()> {
    let all: Vec<SubaccountShown> = client.get(Target::Subaccounts, &Query::default()).await?;
    out.show(&all, |out| {
        if all.is_empty() {
            return writeln!(
                out,
                "no subaccount; enrol with `underpass-agent enrol TOKEN`"
            );
        }
        let titles = ["REGION HOST", "SUBACCOUNT", "LOCATION ID", "NAME", "TUNNEL"];
        let rows = all.iter().map(|one| {
            let tunnel = match one.tunnel.state {
                TunnelState::Connected => format!("connected ({})", one.tunnel.connections),
                TunnelState::ConnectFailure => {
                    let reason = one.tunnel.state_message.as_deref();
                    format!("failing: {}", reason.unwrap_or_default())
                }
                TunnelState::Disconnected => "disconnected".to_owned(),
            };
            [
                one.region_host.to_string(),
                one.subaccount.to_string(),
                format!("\"{}\"", one.location_id),
                one.display_name.to_string(),
                tunnel,
            ]
        });
        table(out, titles, rows)
    })
}
