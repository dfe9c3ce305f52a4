//! `backup schedule list|set|remove|run`.

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use clap::{Args, Subcommand};
use tokio::time::sleep;
use underpass_shared::api::management::{
    BackupHistory, DestinationInput, DestinationShown, Flag, LoginInput, Query, ReadOnly,
    ScheduleInput, ScheduleShown, ScheduleTarget, Target, UploadInput, Verb,
};
use underpass_shared::backup::{RecipientText, ScheduledRun};
use underpass_shared::config::{
    BackupDirectory, Certificate, Cron, CronClock, FolderPath, Keep, ScheduleName, UploadUrl,
    UploadUser, WantedHours,
};

use super::DryRun;
use super::client::Client;
use super::output::{Output, table, utc};
use crate::secrets;

pub(super) const EXAMPLE: &str = "\
Examples:
  underpass-agent backup schedule set nightly --cron '30 2 * * *' --recipient age1… \\
    --directory /srv/backups --keep 14 --wanted-within 36
  underpass-agent backup schedule run nightly
  underpass-agent backup schedule list
  underpass-agent backup schedule remove nightly";

/// The variable that the password or token of an address is taken from.
const PASSWORD: &str = "UNDERPASS_BACKUP_TARGET_PASSWORD";
/// How often it is looked whether a run has ended.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// What to do with schedules.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Show the schedules, with the last run and the next one of each.
    #[command(after_help = "Example:\n  underpass-agent backup schedule list --json")]
    List,
    /// Add a schedule, or replace the one of this name.
    ///
    /// The password or token of an address is taken from the environment
    /// (UNDERPASS_BACKUP_TARGET_PASSWORD) or from standard input, never from the command line.
    #[command(after_help = "Examples:\n  \
        underpass-agent backup schedule set nightly --cron '30 2 * * *' --local-time \\\n    \
        --recipient age1… --directory /srv/backups --keep 14 --wanted-within 36\n  \
        pass show nas | underpass-agent backup schedule set nas --cron '0 4 * * SUN' \\\n    \
        --recipient age1… --url https://nas.corp.example/backups/ --user agent")]
    Set(Box<Wanted>),
    /// Remove a schedule; the backups that it made stay.
    #[command(after_help = "Example:\n  underpass-agent backup schedule remove nightly")]
    Remove {
        /// Its name.
        name: ScheduleName,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Make a backup by a schedule now, and wait for its end.
    #[command(after_help = "Example:\n  underpass-agent backup schedule run nightly")]
    Run {
        /// Its name.
        name: ScheduleName,
    },
}

/// The schedule that is wanted.
#[derive(Args, Debug)]
pub struct Wanted {
    /// Its name, of a-z 0-9 and hyphens.
    name: ScheduleName,
    /// When: minute, hour, day of the month, month, day of the week, in UTC.
    #[arg(long, value_name = "FIELDS")]
    cron: Cron,
    /// These times are of this host's clock, with its daylight saving time.
    #[arg(long)]
    local_time: bool,
    /// Seal backups to this public key of age; repeat it for several.
    #[arg(long, value_name = "KEY", required = true)]
    recipient: Vec<RecipientText>,
    /// The folder of this host that they go to; it must exist.
    #[arg(
        long,
        value_name = "DIR",
        required_unless_present = "url",
        conflicts_with = "url"
    )]
    directory: Option<FolderPath>,
    /// How many stay in the folder, up to 1000.
    #[arg(
        long,
        value_name = "BACKUPS",
        default_value_t = 14,
        conflicts_with = "url"
    )]
    keep: u32,
    #[command(flatten)]
    upload: Upload,
    /// How many of the newest revisions they have, up to 1000.
    #[arg(long, value_name = "REVISIONS", default_value_t = 20)]
    history: u32,
    /// With the listen address and the key of the certificate that the management API shows.
    #[arg(long)]
    include_machine: bool,
    /// Raise an alert when the newest good backup is older than so many hours.
    #[arg(long, value_name = "HOURS")]
    wanted_within: Option<u32>,
    /// Make no backups until it is set again without this; `run` makes them all the same.
    #[arg(long)]
    off: bool,
    #[command(flatten)]
    dry_run: DryRun,
}

/// An address that takes PUT.
#[derive(Args, Debug)]
struct Upload {
    /// The address that they are sent to by PUT; the name of each file is put behind it.
    #[arg(long, value_name = "URL")]
    url: Option<UploadUrl>,
    /// The user there; the password is read.
    #[arg(long, requires = "url", conflicts_with = "token")]
    user: Option<UploadUser>,
    /// A token is wanted there; it is read.
    #[arg(long, requires = "url")]
    token: bool,
    /// Keep the password or token that is set.
    #[arg(long, requires = "url")]
    keep_password: bool,
    /// Trust only the CA certificates in this file there.
    #[arg(long, value_name = "FILE", requires = "url")]
    ca: Option<PathBuf>,
    /// Go through the HTTP proxy that leads to the gateways.
    #[arg(long, requires = "url")]
    via_proxy: bool,
}

impl Upload {
    fn input(&self, url: UploadUrl) -> anyhow::Result<UploadInput> {
        let ca = match &self.ca {
            Some(path) => {
                let text = std::fs::read_to_string(path);
                let text = text.with_context(|| format!("cannot read {}", path.display()))?;
                Certificate::list(&text).with_context(|| path.display().to_string())?
            }
            None => vec![],
        };
        let login = match self.user.is_some() || self.token {
            true => {
                let input = &mut io::stdin().lock();
                let password = match self.keep_password {
                    true => None,
                    false => Some(secrets::read_password(PASSWORD, input)?),
                };
                Some(LoginInput {
                    user: self.user.clone(),
                    password: password.map(|secret| secret.expose().to_owned()),
                })
            }
            false => None,
        };
        Ok(UploadInput {
            url,
            login,
            ca,
            via_proxy: Flag(self.via_proxy),
        })
    }
}

impl Wanted {
    fn input(&self) -> anyhow::Result<ScheduleInput> {
        let Ok(history) = BackupHistory::try_from(self.history) else {
            bail!("--history must be between 0 and 1000");
        };
        let Ok(keep) = Keep::try_from(self.keep) else {
            bail!("--keep must be between 1 and 1000");
        };
        let Ok(wanted_within_hours) = self.wanted_within.map(WantedHours::try_from).transpose()
        else {
            bail!("--wanted-within must be between 1 and 8784 hours");
        };
        let target = match (self.directory.clone(), self.upload.url.clone()) {
            (Some(path), _) => DestinationInput::Directory(BackupDirectory { path, keep }),
            (None, Some(url)) => DestinationInput::Url(self.upload.input(url)?),
            (None, None) => bail!("give a folder as --directory DIR, or an address as --url URL"),
        };
        Ok(ScheduleInput {
            name: ReadOnly,
            enabled: Flag(!self.off),
            cron: self.cron.clone(),
            clock: match self.local_time {
                true => CronClock::Local,
                false => CronClock::Utc,
            },
            recipients: self.recipient.clone(),
            history,
            include_machine: Flag(self.include_machine),
            target,
            wanted_within_hours,
            status: ReadOnly,
        })
    }
}

pub(super) async fn run(
    client: &Client,
    action: Action,
    out: &mut Output<'_>,
) -> anyhow::Result<()> {
    let mut query = Query::default();
    match action {
        Action::List => {
            let target = Target::Schedules(ScheduleTarget::All);
            let all: Vec<ScheduleShown> = client.get(target, &query).await?;
            out.show(&all, |out| {
                if all.is_empty() {
                    return writeln!(out, "no schedules");
                }
                rows(&all, out)
            })
        }
        Action::Set(wanted) => {
            wanted.dry_run.put(&mut query);
            let target = Target::Schedules(ScheduleTarget::One(wanted.name.clone()));
            let body = wanted.input()?;
            let reply = client.send(Verb::Put, target, &query, &body);
            out.changed(&reply.await?, query.dry_run)
        }
        Action::Remove { name, dry_run } => {
            dry_run.put(&mut query);
            let target = Target::Schedules(ScheduleTarget::One(name));
            let reply = client.call(Verb::Delete, target, &query, Bytes::new());
            out.changed(&reply.await?, query.dry_run)
        }
        Action::Run { name } => now(client, name, out).await,
    }
}

/// Asks for a backup and waits for its end.
async fn now(client: &Client, name: ScheduleName, out: &mut Output<'_>) -> anyhow::Result<()> {
    let query = Query::default();
    let target = Target::Schedules(ScheduleTarget::Run(name.clone()));
    client
        .call(Verb::Post, target, &query, Bytes::new())
        .await?;
    let last = loop {
        let target = Target::Schedules(ScheduleTarget::One(name.clone()));
        let shown: ScheduleShown = client.get(target, &query).await?;
        if !shown.status.state.is_busy() {
            break shown.status.last;
        }
        sleep(LOOK_EVERY).await;
    };
    let last = last.context("the agent forgot the run; look at its log")?;
    if let Some(problem) = &last.problem {
        bail!("no backup was made: {problem}");
    }
    out.show(&last, |out| {
        let Some(made) = &last.made else {
            return Ok(());
        };
        writeln!(
            out,
            "{}: the whole agent as of revision {}, {} bytes, in {}",
            made.file, made.revision, made.bytes, made.target
        )?;
        match &made.remark {
            Some(remark) => writeln!(out, "but {remark}"),
            None => Ok(()),
        }
    })
}

fn rows(all: &[ScheduleShown], out: &mut dyn Write) -> io::Result<()> {
    let titles = [
        "SCHEDULE",
        "TIMES",
        "CLOCK",
        "TARGET",
        "STATE",
        "NEXT (UTC)",
        "LAST GOOD (UTC)",
        "REMARK",
    ];
    let none = || "-".to_owned();
    let rows = all.iter().map(|one| {
        let status = &one.status;
        let good = status.last_good.as_ref().map(|run| run.ended_ms);
        [
            one.name.to_string(),
            one.cron.to_string(),
            match one.clock {
                CronClock::Utc => "UTC".to_owned(),
                CronClock::Local => "local".to_owned(),
            },
            match &one.target {
                DestinationShown::Directory(folder) => folder.path.to_string(),
                DestinationShown::Url(upload) => upload.url.to_string(),
            },
            status.state.to_string(),
            status.next_ms.map_or_else(none, utc),
            good.map_or_else(none, utc),
            remark(one),
        ]
    });
    table(out, titles, rows)
}

/// What somebody should look at.
fn remark(one: &ScheduleShown) -> String {
    let status = &one.status;
    let told = |run: &ScheduledRun| {
        let problem = run.problem.clone();
        problem.or_else(|| run.made.as_ref()?.remark.clone())
    };
    match status.last.as_ref().and_then(told) {
        Some(text) => text,
        None if status.overdue => "the newest good backup is too old".to_owned(),
        None => String::new(),
    }
}
