//! `document show|apply`.

use std::path::PathBuf;

use anyhow::Context as _;
use bytes::Bytes;
use clap::Subcommand;
use underpass_shared::api::management::{DocumentTarget, Query, Target, Verb};
use underpass_shared::config::Document;

use super::client::{Client, Reply};
use super::input;
use super::output::Output;
use super::{DryRun, Readmit};

pub(super) const EXAMPLE: &str = "\
Examples:
  underpass-agent document show > document.json
  underpass-agent document apply document.json --dry-run
  underpass-agent document show | jq '.connector.trustAllBackends = false' | underpass-agent document apply -

The document holds no secrets, so it can be kept under version control.";

const WHOLE: Target = Target::Document(DocumentTarget::Whole);

/// What to do with the document.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Print the document as JSON. It holds no secrets.
    #[command(after_help = "Example:\n  underpass-agent document show > document.json")]
    Show,
    /// Check a document and make it the next revision; nothing changes when it is not valid.
    #[command(after_help = "Example:\n  underpass-agent document apply document.json --dry-run")]
    Apply {
        /// A file as `document show` prints it, or - for standard input.
        file: PathBuf,
        #[command(flatten)]
        readmit: Readmit,
        #[command(flatten)]
        dry_run: DryRun,
    },
}

/// The document as it is, and its revision.
pub(super) async fn present(client: &Client) -> anyhow::Result<(Document, u64)> {
    let query = Query::default();
    let reply = client.call(Verb::Get, WHOLE, &query, Bytes::new()).await?;
    let text = std::str::from_utf8(&reply.body).context("the agent's answer is no text")?;
    let revision = reply.revision.context("the agent names no revision")?;
    Ok((Document::from_json(text)?, revision))
}

/// Puts another document in the place of that of a revision, unless there is a newer one by now.
pub(super) async fn replace(
    client: &Client,
    revision: u64,
    query: &Query,
    document: &Document,
) -> anyhow::Result<Reply> {
    let body: serde_json::Value = serde_json::from_str(&document.to_json())?;
    client
        .send_if(Some(revision), Verb::Put, WHOLE, query, &body)
        .await
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
            let text = get(WHOLE).await?.body;
            out.out.write_all(&text)?;
            Ok(out.out.flush()?)
        }
        Action::Apply {
            file,
            readmit,
            dry_run,
        } => {
            let text = input::read(&file)?;
            let before = get(Target::Version).await?.revision;
            dry_run.put(&mut query);
            query.readmit_operators = readmit.readmit_operators;
            let reply = client.call(Verb::Put, WHOLE, &query, text.into());
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
