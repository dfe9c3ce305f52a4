//! `document show|apply`.

use std::path::PathBuf;

use anyhow::Context as _;
use bytes::Bytes;
use clap::Subcommand;
use underpass_shared::api::management::{DocumentTarget, Query, Target, Verb};

use super::client::Client;
use super::output::Output;
use super::{DryRun, Readmit};

pub(super) const EXAMPLE: &str = "\
Examples:
  underpass-agent document show > document.json
  underpass-agent document apply document.json --dry-run
  underpass-agent document apply document.json

The document holds no secrets, so it can be kept under version control.";

/// What to do with the document.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Print the document as JSON. It holds no secrets.
    #[command(after_help = "Example:\n  underpass-agent document show > document.json")]
    Show,
    /// Check a document and make it the next revision; nothing changes when it is not valid.
    #[command(after_help = "Example:\n  underpass-agent document apply document.json --dry-run")]
    Apply {
        /// A file as `document show` prints it.
        file: PathBuf,
        #[command(flatten)]
        readmit: Readmit,
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
    let get = async |target| {
        let query = Query::default();
        client.call(Verb::Get, target, &query, Bytes::new()).await
    };
    match action {
        Action::Show => {
            let text = get(Target::Document(DocumentTarget::Whole)).await?.body;
            out.out.write_all(&text)?;
            Ok(out.out.flush()?)
        }
        Action::Apply {
            file,
            readmit,
            dry_run,
        } => {
            let text =
                std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
            let before = get(Target::Version).await?.revision;
            dry_run.put(&mut query);
            query.readmit_operators = readmit.readmit_operators;
            let reply = client.call(
                Verb::Put,
                Target::Document(DocumentTarget::Whole),
                &query,
                text.into(),
            );
            let reply = reply
                .await
                .with_context(|| format!("{} was not applied", file.display()))?;
            if !query.dry_run && !out.json && reply.revision == before {
                let revision = before.unwrap_or_default();
                writeln!(out.out, "nothing changed; still revision {revision}")?;
                return Ok(());
            }
            out.changed(&reply, query.dry_run)
        }
    }
}
