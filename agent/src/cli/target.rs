//! `target add|list|remove`.

use anyhow::ensure;
use clap::Subcommand;
use underpass_shared::api::management::Query;
use underpass_shared::config::{Connector, ConnectorFields};
use underpass_shared::policy::target::TargetRule;

use super::DryRun;
use super::client::Client;
use super::document::{present, replace};
use super::output::Output;

pub(super) const EXAMPLE: &str = "\
Examples:
  underpass-agent target add 127.0.0.1:8080
  underpass-agent target list
  underpass-agent target remove 127.0.0.1:8080

Loopback, link-local and metadata addresses and the agent's own ports are guarded: services there
often trust whoever calls them. Mappings lead to them only where they stand here. Name a port where
you can: `127.0.0.1:8080` opens one service, `127.0.0.0/8` the whole host.";

/// What to do with the allowed targets.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Let mappings lead to a guarded address.
    #[command(after_help = "Example:\n  underpass-agent target add 127.0.0.1:8080")]
    Add {
        /// An address, a network, or an address with a port.
        #[arg(value_name = "ADDRESS")]
        target: TargetRule,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Show the guarded addresses that mappings may lead to.
    #[command(after_help = "Example:\n  underpass-agent target list --json")]
    List,
    /// Guard an address again.
    #[command(after_help = "Example:\n  underpass-agent target remove 127.0.0.1:8080")]
    Remove {
        /// As `target list` shows it.
        #[arg(value_name = "ADDRESS")]
        target: TargetRule,
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
    let (document, revision) = present(client).await?;
    let mut allowed = document.connector().allowed_targets().to_vec();
    let dry_run = match action {
        Action::List => {
            return out.show(&allowed, |out| {
                if allowed.is_empty() {
                    return writeln!(out, "none: all guarded addresses are refused");
                }
                allowed.iter().try_for_each(|one| writeln!(out, "{one}"))
            });
        }
        Action::Add { target, dry_run } => {
            ensure!(!allowed.contains(&target), "{target} is allowed already");
            allowed.push(target);
            dry_run
        }
        Action::Remove { target, dry_run } => {
            let before = allowed.len();
            allowed.retain(|one| *one != target);
            ensure!(
                allowed.len() < before,
                "{target} is not among the allowed targets; see `underpass-agent target list`"
            );
            dry_run
        }
    };
    let connector = ConnectorFields {
        allowed_targets: allowed,
        ..Connector::clone(document.connector()).into()
    };
    let changed = document.with_connector(connector.try_into()?)?;
    dry_run.put(&mut query);
    let reply = replace(client, revision, &query, &changed).await?;
    out.changed(&reply, query.dry_run)
}
