//! `import scc`.

mod options;
mod show;
mod source;

use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use underpass_fleet::Reply;
use underpass_fleet::api::Call;
use underpass_runtime::random;
use underpass_shared::api::management::{Preview, Query};
use underpass_shared::config::Document;
use underpass_shared::id::AgentId;
use underpass_shared::scc::{Choice, Planned, Reading, plan};

pub use self::options::{Import, Instead, PrefixWord, Scc};

use self::options::Goal;
use self::show::{summary, told};
use super::document::{change, document, put};
use super::engine::Engine;
use super::output::{Output, ask, changes, is_attended};
use super::{Common, write};

pub(super) const EXAMPLE: &str = "\
Examples:
  underpass import scc --url https://scc.corp.example:8443 --user Administrator \\
    --fingerprint 3F:…:9A --save scc.json --report report.md
  underpass import scc --file scc.json --region cf.eu10.hana.ondemand.com=gateway.example.com \\
    --into plant-1 --dry-run
  underpass import scc --file scc.json --region cf.eu10.hana.ondemand.com=gateway.example.com \\
    --into plant-1 --report report.md --report report.json

Nothing is ever written to the connector. Without --into the plan is made for an agent without any
configuration, and nothing is changed. docs/import-from-sap-cloud-connector.md tells more.";

pub(super) fn run(common: &Common, import: Import, out: &mut Output<'_>) -> anyhow::Result<()> {
    let Import::Scc(import) = import;
    let reading = import.reading()?;
    if let Some(path) = &import.save {
        write(path, reading.to_json()?.as_bytes())?;
    }
    let choice = import.decided.choice();
    let goal = &import.goal;
    let Some(agent) = &goal.into else {
        let planned = planned(&reading, &Document::empty(), &choice)?;
        goal.write(&planned)?;
        return told(out, &planned.report, None, None);
    };
    let engine = Engine::open(common)?;
    let agent = engine.agent(agent)?.id;
    let applied = import.apply(&engine, agent, &reading, &choice, out);
    engine.stop();
    applied
}

fn planned(reading: &Reading, present: &Document, choice: &Choice) -> anyhow::Result<Planned> {
    let planned = plan(reading, present, choice, &mut random::id);
    planned.context("the configuration cannot be planned")
}

impl Scc {
    fn apply(
        &self,
        engine: &Engine,
        agent: AgentId,
        reading: &Reading,
        choice: &Choice,
        out: &mut Output<'_>,
    ) -> anyhow::Result<()> {
        let goal = &self.goal;
        let present = document(engine, agent)?;
        let before = present.revision.context("the agent names no revision")?;
        let text = std::str::from_utf8(&present.body).context("the document is no text")?;
        let present = Document::from_json(text).context("the agent's document is not ours")?;
        let planned = planned(reading, &present, choice)?;
        goal.write(&planned)?;
        let preview = send(engine, agent, &planned.document, before, |query| {
            query.dry_run = true;
        })?;
        let preview: Preview = preview.read()?;
        if goal.dry_run {
            return told(out, &planned.report, Some(&preview), None);
        }
        let open = planned
            .report
            .decisions
            .iter()
            .filter(|one| one.open)
            .count();
        ensure!(
            open == 0 || goal.leave_open,
            "{open} decisions are open, and what hangs on them would stay behind; decide them (--dry-run shows them), or go on by --leave-open"
        );
        if preview.changes.is_empty() {
            return told(out, &planned.report, Some(&preview), None);
        }
        if !goal.yes {
            ensure!(is_attended(), "nobody is there to be asked; apply by --yes");
            let mut error = std::io::stderr().lock();
            summary(&mut error, &planned.report)?;
            changes(&mut error, &preview.changes)?;
            drop(error);
            let count = preview.changes.len();
            if !ask(&format!("Make these {count} changes as one revision?"))? {
                bail!("nothing was changed");
            }
        }
        let applied = send(engine, agent, &planned.document, before, |query| {
            query.confirm_within = goal.confirm_within;
        })?;
        told(out, &planned.report, Some(&preview), applied.revision)
    }
}

/// Sends the planned document for one revision alone.
fn send(
    engine: &Engine,
    agent: AgentId,
    document: &Document,
    before: u64,
    set: impl FnOnce(&mut Query),
) -> anyhow::Result<Arc<Reply>> {
    let mut query = Query::default();
    set(&mut query);
    let mut call: Call = put(before, query);
    call.body = document.to_json().into_bytes().into();
    change(engine, agent, call, "Import from SAP Cloud Connector")
}

impl Goal {
    fn write(&self, planned: &Planned) -> anyhow::Result<()> {
        for path in &self.reports {
            let json = path.extension().is_some_and(|end| end == "json");
            let text = if json {
                serde_json::to_string_pretty(&planned.report)?
            } else {
                planned.report.to_markdown()
            };
            write(path, text.as_bytes())?;
        }
        match &self.document {
            Some(path) => write(path, planned.document.to_json().as_bytes()),
            None => Ok(()),
        }
    }
}
