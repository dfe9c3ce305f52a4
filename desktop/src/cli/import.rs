//! `import scc`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;
use underpass_fleet::Reply;
use underpass_fleet::api::Call;
use underpass_fleet::scc::{self, Connector, Fingerprint, Login, Progress, SccUrl};
use underpass_runtime::random;
use underpass_shared::api::management::{ImportMode, Preview, Query};
use underpass_shared::config::{ConfirmWithin, Document};
use underpass_shared::id::{AgentId, LocationId, RegionHost, SubaccountId};
use underpass_shared::scc::{
    Choice, Decision, Planned, Prefix, Reading, Report, SourceSubaccount, plan,
};
use underpass_shared::secret::Secret;

use super::document::{change, document, put};
use super::engine::Engine;
use super::output::{Output, ask, changes, is_attended, table};
use super::{Common, read, write};
use crate::text::clean;

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

/// The longest password or key that is read from a file.
const SECRET_LEN_MAX: usize = 64 * 1024;

/// Where a configuration comes from.
#[derive(Debug, Subcommand)]
pub enum Import {
    /// Bring the configuration of an SAP Cloud Connector to an agent: a plan, then one revision.
    #[command(after_help = EXAMPLE)]
    Scc(Box<Scc>),
}

/// What becomes of plain prefixes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum PrefixWord {
    /// They keep their meaning, marked as risky: /a/b opens /a/bxyz too.
    #[default]
    Keep,
    /// They open whole segments only.
    Segments,
}

/// One thing in place of another.
#[derive(Clone, Debug)]
pub struct Instead<T> {
    old: String,
    new: T,
}

impl<T: FromStr<Err: std::error::Error + Send + Sync + 'static>> FromStr for Instead<T> {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let (old, new) = text.split_once('=').context("is written OLD=NEW")?;
        Ok(Self {
            old: old.to_owned(),
            new: new.parse()?,
        })
    }
}

/// What is read, what is decided, and where it goes.
#[derive(Args, Debug)]
pub struct Scc {
    /// The connector's administration address, such as `https://scc.corp.example:8443`.
    #[arg(long, required_unless_present = "file", requires = "fingerprint")]
    url: Option<SccUrl>,
    /// SHA-256 of the certificate of its administration UI.
    #[arg(long, value_name = "SHA256")]
    fingerprint: Option<Fingerprint>,
    /// A user of the connector who may read its configuration (Display is enough).
    #[arg(long, requires = "url")]
    user: Option<String>,
    /// A file with the user's password; asked for by default.
    #[arg(long, value_name = "FILE", requires = "user")]
    password_file: Option<PathBuf>,
    /// A client certificate in place of a user, PEM with its issuers.
    #[arg(long, value_name = "FILE", requires = "client_key")]
    client_cert: Option<PathBuf>,
    /// The private key to it, PEM.
    #[arg(long, value_name = "FILE", requires = "client_cert")]
    client_key: Option<PathBuf>,
    /// A file that --save wrote, or a list of system mappings as the connector's API answers it,
    /// in place of a running connector.
    #[arg(long, value_name = "FILE", conflicts_with = "url")]
    file: Option<PathBuf>,
    /// Whose mappings such a list holds.
    #[arg(long, value_name = "ID@REGIONHOST", requires = "file")]
    list_of: Option<String>,
    /// Keep what was read in a file, to plan from it again. It holds no passwords.
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    #[command(flatten)]
    decided: Decided,
    #[command(flatten)]
    goal: Goal,
}

/// What the operator decides.
#[derive(Args, Debug)]
struct Decided {
    /// The gateway in place of a region's host; once for each region.
    #[arg(long = "region", value_name = "REGIONHOST=GATEWAY")]
    regions: Vec<Instead<RegionHost>>,
    /// The gateway's subaccount in place of one whose id is no GUID, or is to be another.
    #[arg(long = "subaccount", value_name = "ID=GUID")]
    subaccounts: Vec<Instead<SubaccountId>>,
    /// Another location ID.
    #[arg(long = "location", value_name = "OLD=NEW")]
    locations: Vec<Instead<LocationId>>,
    /// A subaccount that stays where it is.
    #[arg(long = "leave-out", value_name = "ID")]
    left_out: Vec<String>,
    /// What becomes of resources that open every path which begins with their characters.
    #[arg(long, value_enum, default_value_t)]
    prefix: PrefixWord,
    /// Refuse paths with a session of an ABAP system in them, which the connector matches without.
    #[arg(long)]
    strict_sessions: bool,
    /// Carry "trust all back ends", if the connector has it. Dangerous.
    #[arg(long)]
    trust_all: bool,
    /// Leave the settings of the connector as a whole where they are.
    #[arg(long)]
    without_settings: bool,
    /// Take the connector's where the agent has something else; else the agent's stays.
    #[arg(long)]
    overwrite: bool,
}

/// Where the plan goes.
#[derive(Args, Debug)]
struct Goal {
    /// The agent that it is for, by label or the beginning of its id.
    #[arg(long, value_name = "AGENT")]
    into: Option<String>,
    /// Tell what would change, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Do not ask before it is applied.
    #[arg(long, requires = "into", conflicts_with = "dry_run")]
    yes: bool,
    /// Apply although something stays behind until it is decided.
    #[arg(long)]
    leave_open: bool,
    /// Take the change back by itself unless `fleet confirm` comes within so many seconds.
    #[arg(
        long,
        value_name = "SECONDS",
        requires = "into",
        conflicts_with = "dry_run"
    )]
    confirm_within: Option<ConfirmWithin>,
    /// Write the report: JSON if the name ends in .json, else Markdown; may be given twice.
    #[arg(long = "report", value_name = "FILE")]
    reports: Vec<PathBuf>,
    /// Write the document that the plan makes.
    #[arg(long, value_name = "FILE")]
    document: Option<PathBuf>,
}

impl Decided {
    fn choice(&self) -> Choice {
        fn table<T: Clone>(all: &[Instead<T>]) -> BTreeMap<String, T> {
            let pairs = all.iter().map(|one| (one.old.clone(), one.new.clone()));
            pairs.collect()
        }
        Choice {
            regions: table(&self.regions),
            subaccounts: table(&self.subaccounts),
            locations: table(&self.locations),
            left_out: self.left_out.iter().cloned().collect::<BTreeSet<_>>(),
            prefix: match self.prefix {
                PrefixWord::Keep => Prefix::Keep,
                PrefixWord::Segments => Prefix::Segments,
            },
            strict_sessions: self.strict_sessions,
            trust_all: self.trust_all,
            without_settings: self.without_settings,
            mode: if self.overwrite {
                ImportMode::Overwrite
            } else {
                ImportMode::Merge
            },
        }
    }
}

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
    fn reading(&self) -> anyhow::Result<Reading> {
        if let Some(path) = &self.file {
            let whose = whose(self.list_of.as_deref())?;
            let text = read_bytes(path)?;
            let name = path.display().to_string();
            let reading = Reading::from_file(&text, &name, &whose);
            return reading.with_context(|| format!("cannot use {name}"));
        }
        let url = self.url.clone().context("--url is missing")?;
        let fingerprint = self.fingerprint.context("--fingerprint is missing")?;
        let connector = Connector {
            url,
            fingerprint,
            login: self.login()?,
        };
        let attended = is_attended();
        let tell = move |Progress { done, known }: Progress| {
            if attended {
                // Without a standard error there is nobody to tell.
                drop(write!(std::io::stderr(), "\rread {done} of {known} "));
            }
        };
        let reading = scc::read_here(&connector, &tell);
        if attended {
            drop(writeln!(std::io::stderr()));
        }
        reading.context("the connector was not read, and nothing was changed")
    }

    fn login(&self) -> anyhow::Result<Login> {
        let basic = match (&self.user, &self.password_file) {
            (None, _) => None,
            (Some(user), Some(path)) => Some((user.clone(), secret(path)?)),
            (Some(user), None) => {
                ensure!(
                    is_attended(),
                    "nobody is there to be asked for the password of {user}; name its file by --password-file"
                );
                let asked = rpassword::prompt_password(format!("Password of {user}: "));
                let asked = asked.context("cannot ask for the password")?;
                Some((user.clone(), Secret::new(asked)))
            }
        };
        let certificate = match (&self.client_cert, &self.client_key) {
            (Some(chain), Some(key)) => Some((read(chain)?, secret(key)?)),
            _ => None,
        };
        ensure!(
            basic.is_some() || certificate.is_some(),
            "name a user by --user, or a client certificate by --client-cert and --client-key"
        );
        Ok(Login { basic, certificate })
    }

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
        let nothing = preview.changes.is_empty();
        if goal.dry_run || nothing {
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

fn told(
    out: &mut Output<'_>,
    report: &Report,
    preview: Option<&Preview>,
    revision: Option<u64>,
) -> anyhow::Result<()> {
    let all = json!({
        "report": report,
        "changes": preview.map(|preview| &preview.changes),
        "revision": revision,
    });
    out.show(&all, |out| {
        summary(out, report)?;
        match (revision, preview) {
            (Some(revision), _) => writeln!(out, "\nrevision {revision}")?,
            (None, Some(preview)) if preview.changes.is_empty() => {
                writeln!(out, "\nnothing would change")?;
            }
            (None, Some(preview)) => {
                writeln!(out, "\nwould change:")?;
                changes(out, &preview.changes)?;
            }
            (None, None) => writeln!(out, "\nnothing was changed; --into names an agent")?,
        }
        if !report.steps.is_empty() {
            writeln!(out, "\nleft to do:")?;
        }
        report
            .steps
            .iter()
            .try_for_each(|step| writeln!(out, "  {}", clean(step)))
    })
}

/// What was found, what is decided, and how much stays behind.
fn summary(out: &mut dyn Write, report: &Report) -> std::io::Result<()> {
    let head = ["", "FOUND", "IN THE PLAN", "LEFT BEHIND"].map(str::to_owned);
    let rows = report.counts.all().map(|(name, tally)| {
        let numbers = [tally.found, tally.carried, tally.left()].map(|number| number.to_string());
        let [found, carried, left] = numbers;
        [name.to_owned(), found, carried, left]
    });
    table(out, &std::iter::once(head).chain(rows).collect::<Vec<_>>())?;
    if !report.decisions.is_empty() {
        writeln!(out, "\ndecisions:")?;
    }
    for Decision {
        about,
        taken,
        instead,
        open,
        places,
        ..
    } in &report.decisions
    {
        let open = if *open { "OPEN: " } else { "" };
        let count = match places.len() {
            0 | 1 => String::new(),
            many => format!(" ({many})"),
        };
        let (about, taken) = (clean(about), clean(taken));
        writeln!(out, "  {open}{about}{count}: {taken}")?;
        writeln!(out, "    {}", clean(instead))?;
    }
    Ok(())
}

/// The subaccount of a list.
fn whose(text: Option<&str>) -> anyhow::Result<SourceSubaccount> {
    let (subaccount, region_host) = match text {
        Some(text) => {
            let parts = text.rsplit_once('@');
            parts.context("--list-of is written ID@REGIONHOST")?
        }
        None => ("file", "file"),
    };
    Ok(SourceSubaccount {
        region_host: region_host.to_owned(),
        subaccount: subaccount.to_owned(),
    })
}

fn read_bytes(path: &Path) -> anyhow::Result<Vec<u8>> {
    /// As long as the longest reading.
    const LEN_MAX: u64 = 256 * 1024 * 1024;
    let told = || format!("cannot read {}", path.display());
    let len = std::fs::metadata(path).with_context(told)?.len();
    ensure!(
        len <= LEN_MAX,
        "{} is larger than {LEN_MAX} bytes",
        path.display()
    );
    std::fs::read(path).with_context(told)
}

/// A password or key of a file.
fn secret(path: &Path) -> anyhow::Result<Secret> {
    let told = || format!("cannot read {}", path.display());
    let text = std::fs::read_to_string(path)
        .map(Secret::new)
        .with_context(told)?;
    ensure!(
        text.expose().len() <= SECRET_LEN_MAX,
        "{} has more than {SECRET_LEN_MAX} bytes",
        path.display()
    );
    Ok(Secret::new(
        text.expose().trim_end_matches(['\r', '\n']).to_owned(),
    ))
}
