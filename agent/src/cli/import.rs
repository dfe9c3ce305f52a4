//! `mapping export` and `mapping import`.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context as _;
use bytes::Bytes;
use underpass_shared::api::management::{
    ImportMode, Imported, MappingAddress, SubaccountTarget, Target, Verb,
};

use super::DryRun;
use super::client::Client;
use super::input;
use super::output::{Output, would_change};
use super::select::Select;

pub(super) async fn export(
    client: &Client,
    only: Vec<MappingAddress>,
    select: Select,
    out: &mut Output<'_>,
) -> anyhow::Result<()> {
    let (path, mut query) = select.find(client).await?;
    query.only = (!only.is_empty()).then_some(only);
    let target = Target::Of(path, SubaccountTarget::ExportMappings);
    let file = client.call(Verb::Get, target, &query, Bytes::new()).await?;
    let file: serde_json::Value = file.read()?;
    writeln!(out.out, "{}", serde_json::to_string_pretty(&file)?)?;
    Ok(out.out.flush()?)
}

pub(super) async fn import(
    client: &Client,
    file: PathBuf,
    mode: ImportMode,
    dry_run: DryRun,
    select: Select,
    out: &mut Output<'_>,
) -> anyhow::Result<()> {
    let text = input::read(&file)?;
    let (path, mut query) = select.find(client).await?;
    query.mode = mode;
    dry_run.put(&mut query);
    let target = Target::Of(path, SubaccountTarget::ImportMappings);
    let reply = client.call(Verb::Post, target, &query, text.into());
    let reply = reply
        .await
        .with_context(|| format!("{} was not imported", file.display()))?;
    let told: Imported = reply.read()?;
    out.show(&told, |out| {
        print(&told, query.dry_run, out)?;
        super::output::reverts(reply.reverts_at_ms, out)
    })
}

fn print(told: &Imported, dry_run: bool, out: &mut dyn Write) -> std::io::Result<()> {
    if dry_run {
        would_change(out, &told.changes)?;
    } else {
        writeln!(out, "revision {}", told.revision)?;
    }
    let (added, changed, same) = (told.added.len(), told.changed.len(), told.unchanged.len());
    writeln!(out, "{added} added, {changed} changed, {same} unchanged")?;
    told.skipped.iter().try_for_each(|one| {
        let resource = one
            .resource
            .as_ref()
            .map(|path| format!(", resource {path}"));
        let resource = resource.unwrap_or_default();
        writeln!(out, "left out: {}{resource}: {}", one.mapping, one.reason)
    })
}
