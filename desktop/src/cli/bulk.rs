//! `fleet bulk`.

mod show;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use clap::{Args, Subcommand};
use underpass_fleet::bulk::{Act, Ended, Journal, Options, Rollout, State, Wanted};
use underpass_fleet::command::{Bulk, Command};
use underpass_fleet::slot::Slot;
use underpass_fleet::snapshot::AgentSnapshot;
use underpass_runtime::clock;

use super::engine::Engine;
use super::output::{Output, ask, is_attended};
use super::select::Which;
use super::template::TemplateValues;
use super::{Common, NOT_WELL};

pub(super) const EXAMPLE: &str = "\
Examples:
  underpass fleet bulk plan change.json --group plants --first plant-1 --values plants.json
  underpass fleet bulk run 7
  underpass fleet bulk show 7
  underpass fleet bulk undo 7

A plan asks all agents and changes nothing. A run changes the first ones, and the others when these
are well; it stops when one fails. Ctrl-C ends it in order; `run` goes on where it stopped, also
after this program was killed. The exit code is 3 when not all agents are as they shall be.";

/// What to do with changes on many agents.
#[derive(Debug, Subcommand)]
pub enum BulkAct {
    /// Ask agents what a template would change; changes nothing.
    #[command(
        after_help = "Example:\n  underpass fleet bulk plan change.json --group plants --set erp=erp.corp"
    )]
    Plan(Box<BulkPlan>),
    /// Make a planned change, or go on with it.
    #[command(
        visible_alias = "resume",
        after_help = "Example:\n  underpass fleet bulk run 7 --yes"
    )]
    Run(BulkRun),
    /// Take a change back on all agents that have it; later changes of others stay.
    #[command(after_help = "Example:\n  underpass fleet bulk undo 7")]
    Undo(BulkUndo),
    /// Show what a change is to do, and what came of it.
    Show {
        /// The number of the change.
        number: NonZeroUsize,
    },
    /// List all changes.
    List,
    /// Forget a change; it can then no longer be taken back by its number.
    Remove {
        /// The number of the change.
        number: NonZeroUsize,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
}

/// What is planned for whom.
#[derive(Args, Debug)]
pub struct BulkPlan {
    /// The template.
    file: PathBuf,
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    change: TemplateValues,
    /// An agent that gets the change before the others; may be given several times.
    #[arg(long = "first", value_name = "AGENT")]
    first: Vec<String>,
    /// How many agents get the change first, while the others wait.
    #[arg(long, value_name = "NUMBER")]
    canary: Option<usize>,
    /// How many agents are changed at the same time.
    #[arg(long, value_name = "NUMBER", default_value_t = Options::default().at_once)]
    at_once: usize,
    /// How many agents may fail, behind the first ones, before it stops.
    #[arg(long, value_name = "NUMBER", default_value_t = Options::default().failures)]
    failures: usize,
    /// How long to wait behind the first agents.
    #[arg(long, value_name = "SECONDS", default_value_t = Options::default().pause_seconds)]
    pause: u32,
    /// How long tunnels may take to be up again; 0 does not look.
    #[arg(long, value_name = "SECONDS", default_value_t = Options::default().watch_seconds)]
    watch: u32,
    /// Have agents take the change back by themselves unless they are found well within so many
    /// seconds (10 to 3600).
    #[arg(long, value_name = "SECONDS")]
    confirm_within: Option<u32>,
}

/// Which change is made.
#[derive(Args, Debug)]
pub struct BulkRun {
    /// The number of the change.
    number: NonZeroUsize,
    /// Plan those agents anew first that failed or did not take it.
    #[arg(long)]
    retry: bool,
    /// Go on without the agents that do not take it.
    #[arg(long)]
    leave_out: bool,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

/// Which change is taken back.
#[derive(Args, Debug)]
pub struct BulkUndo {
    /// The number of the change.
    number: NonZeroUsize,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

pub(super) fn run(common: &Common, act: BulkAct, out: &mut Output<'_>) -> anyhow::Result<ExitCode> {
    if let BulkAct::Plan(plan) = act {
        return plan.run(common, out);
    }
    common.not_in_demo("changed by number")?;
    let journal = Journal::of(&common.folder()?);
    match act {
        BulkAct::Plan(_) => {}
        BulkAct::Run(run) => return run.run(common, &journal, out),
        BulkAct::Undo(undo) => return undo.run(common, &journal, out),
        BulkAct::Show { number } => show::rollout(&journal.read(number)?, None, out)?,
        BulkAct::List => show::list(&journal, out)?,
        BulkAct::Remove { number, yes } => {
            let rollout = journal.read(number)?;
            confirmed(yes, &format!("Forget \"{}\"?", rollout.title))?;
            journal.remove(number)?;
            out.show(&serde_json::json!({ "removed": number }), |out| {
                writeln!(out, "removed {number}")
            })?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

impl BulkPlan {
    fn run(&self, common: &Common, out: &mut Output<'_>) -> anyhow::Result<ExitCode> {
        ensure!(
            !self.which.is_empty(),
            "name the agents, or give --group, --tag or --all"
        );
        let (template, values) = self.change.read(&self.file)?;
        let engine = Engine::open(common)?;
        let mut agents: Vec<Arc<AgentSnapshot>> = vec![];
        for name in &self.first {
            agents.push(engine.agent(name)?);
        }
        let wanted = self.which.find(&engine)?;
        for agent in &agents {
            ensure!(
                wanted.iter().any(|one| one.id == agent.id),
                "{} is not among the agents that get the change",
                agent.label
            );
        }
        agents.extend(wanted);
        let options = Options {
            canary: self.canary.unwrap_or_else(|| self.first.len().max(1)),
            at_once: self.at_once,
            failures: self.failures,
            pause_seconds: self.pause,
            watch_seconds: self.watch,
            confirm_within: self.confirm_within,
        };
        let agents = agents.iter().map(|agent| Wanted {
            agent: agent.id,
            label: agent.label.to_string(),
            group: agent.group.as_deref().map(str::to_owned),
        });
        let now_ms = clock::wall_ms();
        let rollout = Rollout::new(template, values, options, agents.collect(), now_ms)?;
        let mut ended = act(&engine, rollout, Act::Plan { again: false })?;
        engine.stop();
        if common.demo {
            // Nothing is kept of it, so nothing goes on with it by its number.
            ended.rollout.number = None;
        }
        show::ended(&ended, out)?;
        Ok(code(&ended))
    }
}

impl BulkRun {
    fn run(
        &self,
        common: &Common,
        journal: &Journal,
        out: &mut Output<'_>,
    ) -> anyhow::Result<ExitCode> {
        let engine = Engine::open(common)?;
        // Read while this program has the profile: nobody else goes on with it meanwhile.
        let mut rollout = journal.read(self.number)?;
        if self.retry {
            let ended = act(&engine, rollout, Act::Plan { again: true })?;
            ensure!(
                ended.stopped.is_none(),
                "it was stopped; nothing was changed"
            );
            rollout = ended.rollout;
        }
        let refused = |state: &State| matches!(state, State::Refused { .. } | State::Unplanned);
        let parts = rollout.parts.iter();
        let out_of = parts.filter(|part| refused(&part.state)).count();
        ensure!(
            out_of == 0 || self.leave_out,
            "{out_of} of {} agents do not take the change, see `underpass fleet bulk show {}`; \
             --leave-out goes on without them, --retry asks them again",
            rollout.parts.len(),
            self.number
        );
        let count = rollout.todo(Act::Apply).len();
        ensure!(count > 0, "there is nothing to be done");
        let question = format!("Change {count} agents?");
        let ended = act_if_wanted(engine, rollout, Act::Apply, self.yes, &question, out)?;
        Ok(code(&ended))
    }
}

impl BulkUndo {
    fn run(
        &self,
        common: &Common,
        journal: &Journal,
        out: &mut Output<'_>,
    ) -> anyhow::Result<ExitCode> {
        let engine = Engine::open(common)?;
        let rollout = journal.read(self.number)?;
        let count = rollout.todo(Act::Undo).len();
        ensure!(count > 0, "there is nothing to be taken back");
        let question = format!("Take the change back on {count} agents?");
        let ended = act_if_wanted(engine, rollout, Act::Undo, self.yes, &question, out)?;
        let counts = ended.rollout.counts();
        let left = counts.not_undone + counts.unknown + counts.running + counts.done;
        Ok(if left == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(NOT_WELL)
        })
    }
}

/// Shows what is to be done, asks, has it done and shows what came of it. Nobody is asked who said
/// so already.
fn act_if_wanted(
    engine: Engine,
    rollout: Rollout,
    act: Act,
    yes: bool,
    question: &str,
    out: &mut Output<'_>,
) -> anyhow::Result<Ended> {
    if !yes && is_attended() {
        show::rollout(&rollout, None, out)?;
    }
    confirmed(yes, question)?;
    let ended = self::act(&engine, rollout, act)?;
    engine.stop();
    show::ended(&ended, out)?;
    Ok(ended)
}

/// Asks, unless that was answered already.
fn confirmed(yes: bool, question: &str) -> anyhow::Result<()> {
    if yes {
        return Ok(());
    }
    ensure!(
        is_attended(),
        "nobody is there to be asked; confirm by --yes"
    );
    ensure!(ask(question)?, "nothing was done");
    Ok(())
}

/// Has it done, telling on standard error how far it is.
fn act(engine: &Engine, rollout: Rollout, act: Act) -> anyhow::Result<Ended> {
    let done = Slot::<Ended>::default();
    let command = Command::Bulk(Bulk {
        rollout: Box::new(rollout),
        act,
        ends_by_signal: true,
        done: done.clone(),
    });
    engine.send(command)?;
    let ended = engine.follow(&done)?;
    Arc::try_unwrap(ended)
        .or_else(|ended| Ok::<_, anyhow::Error>(Ended::clone(&ended)))
        .context("the change was lost")
}

fn code(ended: &Ended) -> ExitCode {
    let well = ended.stopped.is_none() && ended.rollout.counts().wrong() == 0;
    if well {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(NOT_WELL)
    }
}
