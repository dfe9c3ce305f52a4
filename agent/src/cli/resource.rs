//! `resource add|list|remove`.

use std::io::{self, Write};

use bytes::Bytes;
use clap::{Args, Subcommand};
use underpass_shared::api::management::{
    Flag, MappingAddress, MappingTarget, ReadOnly, ResourceInput, SystemMappingResource, Target,
    Verb,
};
use underpass_shared::config::ResourcePath;

use super::DryRun;
use super::client::Client;
use super::output::{Output, table};
use super::select::Select;

pub(super) const EXAMPLE: &str = "\
Examples:
  underpass-agent resource add erp.virtual:80 /sap/opu/odata
  underpass-agent resource list erp.virtual:80
  underpass-agent resource remove erp.virtual:80 /sap/opu/odata";

/// What to do with resources.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Let a path of a mapped system be called, with all paths below it.
    #[command(after_help = "Example:\n  \
        underpass-agent resource add erp.virtual:80 /sap/opu/odata")]
    Add {
        #[command(flatten)]
        add: NewResource,
        #[command(flatten)]
        select: Select,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Show the resources of a mapped system.
    #[command(after_help = "Example:\n  underpass-agent resource list erp.virtual:80 --json")]
    List {
        /// Virtual address of the system.
        #[arg(value_name = "VIRTUAL_HOST:PORT")]
        address: MappingAddress,
        #[command(flatten)]
        select: Select,
    },
    /// Close a path again.
    #[command(after_help = "Example:\n  \
        underpass-agent resource remove erp.virtual:80 /sap/opu/odata")]
    Remove {
        /// Virtual address of the system.
        #[arg(value_name = "VIRTUAL_HOST:PORT")]
        address: MappingAddress,
        /// The path.
        path: ResourcePath,
        #[command(flatten)]
        select: Select,
        #[command(flatten)]
        dry_run: DryRun,
    },
}

/// A new resource.
#[derive(Args, Debug)]
pub struct NewResource {
    /// Virtual address of the system.
    #[arg(value_name = "VIRTUAL_HOST:PORT")]
    address: MappingAddress,
    /// The path, such as /sap/opu/odata.
    path: ResourcePath,
    /// Keep the paths below it closed.
    #[arg(long)]
    exact: bool,
    /// Let connections be upgraded to WebSocket.
    #[arg(long)]
    websocket: bool,
    /// Store it without any effect.
    #[arg(long)]
    disabled: bool,
    /// For people.
    #[arg(long, default_value = "")]
    description: String,
}

pub(super) async fn run(
    client: &Client,
    action: Action,
    out: &mut Output<'_>,
) -> anyhow::Result<()> {
    match action {
        Action::Add {
            add,
            select,
            dry_run,
        } => {
            let (path, mut query) = select.find(client).await?;
            dry_run.put(&mut query);
            let body = ResourceInput {
                id: Some(add.path),
                enabled: Flag(!add.disabled),
                exact_match_only: Flag(add.exact),
                websocket_upgrade_allowed: Flag(add.websocket),
                description: add.description.parse()?,
                creation_date: ReadOnly,
                links: ReadOnly,
            };
            let target = Target::OfMapping(path, add.address, MappingTarget::Resources);
            let reply = client.send(Verb::Post, target, &query, &body);
            out.changed(&reply.await?, query.dry_run)
        }
        Action::List { address, select } => {
            let (path, query) = select.find(client).await?;
            let target = Target::OfMapping(path, address, MappingTarget::Resources);
            let all: Vec<SystemMappingResource> = client.get(target, &query).await?;
            out.show(&all, |out| list(&all, out))
        }
        Action::Remove {
            address,
            path: id,
            select,
            dry_run,
        } => {
            let (path, mut query) = select.find(client).await?;
            dry_run.put(&mut query);
            let target = Target::OfMapping(
                path,
                address,
                MappingTarget::Resource(id.as_str().to_owned()),
            );
            let reply = client.call(Verb::Delete, target, &query, Bytes::new());
            out.changed(&reply.await?, query.dry_run)
        }
    }
}

fn list(all: &[SystemMappingResource], out: &mut dyn Write) -> io::Result<()> {
    let titles = ["PATH", "ENABLED", "BELOW IT", "WEBSOCKET", "DESCRIPTION"];
    let word = |flag: bool| if flag { "yes" } else { "no" }.to_owned();
    let rows = all.iter().map(|one| {
        [
            one.id.to_string(),
            word(one.enabled),
            word(!one.exact_match_only),
            word(one.websocket_upgrade_allowed),
            one.description.to_string(),
        ]
    });
    table(out, titles, rows)
}
