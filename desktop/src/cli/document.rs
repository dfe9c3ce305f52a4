//! `fleet export|apply|confirm`.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;
use serde_json::json;
use underpass_fleet::Reply;
use underpass_fleet::api::Call;
use underpass_fleet::command::{Change, Command};
use underpass_fleet::slot::{FromReply as _, Slot};
use underpass_fleet::snapshot::Configuration;
use underpass_shared::api::management::{DocumentTarget, Preview, Query, Target, Verb};
use underpass_shared::config::{ConfirmWithin, Document};
use underpass_shared::id::AgentId;

use super::engine::Engine;
use super::output::{Output, changes};
use super::{Common, read, write};

pub(super) const EXAMPLE: &str = "\
Examples:
  underpass fleet apply plant-1 document.json --dry-run
  underpass fleet apply plant-1 document.json --confirm-within 120 && check-it &&
    underpass fleet confirm plant-1

A document is refused when somebody else changed the configuration meanwhile.";

/// Whose configuration is printed, and where.
#[derive(Args, Debug)]
pub struct Export {
    /// Which agent.
    agent: String,
    /// A file to write in place of standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// What is applied where.
#[derive(Args, Debug)]
pub struct Apply {
    /// Which agent.
    agent: String,
    /// A file as `fleet export` prints it.
    file: PathBuf,
    /// Tell what would change, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Take the change back by itself unless `fleet confirm` comes within so many seconds.
    #[arg(long, value_name = "SECONDS", conflicts_with = "dry_run")]
    confirm_within: Option<ConfirmWithin>,
    /// The revision that the document is made for; the newest one by default.
    #[arg(long, value_name = "NUMBER")]
    revision: Option<u64>,
}

/// Which change is kept or taken back.
#[derive(Args, Debug)]
pub struct Confirm {
    /// Which agent.
    agent: String,
    /// Take the change back in place of keeping it.
    #[arg(long)]
    revert: bool,
}

pub(super) fn export(common: &Common, export: &Export, out: &mut Output<'_>) -> anyhow::Result<()> {
    let engine = Engine::open(common)?;
    let agent = engine.agent(&export.agent)?.id;
    let reply = document(&engine, agent)?;
    engine.stop();
    match &export.out {
        Some(path) => write(path, &reply.body),
        None => Ok(out.raw(&reply.body)?),
    }
}

pub(super) fn apply(common: &Common, apply: &Apply, out: &mut Output<'_>) -> anyhow::Result<()> {
    let text = read(&apply.file)?;
    // The agent has the same rules; what they refuse need not be sent.
    Document::from_json(&text).with_context(|| format!("{} is not valid", apply.file.display()))?;
    let engine = Engine::open(common)?;
    let agent = engine.agent(&apply.agent)?.id;
    let before = match apply.revision {
        Some(revision) => revision,
        None => document(&engine, agent)?
            .revision
            .context("the agent names no revision")?,
    };
    let query = Query {
        dry_run: apply.dry_run,
        confirm_within: apply.confirm_within,
        ..Query::default()
    };
    let mut call = put(before, query);
    call.body = text.into_bytes().into();
    let reply = change(&engine, agent, call, "Apply a document")?;
    engine.stop();
    if apply.dry_run {
        let preview: Preview = reply.read()?;
        return out.show(&preview, |out| {
            if preview.changes.is_empty() {
                return writeln!(out, "nothing would change");
            }
            writeln!(out, "would change:")?;
            changes(out, &preview.changes)
        });
    }
    let revision = reply.revision.unwrap_or(before);
    let changed = revision != before;
    out.show(
        &json!({ "revision": revision, "changed": changed }),
        |out| {
            if !changed {
                return writeln!(out, "nothing changed; still revision {revision}");
            }
            writeln!(out, "revision {revision}")?;
            match apply.confirm_within {
                Some(within) => writeln!(
                    out,
                    "taken back in {} s, unless you run `underpass fleet confirm {}`",
                    within.seconds(),
                    apply.agent
                ),
                None => Ok(()),
            }
        },
    )
}

pub(super) fn confirm(
    common: &Common,
    confirm: &Confirm,
    out: &mut Output<'_>,
) -> anyhow::Result<()> {
    let engine = Engine::open(common)?;
    let agent = engine.agent(&confirm.agent)?.id;
    let (verb, title, word) = if confirm.revert {
        (Verb::Delete, "Take a change back", "taken back")
    } else {
        (Verb::Post, "Keep a change", "kept")
    };
    let reply = change(
        &engine,
        agent,
        Call::new(verb, Target::Document(DocumentTarget::PendingConfirm)),
        title,
    )?;
    engine.stop();
    out.show(
        &json!({ "revision": reply.revision, "kept": !confirm.revert }),
        |out| writeln!(out, "{word}"),
    )
}

/// A new document in place of that of one revision; its body is still to be put in.
pub(super) fn put(before: u64, query: Query) -> Call {
    let call = Call::new(Verb::Put, Target::Document(DocumentTarget::Whole));
    call.if_match(before).query(query)
}

/// The configuration of an agent as it is now.
pub(super) fn configuration(engine: &Engine, agent: AgentId) -> anyhow::Result<Configuration> {
    Ok(Configuration::from_reply(&*document(engine, agent)?)?)
}

/// The document of an agent as it is now, with its revision.
pub(super) fn document(engine: &Engine, agent: AgentId) -> anyhow::Result<Arc<Reply>> {
    let (done, mut commands) = (Slot::<Reply>::default(), vec![]);
    done.request(
        &mut commands,
        agent,
        &Target::Document(DocumentTarget::Whole),
        &Query::default(),
    );
    let command = commands.pop().context("nothing was asked")?;
    engine.act("the configuration", command, &done)
}

/// Makes a change at an agent.
pub(super) fn change(
    engine: &Engine,
    agent: AgentId,
    call: Call,
    title: &str,
) -> anyhow::Result<Arc<Reply>> {
    let done = Slot::default();
    let command = Command::Call(Change {
        agent,
        call,
        title: title.to_owned(),
        done: done.clone(),
    });
    engine.act("the agent", command, &done)
}
