//! Commands for scripts. They use the engine of the window, and no window.

mod agents;
mod bulk;
mod document;
mod drift;
mod engine;
mod import;
mod known;
mod migrate;
mod output;
mod pair;
mod search;
mod select;
mod template;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};
use underpass_fleet::command::Described;
use underpass_fleet::keys::KeyChoice;
use underpass_fleet::{keys, profile};
use underpass_runtime::file;
use underpass_shared::secret::Secret;

pub use self::agents::Chosen;
pub use self::bulk::{BulkAct, BulkPlan, BulkRun, BulkUndo};
pub use self::document::{Apply, Confirm, Export};
pub use self::drift::Drift;
pub use self::import::{Import, Instead, PrefixWord, Scc};
pub use self::known::{Add, Remove};
pub use self::migrate::{
    Migrate, MigrateAgain, MigrateHow, MigratePlan, MigrateReport, MigrateRun, MigrateWanted,
};
use self::output::Output;
pub use self::pair::Pair;
pub use self::search::Search;
pub use self::select::Which;
pub use self::template::{TemplateAct, TemplateValues};

/// The longest passphrase that is read from a file.
const PASSPHRASE_LEN_MAX: usize = 1024;

const HELP: &str = "\
Without a command the window opens.

Examples:
  underpass                                open the window
  underpass --demo                         the same with made-up agents, without any network
  underpass fleet pair 'underpass://…'     add the agent that printed this pairing string
  underpass fleet status                   how all agents are
  underpass fleet export plant-1 > plant-1.json
  underpass fleet apply plant-2 plant-1.json --dry-run
  underpass import scc --help              bring the configuration of an SAP Cloud Connector here

Exit codes:
  0  done
  1  it failed; the reason is on standard error
  2  the arguments are wrong
  3  `fleet status`, `drift`, `search`, `bulk`: at least one agent is not well, not as it shall be,
     or could not be asked; `migrate`: somebody must decide";

/// The exit code where an agent is not well, or not as it shall be.
const NOT_WELL: u8 = 3;

/// Manages a fleet of Underpass agents.
#[derive(Debug, Parser)]
#[command(name = "underpass", version, after_help = HELP)]
pub struct Cli {
    /// What all commands share.
    #[command(flatten)]
    pub common: Common,
    /// What to do; the window opens where there is nothing.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What all commands and the window share.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Options of every command")]
pub struct Common {
    /// Made-up agents; needs no network and changes nothing.
    #[arg(long, global = true)]
    pub demo: bool,
    /// The folder of known agents and keys.
    #[arg(long, global = true, value_name = "DIR", env = profile::VARIABLE)]
    pub profile: Option<PathBuf>,
    /// A file with the passphrase of the keys; by default they are in the key store of the system.
    #[arg(long, global = true, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
    /// JSON for scripts in place of tables.
    #[arg(long, global = true)]
    pub json: bool,
}

impl Common {
    /// The folder of the profile.
    ///
    /// # Errors
    /// When nothing says where it is.
    pub fn folder(&self) -> anyhow::Result<PathBuf> {
        match &self.profile {
            Some(folder) => {
                let told = || format!("cannot find the folder {}", folder.display());
                std::path::absolute(folder).with_context(told)
            }
            None => Ok(profile::folder(|name| std::env::var_os(name))?),
        }
    }

    /// The passphrase of the file that was named, if one was.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn passphrase(&self) -> anyhow::Result<Option<Secret>> {
        let Some(path) = &self.passphrase_file else {
            return Ok(None);
        };
        let told = || format!("cannot read the passphrase in {}", path.display());
        let text = std::fs::read_to_string(path)
            .map(Secret::new)
            .with_context(told)?;
        anyhow::ensure!(
            text.expose().len() <= PASSPHRASE_LEN_MAX,
            "the passphrase in {} has more than {PASSPHRASE_LEN_MAX} bytes",
            path.display()
        );
        Ok(Some(Secret::new(
            text.expose().trim_end_matches(['\r', '\n']).to_owned(),
        )))
    }

    /// How the keys are opened, asking for a passphrase where one is needed and somebody is there.
    fn keys(&self) -> anyhow::Result<KeyChoice> {
        if let Some(passphrase) = self.passphrase()? {
            return Ok(KeyChoice::Passphrase(passphrase));
        }
        let folder = self.folder()?;
        if !keys::wants_passphrase(&folder) {
            return Ok(keys::usual(&folder));
        }
        anyhow::ensure!(
            output::is_attended(),
            "the keys in {} are sealed by a passphrase; name its file by --passphrase-file",
            folder.display()
        );
        let asked = rpassword::prompt_password("Passphrase: ");
        let asked = asked.context("cannot ask for the passphrase")?;
        Ok(KeyChoice::Passphrase(Secret::new(asked)))
    }

    fn not_in_demo(&self, what: &str) -> anyhow::Result<()> {
        anyhow::ensure!(!self.demo, "made-up agents cannot be {what}");
        Ok(())
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Work with agents from scripts.
    #[command(
        subcommand,
        after_help = "Run `underpass fleet COMMAND --help` for examples."
    )]
    Fleet(Fleet),
    /// Bring the configuration of another product to an agent.
    #[command(subcommand)]
    Import(Import),
    /// Move what an agent serves to another one, or copy it there.
    #[command(subcommand)]
    Migrate(Migrate),
}

/// What to do with agents. Agents are named by label or by the beginning of their id.
#[derive(Debug, Subcommand)]
pub enum Fleet {
    /// List the known agents; asks none of them.
    List,
    /// Ask agents how they are; exit code 3 when one is not well.
    #[command(after_help = agents::EXAMPLE)]
    Status(Chosen),
    /// Add an agent by the string that `underpass-agent pair` printed.
    #[command(after_help = pair::EXAMPLE)]
    Pair(Pair),
    /// Add an agent by a certificate that `underpass-agent operator issue` made.
    #[command(after_help = known::EXAMPLE)]
    Add(Add),
    /// Forget agents, with the keys to them.
    Remove(Remove),
    /// Print the configuration of an agent as JSON; it holds no secrets.
    Export(Export),
    /// Make a document the configuration of an agent, or see what that would change.
    #[command(after_help = document::EXAMPLE)]
    Apply(Apply),
    /// Keep a change that was applied on trial, or take it back.
    Confirm(Confirm),
    /// Find hosts, paths, subaccounts and settings in the configurations of all agents.
    #[command(after_help = search::EXAMPLE)]
    Search(Search),
    /// Compare the configurations of agents with that of one, or with a template.
    #[command(after_help = drift::EXAMPLE)]
    Drift(Box<Drift>),
    /// Make, check and try templates: what agents shall have in common.
    #[command(subcommand, after_help = template::EXAMPLE)]
    Template(TemplateAct),
    /// Change many agents: plan, run, go on, take back.
    #[command(subcommand, after_help = bulk::EXAMPLE)]
    Bulk(BulkAct),
}

/// How a new agent is called, and where it is put.
#[derive(Args, Clone, Debug)]
pub struct Naming {
    /// How to call it; its host by default.
    #[arg(long)]
    label: Option<String>,
    /// The group to put it in.
    #[arg(long)]
    group: Option<String>,
    /// A word to find it by; may be given several times.
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
}

impl Naming {
    fn described(self) -> anyhow::Result<Described> {
        let described = Described {
            label: self.label.unwrap_or_default(),
            group: self.group,
            tags: self.tags,
        };
        crate::naming::check(&described)?;
        Ok(described)
    }
}

/// Runs a command.
///
/// # Errors
/// When it cannot be done.
pub fn run(common: &Common, command: Command) -> anyhow::Result<ExitCode> {
    let mut stdout = std::io::stdout().lock();
    let out = &mut Output::new(common.json, &mut stdout);
    let command = match command {
        Command::Fleet(command) => command,
        Command::Import(import) => {
            import::run(common, import, out)?;
            return Ok(ExitCode::SUCCESS);
        }
        Command::Migrate(command) => return migrate::run(common, command, out),
    };
    match command {
        Fleet::List => agents::list(common, out)?,
        Fleet::Status(chosen) => return agents::status(common, &chosen, out),
        Fleet::Pair(pair) => pair::run(common, pair, out)?,
        Fleet::Add(add) => known::add(common, add, out)?,
        Fleet::Remove(remove) => known::remove(common, &remove, out)?,
        Fleet::Export(export) => document::export(common, &export, out)?,
        Fleet::Apply(apply) => document::apply(common, &apply, out)?,
        Fleet::Confirm(confirm) => document::confirm(common, &confirm, out)?,
        Fleet::Search(search) => return search::run(common, search, out),
        Fleet::Drift(drift) => return drift::run(common, &drift, out),
        Fleet::Template(act) => template::run(common, act, out)?,
        Fleet::Bulk(act) => return bulk::run(common, act, out),
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads a file of an operator, of limited length.
fn read(path: &std::path::Path) -> anyhow::Result<String> {
    /// The largest document has 64 MiB.
    const LEN_MAX: u64 = 64 * 1024 * 1024;
    let told = || format!("cannot read {}", path.display());
    let len = std::fs::metadata(path).with_context(told)?.len();
    anyhow::ensure!(
        len <= LEN_MAX,
        "{} is larger than {LEN_MAX} bytes",
        path.display()
    );
    std::fs::read_to_string(path).with_context(told)
}

/// Writes a file of an operator as a whole.
fn write(path: &std::path::Path, bytes: &[u8]) -> anyhow::Result<()> {
    let told = || format!("cannot write {}", path.display());
    file::replace(path, bytes).with_context(told)
}
