//! `revision list|show|diff|undo|restore`.

use bytes::Bytes;
use clap::Subcommand;
use underpass_shared::api::management::{
    DocumentTarget, Query, RevisionDetail, RevisionDiff, Target, Verb,
};
use underpass_shared::config::Revision;

use super::client::Client;
use super::output::{Output, all_changes, table, utc};
use super::{DryRun, Readmit};

pub(super) const EXAMPLE: &str = "\
Examples:
  underpass-agent revision list
  underpass-agent revision show 17
  underpass-agent revision diff 12 17
  underpass-agent revision undo 17 --dry-run";

/// What to do with revisions.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Show the newest revisions: number, time, author, reason.
    #[command(after_help = "Example:\n  underpass-agent revision list --limit 10")]
    List {
        /// At most so many, up to 1000.
        #[arg(long, default_value_t = 20)]
        limit: usize,
    },
    /// Show what a revision changed.
    #[command(after_help = "Example:\n  underpass-agent revision show 17 --json")]
    Show {
        /// Its number.
        number: u64,
        /// Print the whole document as of it instead.
        #[arg(long)]
        document: bool,
    },
    /// Show what differs between two revisions.
    #[command(after_help = "Example:\n  underpass-agent revision diff 12 17")]
    Diff {
        /// The number of the one.
        from: u64,
        /// The number of the other; the present one if it is left out.
        to: Option<u64>,
    },
    /// Make the whole document what it was at a revision; operators stay as they are.
    #[command(after_help = "Example:\n  underpass-agent revision restore 12 --dry-run")]
    Restore {
        /// Its number.
        number: u64,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Take one revision back; later changes of other parts stay.
    #[command(after_help = "Example:\n  underpass-agent revision undo 17\n\n\
        Where a part was changed again since, nothing is undone, and the part is named.")]
    Undo {
        /// Its number.
        number: u64,
        #[command(flatten)]
        readmit: Readmit,
        #[command(flatten)]
        dry_run: DryRun,
    },
}

#[expect(clippy::too_many_lines, reason = "one arm for each action")]
pub(super) async fn run(
    client: &Client,
    action: Action,
    out: &mut Output<'_>,
) -> anyhow::Result<()> {
    match action {
        Action::List { limit } => {
            let query = Query {
                limit: Some(limit),
                ..Query::default()
            };
            let all: Vec<Revision> = client
                .get(Target::Document(DocumentTarget::Revisions), &query)
                .await?;
            out.show(&all, |out| {
                let titles = ["REVISION", "TIME (UTC)", "AUTHOR", "REASON"];
                let rows = all.iter().map(|one| {
                    [
                        one.number.to_string(),
                        utc(one.time_ms),
                        one.author.to_string(),
                        one.reason.to_string(),
                    ]
                });
                table(out, titles, rows)
            })
        }
        Action::Show {
            number,
            document: true,
        } => {
            let (target, query) = (
                Target::Document(DocumentTarget::AsOf(number)),
                Query::default(),
            );
            let reply = client.call(Verb::Get, target, &query, Bytes::new());
            out.out.write_all(&reply.await?.body)?;
            Ok(out.out.flush()?)
        }
        Action::Diff { from, to } => {
            let query = Query {
                with: to,
                ..Query::default()
            };
            let diff: RevisionDiff = client
                .get(Target::Document(DocumentTarget::RevisionDiff(from)), &query)
                .await?;
            out.show(&diff, |out| {
                writeln!(out, "from revision {} to revision {}:", diff.from, diff.to)?;
                all_changes(out, &diff.changes)
            })
        }
        Action::Restore { number, dry_run } => {
            let mut query = Query::default();
            dry_run.put(&mut query);
            write(
                client,
                Target::Document(DocumentTarget::Restore(number)),
                query,
                out,
            )
            .await
        }
        Action::Show {
            number,
            document: false,
        } => {
            let target = Target::Document(DocumentTarget::Revision(number));
            let detail: RevisionDetail = client.get(target, &Query::default()).await?;
            out.show(&detail, |out| {
                let one = &detail.revision;
                let time = utc(one.time_ms);
                writeln!(out, "revision {} of {time} by {}", one.number, one.author)?;
                writeln!(out, "{}", one.reason)?;
                all_changes(out, &detail.changes)
            })
        }
        Action::Undo {
            number,
            readmit,
            dry_run,
        } => {
            let mut query = Query {
                readmit_operators: readmit.readmit_operators,
                ..Query::default()
            };
            dry_run.put(&mut query);
            write(
                client,
                Target::Document(DocumentTarget::Undo(number)),
                query,
                out,
            )
            .await
        }
    }
}

async fn write(
    client: &Client,
    target: Target,
    query: Query,
    out: &mut Output<'_>,
) -> anyhow::Result<()> {
    let reply = client.call(Verb::Post, target, &query, Bytes::new());
    out.changed(&reply.await?, query.dry_run)
}
