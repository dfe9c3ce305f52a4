//! `log-file`.

use bytes::Bytes;
use clap::Subcommand;
use underpass_shared::api::management::{
    LogFileName, LogFilePage, LogFiles, Query, Target, TroubleTarget, Verb,
};

use super::client::Client;
use super::output::{Output, utc};

pub(super) const EXAMPLE: &str = "\
Examples:
  underpass-agent log-file list
  underpass-agent log-file show agent.log
  underpass-agent log-file archive > log.zip
  underpass-agent log-file delete agent-20260131-235959.log

The files are in log/ of the data directory. The next one begins at rolloverThreshold megabytes; at
most 20 are kept, and no longer than cleanup days.";

/// What to do with the files of the log.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// List them, the newest first.
    #[command(after_help = "Example:\n  underpass-agent log-file list")]
    List,
    /// Print a page of one, the last one where none is named.
    #[command(after_help = "Example:\n  underpass-agent log-file show agent.log --page 0")]
    Show {
        /// Its name, as the list shows it.
        name: LogFileName,
        /// Which page, from 0.
        #[arg(long)]
        page: Option<u32>,
    },
    /// Print a whole file.
    #[command(after_help = "Example:\n  underpass-agent log-file print agent.log > agent.log")]
    Print {
        /// Its name, as the list shows it.
        name: LogFileName,
    },
    /// Write all of them as a zip to standard output.
    #[command(after_help = "Example:\n  underpass-agent log-file archive > log.zip")]
    Archive,
    /// Delete one that is not written.
    #[command(after_help = "Example:\n  underpass-agent log-file delete agent-20260131-235959.log")]
    Delete {
        /// Its name, as the list shows it.
        name: LogFileName,
    },
}

pub(super) async fn run(
    client: &Client,
    action: Action,
    out: &mut Output<'_>,
) -> anyhow::Result<()> {
    let query = Query::default();
    let target = |target: TroubleTarget| Target::Trouble(target);
    match action {
        Action::List => {
            let all: LogFiles = client.get(target(TroubleTarget::LogFiles), &query).await?;
            out.show(&all, |out| {
                for one in &all.files {
                    let (name, bytes, changed) = (&one.name, one.bytes, utc(one.changed_ms));
                    writeln!(out, "{name} {bytes} bytes, {changed} UTC")?;
                }
                match &all.failure {
                    Some(why) => writeln!(out, "nothing is written: {why}"),
                    None => Ok(()),
                }
            })
        }
        Action::Show { name, page } => {
            let query = Query { page, ..query };
            let target = target(TroubleTarget::LogFilePage(name));
            let shown: LogFilePage = client.get(target, &query).await?;
            out.show(&shown, |out| {
                shown
                    .lines
                    .iter()
                    .try_for_each(|line| writeln!(out, "{line}"))
            })
        }
        Action::Print { name } => {
            let target = target(TroubleTarget::LogFile(name));
            print(client, target, "text/plain", out).await
        }
        Action::Archive => {
            let target = target(TroubleTarget::LogArchive);
            print(client, target, "application/zip", out).await
        }
        Action::Delete { name } => {
            let target = target(TroubleTarget::LogFile(name.clone()));
            client
                .call(Verb::Delete, target, &query, Bytes::new())
                .await?;
            out.deleted(&name, &format!("deleted {name}"))
        }
    }
}

async fn print(
    client: &Client,
    target: Target,
    kind: &'static str,
    out: &mut Output<'_>,
) -> anyhow::Result<()> {
    let content = client.get_as(target, kind).await?;
    out.out.write_all(&content)?;
    Ok(out.out.flush()?)
}
