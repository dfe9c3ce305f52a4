//! `export` and `apply`: the configuration as files, for version control.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use serde_json::json;
use underpass_runtime::tree;
use underpass_shared::api::management::Query;
use underpass_shared::config::{Document, FILES_MARKER};

use super::client::Client;
use super::document::{present, replace};
use super::output::Output;
use super::{DryRun, Readmit};

pub(super) const EXAMPLE: &str = "\
Example:
  underpass-agent export configuration && git -C configuration diff

One file for each subaccount and mapping; they hold no secrets. Files are written where they differ,
files of what is gone are removed, and what is no file of a configuration is left alone.";

pub(super) const APPLY_EXAMPLE: &str = "\
Examples:
  underpass-agent apply configuration --dry-run
  underpass-agent apply configuration --confirm-within 60

The folder is as `underpass-agent export` writes it: what it does not have is removed from the
agent. --dry-run tells what would change; `revision undo` takes it back.";

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
    // What is left out was taken from this revision.
    let reply = replace(client, before, &query, &wanted)
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
