//! `fleet export|apply|confirm`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;
use serde_json::json;
use underpass_fleet::Reply;
use underpass_fleet::api::Call;
use underpass_fleet::command::{Change, Command};
use underpass_fleet::slot::{FromReply as _, Slot};
use underpass_fleet::snapshot::Configuration;
use underpass_runtime::tree;
use underpass_shared::api::management::{DocumentTarget, Preview, Query, Target, Verb};
use underpass_shared::config::{ConfirmWithin, Document, FILES_MARKER, Files};
use underpass_shared::id::AgentId;

use super::engine::Engine;
use super::output::{Output, changes};
use super::{Common, read, write};

pub(super) const EXAMPLE: &str = "\
Examples:
  underpass fleet apply plant-1 document.json --dry-run
  underpass fleet export plant-1 --dir configuration && git -C configuration diff
  underpass fleet apply plant-1 configuration --dry-run
  underpass fleet apply plant-1 document.json --confirm-within 120 && check-it &&
    underpass fleet confirm plant-1

A document is refused when somebody else changed the configuration meanwhile.";

/// Whose configuration is printed, and where.
#[derive(Args, Debug)]
pub struct Export {
    /// Which agent.
    agent: String,
    /// A file to write in place of standard output.
    #[arg(long, value_name = "FILE", conflicts_with = "dir")]
    out: Option<PathBuf>,
    /// A folder to hold the configuration as files, one for each subaccount and mapping.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Leave out of these files who the agent is for its gateways, so that they fit other agents.
    #[arg(long, requires = "dir")]
    portable: bool,
}

/// What is applied where.
#[derive(Args, Debug)]
pub struct Apply {
    /// Which agent.
    agent: String,
    /// A file as `fleet export` prints it, or a folder as `fleet export --dir` writes it.
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
    if let Some(dir) = &export.dir {
        let known = Configuration::from_reply(&reply)?;
        let files = known.document.to_files(export.portable);
        let written = tree::write(dir, &files, FILES_MARKER)?;
        let told = json!({
            "revision": known.revision, "written": written.written, "removed": written.removed,
            "unchanged": written.unchanged,
        });
        return out.show(&told, |out| {
            let (new, gone) = (written.written.len(), written.removed.len());
            let same = written.unchanged;
            writeln!(out, "{new} written, {gone} removed, {same} unchanged")
        });
    }
    match &export.out {
        Some(path) => write(path, &reply.body),
        None => Ok(out.raw(&reply.body)?),
    }
}

/// What is applied, as it was read.
enum Wanted {
    Text(String),
    Files(Files),
}

impl Wanted {
    fn read(path: &Path) -> anyhow::Result<Self> {
        if path.is_dir() {
            return Ok(Self::Files(tree::read(path)?));
        }
        let text = read(path)?;
        // The agent has the same rules; what they refuse need not be sent.
        Document::from_json(&text).with_context(|| format!("{} is not valid", path.display()))?;
        Ok(Self::Text(text))
    }

    /// The document as it is sent to an agent that has another one now.
    fn text(self, present: &Reply) -> anyhow::Result<String> {
        match self {
            Self::Text(text) => Ok(text),
            Self::Files(files) => {
                let present = Configuration::from_reply(present)?;
                Ok(Document::from_files(&files, Some(&present.document))?.to_json())
            }
        }
    }
}

pub(super) fn apply(common: &Common, apply: &Apply, out: &mut Output<'_>) -> anyhow::Result<()> {
    let wanted = Wanted::read(&apply.file)?;
    let engine = Engine::open(common)?;
    let agent = engine.agent(&apply.agent)?.id;
    let present = document(&engine, agent)?;
    let before = apply.revision.or(present.revision);
    let before = before.context("the agent names no revision")?;
    let text = wanted
        .text(&present)
        .with_context(|| format!("{} is not valid", apply.file.display()))?;
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
    let reply = document(engine, agent)?;
    Ok(Configuration::from_reply(&reply)?)
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
