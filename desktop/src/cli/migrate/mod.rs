//! `migrate plan|run|resume|rollback|report|list`.

mod opening;
mod show;
mod wish;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{bail, ensure};
use clap::{Args, Subcommand};
use underpass_fleet::backup::Opener;
use underpass_fleet::migrate::desk::{Desk, ProgramProbe};
use underpass_fleet::migrate::engine::{Ended, Engine, Probe};
use underpass_fleet::migrate::machine::Migration;
use underpass_fleet::migrate::plan::Origin;
use underpass_fleet::migrate::report;

use self::opening::Opening;
use self::show::{Progress, label};
pub use self::wish::MigrateWanted;
use super::output::{Output, ask, is_attended};
use super::{Common, write};

const EXAMPLE: &str = "\
Examples:
  underpass migrate plan plant-1 --to plant-2 --replace-host .old.corp=.new.corp
  underpass migrate run plant-1 --to plant-2 --probe ./ask-the-application.sh
  underpass migrate run plant-1 --to plant-2 --copy --location-id north
  underpass migrate run plant-1 --to plant-2 --test erp.virtual:443/sap/opu/odata
  underpass migrate run --backup plant-1.zip --to plant-2
  underpass migrate rollback
  underpass migrate report --out migration.md

Both agents must be known to `underpass fleet` with the role Administrator. A migration that failed
takes all back, unless --stay is given; one that was interrupted goes on by `migrate resume`.
Exit code 3: it failed, and somebody must decide: `migrate resume` or `migrate rollback`.";

/// The exit code of a migration that waits for somebody's decision.
const UNDECIDED: u8 = 3;

/// Moves what an agent serves to another one, or copies it there, while requests go on.
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLE)]
pub enum Migrate {
    /// Tell what would happen: the target looks at every host, and says what it would change.
    Plan(MigratePlan),
    /// Do it, after the plan was shown.
    Run(MigrateRun),
    /// Go on with a migration that was interrupted or that failed.
    Resume(MigrateAgain),
    /// Take a migration back, also one that is done.
    Rollback(MigrateAgain),
    /// Print what became of a migration, as Markdown, or as JSON with --json.
    Report(MigrateReport),
    /// List all migrations, the newest first.
    List,
}

/// What is only planned.
#[derive(Args, Debug)]
pub struct MigratePlan {
    #[command(flatten)]
    wanted: MigrateWanted,
}

/// How it is done.
#[derive(Args, Debug)]
pub struct MigrateRun {
    #[command(flatten)]
    wanted: MigrateWanted,
    #[command(flatten)]
    how: MigrateHow,
}

/// Which migration, and how it goes on.
#[derive(Args, Debug)]
pub struct MigrateAgain {
    /// The beginning of its id; the newest by default.
    id: Option<String>,
    #[command(flatten)]
    opening: Opening,
    #[command(flatten)]
    how: MigrateHow,
}

/// What is the same however a migration begins.
#[derive(Args, Debug)]
pub struct MigrateHow {
    /// Do not ask.
    #[arg(long)]
    yes: bool,
    /// When a step fails, stay there in place of taking all back.
    #[arg(long)]
    stay: bool,
    /// A program that looks whether the target works after the cut-over: it must end with 0.
    #[arg(long, value_name = "PROGRAM")]
    probe: Option<PathBuf>,
}

/// What is printed, and where.
#[derive(Args, Debug)]
pub struct MigrateReport {
    /// The beginning of its id; the newest by default.
    id: Option<String>,
    /// A file to write in place of standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(super) fn run(
    common: &Common,
    command: Migrate,
    out: &mut Output<'_>,
) -> anyhow::Result<ExitCode> {
    common.not_in_demo("migrated")?;
    let desk = Desk::open(&common.folder()?, &common.keys()?)?;
    let done = match command {
        Migrate::Plan(planned) => plan(&desk, planned, out),
        Migrate::Run(run) => begin(&desk, run, out),
        Migrate::Resume(again) => resume(&desk, &again, false, out),
        Migrate::Rollback(again) => resume(&desk, &again, true, out),
        Migrate::Report(reported) => print(common, &desk, &reported, out),
        Migrate::List => show::list(&desk, out).map(|()| ExitCode::SUCCESS),
    };
    desk.close();
    done
}

/// A migration that was planned, and what opens its backup.
fn planned(desk: &Desk, wanted: MigrateWanted) -> anyhow::Result<(Migration, Option<Opener>)> {
    let (wish, opening) = wanted.wished(desk)?;
    let opener = opener(&wish.origin, &opening)?;
    let stop = Engine::stopper();
    let plan = desk.run(&stop, desk.plan(&wish, opener.as_ref()))??;
    Ok((Migration::new(Arc::new(plan)), opener))
}

fn opener(origin: &Origin, opening: &Opening) -> anyhow::Result<Option<Opener>> {
    match origin {
        Origin::Agent { .. } => Ok(None),
        Origin::Backup { .. } => opening.get().map(Some),
    }
}

fn engine(desk: &Desk, how: Option<&MigrateHow>, opener: Option<Opener>) -> Engine {
    let probe = how.and_then(|how| how.probe.clone());
    let agents = desk.agents();
    let progress = Progress::new(Arc::clone(&agents));
    Engine {
        agents,
        journals: desk.journals(),
        told: Arc::new(move |migration| progress.tell(migration)),
        stop: Engine::stopper(),
        opener,
        probe: probe.map(|program| Arc::new(ProgramProbe(program)) as Arc<dyn Probe>),
        back_on_failure: how.is_some_and(|how| !how.stay),
    }
}

/// Tries what can be tried without changing anything.
fn rehearse(desk: &Desk, engine: &Engine, migration: &Migration) -> anyhow::Result<Migration> {
    let mut rehearsed = migration.clone();
    let ended = desk.run(&engine.stop, engine.rehearse(&mut rehearsed))??;
    ensure!(
        ended != Ended::Cancelled,
        "it was stopped; nothing was changed"
    );
    Ok(rehearsed)
}

fn plan(desk: &Desk, planned_as: MigratePlan, out: &mut Output<'_>) -> anyhow::Result<ExitCode> {
    let (migration, opener) = planned(desk, planned_as.wanted)?;
    let engine = engine(desk, None, opener);
    let rehearsed = rehearse(desk, &engine, &migration)?;
    let agents = desk.agents();
    out.show(&report::json(&rehearsed), |out| {
        write!(out, "{}", report::markdown(&rehearsed, &label(&*agents)))
    })?;
    if let Some((step, reason)) = rehearsed.failure() {
        bail!(
            "the migration would fail at {:?}: {reason}",
            step.act.title()
        );
    }
    Ok(ExitCode::SUCCESS)
}

fn begin(desk: &Desk, run: MigrateRun, out: &mut Output<'_>) -> anyhow::Result<ExitCode> {
    let attended = is_attended();
    ensure!(
        run.how.yes || attended,
        "nobody is there to be asked; confirm by --yes"
    );
    let (mut migration, opener) = planned(desk, run.wanted)?;
    let engine = engine(desk, Some(&run.how), opener);
    if !run.how.yes {
        let rehearsed = rehearse(desk, &engine, &migration)?;
        let text = report::markdown(&rehearsed, &label(&*desk.agents()));
        eprint_all(&text)?;
        if let Some((step, reason)) = rehearsed.failure() {
            bail!(
                "the migration would fail at {:?}: {reason}",
                step.act.title()
            );
        }
        ensure!(ask("Migrate?")?, "nothing was changed");
    }
    desk.journals().tidy()?;
    go(desk, &engine, &mut migration, out)
}

fn resume(
    desk: &Desk,
    again: &MigrateAgain,
    back: bool,
    out: &mut Output<'_>,
) -> anyhow::Result<ExitCode> {
    let mut migration = desk.journals().find(again.id.as_deref())?;
    if back {
        migration.turn_back()?;
    } else {
        migration.go_on()?;
    }
    if !again.how.yes {
        ensure!(
            is_attended(),
            "nobody is there to be asked; confirm by --yes"
        );
        let (done, all) = migration.progress();
        let what = if back { "Take back" } else { "Go on with" };
        let question = format!(
            "{what} migration {} ({done} of {all} steps)?",
            migration.plan.id
        );
        ensure!(ask(&question)?, "nothing was changed");
    }
    // What takes all back does not look into the backup.
    let opener = if back {
        None
    } else {
        opener(&migration.plan.origin, &again.opening)?
    };
    let engine = engine(desk, Some(&again.how), opener);
    go(desk, &engine, &mut migration, out)
}

/// Runs a migration and tells what became of it.
fn go(
    desk: &Desk,
    engine: &Engine,
    migration: &mut Migration,
    out: &mut Output<'_>,
) -> anyhow::Result<ExitCode> {
    let wanted_back = migration.direction;
    let ended = desk.run(&engine.stop, engine.run(migration))??;
    let id = migration.plan.id;
    out.show(&report::json(migration), |out| {
        let outcome = report::Outcome::of(migration).word();
        writeln!(out, "migration {id}: {outcome}")?;
        writeln!(out, "its report: underpass migrate report {id}")
    })?;
    if ended == Ended::Cancelled {
        bail!("it was stopped in the middle; go on by `underpass migrate resume {id}`");
    }
    if let Some((step, reason)) = migration.failure() {
        show::error(&format!("{}: {reason}", step.act.title()))?;
        return Ok(ExitCode::from(UNDECIDED));
    }
    if ended == Ended::Undone && migration.direction != wanted_back {
        bail!("a step failed, and all was taken back; the report tells which");
    }
    Ok(ExitCode::SUCCESS)
}

fn print(
    common: &Common,
    desk: &Desk,
    reported: &MigrateReport,
    out: &mut Output<'_>,
) -> anyhow::Result<ExitCode> {
    let migration = desk.journals().find(reported.id.as_deref())?;
    let text = if common.json {
        format!(
            "{}\n",
            serde_json::to_string_pretty(&report::json(&migration))?
        )
    } else {
        report::markdown(&migration, &label(&*desk.agents()))
    };
    match &reported.out {
        Some(path) => write(path, text.as_bytes())?,
        None => out.raw(text.as_bytes())?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Shows a plan to somebody who is about to be asked.
fn eprint_all(text: &str) -> anyhow::Result<()> {
    use std::io::Write as _;
    Ok(std::io::stderr().write_all(text.as_bytes())?)
}
