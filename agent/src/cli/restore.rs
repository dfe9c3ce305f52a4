//! `restore`: a backup becomes the present state, after its plan was shown; `restore rollback`.

use std::io::{self, IsTerminal as _, Write};
use std::path::PathBuf;

use anyhow::{Context as _, bail, ensure};
use bytes::Bytes;
use clap::{Args, Subcommand};
use underpass_runtime::form::Form;
use underpass_shared::api::management::{
    Query, RestoreApplied, RestorePlanShown, RestoreShown, RestoreTarget, Target, Verb,
};
use underpass_shared::config::SubaccountKey;
use underpass_shared::restore::{
    Choice, HostRule, LocationRule, MappingName, RegionRule, RestoreMode, RestorePart,
};

use super::client::Client;
use super::output::{Output, changes, utc};
use super::passphrase::Opening;

pub(super) const EXAMPLE: &str = "\
Examples:
  underpass-agent restore agent.zip --plan
  underpass-agent restore agent.zip --passphrase-file /etc/underpass/backup-passphrase
  underpass-agent restore agent.zip --only mappings,trust --merge
  underpass-agent restore agent.zip --only mappings --subaccount gateway.example.com/0190…/north
  underpass-agent restore agent.zip --replace-host erp.old.example=erp.new.example
  underpass-agent restore agent.zip --replace-host .old.example=.new.example --yes
  underpass-agent restore rollback

The plan is shown first: what would change, and what to look at on this host. The restore is one
revision, needs no restart, and is taken back whole by `restore rollback`. It works on an agent that
runs, on one that is stopped, and on a directory where no agent was yet.

The passphrase comes from --passphrase-file, else from UNDERPASS_BACKUP_PASSPHRASE in the
environment, else it is asked for. A backup that is sealed to a key is opened by --identity.";

/// Changes that are listed for people; the others are counted.
const LISTED: usize = 40;

/// What to restore, and how.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Restoration {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    wanted: Wanted,
}

/// What to do instead of restoring a file.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum Action {
    /// Take the last restore back, with the secrets, enrolments and identity of before.
    #[command(after_help = "Example:\n  underpass-agent restore rollback --yes")]
    Rollback {
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
    /// Show what was restored last, and whether there is a way back.
    #[command(after_help = "Example:\n  underpass-agent restore show --json")]
    Show,
}

/// A backup and what of it is wanted.
#[derive(Args, Debug)]
pub struct Wanted {
    /// The archive.
    #[arg(required = true)]
    file: Option<PathBuf>,
    /// Show the plan, and change nothing.
    #[arg(long)]
    plan: bool,
    /// Restore these parts alone: subaccounts, mappings, trust, settings, identity, operators,
    /// machine. Without it the first four; where no agent was yet, identity and operators too.
    #[arg(long, value_name = "PARTS", value_delimiter = ',', value_parser = part)]
    only: Vec<RestorePart>,
    /// Only this subaccount of the backup, as regionHost/subaccount/locationId; may be given several
    /// times.
    #[arg(long = "subaccount", value_name = "KEY")]
    subaccounts: Vec<SubaccountKey>,
    /// Only this system mapping of the backup, as regionHost/subaccount/locationId=host:port; may be
    /// given several times.
    #[arg(long = "mapping", value_name = "KEY=ADDRESS", value_parser = mapping)]
    mappings: Vec<MappingName>,
    /// Keep what is here and not in the backup.
    #[arg(long)]
    merge: bool,
    /// Leave the keys out by which gateways know the agent; subaccounts are then enrolled anew.
    #[arg(long)]
    without_enrolments: bool,
    /// An internal host, or with a dot before it a domain, that has another name here.
    #[arg(long, value_name = "OLD=NEW", value_parser = pair)]
    replace_host: Vec<(String, String)>,
    /// A location ID that is another one here.
    #[arg(long, value_name = "OLD=NEW", value_parser = pair)]
    replace_location: Vec<(String, String)>,
    /// A gateway that has another name here.
    #[arg(long, value_name = "OLD=NEW", value_parser = pair)]
    replace_region: Vec<(String, String)>,
    #[command(flatten)]
    opening: Opening,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

fn part(text: &str) -> Result<RestorePart, String> {
    let parsed = serde_json::from_value(serde_json::Value::String(text.to_owned()));
    parsed.map_err(|error| error.to_string())
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (old, new) = text.split_once('=').ok_or("must be OLD=NEW")?;
    Ok((old.to_owned(), new.to_owned()))
}

fn mapping(text: &str) -> Result<MappingName, String> {
    let rule = "must be regionHost/subaccount/locationId=host:port";
    let (key, address) = text.rsplit_once('=').ok_or(rule)?;
    let address = address.parse();
    Ok(MappingName {
        subaccount: key.parse().map_err(|rule| format!("{text}: {rule}"))?,
        virtual_address: address.map_err(|rule| format!("{text}: {rule}"))?,
    })
}

impl Restoration {
    /// Whether a file is restored, which may begin where no agent was yet.
    pub(super) const fn takes_a_file(&self) -> bool {
        self.action.is_none()
    }
}

pub(super) async fn run(
    client: &Client,
    restore: Restoration,
    out: &mut Output<'_>,
) -> anyhow::Result<()> {
    match restore.action {
        None => restore_file(client, restore.wanted, out).await,
        Some(Action::Rollback { yes }) => roll_back(client, yes, out).await,
        Some(Action::Show) => {
            let target = Target::Restores(RestoreTarget::Last);
            let shown: RestoreShown = client.get(target, &Query::default()).await?;
            out.show(&shown, |out| show(&shown, out))
        }
    }
}

async fn restore_file(client: &Client, wanted: Wanted, out: &mut Output<'_>) -> anyhow::Result<()> {
    let path = wanted.file.as_deref().context("name the backup")?;
    let choice = serde_json::to_string(&wanted.choice()?)?;
    drop(super::backup::open(path)?);
    let (part, secret) = wanted.opening.get()?;
    let ask = async |client: &Client| -> anyhow::Result<RestorePlanShown> {
        let form = Form::new()
            .text(part, secret.expose())
            .text("choice", &choice)
            .around("backup");
        let target = Target::Restores(RestoreTarget::Plans);
        let planned = client.send_form(target, form, super::backup::open(path)?);
        let not_restored = || format!("{} was not restored", path.display());
        planned.await.with_context(not_restored)?.read()
    };
    let plan = ask(client).await?;
    if wanted.plan {
        return out.show(&plan, |out| print(&plan, out));
    }
    if !out.json {
        print(&plan, out.out)?;
        out.out.flush()?;
    }
    possible(&plan)?;
    confirm(wanted.yes, "Restore?")?;
    match client.begun().await? {
        None => apply(client, &plan, out).await,
        Some(begun) => {
            let plan = ask(&begun).await?;
            possible(&plan)?;
            apply(&begun, &plan, out).await
        }
    }
}

fn possible(plan: &RestorePlanShown) -> anyhow::Result<()> {
    match &plan.refused {
        Some(why) => bail!("it cannot be restored: {why}"),
        None => Ok(()),
    }
}

async fn apply(
    client: &Client,
    plan: &RestorePlanShown,
    out: &mut Output<'_>,
) -> anyhow::Result<()> {
    let target = Target::Restores(RestoreTarget::Apply(plan.id));
    let (revision, query) = (Some(plan.revision), Query::default());
    let reply = client.send_if(revision, Verb::Post, target, &query, &());
    let applied: RestoreApplied = reply.await?.read()?;
    tell(&applied, out)
}

async fn roll_back(client: &Client, yes: bool, out: &mut Output<'_>) -> anyhow::Result<()> {
    let last = Target::Restores(RestoreTarget::Last);
    let shown: RestoreShown = client.get(last, &Query::default()).await?;
    ensure!(shown.rollback.is_some(), "no restore is there to take back");
    if !out.json {
        show(&shown, out.out)?;
        out.out.flush()?;
    }
    confirm(yes, "Take it back?")?;
    let target = Target::Restores(RestoreTarget::Rollback);
    let query = Query::default();
    let reply = client.call(Verb::Post, target, &query, Bytes::new());
    let applied: RestoreApplied = reply.await?.read()?;
    tell(&applied, out)
}

/// Asks on a terminal; elsewhere only an option says yes.
fn confirm(yes: bool, question: &str) -> anyhow::Result<()> {
    if yes {
        return Ok(());
    }
    let (input, mut error) = (io::stdin(), io::stderr());
    ensure!(
        input.is_terminal() && error.is_terminal(),
        "nothing was changed; give --yes to go on without a question"
    );
    write!(error, "{question} [y/N] ")?;
    error.flush()?;
    let mut answer = String::new();
    input.read_line(&mut answer)?;
    ensure!(
        matches!(answer.trim(), "y" | "Y" | "yes"),
        "nothing was changed"
    );
    Ok(())
}

impl Wanted {
    fn choice(&self) -> anyhow::Result<Choice> {
        let hosts = self.replace_host.iter().map(|(find, replace)| HostRule {
            find: find.clone(),
            replace: replace.clone(),
        });
        let mut choice = Choice {
            parts: (!self.only.is_empty()).then(|| self.only.iter().copied().collect()),
            mode: if self.merge {
                RestoreMode::Merge
            } else {
                RestoreMode::Replace
            },
            only: (!self.subaccounts.is_empty())
                .then(|| self.subaccounts.iter().cloned().collect()),
            only_mappings: (!self.mappings.is_empty())
                .then(|| self.mappings.iter().cloned().collect()),
            enrolments: !self.without_enrolments,
            hosts: hosts.collect(),
            ..Choice::default()
        };
        for (find, replace) in &self.replace_location {
            let (find, replace) = (find.parse()?, replace.parse()?);
            choice.location_ids.push(LocationRule { find, replace });
        }
        for (find, replace) in &self.replace_region {
            let (find, replace) = (find.parse()?, replace.parse()?);
            choice.region_hosts.push(RegionRule { find, replace });
        }
        Ok(choice)
    }
}

fn print(plan: &RestorePlanShown, out: &mut dyn Write) -> io::Result<()> {
    let backup = &plan.backup;
    writeln!(
        out,
        "backup of agent {} from {} UTC, revision {}, version {}",
        backup.agent,
        utc(backup.created_time_stamp),
        backup.revision,
        backup.version
    )?;
    let (listed, more) = plan.changes.split_at(plan.changes.len().min(LISTED));
    if listed.is_empty() {
        writeln!(out, "the configuration would not change")?;
    } else {
        writeln!(out, "would change:")?;
        changes(out, listed)?;
    }
    if !more.is_empty() {
        writeln!(out, "  and {} more; see --json", more.len())?;
    }
    let secrets = &plan.secrets;
    writeln!(
        out,
        "secrets: {} written, {} here already, {} missing; enrolments: {}",
        secrets.written, secrets.present, secrets.missing, secrets.enrolments
    )?;
    if !plan.adaptations.is_empty() {
        writeln!(out, "to look at:")?;
    }
    for one in &plan.adaptations {
        writeln!(out, "  {}: {}; {}", one.place, one.text, one.remedy)?;
    }
    if plan.more_adaptations > 0 {
        writeln!(out, "  and {} more", plan.more_adaptations)?;
    }
    Ok(())
}

fn show(shown: &RestoreShown, out: &mut dyn Write) -> io::Result<()> {
    match &shown.last {
        None => writeln!(out, "nothing was restored yet")?,
        Some(last) => {
            let (time, author) = (utc(last.time_stamp), &last.author);
            writeln!(out, "{time} UTC, {author}: {}", last.reason)?;
        }
    }
    match &shown.rollback {
        None => writeln!(out, "there is no way back"),
        Some(way) => {
            let revision = match way.revision {
                Some(revision) => format!("takes revision {revision} back"),
                None => "leaves the configuration as it is".to_owned(),
            };
            let identity = if way.identity {
                ", and the agent gets its identity of before"
            } else {
                ""
            };
            writeln!(out, "`restore rollback` {revision}{identity}")
        }
    }
}

fn tell(applied: &RestoreApplied, out: &mut Output<'_>) -> anyhow::Result<()> {
    out.show(applied, |out| {
        writeln!(out, "revision {}", applied.revision)?;
        writeln!(out, "`underpass-agent restore rollback` takes it back")
    })
}
