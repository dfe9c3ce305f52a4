//! `export` and `apply`: the configuration as files, for version control.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use bytes::Bytes;
use clap::Args;
use serde_json::json;
use underpass_runtime::tree;
use underpass_shared::api::management::{DocumentTarget, Query, Target, Verb};
use underpass_shared::config::{Document, FILES_MARKER};

use super::client::Client;
use super::output::Output;
use super::{DryRun, Readmit};

pub(super) const EXAMPLE: &str = "\
Examples:
  underpass-agent export configuration && git -C configuration diff
  underpass-agent apply configuration --dry-run
  underpass-agent apply configuration --confirm-within 60

One file for each subaccount and mapping; they hold no secrets. Files are written where they differ,
files of what is gone are removed, and what is no file of a configuration is left alone.";

/// Where the configuration is written.
#[derive(Args, Debug)]
pub struct Export {
    /// The folder; it is made where it is missing.
    dir: PathBuf,
    /// Leave out who this agent is for its gateways: such files fit other agents too, which have the
    /// same subaccounts.
    #[arg(long)]
    portable: bool,
}

/// What is applied.
#[derive(Args, Debug)]
pub struct Apply {
    /// A folder as `export` writes it.
    dir: PathBuf,
    #[command(flatten)]
    readmit: Readmit,
    #[command(flatten)]
    dry_run: DryRun,
}

pub(super) async fn export(
    client: &Client,
    export: &Export,
    out: &mut Output<'_>,
) -> anyhow::Result<()> {
    let (document, revision) = present(client).await?;
    let files = document.to_files(export.portable);
    let written = tree::write(&export.dir, &files, FILES_MARKER)?;
    let told = json!({
        "revision": revision, "written": written.written, "removed": written.removed,
        "unchanged": written.unchanged,
    });
    out.show(&told, |out| {
        for (sign, paths) in [('~', &written.written), ('-', &written.removed)] {
            for path in paths {
                writeln!(out, "  {sign} {path}")?;
            }
        }
        let (new, gone) = (written.written.len(), written.removed.len());
        writeln!(
            out,
            "revision {revision}: {new} written, {gone} removed, {} unchanged",
            written.unchanged
        )
    })
}

pub(super) async fn apply(
    client: &Client,
    apply: Apply,
    out: &mut Output<'_>,
) -> anyhow::Result<()> {
    let (document, before) = present(client).await?;
    let wanted = read(&apply.dir, &document)?;
    let mut query = Query::default();
    apply.dry_run.put(&mut query);
    query.readmit_operators = apply.readmit.readmit_operators;
    let body: serde_json::Value = serde_json::from_str(&wanted.to_json())?;
    let target = Target::Document(DocumentTarget::Whole);
    // What is left out was taken from this revision.
    let reply = client
        .send_if(Some(before), Verb::Put, target, &query, &body)
        .await
        .with_context(|| format!("{} was not applied", apply.dir.display()))?;
    if !query.dry_run && !out.json && reply.revision == Some(before) {
        writeln!(out.out, "nothing changed; still revision {before}")?;
        return Ok(());
    }
    out.changed(&reply, query.dry_run)
}

fn read(dir: &Path, present: &Document) -> anyhow::Result<Document> {
    let files = tree::read(dir)?;
    Document::from_files(&files, Some(present))
        .with_context(|| format!("{} is not valid", dir.display()))
}

/// The configuration as it is now, and its revision.
async fn present(client: &Client) -> anyhow::Result<(Document, u64)> {
    let (target, query) = (Target::Document(DocumentTarget::Whole), Query::default());
    let reply = client.call(Verb::Get, target, &query, Bytes::new()).await?;
    let text = std::str::from_utf8(&reply.body).context("the agent's answer is no text")?;
    let revision = reply.revision.context("the agent names no revision")?;
    Ok((Document::from_json(text)?, revision))
}
